// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "webhook/webhook.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::webhook {

/// A webhook in the words that ts works with. Absent ids are empty. Unknown types are data: an
/// event of tomorrow parses too.
struct Event {
  Provider provider = Provider::kLivekit;
  std::string type{};        ///< "egress_ended", "video.live_stream.active", "stream.ready" …
  std::string id{};          ///< The provider's id; empty when it has none.
  std::string dedupe_key{};  ///< The same for a repeated delivery; never empty.
  std::optional<WallTime> created_at{};

  std::string room{};         ///< LiveKit room name.
  std::string participant{};  ///< Identity.
  std::string track{};        ///< Track SID.
  std::string egress{};
  std::string ingress{};
  std::string live_stream{};                    ///< Mux live stream id, Cloudflare live input id.
  std::string asset{};                          ///< Mux asset id, Cloudflare video id.
  std::string passthrough{};                    ///< Mux.
  std::string status{};                         ///< The object's state as the provider spells it.
  std::string error{};                          ///< What the provider says went wrong.
  std::optional<std::int64_t> started_at_ns{};  ///< LiveKit egress and ingress.

  friend bool operator==(const Event&, const Event&) = default;
};

/// Parses a body that `verify` accepted.
/// @return kRemote naming the path when it is no event of that provider.
Result<Event> parse_event(Provider provider, std::string_view body);
/// The same when the body is parsed already.
Result<Event> parse_event(Provider provider, const Json& json, std::string_view body);

/// The types a provider sends, in the order of its documentation.
std::span<const std::string_view> event_types(Provider provider) noexcept;

/// A body as the provider writes it for an event of `type` at `now`: fresh ids, consistent objects.
/// @return kUsage suggesting the nearest type.
Result<std::string> sample_body(Provider provider, std::string_view type, WallTime now);
/// A body with one value set.
struct ChangedBody {
  std::string body{};
  std::string news{};  ///< "the sample has no 'dat' (did you mean data?)"; empty: it had it before.
};
/// Sets "a.b[0].c" in a sample to a value: JSON when it parses as JSON, text otherwise.
/// @return kUsage when the path is malformed or runs through something that is no object.
Result<ChangedBody> set_in_body(std::string_view body, std::string_view path,
                                std::string_view value);

}  // namespace ts::webhook
