// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace ts::compose {

/// Samples in one piece of memory, taken from the front and added at the back. For one thread.
class SampleQueue {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return samples_.size() - front_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::span<const float> view() const noexcept {
    return std::span(samples_).subspan(front_);
  }
  void clear() noexcept {
    samples_.clear();
    front_ = 0;
  }
  void append(std::span<const float> more) {
    make_room(more.size());
    samples_.insert(samples_.end(), more.begin(), more.end());
  }
  void append_silence(std::size_t count) {
    make_room(count);
    samples_.resize(samples_.size() + count, 0.0F);
  }
  /// Takes the first `count` away, at most all.
  void drop(std::size_t count) noexcept {
    front_ += std::min(count, size());
    if (empty()) clear();
  }
  /// Keeps only the first `count`.
  void keep(std::size_t count) noexcept {
    if (count < size()) samples_.resize(front_ + count);
    if (empty()) clear();
  }

 private:
  /// Moves what is left to the beginning before memory would have to grow for it.
  void make_room(std::size_t count) {
    if (front_ == 0 || samples_.size() + count <= samples_.capacity()) return;
    samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(front_));
    front_ = 0;
  }

  std::vector<float> samples_;
  std::size_t front_ = 0;
};

}  // namespace ts::compose
