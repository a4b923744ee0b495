// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ts::httpd {

/// Takes one HTTP/1.x request apart, in whatever pieces it arrives. Strict where leniency lets two
/// parties see different requests: both lengths, folded lines, bare line feeds and control
/// characters are refused. Does no I/O.
class RequestParser {
 public:
  enum class State : std::uint8_t {
    kHeader,      ///< Wants more bytes of the header.
    kHeaderDone,  ///< Header known; call `begin_body`.
    kBody,        ///< Wants more bytes of the body.
    kDone,
    kFailed,  ///< See `error_status`; the connection cannot go on.
  };

  explicit RequestParser(std::size_t max_header_bytes) : max_header_bytes_(max_header_bytes) {}

  /// Takes what belongs to this request from the front of `input`.
  State advance(std::string& input);
  /// After kHeaderDone, with the limit of the route. @return kBody, kDone or kFailed (413).
  State begin_body(std::size_t max_body_bytes);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Request& request() { return request_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] bool expects_continue() const { return expects_continue_; }
  [[nodiscard]] int error_status() const { return error_status_; }
  [[nodiscard]] const std::string& error_text() const { return error_text_; }

 private:
  enum class ChunkState : std::uint8_t { kSize, kData, kDataEnd, kTrailer };

  State fail(int status, std::string text);
  State parse_header(std::string_view header);
  State check_header(unsigned version);
  State advance_chunked(std::string& input);
  State take_chunk_size(std::string_view line);

  std::size_t max_header_bytes_;
  State state_ = State::kHeader;
  Request request_;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  bool chunked_ = false;
  std::uint64_t remaining_ = 0;  // Of the body, or of the current chunk.
  std::size_t max_body_bytes_ = 0;
  ChunkState chunk_state_ = ChunkState::kSize;
  std::size_t trailer_bytes_ = 0;
  int error_status_ = 0;
  std::string error_text_;
};

}  // namespace ts::httpd
