// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ts::crypto {

/// `count` unpredictable bytes from the system. Thread-safe. Throws std::runtime_error when the
/// system has none to give, which no caller can mend.
std::string random_bytes(std::size_t count);

/// `length` unpredictable characters of `alphabet` (2 to 256 characters), without bias.
std::string random_text(std::size_t length, std::string_view alphabet);

/// `length` unpredictable letters and digits: ids such as "EV_" + random_alphanumeric(12).
std::string random_alphanumeric(std::size_t length);

/// A random (version 4) UUID in lower case.
std::string random_uuid();

}  // namespace ts::crypto
