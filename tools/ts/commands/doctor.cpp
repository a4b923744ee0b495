// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "doctor_checks.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace ts::cli {
namespace in_doctor {

Status run(const DoctorOptions& options, Context& context) {
  TS_TRY(const auto lines, run_doctor(options, context));
  return report_checks(context, "ts.doctor/1", lines);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<DoctorOptions>();
  app.add_option("AREA", options->areas,
                 "env, clock, dns, tls, livekit, mux, cloudflare, webhook, rtmps, turn, ffmpeg, "
                 "disk; without: all");
  app.add_option("--webhook-url", options->webhook_urls,
                 "Also look at this webhook receiver; repeatable")
      ->type_name("URL")
      ->allow_extra_args(false);
  app.add_option("--turn", options->turn,
                 "Look at turn:HOST:PORT, turns:… or stun:…, not at those LiveKit hands out; "
                 "repeatable")
      ->type_name("URI")
      ->allow_extra_args(false);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_doctor

Command doctor() {
  return {.path = "doctor",
          .summary = "Look at everything a show depends on, and say what to mend",
          .example =
              "ts doctor\n"
              "ts doctor livekit mux rtmps --json\n"
              "ts doctor turn --turn turn:turn.example.com:3478\n"
              "ts doctor webhook --webhook-url https://live.example.com/api/webhooks/mux",
          .bind = in_doctor::bind,
          .details =
              "One line a check: what was measured, and where it fails what to do. Nothing is\n"
              "changed; a webhook receiver is sent one webhook without a signature, which it has\n"
              "to refuse. Services are looked at side by side with 5 s for each step, so that it\n"
              "is over quickly without a network. Exit 10 when a check fails; warnings do not.\n"};
}

}  // namespace ts::cli
