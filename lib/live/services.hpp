// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "livekit/service.hpp"
#include "mux/client.hpp"
#include "net/http.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace ts::live {

/// The outside that a go-live talks to. All of it outlives the run; nothing is owned.
struct Services {
  livekit::Service* livekit = nullptr;  ///< nullptr with --direct.
  mux::MuxClient* mux = nullptr;
  net::HttpTransport* transport = nullptr;
  Clock* clock = nullptr;
  Log* log = nullptr;
  std::string mux_ingest_url{};       ///< "rtmps://global-live.mux.com:443/app"
  std::string mux_stream_base_url{};  ///< "https://stream.mux.com"
  std::filesystem::path media_program{};
  std::vector<std::string> child_environment{};  ///< "NAME=value", without any credential.
};

}  // namespace ts::live
