// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "httpd/file_answer_internal.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

namespace ts::httpd {
namespace {

struct RangeAnswer {
  bool satisfiable = true;
  FilePart part{};
};

/// @return nullopt when `text` is no single byte range: it is then ignored (RFC 9110 14.2).
std::optional<RangeAnswer> parse_range(std::string_view text, std::uint64_t size) {
  if (!text.starts_with("bytes=") || text.find(',') != std::string_view::npos) return std::nullopt;
  text = trim(text.substr(6));
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first_text = text.substr(0, dash);
  const auto last_text = text.substr(dash + 1);
  if (first_text.empty()) {
    const auto suffix = parse_u64(last_text);
    if (!suffix) return std::nullopt;
    const auto length = std::min(*suffix, size);
    return RangeAnswer{length > 0, {size - length, length}};
  }
  const auto first = parse_u64(first_text);
  const auto last = last_text.empty() ? std::optional(UINT64_MAX) : parse_u64(last_text);
  if (!first || !last || *last < *first) return std::nullopt;
  if (*first >= size) return RangeAnswer{false, {}};
  return RangeAnswer{true, {*first, std::min(*last, size - 1) - *first + 1}};
}

bool names_etag(std::string_view list, std::string_view etag) {
  for (auto one : split(list, ',')) {
    one = trim(one);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == etag) return true;
  }
  return false;
}

}  // namespace

std::string http_date(std::int64_t seconds_since_epoch) {
  const std::time_t time = seconds_since_epoch;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

FilePart prepare_file(Response& response, std::string_view method, const Headers& request) {
  struct stat status {};
  if (::fstat(response.file.get(), &status) != 0) return {};
  FilePart whole{0, static_cast<std::uint64_t>(status.st_size)};
  const bool conditional = response.status == 200 && (method == "GET" || method == "HEAD");
  if (!conditional) return whole;

  const auto etag = fmt::format("\"{:x}-{:x}{:08x}\"", status.st_size, status.st_mtim.tv_sec,
                                status.st_mtim.tv_nsec);
  response.headers.set("ETag", etag);
  response.headers.set("Last-Modified", http_date(status.st_mtim.tv_sec));
  response.headers.set("Accept-Ranges", "bytes");
  if (const auto known = request.find("If-None-Match"); known && names_etag(*known, etag)) {
    response.status = 304;
    return {};
  }
  const auto if_range = request.find("If-Range");
  const auto range = request.find("Range");
  if (method != "GET" || !range || (if_range && *if_range != etag)) return whole;
  const auto answer = parse_range(*range, whole.size);
  if (!answer) return whole;
  if (!answer->satisfiable) {
    response.status = 416;
    response.headers.set("Content-Range", fmt::format("bytes */{}", whole.size));
    return {};
  }
  response.status = 206;
  response.headers.set("Content-Range",
                       fmt::format("bytes {}-{}/{}", answer->part.offset,
                                   answer->part.offset + answer->part.size - 1, whole.size));
  return answer->part;
}

}  // namespace ts::httpd
