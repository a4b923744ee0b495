// SPDX-License-Identifier: Apache-2.0
// Lines of the control protocol: whatever comes, there is one request or one usage error, and the
// reply that carries the id and the error is itself one line of valid JSON.
#include "fuzz/fuzz.hpp"

#include "control/protocol.hpp"
#include "core/json.hpp"

#include <filesystem>
#include <string>

namespace {

using ts::fuzz::require;

void check_paths(const ts::control::Command& command) {
  // A path that reaches the compositor is absolute: it does not know the client's folder.
  if (const auto* shot = std::get_if<ts::control::ShotCommand>(&command)) {
    require(std::filesystem::path(shot->path).is_absolute());
  }
  if (const auto* add = std::get_if<ts::control::SourceAddCommand>(&command)) {
    const auto* media = std::get_if<ts::scene::MediaInput>(&add->source.input);
    require(media == nullptr || !media->is_file || std::filesystem::path(media->url).is_absolute());
  }
  if (const auto* act = std::get_if<ts::control::ActCommand>(&command)) {
    require(!act->steps.empty() && act->steps.size() <= ts::control::kMaxBatch);
    for (const auto& step : act->steps) {
      const auto* audio = std::get_if<ts::control::AudioCommand>(&step);
      if (audio == nullptr) continue;
      require(!audio->source.empty());
      require(!audio->gain_db || (*audio->gain_db >= -120 && *audio->gain_db <= 24));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto line = ts::control::parse_line(ts::fuzz::as_text(data, size));
  require(!line.id.empty() && line.id.find('\n') == std::string::npos);
  require(ts::parse_json(line.id, "id").ok());
  if (line.request.ok()) {
    if (const auto* command = std::get_if<ts::control::Command>(&line.request.value())) {
      check_paths(*command);
    }
    return 0;
  }
  const auto& error = line.request.error();
  require(error.kind == ts::ErrorKind::kUsage);
  require(!error.message.empty());
  const auto reply = ts::dump_json(ts::control::error_json(error));
  require(reply.find('\n') == std::string::npos);
  const auto back = ts::parse_json(reply, "reply");
  require(back.ok());
  require(ts::control::error_from_json(back.value()).kind == error.kind);
  return 0;
}
