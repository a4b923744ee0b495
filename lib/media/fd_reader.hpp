// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

namespace ts::media {

/// Reads what is there from a pipe, socket or file, waiting for the first byte.
/// @return 0 at the end of the stream; kInterrupted within 100 ms of a stop request.
Result<std::size_t> read_some(int fd, std::span<std::uint8_t> buffer, const std::stop_token& stop);

}  // namespace ts::media
