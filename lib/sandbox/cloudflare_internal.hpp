// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "sandbox/cloudflare_service.hpp"
#include "sandbox/mux_fields.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ts::sandbox {

struct CloudflareOutput {
  std::string uid{};
  std::string url{};
  std::string stream_key{};
  bool enabled = true;
  std::string state{};  ///< "connected", "connecting", "failed_to_connect" …; empty: never used.
  std::string reason{};
  WallTime since{};
  RelayId relay = 0;                  ///< 0: not sending.
  std::optional<SteadyTime> retry{};  ///< When it is tried again.
};

struct LiveInputState {
  std::string uid{};
  Json settings{};  ///< What a PUT replaces: meta, recording, enabled …, with the defaults.
  std::string created{};
  std::string modified{};
  std::string stream_key{};
  std::string playback_key{};
  std::string srt_passphrase{};
  std::string publish_secret{};  ///< Of the WHIP address.
  std::string play_secret{};     ///< Of the WHEP address.
  std::optional<std::string> keys_rotated{};
  std::vector<CloudflareOutput> outputs{};

  PublishId publish = 0;
  std::string state{};  ///< Of the connection; empty: never connected.
  std::string reason{};
  WallTime since{};
  std::string video{};                      ///< Being recorded, or waiting for a reconnect.
  std::optional<SteadyTime> window_ends{};  ///< A recording waits for the encoder until then.
};

struct VideoState {
  std::string uid{};
  std::string input{};
  Json settings{};  ///< meta, requireSignedURLs, allowedOrigins, creator …
  std::string created{};
  std::string modified{};
  std::string ready_at{};
  std::string state = "live-inprogress";
  std::string error{};
  std::size_t segments = 0;
  milliseconds duration{};
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

struct CloudflareKey {
  std::string created{};
  std::string encoded_pem{};
};

struct CloudflareService::Impl {
  Impl(Options o, const Clock& c) : options(std::move(o)), clock(c) {}

  // cloudflare_api.cpp
  Reply route(const Call& call);
  Reply live_inputs(const Call& call, const Json& body);
  Reply live_input(const Call& call, const std::vector<std::string>& parts, const Json& body);
  Reply create_input(const Call& call, const Json& body);
  Reply update_input(LiveInputState& input, const Json& body);
  Reply outputs_of(const Call& call, const std::vector<std::string>& parts, LiveInputState& input,
                   const Json& body);
  Reply videos(const Call& call, const std::vector<std::string>& parts, const Json& body);
  Reply webhook_calls(const Call& call, const Json& body);

  // cloudflare_keys.cpp
  Reply key_calls(const Call& call, const std::vector<std::string>& parts);
  /// @param uid  of a video or of a live input.
  Reply make_token(const Call& call, const std::string& uid, const Json& body);

  // cloudflare_service.cpp
  [[nodiscard]] std::string now_text() const;
  std::string new_uid();
  std::string new_key();
  [[nodiscard]] Json input_json(const LiveInputState& input, bool whole) const;
  [[nodiscard]] Json output_json(const CloudflareOutput& output) const;
  [[nodiscard]] Json video_json(const VideoState& video) const;
  [[nodiscard]] bool records(const LiveInputState& input) const;
  void notify(std::string_view event, const LiveInputState& input, std::string_view error_code = {},
              std::string_view error_text = {});
  void video_event(const VideoState& video);
  void set_state(LiveInputState& input, std::string state, std::string reason);
  LiveInputState* find_input(std::string_view uid);
  LiveInputState* by_publish(PublishId publish);
  std::pair<LiveInputState*, CloudflareOutput*> by_relay(RelayId relay);
  void start_output(LiveInputState& input, CloudflareOutput& output);
  void stop_output(CloudflareOutput& output);
  void end_recording(LiveInputState& input);
  void remove_input(const std::string& uid);
  void remove_video(const std::string& uid);
  void tell_endpoints();

  Options options;
  const Clock& clock;
  std::string rtmp_url{};
  std::string customer_url{};
  Effects effects{};
  std::map<std::string, LiveInputState, std::less<>> inputs{};
  std::vector<std::string> input_order{};  ///< Oldest first.
  std::map<std::string, VideoState, std::less<>> videos_by_uid{};
  std::vector<std::string> video_order{};
  /// Idempotency keys of creates: the input each named, and until when it counts.
  std::map<std::string, std::pair<std::string, SteadyTime>, std::less<>> creates{};
  std::map<std::string, CloudflareKey, std::less<>> keys{};
  std::vector<std::string> key_order{};
  /// What tokens of the API are signed with; made with the first one.
  std::string account_key_id{};
  std::string account_key{};
  std::string webhook_url{};
  std::string webhook_modified{};
  /// Apart from those of the other services.
  RelayId next_relay = (RelayId{1} << 62U) + 1;
};

/// Answers in Cloudflare's envelope.
namespace cloudflare {

Reply ok(Json result);
Reply not_found();
Reply wrong_method();
Reply bad(std::string_view why);
/// What the check found wrong, when anything.
std::optional<Reply> refused(const FieldCheck& check);

}  // namespace cloudflare

}  // namespace ts::sandbox
