// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "livekit/access_token.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ts::cli {

class Context;

/// Every grant of LiveKit as an option: unset ones leave the role or the file alone.
struct GrantOptions {
  std::optional<std::string> room_create{}, room_list{}, room_record{}, room_admin{}, room_join{},
      ingress_admin{}, hidden{}, recorder{}, agent{};
  std::optional<std::string> can_publish{}, can_subscribe{}, can_publish_data{},
      can_update_own_metadata{}, can_subscribe_metrics{}, can_manage_agent_session{};
  std::vector<std::string> sources{};
  std::string destination_room{};
  std::optional<std::string> sip_admin{}, sip_call{}, inference_perform{}, observability_write{},
      agent_admin{}, agent_simulation_admin{}, agent_database_admin{};

  void bind(CLI::App& app);
  /// Whether one of the grants that work without joining was asked for.
  [[nodiscard]] bool names_api_grant() const;
  /// Puts what was given over `claims`. @return kUsage for anything but true and false.
  [[nodiscard]] Status apply(livekit::Claims& claims) const;
};

/// A token from "-" or a file, as it is pasted there: one final newline is not part of it.
Result<std::string> read_token(Context& context, const std::string& source);

/// {"allows":[…],"denies":[…],"notes":[…]}
void put_explanation(Json& document, const livekit::Explanation& explanation);
/// The same for people.
std::string explanation_text(const livekit::Explanation& explanation);
/// Seconds since 1970 as RFC 3339.
std::string time_text(std::int64_t seconds_since_epoch);
/// The same for a document: null for a time that no calendar of RFC 3339 has.
Json time_json(std::int64_t seconds_since_epoch);
/// The warning that the context gives on stderr for a short secret, into "warnings".
void put_secret_warning(Json& document, const config::LivekitKey& key);

}  // namespace ts::cli
