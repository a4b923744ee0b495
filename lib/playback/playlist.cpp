// SPDX-License-Identifier: Apache-2.0
#include "playback/playlist.hpp"

#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

namespace ts::playback {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxLines = 50'000;
constexpr std::size_t kMaxSegments = 20'000;
constexpr std::size_t kMaxVariants = 1'000;

Error bad_line(std::size_t line, std::string_view reason) {
  return Error{.kind = ErrorKind::kRemote,
               .message = fmt::format("the playlist is malformed at line {}: {}", line, reason),
               .code = "bad_playlist"};
}

/// A finite decimal number of at least 0.
std::optional<double> read_decimal(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size() ||
      !std::isfinite(value) || value < 0 || value > 1e9) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  const auto value = parse_u64(text);
  if (!value || *value > static_cast<std::uint64_t>(INT64_MAX) / 2) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

using Attributes = std::map<std::string, std::string, std::less<>>;

/// NAME=value,NAME="quoted, value": RFC 8216 section 4.2.
std::optional<Attributes> read_attributes(std::string_view text) {
  Attributes attributes;
  while (!text.empty()) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    const std::string name(trim(text.substr(0, equals)));
    text.remove_prefix(equals + 1);
    std::string value;
    if (text.starts_with('"')) {
      const auto close = text.find('"', 1);
      if (close == std::string_view::npos) return std::nullopt;
      value = std::string(text.substr(1, close - 1));
      text.remove_prefix(close + 1);
    } else {
      const auto comma = text.find(',');
      value = std::string(trim(text.substr(0, comma)));
      text.remove_prefix(std::min(comma, text.size()));
    }
    if (!text.empty()) {
      if (text.front() != ',') return std::nullopt;
      text.remove_prefix(1);
    }
    attributes.insert_or_assign(name, std::move(value));
  }
  return attributes;
}

std::string attribute(const Attributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string() : found->second;
}

/// "length[@offset]"
std::optional<std::pair<std::uint64_t, std::optional<std::uint64_t>>> read_byte_range(
    std::string_view text) {
  const auto at = text.find('@');
  const auto length = read_integer(text.substr(0, at));
  if (!length) return std::nullopt;
  std::optional<std::uint64_t> offset;
  if (at != std::string_view::npos) {
    const auto start = read_integer(text.substr(at + 1));
    if (!start) return std::nullopt;
    offset = static_cast<std::uint64_t>(*start);
  }
  return std::pair{static_cast<std::uint64_t>(*length), offset};
}

/// What was said about the next segment or variant.
class Reader {
 public:
  Result<Playlist> read(std::string_view text) {
    if (text.size() > kMaxBytes) return bad_line(1, "it is larger than 1 MiB");
    if (!is_utf8(text)) return bad_line(1, "it is not UTF-8");
    if (text.starts_with("\xEF\xBB\xBF")) return bad_line(1, "it begins with a byte order mark");
    bool first = true;
    while (!text.empty()) {
      const auto end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (++line_ > kMaxLines) return bad_line(line_, "it has more than 50000 lines");
      if (first && trim(line) != "#EXTM3U") return bad_line(1, "it does not begin with #EXTM3U");
      first = false;
      line = trim(line);
      if (line.empty()) continue;
      TS_CHECK(line.starts_with('#') ? tag(line) : uri(line));
    }
    if (first) return bad_line(1, "it is empty");
    return finish();
  }

 private:
  Status tag(std::string_view line) {
    const auto colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const std::string_view value =
        colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (name == "#EXT-X-STREAM-INF") return variant_tag(value);
    if (name == "#EXT-X-MEDIA") return rendition_tag(value);
    if (name == "#EXTINF") return duration_tag(value);
    if (name == "#EXT-X-TARGETDURATION") {
      const auto seconds = read_decimal(value);
      if (!seconds) return bad_line(line_, "its target duration is no number");
      media_.target_duration_s = *seconds;
      has_target_ = true;
      return be_media();
    }
    if (name == "#EXT-X-MEDIA-SEQUENCE" || name == "#EXT-X-DISCONTINUITY-SEQUENCE") {
      const auto number = read_integer(value);
      if (!number) return bad_line(line_, "a sequence number is no whole number");
      if (!media_.segments.empty()) return bad_line(line_, "a sequence number follows a segment");
      (name == "#EXT-X-MEDIA-SEQUENCE" ? media_.media_sequence : media_.discontinuity_sequence) =
          *number;
      return be_media();
    }
    if (name == "#EXT-X-ENDLIST") {
      media_.ended = true;
      return be_media();
    }
    if (name == "#EXT-X-PLAYLIST-TYPE") {
      media_.type = std::string(value);
      return be_media();
    }
    if (name == "#EXT-X-DISCONTINUITY") {
      next_.discontinuity = true;
      ++discontinuities_;
      return be_media();
    }
    if (name == "#EXT-X-GAP") {
      next_.gap = true;
      return be_media();
    }
    return further_tag(name, value);
  }

