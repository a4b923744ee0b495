// SPDX-License-Identifier: Apache-2.0
#include "compose/lasting_encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace ts::compose {
namespace {

constexpr std::string_view kFastPreset = "superfast";
constexpr milliseconds kRetry{250};
constexpr int kMostTries = 20;  // 5 s

}  // namespace

Result<LastingEncoder> LastingEncoder::create(Options options) {
  TS_TRY(auto encoder, media::VideoEncoder::create(options.encoder));
  return LastingEncoder(std::move(options), std::move(encoder));
}

ts::Status LastingEncoder::encode(const Picture& picture, std::int64_t number, bool key,
                                  const media::PacketSink& sink, const Wait& wait) {
  inside_.push_back({picture, number, key});
  ts::Status status = send(inside_.back(), key, sink);
  if (status.ok()) return status;
  if (options_.log != nullptr) {
    options_.log->warning("compose", "{}: {} (making another encoder)", options_.name,
                          status.error().message);
  }
  for (int tries = 1; !status.ok(); ++tries) {
    status = begin_anew(sink);
    if (status.ok()) break;
    if (tries == kMostTries || !wait(kRetry)) {
      Error error = status.error();
      error.hint = R"(start again; "encoder": "libx264" in the show needs no device)";
      return error;
    }
  }
  if (options_.log != nullptr) {
    options_.log->info("compose", "{}: encoding again, from picture {} on", options_.name, number);
  }
  return status;
}

ts::Status LastingEncoder::send(const Sent& sent, bool key, const media::PacketSink& sink) {
  // What it pushes out of the encoder may be its own entry.
  const Picture picture = sent.picture;
  return encoder_.encode(*picture, sent.number, key, counted(sink));
}

media::PacketSink LastingEncoder::counted(const media::PacketSink& sink) {
  return [this, &sink](media::EncodedPacket packet) {
    const std::int64_t number = packet.packet->pts;
    std::erase_if(inside_, [&](const Sent& sent) { return sent.number <= number; });
    sink(std::move(packet));
  };
}

ts::Status LastingEncoder::begin_anew(const media::PacketSink& sink) {
  TS_TRY(media::VideoEncoder other, media::VideoEncoder::create(now_));
  if (!same_headers(other.format())) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "encode picture: another encoder makes another stream"};
  }
  encoder_ = std::move(other);
  const std::deque<Sent> again = inside_;
  for (const Sent& sent : again) {
    TS_CHECK(send(sent, sent.key || sent.number == again.front().number, sink));
  }
  return ok_status();
}

bool LastingEncoder::same_headers(const media::StreamFormat& other) const {
  const auto& now = *format_.parameters;
  const auto& then = *other.parameters;
  return now.extradata_size == then.extradata_size &&
         std::equal(now.extradata, now.extradata + now.extradata_size, then.extradata);
}

void LastingEncoder::set_fast(bool fast, const media::PacketSink& sink) {
  media::VideoEncoderOptions options = options_.encoder;
  if (fast) options.preset = kFastPreset;
  if (options.encoder != "libx264" || options.preset == "ultrafast") return;
  auto other = media::VideoEncoder::create(options);
  if (!other.ok() || !same_headers(other.value().format())) return;
  // A failing encoder is replaced anyway, by the next picture.
  if (!drain(sink).ok()) return;
  encoder_ = std::move(other).value();
  now_ = std::move(options);
}

ts::Status LastingEncoder::drain(const media::PacketSink& sink) {
  TS_CHECK(encoder_.drain(counted(sink)));
  inside_.clear();
  return ok_status();
}

}  // namespace ts::compose
