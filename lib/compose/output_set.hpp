// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/encoder_bank.hpp"
#include "compose/outputs.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "core/unique_fd.hpp"
#include "media/muxer.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace ts::compose {

/// The outputs of one program by their names, each attached to the encodes it takes. Thread-safe.
class OutputSet {
 public:
  struct Options {
    bool patient = false;  ///< Offline: an output is waited for.
    Log* log = nullptr;    ///< May be null.
    /// The sources' files: no output may write over one.
    std::vector<std::string> sources{};
  };
  /// @param encoders  must outlive this.
  OutputSet(EncoderBank& encoders, Options options)
      : encoders_(encoders), options_(std::move(options)) {}
  OutputSet(const OutputSet&) = delete;
  OutputSet& operator=(const OutputSet&) = delete;
  ~OutputSet() = default;

  /// Begins with the next key frame that comes. While a program is live, a file that is there
  /// already is kept: the new one is called NAME-2.
  /// @return kNotFound for a rendition the show has not, kConflict for a path that is a source or
  ///         another output, or an HLS folder that another program writes into, kMedia when its
  ///         encoder or its folder cannot be had.
  Status attach(const media::MuxTarget& target);
  /// attach() for a program on air: at once. @return kConflict for a name that is taken, too.
  Status add(const media::MuxTarget& target);
  /// Finishes the output, with all its renditions, and forgets it; waits up to 5 s.
  /// @param name  the short one. @return kNotFound.
  Status remove(const std::string& name);

  [[nodiscard]] std::vector<OutputRunner::Status> statuses() const;
  /// The first one's trouble when every output is hopeless: failed or, while no output of this
  /// program was ever reached, not reached either.
  [[nodiscard]] std::optional<Error> trouble() const;
  /// No more packets: writes what is queued and waits for it, at most `patience`.
  void finish(Clock& clock, milliseconds patience, const std::stop_token& abort);

 private:
  struct Attached {
    std::shared_ptr<OutputRunner> runner;  // owners: this list and the fan-out
    FanOut* fan_out;
    // Of a file or folder, in full; empty for others.
    std::string wanted;
    std::string path;                        ///< What it got: the wanted one, or NAME-2.
    std::shared_ptr<const UniqueFd> folder;  // owners: the renditions in one HLS folder
  };
  /// The target with the path it really gets.
  Result<media::MuxTarget> placed(const media::MuxTarget& target) const;

  EncoderBank& encoders_;
  const Options options_;
  mutable std::mutex mutex_;
  std::vector<Attached> outputs_;
  bool was_live_ = false;  ///< One that is gone now.
};

}  // namespace ts::compose
