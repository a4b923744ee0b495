// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "store/database.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ts::store {

/// A `--ref KEY` of a create command: the same key finds the same object again.
struct Ref {
  std::string scope{};        ///< What is made: "mux.live_stream", "livekit.egress".
  std::string key{};          ///< What the user gave.
  std::string fingerprint{};  ///< Of the request, to tell the same key with another body.
  std::string object_id{};    ///< Empty while the creation has not been confirmed.
  std::string result = "{}";  ///< JSON object; never a secret.
  WallTime created_at{};

  /// Claimed, but the maker never said how it went (it crashed, or is at it right now): look the
  /// object up at the vendor by this key before making another.
  [[nodiscard]] bool pending() const noexcept { return object_id.empty(); }
};

struct RefClaim {
  bool is_new = false;  ///< True: the key is yours; make the object, then complete_ref.
  Ref ref{};
};

/// Claims a key atomically: of several processes exactly one gets `is_new`.
/// @return kConflict when the key was used with another fingerprint.
Result<RefClaim> claim_ref(Database& database, std::string_view scope, std::string_view key,
                           std::string_view fingerprint, WallTime now);
/// Notes the object that was made. @return kNotFound when nobody claimed it, kConflict when it is
/// complete with another object.
Status complete_ref(Database& database, std::string_view scope, std::string_view key,
                    std::string_view object_id, std::string_view result);
/// Gives a key up: nothing was made, or the object is gone. Ok when it was not there.
Status release_ref(Database& database, std::string_view scope, std::string_view key);
/// nullopt when unknown.
Result<std::optional<Ref>> find_ref(Database& database, std::string_view scope,
                                    std::string_view key);

}  // namespace ts::store
