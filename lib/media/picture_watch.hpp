// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "media/hls_viewer.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace ts::media {

/// A pause between two frames that is longer than the stream's rhythm explains.
struct FrameGap {
  microseconds at{};      ///< Of the last frame before it.
  microseconds length{};  ///< To the next frame.
};

/// The burnt-in frame numbers (frame/frame_code.hpp) of a sequence of pictures.
class FrameCodeWatch {
 public:
  void see(microseconds position, std::optional<std::uint32_t> code);

  [[nodiscard]] const std::vector<std::pair<microseconds, std::uint32_t>>& seen() const noexcept {
    return seen_;
  }
  [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }
  /// Numbers jumped over.
  [[nodiscard]] std::uint64_t missing() const noexcept { return missing_; }
  /// Pictures that carry the number of the one before.
  [[nodiscard]] std::uint64_t repeated() const noexcept { return repeated_; }
  [[nodiscard]] std::uint64_t backward() const noexcept { return backward_; }

 private:
  std::vector<std::pair<microseconds, std::uint32_t>> seen_;
  std::uint64_t unreadable_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t backward_ = 0;
};

/// Looks at every picture: rhythm, black, standstill, frame numbers.
class PictureWatch {
 public:
  void see(const ViewedFrame& viewed);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] microseconds first() const noexcept { return first_; }
  [[nodiscard]] microseconds last() const noexcept { return last_; }
  /// Where the last picture stops being shown, by the mean distance of pictures.
  [[nodiscard]] microseconds end() const;
  [[nodiscard]] double fps() const;
  [[nodiscard]] std::uint64_t backward() const noexcept { return backward_; }
  /// Gaps longer than 1.75 mean distances, in order.
  [[nodiscard]] std::vector<FrameGap> gaps() const;
  [[nodiscard]] double black_ratio() const;
  [[nodiscard]] double frozen_ratio() const;
  [[nodiscard]] microseconds longest_frozen() const noexcept { return longest_frozen_; }
  [[nodiscard]] const FrameCodeWatch& codes() const noexcept { return codes_; }

 private:
  static constexpr int kColumns = 64;
  static constexpr int kRows = 36;
  using Samples = std::array<std::uint8_t, kColumns * kRows>;

  void compare(const AVFrame& frame, microseconds position);

  std::uint64_t count_ = 0;
  microseconds first_{};
  microseconds last_{};
  std::uint64_t backward_ = 0;
  std::vector<FrameGap> steps_;  ///< Steps above half the mean so far: candidates for gaps.
  std::uint64_t black_ = 0;
  std::uint64_t frozen_ = 0;
  microseconds frozen_since_{};
  microseconds longest_frozen_{};
  Samples before_{};
  FrameCodeWatch codes_;
};

/// Listens to every block of sound: rhythm and loudness.
class SoundWatch {
 public:
  void hear(const ViewedFrame& viewed);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t samples() const noexcept { return samples_; }
  [[nodiscard]] microseconds first() const noexcept { return first_; }
  [[nodiscard]] microseconds end() const noexcept { return end_; }
  [[nodiscard]] std::uint64_t backward() const noexcept { return backward_; }
  [[nodiscard]] const std::vector<FrameGap>& gaps() const noexcept { return gaps_; }
  /// Largest sample, 1 is full scale.
  [[nodiscard]] double peak() const noexcept { return peak_; }
  /// Part of the blocks below -60 dB.
  [[nodiscard]] double silent_ratio() const;

 private:
  std::uint64_t count_ = 0;
  std::uint64_t samples_ = 0;
  std::uint64_t silent_ = 0;
  std::uint64_t backward_ = 0;
  microseconds first_{};
  microseconds end_{};
  std::vector<FrameGap> gaps_;
  double peak_ = 0;
};

}  // namespace ts::media
