// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace ts {

/// A bounded queue between threads. The caller of push chooses the policy at each call:
/// `try_push` refuses when full (and counts), `push` waits, `push_drop_oldest` makes room.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  /// @return false when full; the item is dropped and counted.
  bool try_push(T item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= capacity_) {
        ++dropped_;
        return false;
      }
      items_.push_back(std::move(item));
    }
    readable_.notify_one();
    return true;
  }

  /// Makes room by dropping the oldest item (counted). @return false when closed.
  bool push_drop_oldest(T item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      if (items_.size() >= capacity_) {
        items_.pop_front();
        ++dropped_;
      }
      items_.push_back(std::move(item));
    }
    readable_.notify_one();
    return true;
  }

  /// Waits for room. @return false when stopped or closed.
  bool push(T item, std::stop_token stop) {
    {
      std::unique_lock lock(mutex_);
      if (!writable_.wait(lock, stop, [&] { return closed_ || items_.size() < capacity_; }) ||
          closed_) {
        return false;
      }
      items_.push_back(std::move(item));
    }
    readable_.notify_one();
    return true;
  }

  /// Waits for an item. Empty when stopped, or when closed and drained.
  std::optional<T> pop(std::stop_token stop) {
    std::optional<T> out;
    {
      std::unique_lock lock(mutex_);
      readable_.wait(lock, stop, [&] { return closed_ || !items_.empty(); });
      if (items_.empty()) return std::nullopt;
      out.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    writable_.notify_one();
    return out;
  }

  /// Waits for an item for at most `limit`. Empty when that passed, when stopped, or when closed
  /// and drained.
  template <typename Rep, typename Period>
  std::optional<T> pop_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop) {
    std::optional<T> out;
    {
      std::unique_lock lock(mutex_);
      readable_.wait_for(lock, stop, limit, [&] { return closed_ || !items_.empty(); });
      if (items_.empty()) return std::nullopt;
      out.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    writable_.notify_one();
    return out;
  }

  std::optional<T> try_pop() {
    std::optional<T> out;
    {
      const std::lock_guard lock(mutex_);
      if (items_.empty()) return std::nullopt;
      out.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    writable_.notify_one();
    return out;
  }

  /// No more pushes; pops drain what is left, then return empty.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    readable_.notify_all();
    writable_.notify_all();
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }
  [[nodiscard]] std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable_any readable_;
  std::condition_variable_any writable_;
  std::deque<T> items_;
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace ts
