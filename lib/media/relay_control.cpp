// SPDX-License-Identifier: Apache-2.0
#include "media/relay_control.hpp"

#include "core/json.hpp"
#include "core/text.hpp"

#include <utility>

namespace ts::media {
namespace {

constexpr std::size_t kMaxLine = std::size_t{64} << 10U;

Result<ImageSeriesTarget> parse_images(const JsonReader& line, const std::string& prefix) {
  using Naming = ImageSeriesTarget::Naming;
  constexpr std::int64_t kMostSide = 4096;
  ImageSeriesTarget out{.prefix = prefix};
  TS_TRY(const std::int64_t interval, line.int_or("interval_ms", out.interval.count()));
  if (interval < 1) return line.error("interval_ms has to be at least 1");
  out.interval = milliseconds{interval};
  TS_TRY(const std::int64_t width, line.int_or("width", 0));
  TS_TRY(const std::int64_t height, line.int_or("height", 0));
  if (width < 0 || height < 0 || width > kMostSide || height > kMostSide) {
    return line.error("width and height are at most 4096");
  }
  out.width = static_cast<int>(width);
  out.height = static_cast<int>(height);
  TS_TRY(out.manifest, line.bool_or("manifest", true));
  TS_TRY(const std::string naming, line.string_or("naming", "index"));
  if (naming == "timestamp") {
    out.naming = Naming::kTimestamp;
  } else if (naming == "overwrite") {
    out.naming = Naming::kOverwrite;
  } else if (naming != "index") {
    return line.error("naming is none of index, timestamp and overwrite");
  }
  return out;
}

Result<RelayCommand> parse_add(const JsonReader& line) {
  TS_CHECK(line.only({"op", "id", "url", "file", "hls", "images", "interval_ms", "width", "height",
                      "naming", "manifest"}));
  RelayTarget target;
  TS_TRY(const auto id, line.at("id"));
  TS_TRY(target.id, id.as_string());
  TS_TRY(const auto url, line.string_or("url"));
  TS_TRY(const auto file, line.string_or("file"));
  TS_TRY(const auto hls, line.string_or("hls"));
  TS_TRY(const auto images, line.string_or("images"));
  if ((url.empty() ? 0 : 1) + (file.empty() ? 0 : 1) + (hls.empty() ? 0 : 1) +
          (images.empty() ? 0 : 1) !=
      1) {
    return line.error("needs exactly one of url, file, hls and images");
  }
  if (!url.empty()) {
    target.kind = RelayTarget::Kind::kRtmp;
    target.url = Secret(url);
  } else if (!file.empty()) {
    target.kind = RelayTarget::Kind::kFile;
    target.path = file;
  } else if (!hls.empty()) {
    target.kind = RelayTarget::Kind::kHls;
    target.path = hls;
  } else {
    target.kind = RelayTarget::Kind::kImages;
    TS_TRY(target.images, parse_images(line, images));
  }
  return RelayCommand(RelayAdd{std::move(target)});
}

}  // namespace

Result<RelayCommand> parse_relay_command(std::string_view line) {
  auto parsed = parse_json(line, "the control line");
  if (!parsed.ok()) {
    return Error{.kind = ErrorKind::kUsage, .message = "a control line is no JSON"};
  }
  const JsonReader reader(parsed.value(), ErrorKind::kUsage);
  TS_TRY(const auto op_member, reader.at("op"));
  TS_TRY(const auto op, op_member.as_string());
  if (op == "add") return parse_add(reader);
  if (op == "remove") {
    TS_TRY(const auto id_member, reader.at("id"));
    TS_TRY(auto id, id_member.as_string());
    return RelayCommand(RelayRemove{std::move(id)});
  }
  if (op == "stop") return RelayCommand(RelayStop{});
  return op_member.error("is none of add, remove and stop");
}

Result<std::vector<std::string>> LineBuffer::feed(std::string_view bytes) {
  rest_.append(bytes);
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
    const auto line = trim(std::string_view(rest_).substr(begin, end - begin));
    if (!line.empty()) lines.emplace_back(line);
    begin = end + 1;
  }
  rest_.erase(0, begin);
  if (rest_.size() > kMaxLine) {
    return Error{.kind = ErrorKind::kUsage, .message = "a control line is longer than 64 KiB"};
  }
  return lines;
}

}  // namespace ts::media
