// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "scene/parse_parts.hpp"
#include "scene/parse_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ts::scene {
namespace {

constexpr milliseconds kMaxDelay{seconds{10}};

Status check_port(const JsonReader& reader, std::string_view address) {
  if (has_usable_port(address)) return ok_status();
  return reader.error("the port of this address is not 1 to 65535");
}

Result<Input> read_media(const JsonReader& source, const JsonReader& url,
                         const std::filesystem::path& folder) {
  static constexpr std::array<std::string_view, 7> kSchemes{"http", "https", "rtmp", "rtmps",
                                                            "srt",  "rtsp",  "unix"};
  MediaInput input;
  TS_TRY(input.url, text_at_most(url, 4096));
  if (input.url.empty()) return url.error("expected a path or an address");
  const auto separator = input.url.find("://");
  if (separator == std::string::npos) {
    input.is_file = true;
    input.url = resolved(folder, input.url);
  } else {
    const std::string scheme = to_lower(std::string_view(input.url).substr(0, separator));
    if (std::find(kSchemes.begin(), kSchemes.end(), scheme) == kSchemes.end()) {
      Error error = url.error(fmt::format("protocol '{}' is not allowed", shorten(scheme, 20)));
      error.hint = scheme == "file" ? "write the path alone"
                                    : "use a path, or http, https, rtmp, rtmps, srt, rtsp or unix";
      return error;
    }
    TS_CHECK(check_port(url, input.url));
  }
  TS_TRY(input.loop, source.bool_or("loop", false));
  TS_TRY(input.start, duration_or(source, "in", milliseconds{0}, kMaxAt));
  TS_TRY(const auto end, source.find("out"));
  if (end) {
    TS_TRY(input.end, read_duration(*end, kMaxAt));
    if (*input.end <= input.start) return end->error(R"("out" must come after "in")");
  }
  if (!input.is_file && (input.loop || end || input.start > milliseconds{0})) {
    return source.error("loop, in and out are for files only");
  }
  return Input{input};
}

/// ADDRESS[:PORT]/APP/KEY, none of them empty.
bool has_app_and_key(std::string_view address) {
  address = address.substr(0, address.find('?'));
  const auto app = address.find('/');
  const auto key = address.rfind('/');
  return app != std::string_view::npos && app > 0 && key > app + 1 && key + 1 < address.size();
}

/// Whether the address asks for this SRT mode or for none.
bool has_mode(std::string_view url, std::string_view mode) {
  for (auto at = url.find_first_of("?&"); at != std::string_view::npos;
       at = url.find_first_of("?&", at + 1)) {
    const std::string_view option = url.substr(at + 1);
    if (!option.starts_with("mode=")) continue;
    return option.substr(5, option.find('&') - 5) == mode;
  }
  return true;
}

Result<Input> read_listen(const JsonReader& reader) {
  MediaInput input{.access = Access::kListen};
  TS_TRY(input.url, text_at_most(reader, 4096));
  const std::string_view url = input.url;
  const bool rtmp = url.starts_with("rtmp://");
  const bool whole = rtmp ? has_app_and_key(url.substr(7))
                          : url.starts_with("srt://") && url.find(':', 6) != std::string_view::npos;
  if (!whole) {
    Error error = reader.error("expected an address of this machine to listen on");
    error.hint = "write rtmp://0.0.0.0:1935/live/KEY or srt://0.0.0.0:9000";
    return error;
  }
  TS_CHECK(check_port(reader, input.url));
  if (!rtmp && !has_mode(url, "listener")) {
    Error error = reader.error("an address to listen on takes no mode but listener");
    error.hint = R"(leave "mode" out, or write a "url" to call the other end)";
    return error;
  }
  return Input{input};
}

Result<Input> read_device(const JsonReader& source, const JsonReader& reader) {
  MediaInput input{.access = Access::kDevice};
  TS_TRY(const std::string text, text_at_most(reader, 400));
  const auto colon = text.find(':');
  input.device = text.substr(0, colon);
  if (colon == std::string::npos || colon + 1 == text.size() ||
      (input.device != "v4l2" && input.device != "alsa")) {
    Error error = reader.error("expected a capture device");
    error.hint = "write v4l2:/dev/video0 or alsa:hw:0";
    return error;
  }
  input.url = text.substr(colon + 1);
  TS_TRY(input.size, text_or(source, "size", "", 20));
  const bool digits = std::all_of(input.size.begin(), input.size.end(),
                                  [](char c) { return (c >= '0' && c <= '9') || c == 'x'; });
  if (!input.size.empty() &&
      (!digits || std::count(input.size.begin(), input.size.end(), 'x') != 1)) {
    TS_TRY(const auto size, source.at("size"));
    return size.error("expected a size such as 1280x720");
  }
  TS_TRY(input.rate, int_in_or(source, "fps", 0, 1, 240));
  return Input{input};
}

}  // namespace

