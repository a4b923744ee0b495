// SPDX-License-Identifier: Apache-2.0
#include "media/resampler.hpp"

#include <algorithm>

namespace ts::media {

Status Resampler::prepare(const AVFrame& frame) {
  if (context_ && frame.sample_rate == rate_ && frame.format == format_ &&
      frame.ch_layout.nb_channels == channels_ && frame.ch_layout.u.mask == mask_) {
    return ok_status();
  }
  AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
  AVChannelLayout input{};
  if (frame.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&input, frame.ch_layout.nb_channels);
  } else if (const int copied = av_channel_layout_copy(&input, &frame.ch_layout); copied < 0) {
    return av_error(copied, "resample");
  }
  SwrContext* made = nullptr;
  int code =
      swr_alloc_set_opts2(&made, &stereo, AV_SAMPLE_FMT_FLT, kProgramRate, &input,
                          static_cast<AVSampleFormat>(frame.format), frame.sample_rate, 0, nullptr);
  av_channel_layout_uninit(&input);
  context_.reset(made);
  if (code >= 0) code = swr_init(context_.get());
  if (code < 0) {
    context_.reset();
    return av_error(code, "resample");
  }
  rate_ = frame.sample_rate;
  format_ = frame.format;
  channels_ = frame.ch_layout.nb_channels;
  mask_ = frame.ch_layout.u.mask;
  return ok_status();
}

Result<Resampler::Output> Resampler::convert(const AVFrame& frame) {
  TS_CHECK(prepare(frame));
  Output out;
  out.delay = static_cast<double>(swr_get_delay(context_.get(), 1'000'000)) * kProgramRate / 1e6;
  const int room = swr_get_out_samples(context_.get(), frame.nb_samples);
  if (room < 0) return av_error(room, "resample");
  out.samples.resize(static_cast<std::size_t>(room) * 2);
  auto* planes = reinterpret_cast<std::uint8_t*>(out.samples.data());
  const int made = swr_convert(context_.get(), &planes, room,
                               const_cast<const std::uint8_t**>(frame.extended_data),  // NOLINT
                               frame.nb_samples);
  if (made < 0) return av_error(made, "resample");
  out.samples.resize(static_cast<std::size_t>(made) * 2);
  return out;
}

Result<Resampler::Output> Resampler::drain() {
  Output out;
  if (!context_) return out;
  out.delay = static_cast<double>(swr_get_delay(context_.get(), 1'000'000)) * kProgramRate / 1e6;
  const int room = swr_get_out_samples(context_.get(), 0) + 64;
  out.samples.resize(static_cast<std::size_t>(std::max(room, 0)) * 2);
  auto* planes = reinterpret_cast<std::uint8_t*>(out.samples.data());
  const int made = swr_convert(context_.get(), &planes, room, nullptr, 0);
  if (made < 0) return av_error(made, "resample");
  out.samples.resize(static_cast<std::size_t>(made) * 2);
  context_.reset();
  return out;
}

void Resampler::compensate(int samples) {
  if (context_) swr_set_compensation(context_.get(), samples, kProgramRate);
}

}  // namespace ts::media
