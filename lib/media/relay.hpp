// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "media/image_series.hpp"
#include "rtmp/flv.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ts::media {

/// Where a relay sends to.
struct RelayTarget {
  enum class Kind : std::uint8_t { kRtmp, kFile, kHls, kImages };
  std::string id{};  ///< The caller's name for it; in every status.
  Kind kind = Kind::kRtmp;
  Secret url{};                  ///< kRtmp.
  std::filesystem::path path{};  ///< kFile: the file; kHls: the folder.
  ImageSeriesTarget images{};    ///< kImages.
};

enum class RelayState : std::uint8_t {
  kConnecting,    ///< Also before each further attempt.
  kActive,        ///< The first media byte is out.
  kReconnecting,  ///< The connection was lost; `error` says why.
  kFinished,      ///< Everything was sent and the end said.
  kRemoved,       ///< Taken away by `remove`, ended in order.
  kFailed,        ///< Given up; `error` says why.
};
std::string_view to_string(RelayState state) noexcept;

/// What has become of one output. Holds no secret.
struct RelayStatus {
  std::string id;
  RelayTarget::Kind kind{};
  RelayState state{};
  std::optional<Error> error{};
  WallTime at{};
  milliseconds to_first_byte{};  ///< From the start of connecting; with kActive.
  std::uint64_t bytes = 0;
  std::uint64_t tags = 0;     ///< Media tags sent.
  std::uint64_t dropped = 0;  ///< Tags lost because the output was slow.
  std::uint32_t retries = 0;

  [[nodiscard]] bool is_final() const noexcept {
    return state == RelayState::kFinished || state == RelayState::kRemoved ||
           state == RelayState::kFailed;
  }
};

struct RelayOptions {
  bool video = true;  ///< Forward pictures.
  bool audio = true;  ///< Forward sound.
  std::string ca_file{};
  milliseconds timeout{10'000};  ///< Of connecting and of every write.
  /// How long a lost RTMP connection is tried again. A first connection that fails is not.
  milliseconds retry_for{30'000};
  Log* log = nullptr;  ///< Outlives the relay; learns the secrets to scrub.
};

/// Sends one publish to many outputs as it is: the same coded frames, no transcoding (only stills
/// are decoded and encoded). Each output
/// has its own thread and queue; one that is slow or fails does not disturb the others. An output
/// begins with a key frame (or with sound, when there is no picture). Called by one thread.
class Relay {
 public:
  /// Called on the outputs' threads, in order for each output; must not block.
  using OnStatus = std::function<void(const RelayStatus&)>;

  Relay(RelayOptions options, Clock& clock, OnStatus on_status);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  /// Aborts what has not ended.
  ~Relay();

  /// @return kConflict when an output of that id is there.
  Status add(RelayTarget target);
  /// Ends one output in order; its last status is kRemoved. @return kNotFound.
  Status remove(const std::string& id);
  /// Never blocks.
  void push(const rtmp::Tag& tag);
  /// No more tags: the outputs send what they have, then end.
  void close();
  /// Waits until every output has ended, `deadline` at most, then aborts the rest.
  void wait(milliseconds deadline);

 private:
  class Output;
  struct Shared;

  std::unique_ptr<Shared> shared_;
  std::map<std::string, std::unique_ptr<Output>> outputs_;
};

}  // namespace ts::media
