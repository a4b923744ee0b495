// SPDX-License-Identifier: Apache-2.0
#include "services.hpp"

namespace ts::cli {

Result<livekit::Service> livekit_service(Context& context) {
  TS_TRY(const auto url, context.settings().livekit_url());
  TS_TRY(const auto key, context.livekit_key());
  return livekit::Service::create(url, key.id, key.secret, context.transport(), context.clock());
}

Result<std::unique_ptr<mux::MuxClient>> mux_client(Context& context) {
  TS_TRY(auto token, context.mux_token());
  TS_TRY(auto base_url, context.settings().base_url("MUX_BASE_URL"));
  mux::ClientOptions options;
  options.base_url = std::move(base_url);
  options.pacing = !context.dry_run();
  options.retry.seed =
      static_cast<std::uint64_t>(context.clock().steady_now().time_since_epoch().count());
  return std::make_unique<mux::MuxClient>(
      context.transport(), context.clock(),
      mux::Credentials{.token_id = std::move(token.id), .token_secret = std::move(token.secret)},
      std::move(options));
}

Result<store::Database> open_database(Context& context) {
  TS_TRY(auto url, context.settings().text("TS_DATABASE_URL"));
  if (url.empty()) url = "sqlite://" + (context.state_dir() / "ts.sqlite").string();
  return store::Database::open(url, context.clock());
}

}  // namespace ts::cli
