// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "net/http.hpp"
#include "net/retry.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::cloudflare {

struct Credentials {
  std::string account_id{};
  Secret api_token{};
};

enum class RecordingMode : std::uint8_t { kOff, kAutomatic, kUnknown };
std::string_view to_string(RecordingMode mode) noexcept;
/// "off" or "automatic". @return kUsage with the nearest name.
Result<RecordingMode> parse_recording_mode(std::string_view text);

/// Where and how one protocol enters or leaves an input. Every field is a credential or holds one.
struct Endpoint {
  std::string url{};  ///< rtmps:// and srt:// server address without the key.
  Secret key{};       ///< RTMPS stream key, SRT stream id.
  Secret passphrase{};
};

/// A live input as Cloudflare answers it. A list leaves out addresses, recording and the switch:
/// what is not told stays empty.
struct LiveInput {
  std::string uid{};
  std::string name{};
  std::string ref{};     ///< Your own key, kept in the input's meta.
  std::string status{};  ///< "connected", "disconnected" …; empty when it was never used.
  std::string status_reason{};
  std::optional<bool> enabled{};
  bool prefer_low_latency = false;
  RecordingMode recording = RecordingMode::kOff;
  std::string recording_word{};  ///< The mode as it was told; empty when it was not.
  std::optional<std::int64_t> recording_timeout_s{};
  std::optional<bool> require_signed_urls{};
  std::vector<std::string> allowed_origins{};
  std::optional<std::int64_t> delete_recording_after_days{};
  std::string default_creator{};
  Endpoint rtmps{};
  Endpoint srt{};
  Secret whip_url{};  ///< The URL is the credential.
  Secret whep_url{};
  std::string hls_url{};
  std::string dash_url{};
  std::string created{};
  std::string modified{};

  /// True when the answer told where it is fed, as one of a single input does.
  [[nodiscard]] bool tells_addresses() const noexcept {
    return !rtmps.url.empty() || !srt.url.empty() || !whip_url.empty();
  }
};

struct Output {
  std::string uid{};
  std::string url{};
  Secret stream_key{};
  bool enabled = true;
  std::string status{};
};

/// How the input will be fed; decides what Cloudflare can do with it.
enum class Ingest : std::uint8_t { kRtmps, kSrt, kWhip };

struct NewLiveInput {
  std::optional<std::string> name{};
  std::optional<std::string> ref{};  ///< Kept in meta, so that it can be found again.
  std::optional<RecordingMode> recording{};
  std::optional<std::int64_t> recording_timeout_s{};
  std::optional<bool> require_signed_urls{};
  std::vector<std::string> allowed_origins{};
  std::optional<bool> hide_live_viewer_count{};
  std::optional<std::int64_t> delete_recording_after_days{};  ///< 30 to 1096.
  std::optional<bool> enabled{};
  std::optional<bool> prefer_low_latency{};
  std::optional<std::string> default_creator{};
};

struct NewOutput {
  std::string url{};  ///< rtmp(s):// or srt:// without the key.
  Secret stream_key{};
  std::optional<bool> enabled{};
};

struct ClientOptions {
  std::string base_url = "https://api.cloudflare.com/client/v4";
  std::chrono::milliseconds timeout{60'000};
  net::RetryOptions retry{};
  /// Ends every call that is given no stop token of its own. Whoever undoes things with this
  /// client leaves it out.
  std::stop_token stop{};
};

/// What Cloudflare would refuse, before anything is sent. @return kUsage naming the field.
Status validate(const NewLiveInput& wish);
Status validate(const NewOutput& output);

/// By Cloudflare's documentation a WebRTC (WHIP) input is neither recorded nor sent to outputs nor
/// playable as HLS. @return kUsage naming the routes that work, when `ingest` is WHIP and recording
///         or outputs are wanted.
Status check_whip(Ingest ingest, bool recording, bool outputs);

/// Cloudflare Stream's live inputs. An answer with success:false is an error whatever its status.
/// Thread-safe; the transport and clock must outlive it.
class CloudflareClient {
 public:
  CloudflareClient(net::HttpTransport& transport, Clock& clock, Credentials credentials,
                   ClientOptions options = {});

  /// @param idempotency_key  same key within 6 h, same input; empty: a random one is sent, so that
  ///                         a lost answer can be asked for again.
  Result<LiveInput> create_input(const NewLiveInput& wish, std::string_view idempotency_key = {},
                                 std::stop_token stop = {});
  Result<std::vector<LiveInput>> list_inputs(std::stop_token stop = {});
  /// The input made with that ref; nullopt when there is none.
  Result<std::optional<LiveInput>> find_input(std::string_view ref, std::stop_token stop = {});
  Result<LiveInput> get_input(std::string_view uid, std::stop_token stop = {});
  /// Changes only what `change` names: reads, merges and writes back, as PUT replaces.
  Result<LiveInput> update_input(std::string_view uid, const NewLiveInput& change,
                                 std::stop_token stop = {});
  Status delete_input(std::string_view uid, std::stop_token stop = {});

  Result<Output> add_output(std::string_view input_uid, const NewOutput& output,
                            std::stop_token stop = {});
  Result<std::vector<Output>> list_outputs(std::string_view input_uid, std::stop_token stop = {});
  Result<Output> enable_output(std::string_view input_uid, std::string_view output_uid,
                               bool enabled, std::stop_token stop = {});
  Status remove_output(std::string_view input_uid, std::string_view output_uid,
                       std::stop_token stop = {});

  /// Asks for the notification of finished recordings; the answer's secret signs them.
  Result<Json> set_webhook(std::string_view notification_url, std::stop_token stop = {});
  Result<Json> get_webhook(std::stop_token stop = {});
  Status delete_webhook(std::stop_token stop = {});

  /// A call by the SDK's name ("stream.liveInputs.create") with the SDK's arguments; account_id and
  /// Idempotency-Key stand in the last object. The `result` of the answer, null for none.
  Result<Json> call(std::string_view name, const Json& arguments, std::stop_token stop = {});

 private:
  struct Call;
  Result<Json> exchange(const Call& call, const std::stop_token& stop);
  Result<std::string> input_path(std::string_view uid, std::string_view rest = {}) const;

  net::Retrier retrier_;
  Clock& clock_;
  Credentials credentials_;
  ClientOptions options_;
};

/// What `ts` shows of them, without credentials.
Json describe(const LiveInput& input);
Json describe(const Output& output);

}  // namespace ts::cloudflare
