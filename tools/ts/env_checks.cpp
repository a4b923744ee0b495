// SPDX-License-Identifier: Apache-2.0
#include "env_checks.hpp"

#include "service_checks.hpp"

#include "common/context.hpp"
#include "common/mask.hpp"
#include "core/duration.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/rsa.hpp"
#include "net/url.hpp"
#include "store/database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ts::cli {
namespace {

using State = CheckLine::State;

CheckLine failed(std::string name, const Error& error) {
  // This is what such hints send people to.
  constexpr std::string_view kHere = ", or run ts env check";
  std::string hint = error.hint;
  if (hint.ends_with(kHere)) hint.resize(hint.size() - kHere.size());
  return {.name = std::move(name),
          .state = State::kFailed,
          .message = error.message,
          .hint = std::move(hint)};
}

CheckLine check_livekit(Context& context) {
  const auto& settings = context.settings();
  const bool any = settings.find("LIVEKIT_URL") != nullptr ||
                   settings.find("LIVEKIT_API_KEY") != nullptr ||
                   settings.find("LIVEKIT_API_SECRET") != nullptr;
  if (!any) {
    return {.name = "LiveKit",
            .state = State::kUnset,
            .message = "not set",
            .hint = "set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET"};
  }
  const auto url = settings.livekit_url();
  if (!url.ok()) return failed("LiveKit", url.error());
  const auto key = settings.livekit_key();
  if (!key.ok()) return failed("LiveKit", key.error());
  const auto parsed = net::Url::parse(url.value());
  if (!parsed.ok()) return failed("LiveKit", parsed.error());
  if (const auto& path = parsed.value().path; (!path.empty() && path != "/") ||
                                              !parsed.value().query.empty() ||
                                              !parsed.value().fragment.empty()) {
    const std::string used =
        fmt::format("{}://{}", parsed.value().scheme, parsed.value().authority());
    return {.name = "LiveKit",
            .state = State::kWarning,
            .message = fmt::format("LIVEKIT_URL goes on after {}: that part is not used", used),
            .hint = fmt::format("write it as {}", used)};
  }
  const std::string shown = masked_url(url.value());
  const bool plain = parsed.value().scheme == "ws" || parsed.value().scheme == "http";
  if (plain && !parsed.value().is_loopback()) {
    return {.name = "LiveKit",
            .state = State::kWarning,
            .message = shown + " is not encrypted",
            .hint = "use wss:// outside this machine"};
  }
  if (key.value().secret.size() < 32) {
    return {
        .name = "LiveKit",
        .state = State::kWarning,
        .message =
            fmt::format("{}, key {}; the secret is shorter than 32 bytes", shown, key.value().id),
        .hint = "fine for livekit-server --dev; ts env init --generate-keys makes a strong one"};
  }
  return {.name = "LiveKit", .message = fmt::format("{}, key {}", shown, key.value().id)};
}

template <typename Pair>
CheckLine check_pair(std::string name, bool any, const Result<Pair>& pair, std::string_view hint,
                     const std::string& shown) {
  if (!any) {
    return {.name = std::move(name),
            .state = State::kUnset,
            .message = "not set",
            .hint = std::string(hint)};
  }
  if (!pair.ok()) return failed(std::move(name), pair.error());
  return {.name = std::move(name), .message = shown};
}

/// A secret that stands alone: set, readable, or absent.
CheckLine check_secret(std::string name, std::string_view variable,
                       const config::Settings& settings) {
  const auto secret = settings.secret(variable);
  if (!secret.ok()) return failed(std::move(name), secret.error());
  if (!secret.value()) {
    return {.name = std::move(name),
            .state = State::kUnset,
            .message = fmt::format("{} is not set", variable)};
  }
  return {.name = std::move(name), .message = fmt::format("{} is set", variable)};
}

/// What `ts mux sign` would stumble over: a key that is none.
CheckLine check_signing(const config::Settings& settings) {
  CheckLine line = check_secret("Mux signing", "MUX_PRIVATE_KEY", settings);
  if (line.state != State::kOk) return line;
  const auto secret = settings.secret("MUX_PRIVATE_KEY");
  if (!secret.ok() || !secret.value()) return line;
  const auto key = crypto::RsaPrivateKey::parse(*secret.value());
  if (key.ok()) return line;
  return failed(std::move(line.name), Error(key.error()).with_context("MUX_PRIVATE_KEY"));
}

/// What every command with state, or with a request, would stumble over.
void check_files(const config::Settings& settings, std::vector<CheckLine>& out) {
  const auto database = settings.text("TS_DATABASE_URL");
  if (database.ok() && !database.value().empty()) {
    const Status usable = store::check_database_url(database.value());
    if (!usable.ok()) out.push_back(failed("Database", usable.error()));
  }
  const auto ca_file = settings.text("TS_CA_FILE");
  if (!ca_file.ok() || ca_file.value().empty()) return;
  const auto text = read_file(ca_file.value());
  const bool holds = text.ok() && text.value().find("-----BEGIN ") != std::string::npos &&
                     text.value().find("CERTIFICATE-----") != std::string::npos;
  if (holds) return;
  out.push_back({.name = "CA file",
                 .state = State::kFailed,
                 .message = text.ok()
                                ? fmt::format("TS_CA_FILE: {} holds no certificate in PEM form",
                                              ca_file.value())
                                : "TS_CA_FILE: " + text.error().message,
                 .hint = "name a PEM file with the CA's certificate, or unset it"});
}

/// A name that looks like a setting and is none: a legacy one, or a mistyped one.
CheckLine check_name(const std::string& told) {
  CheckLine line{.name = "Names",
                 .state = State::kWarning,
                 .message = fmt::format("ts does not read {}", told),
                 .hint = "ts help environment lists the settings"};
  const std::string lowered = to_lower(told);
  constexpr std::string_view kMean = "(did you mean ";
  if (lowered.starts_with("livekit_websocket_url") || lowered.starts_with("livekit_secret_token")) {
    line.hint = "ts env fix renames the legacy names";
  } else if (const auto at = told.find(kMean); at != std::string::npos) {
    const std::string name = told.substr(at + kMean.size());
    line.hint = fmt::format("write it as {}, or unset it", name.substr(0, name.find('?')));
  }
  return line;
}

}  // namespace