  Status further_tag(std::string_view name, std::string_view value) {
    if (name == "#EXT-X-PROGRAM-DATE-TIME") {
      auto time = parse_rfc3339(value);
      if (!time) return bad_line(line_, "a program date is no ISO 8601 time");
      next_.program_date_time = time.value();
      return be_media();
    }
    if (name == "#EXT-X-BYTERANGE") {
      const auto range = read_byte_range(value);
      if (!range) return bad_line(line_, "a byte range is malformed");
      next_.byte_range = {range->second.value_or(range_end_), range->first};
      range_end_ = next_.byte_range->first + next_.byte_range->second;
      return be_media();
    }
    if (name == "#EXT-X-MAP") {
      const auto attributes = read_attributes(value);
      if (!attributes || attribute(*attributes, "URI").empty()) {
        return bad_line(line_, "EXT-X-MAP names no URI");
      }
      map_uri_ = attribute(*attributes, "URI");
      return be_media();
    }
    if (name == "#EXT-X-PART-INF") {
      const auto attributes = read_attributes(value);
      const auto target =
          attributes ? read_decimal(attribute(*attributes, "PART-TARGET")) : std::nullopt;
      if (!target) return bad_line(line_, "EXT-X-PART-INF names no PART-TARGET");
      media_.part_target_s = *target;
      return be_media();
    }
    if (name == "#EXT-X-VERSION") {
      const auto version = read_integer(value);
      if (!version || *version > 100) return bad_line(line_, "its version is no whole number");
      media_.version = static_cast<int>(*version);
    }
    return ok_status();
  }

  Status variant_tag(std::string_view value) {
    TS_CHECK(be_master());
    const auto attributes = read_attributes(value);
    if (!attributes) return bad_line(line_, "EXT-X-STREAM-INF is malformed");
    if (has_variant_) return bad_line(line_, "a variant without an address");
    variant_ = {};
    const auto bandwidth = read_integer(attribute(*attributes, "BANDWIDTH"));
    if (!bandwidth) return bad_line(line_, "a variant names no BANDWIDTH");
    variant_.bandwidth = *bandwidth;
    variant_.average_bandwidth =
        read_integer(attribute(*attributes, "AVERAGE-BANDWIDTH")).value_or(0);
    variant_.frame_rate = read_decimal(attribute(*attributes, "FRAME-RATE")).value_or(0);
    variant_.codecs = attribute(*attributes, "CODECS");
    variant_.audio_group = attribute(*attributes, "AUDIO");
    const std::string resolution = attribute(*attributes, "RESOLUTION");
    if (const auto x = resolution.find('x'); x != std::string::npos) {
      const auto width = read_integer(std::string_view(resolution).substr(0, x));
      const auto height = read_integer(std::string_view(resolution).substr(x + 1));
      if (!width || !height || *width > 100'000 || *height > 100'000) {
        return bad_line(line_, "a resolution is malformed");
      }
      variant_.width = static_cast<int>(*width);
      variant_.height = static_cast<int>(*height);
    }
    has_variant_ = true;
    return ok_status();
  }

  Status rendition_tag(std::string_view value) {
    TS_CHECK(be_master());
    const auto attributes = read_attributes(value);
    if (!attributes) return bad_line(line_, "EXT-X-MEDIA is malformed");
    if (master_.renditions.size() >= kMaxVariants) return bad_line(line_, "too many renditions");
    master_.renditions.push_back({.type = attribute(*attributes, "TYPE"),
                                  .group_id = attribute(*attributes, "GROUP-ID"),
                                  .name = attribute(*attributes, "NAME"),
                                  .language = attribute(*attributes, "LANGUAGE"),
                                  .uri = attribute(*attributes, "URI"),
                                  .is_default = attribute(*attributes, "DEFAULT") == "YES"});
    return ok_status();
  }

  Status duration_tag(std::string_view value) {
    TS_CHECK(be_media());
    const auto seconds = read_decimal(trim(value.substr(0, value.find(','))));
    if (!seconds) return bad_line(line_, "a segment's duration is no number");
    next_.duration_s = *seconds;
    has_duration_ = true;
    return ok_status();
  }

