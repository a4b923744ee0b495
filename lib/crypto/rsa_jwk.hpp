// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"
#include "crypto/rsa.hpp"

#include <string_view>

namespace ts::crypto {

/// A private key as a JSON Web Key (RFC 7517) for RS256 signatures. @param key_id  its "kid".
Result<Secret> private_jwk(const RsaPrivateKey& key, std::string_view key_id);

}  // namespace ts::crypto