std::string_view to_string(CheckLine::State state) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"ok", "unset", "warning", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

Status report_checks(Context& context, std::string_view schema,
                     const std::vector<CheckLine>& lines) {
  Json document;
  document["schema"] = schema;
  document["checks"] = Json::array();
  std::size_t width = 12;
  for (const CheckLine& line : lines) width = std::max(width, line.name.size());
  std::string text;
  std::vector<std::string> failures;
  Output& out = context.out();
  for (const CheckLine& line : lines) {
    Json entry{{"name", line.name},
               {"ok", line.state != State::kFailed},
               {"state", std::string(to_string(line.state))},
               {"message", line.message},
               {"hint", line.hint}};
    if (!line.area.empty()) entry["area"] = line.area;
    if (line.value) {
      entry["value"] = *line.value;
      entry["unit"] = line.unit;
    }
    document["checks"].push_back(std::move(entry));
    std::string mark;
    switch (line.state) {
      case State::kOk:
        mark = out.styled(Output::Style::kGreen, "ok  ");
        break;
      case State::kUnset:
        mark = out.styled(Output::Style::kDim, "-   ");
        break;
      case State::kWarning:
        mark = out.styled(Output::Style::kYellow, "warn");
        break;
      case State::kFailed:
        mark = out.styled(Output::Style::kRed, "FAIL");
        failures.push_back(line.name);
        break;
    }
    const std::string area = line.area.empty() ? "" : fmt::format("{:<10} ", line.area);
    text += fmt::format("{}  {}{:<{}} {}\n", mark, area, line.name, width, line.message);
    if (!line.hint.empty() && line.state != State::kOk) {
      text += fmt::format("{:>{}}{}\n", "", 8 + area.size() + width, line.hint);
    }
  }
  document["ok"] = failures.empty();
  TS_CHECK(
      out.report({.document = &document, .text = text, .raw = failures.empty() ? "ok" : "failed"}));
  if (failures.empty()) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = fmt::format("{} of {} checks failed: {}", failures.size(), lines.size(),
                                      fmt::join(failures, ", ")),
               .hint = "the lines marked FAIL say what to do"};
}

