// SPDX-License-Identifier: Apache-2.0
#include "media/av_handles.hpp"

#include <array>
#include <cctype>

namespace ts::media {

std::string av_error_text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> buffer{};
  av_strerror(code, buffer.data(), buffer.size());
  std::string text = buffer.data();
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Error av_error(int code, std::string_view what, ErrorKind kind) {
  Error error{.kind = kind, .message = std::string(what) + ": " + av_error_text(code)};
  if (code == AVERROR_EXIT) error.kind = ErrorKind::kInterrupted;
  if (code == AVERROR(ENOSPC)) error.hint = "free disk space and start again";
  return error;
}

Error av_no_memory() { return Error{.kind = ErrorKind::kMedia, .message = "out of memory"}; }

}  // namespace ts::media
