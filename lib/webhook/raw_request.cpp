// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "webhook/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ts::webhook {
namespace {

constexpr std::size_t kMaxHeadBytes = std::size_t{256} << 10U;

Error malformed(std::string message, std::string hint = {}) {
  return {
      .kind = ErrorKind::kUsage, .message = "the raw request " + message, .hint = std::move(hint)};
}

/// The text up to the next line end; moves `at` past it. LF alone ends a line too.
std::string_view next_line(std::string_view bytes, std::size_t& at) {
  const std::size_t end = bytes.find('\n', at);
  const std::size_t stop = end == std::string_view::npos ? bytes.size() : end;
  auto line = bytes.substr(at, stop - at);
  at = end == std::string_view::npos ? bytes.size() : end + 1;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Result<std::string> read_chunks(std::string_view bytes) {
  std::string body;
  std::size_t at = 0;
  while (true) {
    if (at >= bytes.size()) return malformed("ends before its last chunk");
    const auto line = next_line(bytes, at);
    const auto digits = trim(line.substr(0, line.find(';')));
    std::size_t size = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (digits.empty() || failure != std::errc{} || end != digits.data() + digits.size()) {
      return malformed(fmt::format("has a malformed chunk size '{}'", shorten(line, 40)));
    }
    if (size == 0) return body;
    if (size > kMaxBodyBytes || body.size() + size > kMaxBodyBytes) {
      return malformed("has a body beyond 16 MiB");
    }
    if (bytes.size() - at < size) return malformed("ends inside a chunk");
    body.append(bytes.substr(at, size));
    at += size;
    if (!next_line(bytes, at).empty()) return malformed("has a chunk longer than its size");
  }
}

Result<std::string> read_body(const Headers& headers, std::string_view rest) {
  const auto coding = find_header(headers, "transfer-encoding");
  const auto length = find_header(headers, "content-length");
  // Two readers could take two lengths, and so two bodies (RFC 9112, 6.3).
  const auto lengths = std::count_if(headers.begin(), headers.end(), [](const auto& header) {
    return to_lower(header.first) == "content-length";
  });
  if (lengths > 1) {
    return malformed("has more than one Content-Length", "capture it again, as it was received");
  }
  if (coding) {
    if (to_lower(trim(*coding)) != "chunked") {
      return malformed(fmt::format("has transfer coding '{}'", shorten(*coding, 40)),
                       "capture it with chunked coding or a Content-Length");
    }
    return read_chunks(rest);
  }
  if (!length) {
    if (rest.size() > kMaxBodyBytes) return malformed("has a body beyond 16 MiB");
    return std::string(rest);
  }
  const auto size = parse_u64(trim(*length));
  if (!size) {
    return malformed(fmt::format("has a malformed Content-Length '{}'", shorten(*length, 40)));
  }
  if (*size > kMaxBodyBytes) return malformed("has a body beyond 16 MiB");
  if (rest.size() < *size) {
    return malformed(fmt::format("is cut: its body has {} of {} bytes", rest.size(), *size),
                     "capture the request again; a text editor may have changed its bytes");
  }
  // What follows the body in a capture file (a newline of the editor, the next request) is not it.
  return std::string(rest.substr(0, *size));
}

}  // namespace

Result<RawRequest> parse_raw_request(std::string_view bytes) {
  RawRequest request;
  std::size_t at = 0;
  const auto start = next_line(bytes, at);
  const auto words = split(start, ' ');
  if (words.size() != 3 || words[0].empty() || words[1].empty() || !words[2].starts_with("HTTP/")) {
    // Not quoted, like the header lines below: where the request line is missing this is a header,
    // and Cloudflare's live notifications carry the secret itself in one.
    return malformed("does not begin with a request line",
                     "begin with a line such as POST /webhook HTTP/1.1");
  }
  request.method = words[0];
  request.target = words[1];
  for (int number = 2;; ++number) {
    if (at >= bytes.size()) return malformed("has no blank line after its headers");
    const auto line = next_line(bytes, at);
    if (line.empty()) break;
    if (at > kMaxHeadBytes) return malformed("has more than 256 KiB of headers");
    if (line.front() == ' ' || line.front() == '\t') {
      return malformed("has a folded header line", "write each header in one line");
    }
    const std::size_t colon = line.find(':');
    const auto name = line.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() ||
        name.find_first_of(" \t") != std::string_view::npos) {
      return malformed(fmt::format("has a malformed header line (line {})", number),
                       "write each header as Name: value, without a blank before the colon");
    }
    request.headers.emplace_back(name, trim(line.substr(colon + 1)));
  }
  TS_TRY(request.body, read_body(request.headers, bytes.substr(at)));
  return request;
}

}  // namespace ts::webhook