std::vector<CheckLine> check_settings(Context& context) {
  const auto& settings = context.settings();
  const auto set = [&](std::string_view name) { return settings.find(name) != nullptr; };
  std::vector<CheckLine> out;
  out.push_back(check_livekit(context));
  const auto mux = settings.mux_token();
  out.push_back(check_pair("Mux", set("MUX_TOKEN_ID") || set("MUX_TOKEN_SECRET"), mux,
                           "set MUX_TOKEN_ID and MUX_TOKEN_SECRET",
                           mux.ok() ? "token " + mux.value().id : ""));
  const auto cloudflare = settings.cloudflare();
  out.push_back(check_pair("Cloudflare",
                           set("CLOUDFLARE_ACCOUNT_ID") || set("CLOUDFLARE_API_TOKEN"), cloudflare,
                           "only needed for ts cloudflare",
                           cloudflare.ok() ? "account " + cloudflare.value().account_id : ""));
  out.push_back(check_secret("Mux webhook", "MUX_WEBHOOK_SECRET", settings));
  if (set("MUX_SIGNING_KEY") != set("MUX_PRIVATE_KEY")) {
    const bool id = set("MUX_SIGNING_KEY");
    out.push_back(
        {.name = "Mux signing",
         .state = State::kFailed,
         .message = fmt::format("{} is not set ({} is)", id ? "MUX_PRIVATE_KEY" : "MUX_SIGNING_KEY",
                                id ? "MUX_SIGNING_KEY" : "MUX_PRIVATE_KEY"),
         .hint = "set both, or neither"});
  } else {
    out.push_back(check_signing(settings));
  }
  for (const std::string_view name :
       {"MUX_BASE_URL", "MUX_INGEST_URL", "MUX_STREAM_BASE_URL", "CLOUDFLARE_BASE_URL"}) {
    if (const auto url = settings.base_url(name); !url.ok()) {
      out.push_back(failed("Addresses", url.error()));
    }
  }
  check_files(settings, out);
  for (const std::string& name : settings.suspicious_names()) {
    out.push_back(check_name(name));
  }
  return out;
}

std::vector<CheckLine> check_services(Context& context) {
  const auto& settings = context.settings();
  const std::stop_token stop = context.stop();
  std::vector<CheckLine> out;
  std::optional<milliseconds> ahead;
  const auto add = [&](ServiceAnswer answer) {
    out.push_back(std::move(answer.line));
    if (answer.clock_ahead) ahead = answer.clock_ahead;
  };
  if (settings.find("LIVEKIT_URL") != nullptr) add(ask_livekit(context, stop));
  if (settings.find("MUX_TOKEN_ID") != nullptr) {
    add(ask_mux(context, stop));
    if (settings.find("MUX_SIGNING_KEY") != nullptr) {
      out.push_back(ask_mux_signing_key(context, stop));
    }
  }
  if (settings.find("CLOUDFLARE_ACCOUNT_ID") != nullptr) add(ask_cloudflare(context, stop));
  if (out.empty()) {
    out.push_back({.name = "Services",
                   .state = State::kFailed,
                   .message = "no credentials are set: there is nothing to ask",
                   .hint = "ts sandbox up --write-env .env makes some for this machine"});
  }
  if (const std::string skew = clock_text(ahead); !skew.empty()) {
    out.push_back({.name = "Clock",
                   .state = State::kFailed,
                   .message = skew + ", by the services' Date header",
                   .hint = "set the clock (timedatectl set-ntp true): tokens and signatures are "
                           "valid for minutes"});
  }
  return out;
}

}  // namespace ts::cli
