// SPDX-License-Identifier: Apache-2.0
#include "media/hls_playlist.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace ts::media {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20U;

/// Decimal seconds as microseconds; nullopt when it is no number of a day or less.
std::optional<microseconds> parse_seconds(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end == text.data() || !(value >= 0) || value > 86400) {
    return std::nullopt;
  }
  return microseconds{std::llround(value * 1e6)};
}

/// The value of `name` in an attribute list (RFC 8216, 4.2), quotes removed.
std::optional<std::string> attribute(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto equals = list.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto key = trim(list.substr(0, equals));
    list.remove_prefix(equals + 1);
    std::string_view value;
    if (!list.empty() && list.front() == '"') {
      const auto close = list.find('"', 1);
      if (close == std::string_view::npos) return std::nullopt;
      value = list.substr(1, close - 1);
      list.remove_prefix(close + 1);
    } else {
      value = list.substr(0, list.find(','));
      list.remove_prefix(value.size());
    }
    if (const auto comma = list.find(','); comma != std::string_view::npos) {
      list.remove_prefix(comma + 1);
    } else {
      list = {};
    }
    if (key == name) return std::string(value);
  }
  return std::nullopt;
}

/// A date in a form that players accept too: FFmpeg writes "+0000" without a colon. An unreadable
/// date is no date, as players see it.
std::optional<WallTime> parse_date(std::string_view text) {
  std::string date(text);
  const auto sign = date.size() > 5 ? date.size() - 5 : 0;
  if (sign > 0 && (date[sign] == '+' || date[sign] == '-')) date.insert(date.size() - 2, ":");
  const auto time = parse_rfc3339(date);
  if (!time.ok()) return std::nullopt;
  return time.value();
}

HlsVariant read_variant(std::string_view attributes) {
  HlsVariant variant;
  variant.bandwidth = static_cast<std::int64_t>(
      parse_u64(attribute(attributes, "BANDWIDTH").value_or("0")).value_or(0));
  variant.codecs = attribute(attributes, "CODECS").value_or("");
  const auto resolution = attribute(attributes, "RESOLUTION").value_or("");
  const auto sides = split(resolution, 'x');
  if (sides.size() == 2) {
    variant.width = static_cast<int>(parse_u64(sides[0]).value_or(0));
    variant.height = static_cast<int>(parse_u64(sides[1]).value_or(0));
  }
  return variant;
}

/// Collects the lines of one playlist.
class Reader {
 public:
  Status line(std::string_view text);
  std::variant<HlsMediaPlaylist, HlsMasterPlaylist> take() {
    if (!master_.variants.empty()) return std::move(master_);
    return std::move(media_);
  }

 private:
  Status tag(std::string_view text);
  void uri(std::string_view text);

  HlsMediaPlaylist media_;
  HlsMasterPlaylist master_;
  HlsSegment next_;
  std::optional<HlsVariant> variant_;
};

Error bad(std::string_view line) {
  return Error{.kind = ErrorKind::kMedia,
               .message = "the playlist has a line that cannot be read: " + shorten(line, 80)};
}

Status Reader::line(std::string_view text) {
  if (text.empty()) return ok_status();
  if (text.front() == '#') return tag(text);
  uri(text);
  return ok_status();
}

void Reader::uri(std::string_view text) {
  if (variant_) {
    variant_->uri = text;
    master_.variants.push_back(*std::exchange(variant_, std::nullopt));
    return;
  }
  next_.uri = text;
  media_.segments.push_back(next_);
  auto map = std::move(next_.map_uri);  // Holds until the next EXT-X-MAP.
  next_ = {};
  next_.map_uri = std::move(map);
}

