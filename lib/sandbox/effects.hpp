// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/secret.hpp"
#include "sandbox/composite.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace ts::sandbox {

/// Names one publish: rtmp::SessionId, without the header.
using PublishId = std::uint64_t;
/// Names one output of an egress or one simulcast target.
using RelayId = std::uint64_t;

enum class Vendor : std::uint8_t { kLiveKit, kMux, kCloudflare };

/// A webhook to deliver. Events of one queue arrive in this order; queues do not wait for another.
struct WebhookDue {
  Vendor vendor = Vendor::kLiveKit;
  std::string queue{};
  std::string type{};
  std::string body{};
  /// Cloudflare's other scheme: an account notification, which carries a shared secret and goes to
  /// the addresses of `ts sandbox up` only.
  bool notification = false;
};
/// Where a vendor's webhooks go besides the addresses of `ts sandbox up`: replaces what was said
/// before.
struct WebhookEndpoints {
  struct Endpoint {
    std::string url{};
    Secret secret{};
  };
  Vendor vendor = Vendor::kMux;
  std::vector<Endpoint> endpoints{};
};
/// Stills of a publish, one every so often.
struct StillsWanted {
  std::string prefix{};  ///< Below the folder for egress files; empty: no stills.
  seconds interval{10};
  std::int64_t width = 0;  ///< 0: as it comes.
  std::int64_t height = 0;
  std::string naming = "index";  ///< Or "timestamp", "overwrite".
  bool manifest = true;
};
/// Begin to forward a publish to an RTMP(S) server, into a file, into an HLS folder or as stills:
/// exactly one of `url`, `file`, `folder` and `stills` is set.
struct RelayStart {
  RelayId relay = 0;
  PublishId publish = 0;
  bool audio = true;
  bool video = true;
  Secret url{};
  std::string file{};    ///< Below the folder for egress files: "stage/show.mp4".
  std::string folder{};  ///< The same, of HLS segments.
  StillsWanted stills{};
};
/// What a relay into a file or folder has written there.
struct RelayLeft {
  std::int64_t bytes = 0;
  std::int64_t files = 0;  ///< Segments, or stills.
};
/// Send what is there, then close.
struct RelayStop {
  RelayId relay = 0;
};
/// Begin to make one picture and one sound of several publishes, and publish it to `url`.
struct CompositeStart {
  RelayId composite = 0;
  Secret url{};  ///< Of this sandbox's own RTMP server, with the key.
  bool audio = true;
  bool video = true;
  CompositeFormat format{};
  CompositeView view{};
};
/// Somebody came or went, or the layout is another one.
struct CompositeChange {
  RelayId composite = 0;
  CompositeView view{};
};
struct CompositeStop {
  RelayId composite = 0;
};
/// What a publish lets through to its relays from now on.
struct TrackMute {
  PublishId publish = 0;
  bool video = false;  ///< The video track, else the audio track.
  bool muted = false;
};
struct PublisherKick {
  PublishId publish = 0;
  std::string why{};
};
/// Write a publish as HLS; `resume` goes on with what the asset has already.
struct RecordingStart {
  std::string asset{};
  PublishId publish = 0;
  bool resume = false;
  bool audio_only = false;
};
/// Let go of the publisher, but keep the playlists open.
struct RecordingPause {
  std::string asset{};
};
/// End the playlists for good.
struct RecordingEnd {
  std::string asset{};
};
/// Copy an ended recording into one file beside it: "highest.mp4".
struct FileMake {
  std::string asset{};
  std::string name{};
  bool audio_only = false;
};
/// Make a whole recording of a file or playlist: exactly one of `url` and `file` is set.
struct AssetImport {
  std::string asset{};
  Secret url{};
  std::string file{};  ///< Absolute; it is deleted afterwards.
};
struct RecordingDelete {
  std::string asset{};
};

/// What a state machine wants done in the world. State machines themselves do no I/O.
using Effect =
    std::variant<WebhookDue, WebhookEndpoints, RelayStart, RelayStop, CompositeStart,
                 CompositeChange, CompositeStop, TrackMute, PublisherKick, RecordingStart,
                 RecordingPause, RecordingEnd, AssetImport, RecordingDelete, FileMake>;
using Effects = std::vector<Effect>;

/// Random letters and digits: a seam, so that tests know the ids.
using RandomText = std::function<std::string(std::size_t)>;

/// One HTTP answer of an emulated service.
struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body{};
};

/// What a publisher sends, read from its decoder configurations.
struct StreamInfo {
  bool has_video = false;
  bool has_audio = false;
  std::string video_mime{};  ///< "video/H264".
  std::string audio_mime{};  ///< "audio/aac".
  std::string codecs{};      ///< As HLS names them: "avc1.4d401f,mp4a.40.2".
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  double frame_rate = 0;  ///< 0 when the stream does not say.
  std::uint32_t channels = 0;
  std::uint32_t sample_rate = 0;
};

}  // namespace ts::sandbox
