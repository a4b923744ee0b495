// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ref_lock.hpp"

#include "common/context.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): of CLI11
class App;
}

namespace ts::cli {

/// Where a stream may go, as flags say it.
struct TargetOptions {
  std::vector<std::string> mux{};             ///< Live stream ids.
  std::vector<std::string> rtmp_url_files{};  ///< Files with a whole URL (rtmp, rtmps, srt).
  std::string twitch_key_file{};
  std::string youtube_key_file{};

  [[nodiscard]] bool empty() const noexcept {
    return mux.empty() && rtmp_url_files.empty() && twitch_key_file.empty() &&
           youtube_key_file.empty();
  }
};
void add_target_options(CLI::App& app, TargetOptions& options);

/// One stream output under the name we know it by.
struct Target {
  std::string label{};   ///< "mux", "twitch", "youtube", "rtmp", with "-2" … for more.
  std::string origin{};  ///< "mux:LIVE_ID", "file:/path", "twitch:/path", "youtube:/path".
  Secret url{};
};

/// Reads key files and asks Mux for stream keys. With --dry-run Mux is not asked: the key is then a
/// stand-in, masked like the real one.
Result<std::vector<Target>> resolve_targets(Context& context, const TargetOptions& options);
/// The URL of an origin noted earlier.
Result<Secret> resolve_origin(Context& context, const std::string& origin);

/// Labels of a running egress's outputs, label -> origin. No secret is ever noted.
using OutputLabels = std::map<std::string, std::string>;
/// Held from reading the labels of an egress to writing them: of several at once none is lost.
Result<RefLock> lock_output_labels(Context& context, std::string_view egress_id);
Result<OutputLabels> read_output_labels(Context& context, std::string_view egress_id);
Status write_output_labels(Context& context, std::string_view egress_id,
                           const OutputLabels& labels);
/// `wish`, or `wish`-2 … when it is taken.
std::string free_label(const OutputLabels& taken, const std::string& wish);

}  // namespace ts::cli
