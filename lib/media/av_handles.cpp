// SPDX-License-Identifier: Apache-2.0
#include "media/av_handles.hpp"

#include <array>
#include <cctype>
#include <cerrno>
#include <new>

namespace ts::media {
namespace {

struct Known {
  std::string_view hint;
  bool retryable;
};

Known known(int code) {
  switch (code) {
    case AVERROR(ENOENT):
      return {"check the path; those in a show are relative to the show file", false};
    case AVERROR(EACCES):
    case AVERROR(EPERM):
      return {"check the permissions", false};
    case AVERROR(ENOSPC):
    case AVERROR(EFBIG):
    case AVERROR(EDQUOT):
      return {"make room on the disk, or write somewhere else", false};
    case AVERROR(EISDIR):
      return {"name a file, not a folder", false};
    case AVERROR(ECONNREFUSED):
      return {"check that the server listens at this address", true};
    case AVERROR(ECONNRESET):
    case AVERROR(EPIPE):
    case AVERROR(ETIMEDOUT):
    case AVERROR(EHOSTUNREACH):
    case AVERROR(ENETUNREACH):
    case AVERROR(EIO):
    case AVERROR_EOF:
      return {"check the network and the other end", true};
    case AVERROR_INVALIDDATA:
      return {"check the file with ffprobe: it is no media, or damaged", false};
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      return {"check the address and its credentials", false};
    case AVERROR_HTTP_NOT_FOUND:
      return {"check the address", true};
    case AVERROR_HTTP_SERVER_ERROR:
    case AVERROR_HTTP_OTHER_4XX:
      return {"the server refused; try again later", true};
    case AVERROR_PROTOCOL_NOT_FOUND:
      return {"use a file, http(s), rtmp(s), srt or rtsp address", false};
    default:
      return {"", false};
  }
}

}  // namespace

std::string av_error_text(int code) {
  if (code == AVERROR_EXIT) return "interrupted";
  if (code == AVERROR_INVALIDDATA) return "no media FFmpeg knows, or damaged";
  if (code == AVERROR_EOF) return "it ended";
  std::array<char, AV_ERROR_MAX_STRING_SIZE> buffer{};
  av_strerror(code, buffer.data(), buffer.size());
  std::string text = buffer.data();
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Error av_error(int code, std::string_view what, ErrorKind kind) {
  const auto [hint, retryable] = known(code);
  Error error{.kind = kind, .message = std::string(what) + ": " + av_error_text(code)};
  if (code == AVERROR_EXIT) error.kind = ErrorKind::kInterrupted;
  error.hint = hint;
  error.retryable = retryable;
  return error;
}

AvFrame make_frame() {
  AvFrame frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}

AvPacket make_packet() {
  AvPacket packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}

AvFrame reference(const AVFrame& frame) {
  AvFrame copy(av_frame_clone(&frame));
  if (!copy) throw std::bad_alloc();
  return copy;
}

AvPacket reference(const AVPacket& packet) {
  AvPacket copy(av_packet_clone(&packet));
  if (!copy) throw std::bad_alloc();
  return copy;
}

Error av_no_memory() { return Error{.kind = ErrorKind::kMedia, .message = "out of memory"}; }

}  // namespace ts::media
