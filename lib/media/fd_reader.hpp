// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

namespace ts::media {

/// Reads what is there from a pipe, socket or file, waiting for the first byte.
/// @return 0 at the end of the stream; kInterrupted within 100 ms of a stop request.
Result<std::size_t> read_some(int fd, std::span<std::uint8_t> buffer, const std::stop_token& stop);

/// Waits up to 50 ms until one of two descriptors has something to read or has ended; a negative
/// one is left out.
Result<std::array<bool, 2>> wait_readable(std::array<int, 2> fds);

}  // namespace ts::media
