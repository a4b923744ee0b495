// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/compositor.hpp"
#include "control/server.hpp"
#include "core/result.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace ts::compose {

/// Operators of a running program: takes their commands from the control socket to the compositor
/// and sends them what changes. Owns the thread between the two.
class ControlBridge {
 public:
  struct Options {
    std::filesystem::path socket{};
    std::string ca_file{};
    bool allow_loose = false;  ///< Accept address files others may read.
    Clock* clock = nullptr;
    Log* log = nullptr;
  };
  /// Listens at once. @return what control::Server::listen returns.
  static Result<std::unique_ptr<ControlBridge>> listen(const Options& options);
  ControlBridge(const ControlBridge&) = delete;
  ControlBridge& operator=(const ControlBridge&) = delete;
  ~ControlBridge();

  /// Begins to serve; `compositor` must outlive this.
  void serve(Compositor& compositor);
  /// Something changed on air; any thread.
  void publish(const ProgramEvent& event);

 private:
  ControlBridge(const Options& options, std::unique_ptr<control::Server> server);
  void run(const std::stop_token& stop);
  void handle(control::Request request);
  void act(const control::ActCommand& command, control::Reply& reply);
  void add_output(const control::OutputAddCommand& command, control::Reply& reply);
  void shoot(const control::ShotCommand& command, control::Reply& reply);
  void publish_states();

  Options options_;
  std::unique_ptr<control::Server> server_;
  Compositor* compositor_ = nullptr;
  std::map<std::string, std::string> source_states_;
  std::map<std::string, std::string> output_states_;
  std::string tally_;
  std::jthread thread_;
};

}  // namespace ts::compose
