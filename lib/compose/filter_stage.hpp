// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/picture.hpp"
#include "core/result.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace ts::compose {

/// The program's own filter, on a thread between the tick and the encoders: however long it takes,
/// the tick never waits. When it is late the picture before goes out once more; after 2 s of that a
/// tick is left out.
class FilterStage {
 public:
  using Filter = std::function<Result<Picture>(const Picture&)>;
  using Sink = std::function<void(const Picture&, std::uint64_t tick)>;
  struct Counters {
    std::uint64_t late = 0;  ///< Ticks that show the picture before.
    std::uint64_t gaps = 0;  ///< Ticks left out.
  };

  /// @param filter  called on the stage's thread; after an error pictures pass as they are.
  /// @param sink    called there, too, with every picture and in order.
  /// @param late_limit  ticks that may wait.
  /// @param on_error  told once.
  FilterStage(Filter filter, Sink sink, std::size_t late_limit,
              std::function<void(const Error&)> on_error);
  FilterStage(const FilterStage&) = delete;
  FilterStage& operator=(const FilterStage&) = delete;
  ~FilterStage();

  /// From the tick's thread; never waits.
  void push(Picture picture, std::uint64_t tick);
  /// The newest picture that went to the sink; null before the first.
  [[nodiscard]] Picture newest() const;
  [[nodiscard]] Counters counters() const;
  /// No more pictures; returns when all went to the sink.
  void finish();

 private:
  struct Item {
    Picture picture{};  ///< Null: the one before once more.
    std::uint64_t tick = 0;
  };
  void run();

  Filter filter_;
  const Sink sink_;
  const std::size_t late_limit_;
  const std::function<void(const Error&)> on_error_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::size_t pictures_ = 0;  ///< Of the items, with a picture of their own.
  Picture newest_{};
  Counters counters_{};
  bool closed_ = false;
  std::jthread thread_;
};

}  // namespace ts::compose
