// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/relay.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ts::media {

struct RelayAdd {
  RelayTarget target;
};
struct RelayRemove {
  std::string id;
};
struct RelayStop {};
using RelayCommand = std::variant<RelayAdd, RelayRemove, RelayStop>;

/// One control line:
///   {"op": "add", "id": "out-1", "url": "rtmps://…"}          an RTMP(S) output
///   {"op": "add", "id": "rec", "file": "/path/program.mp4"}   a file
///   {"op": "add", "id": "hls", "hls": "/path/folder"}         an HLS folder
///   {"op": "add", "id": "img", "images": "/path/prefix", "interval_ms": 10000,
///    "width": 0, "height": 0, "naming": "index" | "timestamp" | "overwrite", "manifest": true}
///                                                             stills: see ImageSeriesTarget
///   {"op": "remove", "id": "out-1"}
///   {"op": "stop"}
/// @return kUsage naming what is wrong, never quoting the line, which may hold a stream key.
Result<RelayCommand> parse_relay_command(std::string_view line);

/// Cuts what arrives on a non-blocking or polled descriptor into lines.
class LineBuffer {
 public:
  /// @return the lines completed by `bytes`, without their ends. A line above 64 KiB is kUsage.
  Result<std::vector<std::string>> feed(std::string_view bytes);

 private:
  std::string rest_;
};

}  // namespace ts::media
