// SPDX-License-Identifier: Apache-2.0
// The verbs that take live streams and answer nothing: delete, complete, enable, disable.
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "net/url.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <optional>

namespace ts::cli {
namespace in_mux_switch {

using Act = Status (mux::MuxClient::*)(std::string_view, std::stop_token);

/// A state to wait for once the call was answered; nothing when empty.
struct Waiting {
  std::string state{};
  std::string timeout = "90s";
};

/// Waits for each; the deadline is one for all.
Status wait_for_all(mux::MuxClient& client, const std::vector<std::string>& ids,
                    std::string_view state, SteadyTime deadline, Context& context) {
  for (const std::string& id : ids) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - context.clock().steady_now());
    TS_TRY(const auto reached,
           client.wait_live_stream(
               id, state, std::max(left, std::chrono::milliseconds(0)),
               [&](const mux::LiveStream& seen) {
                 context.out().status(fmt::format("live stream {} is {}", seen.id, seen.state()));
               },
               context.stop()));
  }
  return ok_status();
}

/// One call for each id; what failed after something was done is partial.
Status act_on(const std::vector<std::string>& ids, Context& context, Act act, std::string_view key,
              std::string_view text, const Waiting& waiting = {}) {
  TS_TRY(const auto timeout, parse_duration(waiting.timeout));
  TS_TRY(const auto client, mux_client(context));
  Json document{{"schema", "ts.mux/1"}};
  Json done = Json::array();
  std::string lines;
  std::string done_ids;
  std::optional<Error> trouble;
  std::vector<std::string> left;
  for (const std::string& id : ids) {
    // One that is not there keeps nobody from the others.
    if (auto status = (client.get()->*act)(id, {}); !status.ok()) {
      if (!trouble) trouble = std::move(status).error();
      left.push_back("live stream " + id);
      continue;
    }
    done.push_back(id);
    lines += fmt::format("live stream {}: {}\n", id, text);
    done_ids += id + "\n";
  }
  if (trouble) {
    if (done.empty()) return *std::move(trouble);
    trouble->kind = ErrorKind::kPartial;
    trouble->hint =
        fmt::format("{} of {} are done; repeat for those that are left", done.size(), ids.size());
    trouble->residue = std::move(left);
    return *std::move(trouble);
  }
  if (!waiting.state.empty()) {
    TS_CHECK(
        wait_for_all(*client, ids, waiting.state, context.clock().steady_now() + timeout, context));
    document["status"] = waiting.state;
  }
  if (done.size() == 1) {
    document["id"] = done.front();
  } else {
    document["ids"] = done;
  }
  document[std::string(key)] = true;
  return context.out().report({.document = &document, .text = lines, .id = done_ids});
}

std::shared_ptr<std::vector<std::string>> ids_of(CLI::App& app) {
  auto ids = std::make_shared<std::vector<std::string>>();
  app.add_option("LIVE_ID", *ids, "Live streams")->required();
  return ids;
}

/// Each of these cuts an encoder that is on air.
Status confirm(const std::vector<std::string>& ids, Context& context, std::string_view act) {
  for (const std::string& id : ids) TS_CHECK(net::path_segment(id, "live stream id"));
  return context.confirm(ids.size() == 1 ? fmt::format("{} live stream {}?", act, ids.front())
                                         : fmt::format("{} {} live streams?", act, ids.size()));
}

Runner bind_delete(CLI::App& app) {
  auto ids = ids_of(app);
  return [ids](Context& context) -> Status {
    TS_CHECK(confirm(*ids, context, "delete"));
    return act_on(*ids, context, &mux::MuxClient::delete_live_stream, "deleted",
                  "deleted; its recordings stay");
  };
}

Runner bind_complete(CLI::App& app) {
  auto ids = ids_of(app);
  auto waiting = std::make_shared<Waiting>();
  app.add_option("--wait", waiting->state, "Wait for this state: idle")
      ->check(CLI::IsMember({"idle"}));
  app.add_option("--timeout", waiting->timeout, "Longest --wait")->capture_default_str();
  return [ids, waiting](Context& context) -> Status {
    TS_CHECK(confirm(*ids, context, "end the session of"));
    return act_on(*ids, context, &mux::MuxClient::complete_live_stream, "completed",
                  "completed; the encoder is cut after about a minute", *waiting);
  };
}

Runner bind_enable(CLI::App& app) {
  auto ids = ids_of(app);
  return [ids](Context& context) -> Status {
    return act_on(*ids, context, &mux::MuxClient::enable_live_stream, "enabled", "enabled");
  };
}

Runner bind_disable(CLI::App& app) {
  auto ids = ids_of(app);
  return [ids](Context& context) -> Status {
    TS_CHECK(confirm(*ids, context, "disable"));
    return act_on(*ids, context, &mux::MuxClient::disable_live_stream, "disabled",
                  "disabled; encoders are refused until ts mux enable");
  };
}

}  // namespace in_mux_switch

Command mux_delete() {
  using namespace in_mux_switch;
  return {.path = "mux delete",
          .summary = "Delete live streams, cutting their encoders; recordings stay",
          .example = "ts mux delete LIVE_ID --yes",
          .forms = "id",
          .bind = bind_delete};
}

Command mux_complete() {
  using namespace in_mux_switch;
  return {
      .path = "mux complete",
      .summary = "End a session now, without waiting for the reconnect window",
      .example =
          "ts mux complete LIVE_ID --yes\nts mux complete LIVE_ID --wait idle --timeout 2m --yes",
      .forms = "id",
      .bind = bind_complete};
}

Command mux_enable() {
  using namespace in_mux_switch;
  return {.path = "mux enable",
          .summary = "Let encoders connect to a disabled live stream again",
          .example = "ts mux enable LIVE_ID",
          .forms = "id",
          .bind = bind_enable};
}

Command mux_disable() {
  using namespace in_mux_switch;
  return {.path = "mux disable",
          .summary = "Cut the encoder now and refuse further ones until enabled",
          .example = "ts mux disable LIVE_ID --yes",
          .forms = "id",
          .bind = bind_disable};
}

}  // namespace ts::cli
