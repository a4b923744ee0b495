// SPDX-License-Identifier: Apache-2.0
#include "config/settings.hpp"

#include "config/dotenv.hpp"
#include "core/file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <array>

namespace ts::config {
namespace {

constexpr std::array<SettingInfo, 26> kSettings{{
    {"LIVEKIT_URL", false, "", "LiveKit", "Server address, such as wss://project.livekit.cloud"},
    {"LIVEKIT_API_KEY", false, "", "LiveKit", "API key (starts with API)"},
    {"LIVEKIT_API_SECRET", true, "", "LiveKit", "API secret that belongs to the key"},
    {"MUX_TOKEN_ID", false, "", "Mux", "Access token id (dashboard: Settings, Access Tokens)"},
    {"MUX_TOKEN_SECRET", true, "", "Mux", "Access token secret"},
    {"MUX_WEBHOOK_SECRET", true, "", "Mux", "Signing secret of the webhook endpoint"},
    {"MUX_SIGNING_KEY", false, "", "Mux", "Signing key id for signed playback"},
    {"MUX_PRIVATE_KEY", true, "", "Mux", "Its private key, PEM or base64 of PEM"},
    {"CLOUDFLARE_ACCOUNT_ID", false, "", "Cloudflare", "Account id"},
    {"CLOUDFLARE_API_TOKEN", true, "", "Cloudflare", "API token with Stream permission"},
    {"CLOUDFLARE_WEBHOOK_SECRET", true, "", "Cloudflare", "Secret of the Stream webhook"},
    {"MUX_BASE_URL", false, "https://api.mux.com", "Services", "Mux API"},
    {"MUX_INGEST_URL", false, "rtmps://global-live.mux.com:443/app", "Services", "Mux ingest"},
    {"MUX_STREAM_BASE_URL", false, "https://stream.mux.com", "Services", "Mux playback"},
    {"MUX_IMAGE_BASE_URL", false, "https://image.mux.com", "Services", "Mux thumbnails"},
    {"MUX_STATS_BASE_URL", false, "https://stats.mux.com", "Services", "Mux viewer counts"},
    {"CLOUDFLARE_BASE_URL", false, "https://api.cloudflare.com/client/v4", "Services",
     "Cloudflare API"},
    {"TS_CA_FILE", false, "", "ts", "CA certificates trusted in addition to the system's"},
    {"TS_DATABASE_URL", false, "", "ts", "sqlite:///ABSOLUTE/PATH or postgresql://…"},
    {"TS_OPERATOR_TOKEN", true, "", "ts", "Guards the operator routes of ts serve"},
    {"TS_ALLOW_LOOSE_PERMS", false, "", "ts", "1 accepts secret files that others may read"},
    {"TS_FAKE_NOW", false, "", "ts", "Freezes the wall clock (tests), RFC 3339"},
    {"TS_LOG_FORMAT", false, "text", "ts", "text or json"},
    {"TS_MEDIA", false, "", "ts", "Path of the ts-media program (tests)"},
    {"TS_LIVEKIT_SERVER", false, "", "ts", "Path of a livekit-server for the sandbox"},
    {"NO_COLOR", false, "", "ts", "Any value switches color off"},
}};

}  // namespace

std::string_view to_string(Origin origin) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"default", "profile", "env-file", "environment",
                                                   "flag"};
  return kNames[static_cast<std::size_t>(origin)];
}

std::span<const SettingInfo> all_settings() noexcept { return kSettings; }

const SettingInfo* find_setting(std::string_view name) noexcept {
  for (const SettingInfo& info : kSettings) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

Result<Settings> Settings::resolve(Sources sources) {
  Settings settings;
  const auto take = [&](const std::string& name, std::string value, Origin origin,
                        const std::string& where) {
    settings.names_seen_.push_back(name);
    if (value.empty()) return;
    if (find_setting(name) != nullptr) {
      settings.values_[name] = Value{.text = std::move(value), .origin = origin, .where = where};
      return;
    }
    constexpr std::string_view kFile = "_FILE";
    if (!name.ends_with(kFile)) return;
    const std::string base = name.substr(0, name.size() - kFile.size());
    const auto* info = find_setting(base);
    if (info == nullptr) return;
    // At the same origin the value itself wins over NAME_FILE.
    const auto found = settings.values_.find(base);
    if (found != settings.values_.end() && found->second.origin == origin &&
        found->second.file.empty()) {
      return;
    }
    settings.values_[base] = Value{.file = std::move(value), .origin = origin, .where = where};
  };
  for (const SettingInfo& info : kSettings) {
    if (!info.fallback.empty()) {
      settings.values_[std::string(info.name)] =
          Value{.text = std::string(info.fallback), .origin = Origin::kDefault, .where = "default"};
    }
  }
  if (sources.profile_text) {
    const std::string where = fmt::format("profile '{}'", sources.profile_name);
    TS_TRY(auto pairs, parse_dotenv(*sources.profile_text, where));
    for (auto& [name, value] : pairs) take(name, std::move(value), Origin::kProfile, where);
  }
  if (sources.env_file_text) {
    TS_TRY(auto pairs, parse_dotenv(*sources.env_file_text, sources.env_file_path));
    for (auto& [name, value] : pairs) {
      take(name, std::move(value), Origin::kEnvFile, sources.env_file_path);
    }
    if (sources.env_file_loose) {
      settings.warnings_.push_back(
          fmt::format("{0} can be read by others: chmod 600 {0}", sources.env_file_path));
    }
  }
  for (auto& [name, value] : sources.environment) {
    take(name, std::move(value), Origin::kEnvironment, "the environment");
  }
  for (auto& [name, value] : sources.flags) take(name, std::move(value), Origin::kFlag, "a flag");
  return settings;
}

const Settings::Value* Settings::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

bool Settings::allow_loose_permissions() const {
  const Value* value = find("TS_ALLOW_LOOSE_PERMS");
  return value != nullptr && value->text == "1";
}

Result<std::string> Settings::text(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return std::string();
  if (value->file.empty()) return value->text;
  auto content = read_file(value->file, std::size_t{64} * 1024);
  if (!content) {
    Error error = std::move(content).error();
    error.kind = ErrorKind::kConfig;
    return std::move(error).with_context(fmt::format("{}_FILE", name));
  }
  return std::string(trim(content.value()));
}

Result<std::optional<Secret>> Settings::secret(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return std::optional<Secret>{};
  if (value->file.empty()) return std::optional<Secret>(Secret(value->text));
  auto content = read_secret_file(value->file, allow_loose_permissions());
  if (!content) return std::move(content).error().with_context(fmt::format("{}_FILE", name));
  return std::optional<Secret>(std::move(content).value());
}

Result<Secret> Settings::required_secret(std::string_view name) const {
  TS_TRY(auto value, secret(name));
  if (!value) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("{} is not set", name),
                 .hint = fmt::format("set {0} or {0}_FILE, or run ts env check", name),
                 .code = "missing_credentials"};
  }
  return std::move(*value);
}

