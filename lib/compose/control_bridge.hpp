// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/compositor.hpp"
#include "compose/event_board.hpp"
#include "control/server.hpp"
#include "core/bounded_queue.hpp"
#include "core/result.hpp"

#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ts::compose {

/// Operators of a running program: takes their commands from the control socket to the compositor
/// and sends them what changes. Owns three threads between the two: one answers within a frame or
/// so, one draws pictures, one does what may take seconds (a source that opens, an output that
/// goes), so that neither a take nor an operator's screen waits for it.
class ControlBridge {
 public:
  struct Options {
    std::filesystem::path socket{};
    std::string ca_file{};
    bool allow_loose = false;  ///< Accept address files others may read.
    Clock* clock = nullptr;
    Log* log = nullptr;
  };
  [[nodiscard]] const std::filesystem::path& socket() const noexcept { return server_->path(); }
  /// Listens at once. @return what control::Server::listen returns.
  static Result<std::unique_ptr<ControlBridge>> listen(const Options& options);
  ControlBridge(const ControlBridge&) = delete;
  ControlBridge& operator=(const ControlBridge&) = delete;
  ~ControlBridge();

  /// Begins to serve; `compositor` must outlive this.
  void serve(Compositor& compositor);
  /// Something changed on air; on the tick's thread, which begins after serve().
  void publish(const ProgramEvent& event);

 private:
  ControlBridge(const Options& options, std::unique_ptr<control::Server> server);
  /// A command on its way to the tick.
  struct Posted {
    std::future<Result<std::uint64_t>> tick;
    control::Reply reply;
    std::vector<std::string> warnings{};
  };
  void run(const std::stop_token& stop);
  void work(BoundedQueue<control::Request>& queue, const std::stop_token& stop);
  /// Answers at once, posts to the tick, or leaves it to a worker.
  void begin(control::Request request, std::vector<Posted>& posted);
  static void answer(Posted& posted);
  void do_slowly(control::Request request);
  void add_output(const control::OutputAddCommand& command, control::Reply& reply);
  /// The newest picture of a source or, without a name, of the program; null has been answered.
  [[nodiscard]] Picture picture_of(control::View view, const std::string& source, bool glimpse,
                                   control::Reply& reply) const;
  void picture(const control::PictureCommand& command, control::Reply& reply) const;
  void shoot(const control::ShotCommand& command, control::Reply& reply);

  Options options_;
  std::unique_ptr<control::Server> server_;
  Compositor* compositor_ = nullptr;
  std::optional<EventBoard> board_;  ///< From serve() on.
  BoundedQueue<control::Request> views_;
  BoundedQueue<control::Request> changes_;
  std::jthread painter_;
  std::jthread worker_;
  std::jthread thread_;
};

}  // namespace ts::compose
