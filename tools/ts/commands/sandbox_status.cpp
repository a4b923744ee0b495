// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "sandbox_shared.hpp"

#include "common/context.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace ts::cli {
namespace in_sandbox_status {

struct Options {
  std::string directory;
};

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string bullets(const Json& list) {
  std::string out;
  for (const auto& item : list) out += fmt::format("  - {}\n", item.get<std::string>());
  return out;
}

std::string section(std::string_view title, const std::vector<std::string>& header,
                    const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return fmt::format("\n{}: none\n", title);
  return fmt::format("\n{}\n{}", title, table(header, rows, ""));
}

std::string render(const Json& status) {
  std::string out =
      fmt::format("APIs {}   ingest {}\n", text_of(status, "url"), text_of(status, "rtmp_url"));
  const auto list = [&](const char* key) { return status.value(key, Json::array()); };
  std::vector<std::vector<std::string>> rows;
  for (const auto& room : list("rooms")) {
    std::string people;
    for (const auto& person : room.value("participants", Json::array())) {
      people += (people.empty() ? "" : ", ") + text_of(person, "identity");
    }
    rows.push_back({text_of(room, "name"), text_of(room, "sid"), people});
  }
  out += section("ROOMS", {"NAME", "SID", "PARTICIPANTS"}, rows);
  rows.clear();
  for (const auto& item : list("ingress")) {
    rows.push_back({text_of(item, "id"), text_of(item, "room"), text_of(item, "identity"),
                    text_of(item, "status")});
  }
  out += section("INGRESS", {"ID", "ROOM", "IDENTITY", "STATUS"}, rows);
  rows.clear();
  for (const auto& item : list("egress")) {
    std::string targets;
    for (const auto& stream : item.value("streams", Json::array())) {
      targets += (targets.empty() ? "" : ", ") + text_of(stream, "url");
    }
    rows.push_back({text_of(item, "id"), text_of(item, "room"), text_of(item, "status"), targets,
                    text_of(item, "error")});
  }
  out += section("EGRESS", {"ID", "ROOM", "STATUS", "TO", "ERROR"}, rows);
  rows.clear();
  for (const auto& item : list("live_streams")) {
    std::string playback;
    for (const auto& id : item.value("playback_ids", Json::array())) {
      playback += (playback.empty() ? "" : ", ") + text_of(id, "id");
    }
    rows.push_back({text_of(item, "id"), text_of(item, "status"),
                    item.value("connected", false) ? "yes" : "no", playback});
  }
  out += section("LIVE STREAMS", {"ID", "STATUS", "ENCODER", "PLAYBACK ID"}, rows);
  rows.clear();
  for (const auto& item : list("assets")) {
    rows.push_back({text_of(item, "id"), text_of(item, "status"),
                    fmt::format("{:.1f} s", item.value("duration_s", 0.0))});
  }
  out += section("ASSETS", {"ID", "STATUS", "DURATION"}, rows);
  rows.clear();
  for (const auto& item : list("live_inputs")) {
    std::size_t connected = 0;
    for (const auto& output : item.value("outputs", Json::array())) {
      if (text_of(output, "state") == "connected") ++connected;
    }
    const auto state = text_of(item, "status");
    rows.push_back(
        {text_of(item, "uid"), state.empty() ? "never connected" : state,
         item.value("recording", false) ? "yes" : "no",
         fmt::format("{} of {}", connected, item.value("outputs", Json::array()).size())});
  }
  out += section("LIVE INPUTS", {"ID", "STATUS", "RECORDS", "OUTPUTS CONNECTED"}, rows);
  rows.clear();
  for (const auto& item : list("videos")) {
    rows.push_back({text_of(item, "uid"), text_of(item, "status"),
                    fmt::format("{:.1f} s", item.value("duration_s", 0.0))});
  }
  out += section("VIDEOS", {"ID", "STATUS", "DURATION"}, rows);
  rows.clear();
  for (const auto& item : list("connections")) {
    rows.push_back({text_of(item, "app"), text_of(item, "key"), text_of(item, "encoder"),
                    std::to_string(item.value("video_tags", std::int64_t{0})),
                    std::to_string(item.value("audio_tags", std::int64_t{0}))});
  }
  out += section("PUBLISHERS", {"APP", "KEY", "ENCODER", "VIDEO", "AUDIO"}, rows);
  if (const auto troubles = list("troubles"); !troubles.empty()) {
    out += fmt::format("\nTROUBLES\n{}", bullets(troubles));
  }
  out += fmt::format("\nCAN BE MADE HERE\n{}CANNOT BE MADE HERE (refused, never imitated)\n{}",
                     bullets(list("can_make")), bullets(list("cannot_make")));
  return out;
}

Status run(const Options& options, Context& context) {
  const auto folder = sandbox_folder(context, options.directory);
  TS_TRY(const auto instance, running_sandbox(folder));
  TS_TRY(const auto answer,
         sandbox::ask_instance(instance, context.transport(), "status", "", context.stop()));
  TS_TRY(auto status, parse_json(answer, "the sandbox's answer", ErrorKind::kRemote));
  status["pid"] = instance.pid;
  status["env_file"] = instance.env_file;
  return context.out().report({.document = &status,
                               .text = render(status),
                               .id = std::to_string(instance.pid),
                               .raw = instance.env_file});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--dir", options->directory, "Folder given to ts sandbox up")->type_name("DIR");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_sandbox_status

Command sandbox_status() {
  return {.path = "sandbox status",
          .summary = "Show the sandbox's services, rooms, streams, and what it can make",
          .example = "ts sandbox status --json",
          .bind = in_sandbox_status::bind,
          .main_verb = true,
          .details = "Exit 5 when no sandbox is running."};
}

}  // namespace ts::cli
