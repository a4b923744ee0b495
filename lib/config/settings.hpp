// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::config {

/// Where a setting's value came from, lowest precedence first.
enum class Origin : std::uint8_t { kDefault, kProfile, kEnvFile, kEnvironment, kFlag };
std::string_view to_string(Origin origin) noexcept;

/// One variable that ts reads.
struct SettingInfo {
  std::string_view name;
  bool secret = false;
  std::string_view fallback;  ///< Default value; empty: none.
  std::string_view group;     ///< Heading in listings: "LiveKit", "Mux" …
  std::string_view help;
};
/// Every variable, in listing order.
std::span<const SettingInfo> all_settings() noexcept;
const SettingInfo* find_setting(std::string_view name) noexcept;

/// The places settings are read from, as text: resolving is pure.
struct Sources {
  std::map<std::string, std::string> flags{};
  std::map<std::string, std::string> environment{};
  std::optional<std::string> env_file_text{};
  std::string env_file_path{};
  bool env_file_loose = false;  ///< Others may read it.
  std::optional<std::string> profile_text{};
  std::string profile_name{};
};

/// LiveKit secrets below this are for `livekit-server --dev` only.
inline constexpr std::size_t kMinLivekitSecretBytes = 32;
inline constexpr std::string_view kShortSecretWarning =
    "LIVEKIT_API_SECRET is shorter than 32 bytes: fine for a dev server only";

/// An API key pair of LiveKit.
struct LivekitKey {
  std::string id{};
  Secret secret{};
};
struct MuxToken {
  std::string id{};
  Secret secret{};
};
struct CloudflareAccount {
  std::string account_id{};
  Secret token{};
};

/// The effective settings, each with its origin. Immutable after resolve.
class Settings {
 public:
  /// @return kConfig for a malformed .env or profile.
  static Result<Settings> resolve(Sources sources);
  Settings() = default;

  struct Value {
    std::string text{};  ///< Empty when it is a file reference.
    std::string file{};  ///< NAME_FILE's path; empty when given directly.
    Origin origin = Origin::kDefault;
    std::string where{};  ///< "the environment", ".env", "profile 'live'", "--flag".
  };
  /// The effective value (for listings); nullptr when unset and without default.
  [[nodiscard]] const Value* find(std::string_view name) const;
  /// Value of a setting that is no secret; reads NAME_FILE where that was given. Empty when unset.
  [[nodiscard]] Result<std::string> text(std::string_view name) const;
  /// Value of a secret; nullopt when unset.
  [[nodiscard]] Result<std::optional<Secret>> secret(std::string_view name) const;
  /// A secret that must be there: kConfig with how to set it otherwise.
  [[nodiscard]] Result<Secret> required_secret(std::string_view name) const;

  /// LIVEKIT_URL as given (ws, wss, http or https). @return kConfig when unset or malformed.
  [[nodiscard]] Result<std::string> livekit_url() const;
  /// Half a pair is an error that names the other half.
  [[nodiscard]] Result<LivekitKey> livekit_key() const;
  [[nodiscard]] Result<MuxToken> mux_token() const;
  [[nodiscard]] Result<CloudflareAccount> cloudflare() const;
  /// "https://api.mux.com" and friends, without a trailing slash.
  [[nodiscard]] Result<std::string> base_url(std::string_view name) const;

  /// What deserves a warning though it works: a loose .env …
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  /// Names in .env, the profile or the environment that look like a misspelt or legacy setting.
  [[nodiscard]] std::vector<std::string> suspicious_names() const;
  [[nodiscard]] bool allow_loose_permissions() const;

 private:
  struct Pair;
  [[nodiscard]] Result<Pair> pair(std::string_view id_name, std::string_view secret_name,
                                  std::string_view how) const;

  std::map<std::string, Value, std::less<>> values_;
  std::vector<std::string> names_seen_;
  std::vector<std::string> warnings_;
};

}  // namespace ts::config
