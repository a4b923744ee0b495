// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/output.hpp"
#include "core/json_fwd.hpp"
#include "livekit/egress.hpp"
#include "livekit/ingress.hpp"
#include "livekit/rooms.hpp"

#include <string>
#include <vector>

namespace ts::cli {

// How rooms, participants, egress and ingress are shown: members of JSON documents (without
// "schema"), and text for people. Times are RFC 3339; nothing secret is in any of it.

Json room_json(const livekit::Room& room);
Json participant_json(const livekit::ParticipantInfo& participant);
Json egress_json(const livekit::EgressInfo& egress);
/// @param reveal  the stream key in full; masked otherwise.
Json ingress_json(const livekit::IngressInfo& ingress, bool reveal);

std::string room_text(const livekit::Room& room);
std::string egress_text(const livekit::EgressInfo& egress, const Output& out);
std::string ingress_text(const livekit::IngressInfo& ingress, bool reveal);

std::string room_table(const std::vector<livekit::Room>& rooms);
std::string participant_table(const std::vector<livekit::ParticipantInfo>& participants);
std::string egress_table(const std::vector<livekit::EgressInfo>& egress, const Output& out);
std::string ingress_table(const std::vector<livekit::IngressInfo>& ingress);

/// {"schema":"ts.`noun`/1", …members of `body`}.
Json document_of(std::string_view noun, const Json& body);

/// "room composite", "track composite" … for people.
std::string kind_words(livekit::EgressKind kind);
/// One id a line, for -o id.
template <typename List, typename Member>
std::string id_lines(const List& list, Member member) {
  std::string out;
  for (const auto& item : list) out.append(item.*member).append("\n");
  return out;
}

}  // namespace ts::cli
