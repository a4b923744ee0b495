// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/picture.hpp"
#include "core/log.hpp"
#include "media/encoder.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace ts::compose {

/// A video encoder that is made anew when it fails, from the first picture on that has not come
/// out of it yet: no picture is lost, and the stream goes on with a key frame. Of one thread.
class LastingEncoder {
 public:
  struct Options {
    media::VideoEncoderOptions encoder{};
    std::string name{};  ///< In messages.
    Log* log = nullptr;
  };
  /// Waits between two tries. @return false to give up.
  using Wait = std::function<bool(milliseconds)>;

  static Result<LastingEncoder> create(Options options);
  [[nodiscard]] const media::StreamFormat& format() const noexcept { return format_; }
  /// Frame numbers must rise. An error after 5 s without success, or when `wait` gave up.
  ts::Status encode(const Picture& picture, std::int64_t number, bool key,
                    const media::PacketSink& sink, const Wait& wait);
  /// Goes on with the fastest preset whose stream has the same headers, or with the first again.
  /// Where there is none, or it cannot be had now, the encoder stays as it is.
  void set_fast(bool fast, const media::PacketSink& sink);
  ts::Status drain(const media::PacketSink& sink);

 private:
  struct Sent {
    Picture picture;
    std::int64_t number = 0;
    bool key = false;
  };
  LastingEncoder(Options options, media::VideoEncoder encoder)
      : options_(std::move(options)),
        now_(options_.encoder),
        encoder_(std::move(encoder)),
        format_(encoder_.format()) {}
  ts::Status send(const Sent& sent, bool key, const media::PacketSink& sink);
  /// Another encoder, and everything that the last one still had.
  ts::Status begin_anew(const media::PacketSink& sink);
  /// `sink`, besides keeping account of what is inside.
  media::PacketSink counted(const media::PacketSink& sink);
  [[nodiscard]] bool same_headers(const media::StreamFormat& other) const;

  Options options_;
  media::VideoEncoderOptions now_;  ///< Of the encoder at work, which may be the fast one.
  media::VideoEncoder encoder_;
  media::StreamFormat format_;
  std::deque<Sent> inside_{};
};

}  // namespace ts::compose
