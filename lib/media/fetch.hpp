// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "media/address_policy.hpp"

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

namespace ts::media {

struct FetchOptions {
  std::string ca_file{};         ///< Trusted beside the system's authorities.
  milliseconds timeout{10'000};  ///< Of the whole transfer.
  std::size_t max_bytes = std::size_t{256} << 20U;
  /// Where connections may go; null: public addresses, and the host of the address itself.
  std::shared_ptr<AddressPolicy> policy{};
};

/// Reads a whole http(s) URL or local file the way a player does. Certificates are verified; no
/// other protocol is opened, and an http(s) address never leads to a file.
/// @return kNotFound for 404 and 410 and missing files, kAuth for 401 and 403, kRemote otherwise;
///         messages name the address without its query, which may be a signature.
Result<std::string> fetch(const std::string& url, const FetchOptions& options,
                          const std::stop_token& stop);

/// The address without query and fragment.
std::string without_query(const std::string& url);

}  // namespace ts::media
