// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "httpd/parser_internal.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace ts::httpd {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kMaxChunkLine = 256;
constexpr std::size_t kMaxTrailerBytes = 4096;
constexpr std::string_view kBlankLine = "\r\n\r\n";

std::string text_of(boost::beast::string_view view) { return {view.data(), view.size()}; }

/// Bare CR or LF, folded lines and control characters: what Beast would mend is refused here.
bool has_forbidden_bytes(std::string_view header) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto c = static_cast<unsigned char>(header[i]);
    if (c == '\r') {
      if (i + 1 >= header.size() || header[i + 1] != '\n') return true;
      const char next = i + 2 < header.size() ? header[i + 2] : '\0';
      if (next == ' ' || next == '\t') return true;
      ++i;
    } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
      return true;
    }
  }
  return false;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

RequestParser::State RequestParser::fail(int status, std::string text) {
  error_status_ = status;
  error_text_ = std::move(text);
  state_ = State::kFailed;
  return state_;
}

RequestParser::State RequestParser::advance(std::string& input) {
  if (state_ == State::kHeader) {
    // RFC 9112 2.2: an empty line before the request line is ignored.
    while (input.starts_with("\r\n")) input.erase(0, 2);
    const auto end = input.find(kBlankLine);
    const auto size = end == std::string::npos ? input.size() : end + kBlankLine.size();
    if (size > max_header_bytes_) {
      return fail(431, fmt::format("header larger than {} bytes", max_header_bytes_));
    }
    if (end == std::string::npos) return state_;
    parse_header(std::string_view(input).substr(0, size));
    input.erase(0, size);
    return state_;
  }
  if (state_ != State::kBody) return state_;
  if (chunked_) return advance_chunked(input);
  const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
  if (request_.body.empty() && take == input.size()) {
    request_.body.swap(input);
  } else {
    request_.body.append(input, 0, take);
    input.erase(0, take);
  }
  remaining_ -= take;
  if (remaining_ == 0) state_ = State::kDone;
  return state_;
}

RequestParser::State RequestParser::parse_header(std::string_view header) {
  if (has_forbidden_bytes(header)) return fail(400, "malformed header");
  http::request_parser<http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(max_header_bytes_ + 1, std::numeric_limits<std::uint32_t>::max())));
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  parser.skip(true);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(header.data(), header.size()), error);
  if (error == http::error::bad_version) return fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken");
  if (error || !parser.is_header_done()) return fail(400, "malformed request");

  const auto& message = parser.get();
  request_.method = text_of(message.method_string());
  request_.target = text_of(message.target());
  for (const auto& field : message) {
    request_.headers.add(text_of(field.name_string()), text_of(field.value()));
  }
  keep_alive_ = parser.keep_alive();
  if (check_header(message.version()) == State::kFailed) return state_;
  state_ = State::kHeaderDone;
  return state_;
}

RequestParser::State RequestParser::check_header(unsigned version) {
  const auto& headers = request_.headers;
  if (version != 10 && version != 11) return fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken");
  const auto hosts = headers.count("Host");
  if (hosts > 1 || (version == 11 && hosts == 0)) return fail(400, "one Host header is required");

  std::string_view target = request_.target;
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const auto slash = target.find('/', target.find("//") + 2);
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  } else if (!target.starts_with('/') && !(target == "*" && request_.method == "OPTIONS")) {
    return fail(400, "malformed target");
  }
  const auto question = target.find('?');
  request_.path = std::string(target.substr(0, question));
  if (question != std::string_view::npos) request_.query = std::string(target.substr(question + 1));
  if (!percent_decode(request_.path)) return fail(400, "malformed escape in the path");

  const auto codings = headers.count("Transfer-Encoding");
  const auto lengths = headers.count("Content-Length");
  if (codings > 0 && (lengths > 0 || version == 10)) return fail(400, "two kinds of body length");
  if (codings > 1 || lengths > 1) return fail(400, "repeated body length");
  if (codings == 1) {
    if (to_lower(trim(headers.get("Transfer-Encoding"))) != "chunked") {
      return fail(501, "only chunked transfer coding is understood");
    }
    chunked_ = true;
  } else if (lengths == 1) {
    const auto length = parse_u64(headers.get("Content-Length"));
    if (!length) return fail(400, "malformed Content-Length");
    remaining_ = *length;
  }
  if (const auto expect = headers.find("Expect")) {
    if (to_lower(*expect) != "100-continue") return fail(417, "unknown expectation");
    expects_continue_ = version == 11;
  }
  return state_;
}

RequestParser::State RequestParser::begin_body(std::size_t max_body_bytes) {
  max_body_bytes_ = max_body_bytes;
  if (!chunked_ && remaining_ > max_body_bytes) {
    return fail(413, fmt::format("body larger than {} bytes", max_body_bytes));
  }
  state_ = chunked_ || remaining_ > 0 ? State::kBody : State::kDone;
  return state_;
}

RequestParser::State RequestParser::advance_chunked(std::string& input) {
  std::size_t at = 0;
  while (state_ == State::kBody) {
    const std::string_view rest = std::string_view(input).substr(at);
    if (chunk_state_ == ChunkState::kData) {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, rest.size()));
      request_.body.append(rest.substr(0, take));
      remaining_ -= take;
      at += take;
      if (remaining_ > 0) break;
      chunk_state_ = ChunkState::kDataEnd;
      continue;
    }
    const auto end = rest.find("\r\n");
    if (end == std::string_view::npos) {
      if (rest.size() > kMaxChunkLine) return fail(400, "malformed chunk");
      break;
    }
    const auto line = rest.substr(0, end);
    at += end + 2;
    if (line.size() > kMaxChunkLine || has_forbidden_bytes(line)) {
      return fail(400, "malformed chunk");
    }
    switch (chunk_state_) {
      case ChunkState::kSize:
        take_chunk_size(line);
        break;
      case ChunkState::kDataEnd:
        if (!line.empty()) return fail(400, "malformed chunk");
        chunk_state_ = ChunkState::kSize;
        break;
      case ChunkState::kTrailer:  // Read and forgotten: nobody may smuggle a header this way.
        trailer_bytes_ += end + 2;
        if (trailer_bytes_ > kMaxTrailerBytes) return fail(431, "trailer too large");
        if (line.empty()) state_ = State::kDone;
        break;
      case ChunkState::kData:
        break;
    }
  }
  input.erase(0, at);
  return state_;
}

RequestParser::State RequestParser::take_chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  while (digits < line.size() && hex_digit(line[digits]) >= 0) {
    if (digits == 15) return fail(400, "malformed chunk size");
    size = size * 16 + static_cast<std::uint64_t>(hex_digit(line[digits]));
    ++digits;
  }
  const auto extension = trim(line.substr(digits));
  if (digits == 0 || (!extension.empty() && extension.front() != ';')) {
    return fail(400, "malformed chunk size");
  }
  if (size > max_body_bytes_ - request_.body.size()) {
    return fail(413, fmt::format("body larger than {} bytes", max_body_bytes_));
  }
  remaining_ = size;
  chunk_state_ = size == 0 ? ChunkState::kTrailer : ChunkState::kData;
  return state_;
}

}  // namespace ts::httpd
