// SPDX-License-Identifier: Apache-2.0
#include "media/picture_watch.hpp"

#include "frame/frame_code.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace ts::media {
namespace {

constexpr std::size_t kMaxCodes = 1'000'000;
/// Limited-range black is 16; noise and a station logo may lie above it.
constexpr int kBlackLuma = 32;
constexpr double kBlackPart = 0.98;
/// Mean difference per sample below which two pictures are the same to the eye.
constexpr double kFrozenDifference = 0.35;
constexpr milliseconds kSoundTolerance{30};

bool has_plain_luma(const AVFrame& frame) {
  switch (frame.format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUV444P:
    case AV_PIX_FMT_NV12:
      return true;
    default:
      return false;
  }
}

/// The largest sample of a block; 0 for formats that decoders of AAC and MP3 do not give.
double peak_of(const AVFrame& frame) {
  double peak = 0;
  if (frame.format == AV_SAMPLE_FMT_FLTP) {
    for (int channel = 0; channel < frame.ch_layout.nb_channels; ++channel) {
      const auto* samples = reinterpret_cast<const float*>(frame.extended_data[channel]);
      for (int i = 0; i < frame.nb_samples; ++i) {
        peak = std::max(peak, std::fabs(static_cast<double>(samples[i])));
      }
    }
  } else if (frame.format == AV_SAMPLE_FMT_S16P) {
    for (int channel = 0; channel < frame.ch_layout.nb_channels; ++channel) {
      const auto* samples = reinterpret_cast<const std::int16_t*>(frame.extended_data[channel]);
      for (int i = 0; i < frame.nb_samples; ++i) {
        peak = std::max(peak, std::abs(static_cast<double>(samples[i])) / 32768.0);
      }
    }
  }
  return peak;
}

}  // namespace

void FrameCodeWatch::see(microseconds position, std::optional<std::uint32_t> code) {
  if (!code) {
    ++unreadable_;
    return;
  }
  if (!seen_.empty()) {
    // The number wraps; the shorter way round tells forward from backward.
    const auto step = (*code - seen_.back().second) & (frame::kFrameCodeModulus - 1);
    if (step == 0) {
      ++repeated_;
    } else if (step < frame::kFrameCodeModulus / 2) {
      missing_ += step - 1;
    } else {
      ++backward_;
    }
  }
  if (seen_.size() < kMaxCodes) seen_.emplace_back(position, *code);
}

void PictureWatch::see(const ViewedFrame& viewed) {
  const auto position = viewed.position;
  if (count_ == 0) {
    first_ = position;
    frozen_since_ = position;
  } else if (position <= last_) {
    ++backward_;
  } else {
    const auto mean =
        count_ > 1 ? (last_ - first_) / static_cast<std::int64_t>(count_ - 1) : position - last_;
    if (position - last_ > mean * 5 / 4) steps_.push_back({last_, position - last_});
  }
  if (has_plain_luma(*viewed.frame)) {
    compare(*viewed.frame, position);
    const frame::LumaView luma{.data = viewed.frame->data[0],
                               .stride = viewed.frame->linesize[0],
                               .width = viewed.frame->width,
                               .height = viewed.frame->height};
    codes_.see(position, frame::read_frame_code(luma));
  }
  ++count_;
  last_ = std::max(last_, position);
}

void PictureWatch::compare(const AVFrame& frame, microseconds position) {
  // The top tenth is left out: frame numbers change even when the picture stands still.
  const int top = frame.height / 10;
  Samples now{};
  int dark = 0;
  double difference = 0;
  for (int row = 0; row < kRows; ++row) {
    const int y = top + (frame.height - top) * row / kRows;
    const auto* line = frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0];
    for (int column = 0; column < kColumns; ++column) {
      const auto index = static_cast<std::size_t>(row * kColumns + column);
      now.at(index) = line[frame.width * column / kColumns];
      if (now.at(index) <= kBlackLuma) ++dark;
      difference += std::abs(int{now.at(index)} - int{before_.at(index)});
    }
  }
  constexpr double kSamples = kColumns * kRows;
  if (dark >= kBlackPart * kSamples) ++black_;
  if (count_ > 0 && difference / kSamples < kFrozenDifference) {
    ++frozen_;
    longest_frozen_ = std::max(longest_frozen_, position - frozen_since_);
  } else {
    frozen_since_ = position;
  }
  before_ = now;
}

microseconds PictureWatch::end() const {
  if (count_ < 2) return last_;
  return last_ + (last_ - first_) / static_cast<std::int64_t>(count_ - 1);
}

double PictureWatch::fps() const {
  if (count_ < 2 || last_ <= first_) return 0;
  return static_cast<double>(count_ - 1) * 1e6 / static_cast<double>((last_ - first_).count());
}

std::vector<FrameGap> PictureWatch::gaps() const {
  std::vector<FrameGap> out;
  if (count_ < 3) return out;
  const auto mean = (last_ - first_) / static_cast<std::int64_t>(count_ - 1);
  for (const auto& step : steps_) {
    if (step.length > mean * 7 / 4) out.push_back(step);
  }
  return out;
}

double PictureWatch::black_ratio() const {
  return count_ == 0 ? 0 : static_cast<double>(black_) / static_cast<double>(count_);
}

double PictureWatch::frozen_ratio() const {
  return count_ < 2 ? 0 : static_cast<double>(frozen_) / static_cast<double>(count_ - 1);
}

void SoundWatch::hear(const ViewedFrame& viewed) {
  if (count_ == 0) {
    first_ = viewed.position;
  } else {
    const auto step = viewed.position - end_;
    if (step > kSoundTolerance) gaps_.push_back({end_, step});
    if (step < -kSoundTolerance) ++backward_;
  }
  ++count_;
  samples_ += static_cast<std::uint64_t>(std::max(viewed.frame->nb_samples, 0));
  end_ = viewed.position + viewed.duration;
  const double peak = peak_of(*viewed.frame);
  if (peak < 0.001) ++silent_;
  peak_ = std::max(peak_, peak);
}

double SoundWatch::silent_ratio() const {
  return count_ == 0 ? 0 : static_cast<double>(silent_) / static_cast<double>(count_);
}

}  // namespace ts::media