Status Reader::tag(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto value =
      colon == std::string_view::npos ? std::string_view{} : trim(text.substr(colon + 1));
  const auto number = [&](auto take) -> Status {
    const auto parsed = parse_u64(value);
    if (!parsed) return bad(text);
    take(*parsed);
    return ok_status();
  };
  if (name == "#EXTINF") {
    const auto duration = parse_seconds(value.substr(0, value.find(',')));
    if (!duration) return bad(text);
    next_.duration = *duration;
  } else if (name == "#EXT-X-TARGETDURATION") {
    return number([&](std::uint64_t n) {
      media_.target_duration = seconds{std::min<std::uint64_t>(n, 86400)};
    });
  } else if (name == "#EXT-X-MEDIA-SEQUENCE") {
    return number([&](std::uint64_t n) { media_.media_sequence = n; });
  } else if (name == "#EXT-X-DISCONTINUITY-SEQUENCE") {
    return number([&](std::uint64_t n) { media_.discontinuity_sequence = n; });
  } else if (name == "#EXT-X-DISCONTINUITY") {
    next_.discontinuity = true;
  } else if (name == "#EXT-X-GAP") {
    next_.gap = true;
  } else if (name == "#EXT-X-PROGRAM-DATE-TIME") {
    next_.program_date_time = parse_date(value);
  } else if (name == "#EXT-X-MAP") {
    next_.map_uri = attribute(value, "URI").value_or("");
  } else if (name == "#EXT-X-KEY") {
    if (attribute(value, "METHOD").value_or("NONE") != "NONE") media_.encrypted = true;
  } else if (name == "#EXT-X-PLAYLIST-TYPE") {
    media_.type = value == "VOD" ? HlsMediaPlaylist::Type::kVod : HlsMediaPlaylist::Type::kEvent;
  } else if (name == "#EXT-X-ENDLIST") {
    media_.ended = true;
  } else if (name == "#EXT-X-STREAM-INF") {
    variant_ = read_variant(value);
  }
  return ok_status();
}

}  // namespace

microseconds HlsMediaPlaylist::total_duration() const {
  return std::accumulate(segments.begin(), segments.end(), microseconds{},
                         [](microseconds sum, const HlsSegment& s) { return sum + s.duration; });
}

Result<std::variant<HlsMediaPlaylist, HlsMasterPlaylist>> parse_hls(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Error{.kind = ErrorKind::kMedia, .message = "the playlist is larger than 16 MiB"};
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!text.starts_with("#EXTM3U")) {
    return Error{
        .kind = ErrorKind::kMedia,
        .message = "the answer is no HLS playlist: it begins with '" + shorten(text, 40) + "'"};
  }
  Reader reader;
  for (const auto line : split(text, '\n')) TS_CHECK(reader.line(trim(line)));
  return reader.take();
}

std::string render_hls(const HlsSegment& segment) {
  std::string text;
  if (segment.discontinuity) text += "#EXT-X-DISCONTINUITY\n";
  if (segment.gap) text += "#EXT-X-GAP\n";
  if (segment.program_date_time) {
    text +=
        fmt::format("#EXT-X-PROGRAM-DATE-TIME:{}\n", format_rfc3339(*segment.program_date_time));
  }
  text += fmt::format("#EXTINF:{}.{:06},\n{}\n", segment.duration.count() / 1'000'000,
                      segment.duration.count() % 1'000'000, segment.uri);
  return text;
}

std::string render_hls(const HlsMediaPlaylist& playlist) {
  auto text =
      fmt::format("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{}\n",
                  playlist.target_duration.count(), playlist.media_sequence);
  if (playlist.discontinuity_sequence > 0) {
    text += fmt::format("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", playlist.discontinuity_sequence);
  }
  if (playlist.type == HlsMediaPlaylist::Type::kEvent) text += "#EXT-X-PLAYLIST-TYPE:EVENT\n";
  if (playlist.type == HlsMediaPlaylist::Type::kVod) text += "#EXT-X-PLAYLIST-TYPE:VOD\n";
  text += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  for (const auto& segment : playlist.segments) text += render_hls(segment);
  if (playlist.ended) text += kHlsEnd;
  return text;
}

std::string resolve_uri(std::string_view base, std::string_view uri) {
  if (uri.find("://") != std::string_view::npos) return std::string(uri);
  const auto scheme = base.find("://");
  const auto query = base.find_first_of("?#", scheme == std::string_view::npos ? 0 : scheme);
  // A file name may contain '?'; only URLs have queries.
  if (scheme != std::string_view::npos && query != std::string_view::npos)
    base = base.substr(0, query);
  if (uri.starts_with("//") && scheme != std::string_view::npos) {
    return std::string(base.substr(0, scheme + 1)).append(uri);
  }
  if (uri.starts_with('/')) {
    if (scheme == std::string_view::npos) return std::string(uri);
    const auto host_end = base.find('/', scheme + 3);
    return std::string(base.substr(0, host_end)).append(uri);
  }
  const auto slash = base.rfind('/');
  if (slash == std::string_view::npos) return std::string(uri);
  if (scheme != std::string_view::npos && slash < scheme + 3) {
    return std::string(base).append("/").append(uri);
  }
  return std::string(base.substr(0, slash + 1)).append(uri);
}

}  // namespace ts::media
