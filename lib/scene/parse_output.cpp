// SPDX-License-Identifier: Apache-2.0
#include "scene/parse_parts.hpp"
#include "scene/parse_values.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ts::scene {

Result<Output> read_output(const JsonReader& reader, const Show& show) {
  TS_CHECK(reader.only({"file", "rtmp_url_file", "srt_url_file", "hls", "mux", "whip", "room",
                        "name", "segment", "window", "fmp4", "rendition", "renditions"}));
  Output output;
  TS_TRY(output.renditions, read_output_renditions(reader));
  std::vector<std::string_view> kinds;
  for (const std::string_view key :
       {"file", "rtmp_url_file", "srt_url_file", "hls", "mux", "whip", "room"}) {
    TS_TRY(const auto member, reader.find(key));
    if (member) kinds.push_back(key);
  }
  if (kinds.size() != 1) {
    Error error =
        reader.error(kinds.empty() ? "an output needs a target" : "an output has one target only");
    error.hint = "give exactly one of file, rtmp_url_file, srt_url_file, hls, mux, whip or room";
    return error;
  }
  const std::string_view kind = kinds.front();
  TS_TRY(const auto target, reader.at(kind));
  std::string value;
  if (kind == "room") {
    TS_TRY(const bool on, target.as_bool());
    if (!on) return target.error("expected true");
    output.target = RoomOutput{};
  } else {
    TS_TRY(value, text_at_most(target, 4096));
    if (value.empty()) return target.error("expected text");
  }
  if (kind == "file") {
    if (auto known = check_file_kind(value); !known.ok()) {
      return at_path(target, std::move(known).error());
    }
    output.target = FileOutput{resolved(show.folder, value)};
  } else if (kind == "rtmp_url_file" || kind == "srt_url_file") {
    if (value.find("://") != std::string::npos) {
      Error error = target.error("an address, where the name of a file with it is expected");
      error.hint = "such an address is a secret: put it into a file (chmod 600) and name that";
      return error;
    }
    if (kind == "rtmp_url_file") {
      output.target = RtmpUrlFileOutput{resolved(show.folder, value)};
    } else {
      output.target = SrtUrlFileOutput{resolved(show.folder, value)};
    }
  } else if (kind == "hls") {
    HlsOutput hls{.folder = resolved(show.folder, value)};
    TS_TRY(hls.segment, duration_or(reader, "segment", hls.segment, seconds{60}));
    if (hls.segment < milliseconds{500}) return reader.error("a segment of at least 500ms");
    TS_TRY(const auto window, int_in_or(reader, "window", 0, 0, 10'000));
    hls.window = static_cast<int>(window);
    TS_TRY(hls.fmp4, reader.bool_or("fmp4", false));
    output.target = hls;
  } else if (kind == "mux") {
    output.target = MuxOutput{value};
  } else if (kind == "whip") {
    output.target = WhipOutput{value};
  }
  TS_TRY(output.name, text_or(reader, "name", std::string(kind), 64));
  TS_CHECK(check_name(reader, output.name, "output"));
  if (auto known = check_renditions(output, show.renditions); !known.ok()) {
    return at_path(reader, std::move(known).error());
  }
  return output;
}

}  // namespace ts::scene