  Status uri(std::string_view line) {
    if (has_variant_) {
      if (master_.variants.size() >= kMaxVariants) return bad_line(line_, "too many variants");
      variant_.uri = std::string(line);
      master_.variants.push_back(std::move(variant_));
      has_variant_ = false;
      return ok_status();
    }
    TS_CHECK(be_media());
    if (!has_duration_) return bad_line(line_, "a segment without a duration");
    if (media_.segments.size() >= kMaxSegments) return bad_line(line_, "too many segments");
    next_.uri = std::string(line);
    next_.map_uri = map_uri_;
    next_.sequence = media_.media_sequence + static_cast<std::int64_t>(media_.segments.size());
    next_.discontinuity_sequence = media_.discontinuity_sequence + discontinuities_;
    media_.segments.push_back(std::move(next_));
    next_ = {};
    has_duration_ = false;
    return ok_status();
  }

  Status be_media() {
    if (is_master_) return bad_line(line_, "it mixes variants and segments");
    is_media_ = true;
    return ok_status();
  }
  Status be_master() {
    if (is_media_) return bad_line(line_, "it mixes variants and segments");
    is_master_ = true;
    return ok_status();
  }

  Result<Playlist> finish() {
    if (has_variant_) return bad_line(line_, "a variant without an address");
    if (has_duration_) return bad_line(line_, "a segment without an address");
    Playlist playlist;
    if (is_master_) {
      if (master_.variants.empty()) return bad_line(line_, "it names no variant");
      playlist.master = std::move(master_);
      return playlist;
    }
    if (!is_media_) return bad_line(line_, "it names neither variants nor segments");
    if (!has_target_) return bad_line(line_, "it names no target duration");
    playlist.media = std::move(media_);
    return playlist;
  }

  std::size_t line_ = 0;
  bool is_media_ = false;
  bool is_master_ = false;
  bool has_target_ = false;
  bool has_duration_ = false;
  bool has_variant_ = false;
  std::int64_t discontinuities_ = 0;
  std::uint64_t range_end_ = 0;
  std::string map_uri_;
  Segment next_;
  Variant variant_;
  MasterPlaylist master_;
  MediaPlaylist media_;
};

/// RFC 3986 section 5.2.4.
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto parts = split(path.substr(std::min<std::size_t>(1, path.size())), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (parts[i] == "..") {
      if (!kept.empty()) kept.pop_back();
      if (last) kept.emplace_back();
    } else if (parts[i] == ".") {
      if (last) kept.emplace_back();
    } else {
      kept.push_back(parts[i]);
    }
  }
  std::string out;
  for (const auto part : kept) {
    out += '/';
    out += part;
  }
  return out.empty() ? "/" : out;
}

}  // namespace

double MediaPlaylist::duration_s() const noexcept {
  double total = 0;
  for (const Segment& segment : segments) total += segment.duration_s;
  return total;
}

std::optional<WallTime> MediaPlaylist::live_edge() const noexcept {
  double after = 0;
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    after += segment->duration_s;
    if (segment->program_date_time) {
      return *segment->program_date_time + milliseconds(std::llround(after * 1000));
    }
    if (segment->discontinuity) return std::nullopt;
  }
  return std::nullopt;
}

Result<Playlist> parse_playlist(std::string_view text) { return Reader().read(text); }

Result<std::string> resolve_url(std::string_view base, std::string_view reference) {
  const auto refuse = [&](std::string_view reason) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("the playlist names the address '{}', {}",
                                        shorten(reference, 80), reason),
                 .code = "bad_playlist"};
  };
  auto parsed = net::Url::parse(base);
  if (!parsed) return refuse("and its own is unusable");
  net::Url url = std::move(parsed).value();
  url.fragment.clear();
  // A scheme ends at the first colon, if that comes before any slash or question mark.
  const auto mark = reference.find_first_of(":/?#");
  const bool absolute = mark != std::string_view::npos && reference[mark] == ':' && mark > 0;
  if (absolute || reference.starts_with("//")) {
    auto whole = net::Url::parse(absolute ? std::string(reference)
                                          : url.scheme + ":" + std::string(reference));
    if (!whole) return refuse("which is no URL");
    url = std::move(whole).value();
    url.fragment.clear();
    if (url.path.empty()) url.path = "/";
  } else {
    reference = reference.substr(0, reference.find('#'));
    const auto question = reference.find('?');
    const std::string_view path = reference.substr(0, question);
    if (path.empty()) {
      if (question != std::string_view::npos) url.query = reference.substr(question + 1);
    } else {
      std::string joined;
      if (!path.starts_with('/')) {
        const auto slash = url.path.rfind('/');
        joined = slash == std::string::npos ? "/" : url.path.substr(0, slash + 1);
      }
      joined += path;
      url.path = remove_dot_segments(joined);
      url.query =
          question == std::string_view::npos ? std::string() : reference.substr(question + 1);
    }
  }
  if (url.scheme != "http" && url.scheme != "https") return refuse("which is not http(s)");
  // Parsing again refuses blanks and control characters that came with the reference.
  auto checked = net::Url::parse(url.text());
  if (!checked) return refuse("which is no URL");
  return checked.value().text();
}

}  // namespace ts::playback