namespace {

/// What a request would stumble over later, without the name of the setting. (net, which takes
/// URLs apart for good, is not below this library.)
bool has_host(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos || url.find_first_of(" \t\r\n") != std::string_view::npos) {
    return false;
  }
  const std::string_view rest = url.substr(scheme + 3);
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  return !host.empty() &&
         (host.find('[') == std::string_view::npos) == (host.find(']') == std::string_view::npos);
}

}  // namespace

Result<std::string> Settings::livekit_url() const {
  TS_TRY(auto url, text("LIVEKIT_URL"));
  if (url.empty()) {
    return Error{
        .kind = ErrorKind::kConfig,
        .message = "LIVEKIT_URL is not set",
        .hint = "set LIVEKIT_URL, such as wss://project.livekit.cloud, or run ts env check",
        .code = "missing_credentials"};
  }
  const std::string lowered = to_lower(url.substr(0, 8));
  for (const std::string_view scheme : {"ws://", "wss://", "http://", "https://"}) {
    if (lowered.starts_with(scheme) && has_host(url)) return url;
  }
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("LIVEKIT_URL '{}' is not a ws, wss, http or https URL",
                                      shorten(url, 80)),
               .hint = "write it as wss://project.livekit.cloud"};
}

struct Settings::Pair {
  std::string id;
  Secret secret;
};

Result<Settings::Pair> Settings::pair(std::string_view id_name, std::string_view secret_name,
                                      std::string_view how) const {
  TS_TRY(auto id, text(id_name));
  TS_TRY(auto key, secret(secret_name));
  if (!id.empty() && key) return Pair{std::move(id), std::move(*key)};
  if (id.empty() && !key) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("{} and {} are not set", id_name, secret_name),
                 .hint = std::string(how),
                 .code = "missing_credentials"};
  }
  const std::string_view missing = id.empty() ? id_name : secret_name;
  const std::string_view present = id.empty() ? secret_name : id_name;
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("{} is not set ({} comes from {})", missing, present,
                                      find(present)->where),
               .hint = fmt::format("set {}, or run ts env check", missing),
               .code = "half_credentials"};
}

Result<LivekitKey> Settings::livekit_key() const {
  TS_TRY(auto both, pair("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET",
                         "set both, run ts env init --dev for a local server, or ts sandbox up"));
  return LivekitKey{std::move(both.id), std::move(both.secret)};
}

Result<MuxToken> Settings::mux_token() const {
  TS_TRY(auto both, pair("MUX_TOKEN_ID", "MUX_TOKEN_SECRET",
                         "make an access token in the Mux dashboard, or run ts sandbox up"));
  return MuxToken{std::move(both.id), std::move(both.secret)};
}

Result<CloudflareAccount> Settings::cloudflare() const {
  TS_TRY(auto both, pair("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN",
                         "make an API token with Stream permission in the Cloudflare dashboard"));
  return CloudflareAccount{std::move(both.id), std::move(both.secret)};
}

Result<std::string> Settings::base_url(std::string_view name) const {
  TS_TRY(auto url, text(name));
  while (url.ends_with('/')) url.pop_back();
  const std::string scheme = to_lower(url.substr(0, url.find("://")));
  const bool ingest = name.find("INGEST") != std::string_view::npos;
  const bool fits = ingest ? scheme == "rtmp" || scheme == "rtmps" || scheme == "srt"
                           : scheme == "http" || scheme == "https";
  if (!fits || !has_host(url)) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("{} '{}' is not {} URL", name, shorten(url, 80),
                                        ingest ? "an rtmp, rtmps or srt" : "an http or https"),
                 .hint = fmt::format("unset {} for the vendor's own address", name)};
  }
  return url;
}

std::vector<std::string> Settings::suspicious_names() const {
  std::vector<std::string> known;
  for (const SettingInfo& info : kSettings) known.emplace_back(info.name);
  std::vector<std::string> out;
  for (const std::string& name : names_seen_) {
    const std::string lowered = to_lower(name);
    const bool ours = lowered.starts_with("livekit") || lowered.starts_with("mux_") ||
                      lowered.starts_with("cloudflare_");
    std::string base = name;
    if (base.ends_with("_FILE")) base.resize(base.size() - 5);
    if (!ours || find_setting(base) != nullptr) continue;
    const auto suggestion = nearest(base, known);
    out.push_back(suggestion ? fmt::format("{} (did you mean {}?)", name, *suggestion) : name);
  }
  return out;
}

}  // namespace ts::config