Result<Source> read_source(const std::string& name, const JsonReader& reader,
                           const std::filesystem::path& folder) {
  TS_CHECK(reader.only({"url", "listen", "device", "size", "fps", "loop", "in", "out", "test",
                        "tone_hz", "color", "room", "gain_db", "muted", "delay", "filter", "follow",
                        "duck", "hot"}));
  Source source{.name = name};
  TS_TRY(const auto url, reader.find("url"));
  TS_TRY(const auto test, reader.find("test"));
  TS_TRY(const auto color, reader.find("color"));
  TS_TRY(const auto room, reader.find("room"));
  TS_TRY(const auto listen, reader.find("listen"));
  TS_TRY(const auto device, reader.find("device"));
  const int kinds = (url ? 1 : 0) + (test ? 1 : 0) + (color ? 1 : 0) + (room ? 1 : 0) +
                    (listen ? 1 : 0) + (device ? 1 : 0);
  if (kinds != 1) {
    Error error = reader.error(kinds == 0 ? "a source needs something to show"
                                          : "a source is one thing only");
    error.hint = "give exactly one of url, listen, device, test, color or room";
    return error;
  }
  if (url) {
    TS_TRY(source.input, read_media(reader, *url, folder));
  } else {
    for (const char* key : {"loop", "in", "out"}) {
      TS_TRY(const auto misplaced, reader.find(key));
      if (misplaced) return misplaced->error("only a source with a url takes this");
    }
  }
  if (listen) {
    TS_TRY(source.input, read_listen(*listen));
  }
  if (device) {
    TS_TRY(source.input, read_device(reader, *device));
  } else {
    for (const char* key : {"size", "fps"}) {
      TS_TRY(const auto misplaced, reader.find(key));
      if (misplaced) return misplaced->error("only a source with a device takes this");
    }
  }
  if (test) {
    TestInput input;
    TS_TRY(input.pattern, one_of<TestPattern>(*test, {{"bars", TestPattern::kBars},
                                                      {"smpte", TestPattern::kSmpte},
                                                      {"moving", TestPattern::kMoving},
                                                      {"gradient", TestPattern::kGradient}}));
    TS_TRY(input.tone_hz, number_in_or(reader, "tone_hz", 0, 0, 20'000));
    source.input = input;
  }
  if (color) {
    TS_TRY(const std::uint32_t rgb, read_color(*color));
    source.input = ColorInput{rgb};
  }
  if (room) {
    TS_CHECK(room->only({"identity", "track"}));
    RoomInput input;
    TS_TRY(const auto identity, room->at("identity"));
    TS_TRY(input.identity, text_at_most(identity, 256));
    if (input.identity.empty()) return identity.error("expected an identity");
    TS_TRY(const auto track, room->find("track"));
    if (track) {
      TS_TRY(input.track,
             one_of<std::string>(*track, {{"camera", "camera"}, {"screen_share", "screen_share"}}));
    }
    source.input = input;
  }
  TS_TRY(source.gain_db, number_in_or(reader, "gain_db", 0, kMinGain, kMaxGain));
  TS_TRY(source.muted, reader.bool_or("muted", false));
  TS_TRY(source.delay, duration_or(reader, "delay", milliseconds{0}, kMaxDelay));
  TS_TRY(source.filter, text_or(reader, "filter", "", 2000));
  TS_TRY(source.follow, reader.bool_or("follow", false));
  TS_TRY(source.hot, reader.bool_or("hot", false));
  TS_TRY(const auto duck, reader.find("duck"));
  if (duck) {
    TS_TRY(source.duck, read_duck(*duck));
  }
  return source;
}

}  // namespace ts::scene
