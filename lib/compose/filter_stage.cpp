// SPDX-License-Identifier: Apache-2.0
#include "compose/filter_stage.hpp"

#include "core/thread_name.hpp"

#include <algorithm>
#include <utility>

namespace ts::compose {
namespace {

/// More would only make the program older.
constexpr std::size_t kWaiting = 2;

}  // namespace

FilterStage::FilterStage(Filter filter, Sink sink, std::size_t late_limit,
                         std::function<void(const Error&)> on_error)
    : filter_(std::move(filter)),
      sink_(std::move(sink)),
      late_limit_(std::max(late_limit, kWaiting)),
      on_error_(std::move(on_error)) {
  thread_ = std::jthread([this] { run(); });
}

FilterStage::~FilterStage() { finish(); }

void FilterStage::push(Picture picture, std::uint64_t tick) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (pictures_ >= kWaiting) {
      if (items_.size() >= late_limit_) {
        ++counters_.gaps;
        return;
      }
      ++counters_.late;
      picture.reset();
    } else {
      ++pictures_;
    }
    items_.push_back({std::move(picture), tick});
  }
  changed_.notify_one();
}

void FilterStage::run() {
  name_this_thread("program filter");
  Picture shown;
  while (true) {
    Item item;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return closed_ || !items_.empty(); });
      if (items_.empty()) return;
      item = std::move(items_.front());
      items_.pop_front();
    }
    if (item.picture) {
      if (filter_) {
        auto filtered = filter_(item.picture);
        if (filtered.ok()) {
          item.picture = std::move(filtered).value();
        } else {
          filter_ = nullptr;
          on_error_(filtered.error());
        }
      }
      shown = item.picture;
      const std::lock_guard lock(mutex_);
      --pictures_;
      newest_ = shown;
    }
    sink_(shown, item.tick);
  }
}

Picture FilterStage::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

FilterStage::Counters FilterStage::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void FilterStage::finish() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace ts::compose
