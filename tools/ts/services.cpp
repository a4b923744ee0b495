// SPDX-License-Identifier: Apache-2.0
#include "services.hpp"

#include "core/duration.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ts::cli {

Result<livekit::Service> livekit_service(Context& context) {
  // Half a pair names its other half, whatever else is missing.
  const auto pair = context.settings().livekit_key();
  if (!pair && pair.error().code == "half_credentials") return pair.error();
  TS_TRY(const auto url, context.settings().livekit_url());
  TS_TRY(const auto key, context.livekit_key());
  return livekit::Service::create(url, key.id, key.secret, context.transport(), context.clock());
}

Result<std::unique_ptr<mux::MuxClient>> mux_client(Context& context, OnSignal on_signal) {
  TS_TRY(auto token, context.mux_token());
  TS_TRY(auto base_url, context.settings().base_url("MUX_BASE_URL"));
  mux::ClientOptions options;
  options.base_url = std::move(base_url);
  options.pacing = !context.dry_run();
  if (on_signal == OnSignal::kEndCalls) options.stop = context.stop();
  options.retry.on_wait = wait_teller(context, "Mux");
  options.retry.seed =
      static_cast<std::uint64_t>(context.clock().steady_now().time_since_epoch().count());
  return std::make_unique<mux::MuxClient>(
      context.transport(), context.clock(),
      mux::Credentials{.token_id = std::move(token.id), .token_secret = std::move(token.secret)},
      std::move(options));
}

std::function<void(std::chrono::milliseconds wait, int status)> wait_teller(
    Context& context, std::string_view vendor) {
  return [&out = context.out(), vendor = std::string(vendor)](std::chrono::milliseconds wait,
                                                              int status) {
    // Over before it is read; but no answer at all took long enough.
    if (wait < seconds{1} && status != 0) return;
    const std::string why = status == 0 ? "no answer" : fmt::format("it answered {}", status);
    out.status(fmt::format("{}: {}; the next try is in {}", vendor, why, format_duration(wait)));
  };
}

namespace {

/// "user:password", and the values of an address's query that are secret.
struct AddressSecrets {
  std::string_view user{};
  std::vector<std::string_view> values{};
  bool surely = false;  ///< One has a name that means nothing else: "key", not "keyint".
};

AddressSecrets secrets_of(std::string_view url) {
  AddressSecrets out;
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return out;
  url.remove_prefix(scheme + 3);
  const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    out.user = authority.substr(0, at);
  }
  const auto query = url.find('?');
  if (query == std::string_view::npos) return out;
  for (const std::string_view pair : split(url.substr(query + 1), '&')) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name = to_lower(pair.substr(0, equals));
    for (const std::string_view sure :
         {"pass", "passphrase", "password", "passwd", "key", "streamkey", "stream_key", "apikey",
          "api_key", "token", "access_token", "secret", "auth", "sig", "signature", "streamid"}) {
      out.surely = out.surely || (name == sure && equals + 1 < pair.size());
    }
    for (const std::string_view secret :
         {"pass", "key", "token", "secret", "auth", "sig", "streamid"}) {
      if (name.find(secret) == std::string::npos || equals + 1 == pair.size()) continue;
      out.values.push_back(pair.substr(equals + 1));
      break;
    }
  }
  return out;
}

}  // namespace

void scrub_address(std::string_view url, Log& log) {
  const AddressSecrets secrets = secrets_of(url);
  if (!secrets.user.empty()) log.scrub(Secret(secrets.user));
  for (const std::string_view value : secrets.values) log.scrub(Secret(value));
}

Status check_address_in_the_open(std::string_view url, std::string_view instead) {
  const AddressSecrets secrets = secrets_of(url);
  if (!secrets.surely && secrets.user.find(':') == std::string_view::npos &&
      to_lower(secrets.user).find("%3a") == std::string::npos) {
    return ok_status();
  }
  return Error{.kind = ErrorKind::kUsage,
               .message =
                   "the address holds a password, passphrase or stream id, and everybody on "
                   "this machine sees a command line (ps)",
               .hint = fmt::format("put it into a file of mode 0600 and give {}", instead)};
}

Result<Secret> stream_key_from(const std::string& path_or_dash, Context& context) {
  TS_TRY(auto key, context.secret_from(path_or_dash));
  const std::string_view text = key.reveal();
  // An address without its scheme: host.name/app/KEY.
  const auto slash = text.find('/');
  const bool address = slash != std::string_view::npos && text.find_first_of(".:") < slash;
  const bool bare =
      !address && text.find("://") == std::string_view::npos &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (bare) return key;
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("{} holds no bare stream key",
                                      path_or_dash == "-" ? "stdin" : path_or_dash),
               .hint = "put the key alone into it: no address, no blanks, one line"};
}

Result<std::string> address_from(const std::string& path_or_dash, Context& context) {
  TS_TRY(const auto secret, context.secret_from(path_or_dash));
  const std::string url(trim(secret.reveal()));
  scrub_address(url, context.log());
  if (url.find("://") == std::string::npos || url.find_first_of(" \t\r\n") != std::string::npos) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = fmt::format("{} holds no URL", path_or_dash == "-" ? "stdin" : path_or_dash),
        .hint = "write one such as srt://host:port?passphrase=… into it, and nothing else"};
  }
  return url;
}

Result<store::Database> open_database(Context& context) {
  TS_TRY(auto url, context.settings().text("TS_DATABASE_URL"));
  if (url.empty()) url = "sqlite://" + (context.state_dir() / "ts.sqlite").string();
  return store::Database::open(url, context.clock());
}

}  // namespace ts::cli
