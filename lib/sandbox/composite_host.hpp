// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"
#include "sandbox/effects.hpp"
#include "sandbox/media_host.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// Runs the `ts-media compose` children that make one picture and one sound of several publishes,
/// and sends it back to this sandbox's own RTMP server, where it is a publish like any other.
/// A child takes the publishes from Unix sockets in a folder of its own and is told over its
/// control socket who comes, who goes and how they are arranged. Thread-safe; the hooks are called
/// on its own threads.
class CompositeHost {
 public:
  struct Options {
    std::filesystem::path program{};  ///< ts-media; empty: nothing can be composed.
    std::vector<std::string> environment{};
  };
  struct Hooks {
    /// The media of a publish; null when it has gone.
    std::function<std::shared_ptr<Publication>(PublishId)> publication{};
    /// It is over. @param error  empty after CompositeStop.
    /// @param crashed  the child did not end by itself.
    std::function<void(RelayId, std::string_view error, bool crashed)> over{};
  };
  CompositeHost(Options options, Hooks hooks, Log& log);
  CompositeHost(const CompositeHost&) = delete;
  CompositeHost& operator=(const CompositeHost&) = delete;
  /// Stops every child: orderly first, then at once.
  ~CompositeHost();

  void apply(CompositeStart start);
  void apply(CompositeChange change);
  void apply(const CompositeStop& stop);
  [[nodiscard]] std::size_t running() const;

 private:
  class Composite;

  Options options_;
  Hooks hooks_;
  Log& log_;
  mutable std::mutex mutex_;
  std::map<RelayId, std::unique_ptr<Composite>> composites_;
};

}  // namespace ts::sandbox
