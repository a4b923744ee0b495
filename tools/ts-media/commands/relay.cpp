// SPDX-License-Identifier: Apache-2.0
#include "media/relay.hpp"

#include "commands.hpp"

#include "common/context.hpp"
#include "core/bounded_queue.hpp"
#include "core/json.hpp"
#include "media/fd_reader.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/flv.hpp"
#include "media/relay_control.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ts::cli {
namespace in_relay {

constexpr milliseconds kDrainDeadline{10'000};

struct Options {
  int input = 0;
  int control = -1;
  bool video = true;
  bool audio = true;
  std::vector<std::string> files;
  std::vector<std::string> folders;
};

Json event(std::string_view name) {
  Json line;
  line["schema"] = "ts.relay/1";
  line["event"] = name;
  return line;
}

Json error_json(const Error& error) {
  return {{"kind", to_string(error.kind)}, {"message", error.message}, {"hint", error.hint}};
}

/// The loop of one relay: stream and commands in, statuses out.
class Session {
 public:
  Session(const Options& options, Context& context, media::RelayOptions relay_options)
      : context_(context),
        input_(options.input),
        control_(options.control),
        relay_(std::move(relay_options), context.clock(),
               [this](const media::RelayStatus& status) { statuses_.push_drop_oldest(status); }) {}

  Status add(media::RelayTarget target) {
    auto id = target.id;
    TS_CHECK(relay_.add(std::move(target)));
    last_.insert_or_assign(std::move(id), media::RelayStatus{});
    return ok_status();
  }

  Status run(const std::stop_token& stop) {
    while (!stop.stop_requested() && !ended_ && !all_final()) {
      TS_TRY(const auto ready, media::wait_readable({input_, control_}));
      if (control_ >= 0 && ready[1]) TS_CHECK(read_control());
      if (ready[0]) TS_CHECK(read_input());
      print_statuses();
    }
    relay_.close();
    relay_.wait(kDrainDeadline);
    print_statuses();
    print_end(stop.stop_requested());
    return outcome(stop.stop_requested());
  }

 private:
  [[nodiscard]] bool all_final() const {
    return !last_.empty() && std::all_of(last_.begin(), last_.end(),
                                         [](const auto& entry) { return entry.second.is_final(); });
  }

  Status read_input() {
    TS_TRY(const auto count, media::read_some(input_, buffer_, {}));
    if (count == 0) ended_ = true;
    parser_.feed(std::span(buffer_).first(count));
    while (true) {
      TS_TRY(const auto tag, parser_.next());
      if (!tag) return ok_status();
      relay_.push(*tag);
    }
  }

  Status read_control() {
    TS_TRY(const auto count, media::read_some(control_, buffer_, {}));
    if (count == 0) control_ = -1;  // No more commands; the outputs go on.
    TS_TRY(const auto lines,
           control_lines_.feed({reinterpret_cast<const char*>(buffer_.data()), count}));
    for (const auto& line : lines) {
      auto done = obey(line);
      if (done.ok()) continue;
      Json json = event("refused");
      json["error"] = error_json(done.error());
      print(json);
    }
    return ok_status();
  }

  Status obey(const std::string& line) {
    TS_TRY(auto command, media::parse_relay_command(line));
    if (auto* added = std::get_if<media::RelayAdd>(&command)) return add(std::move(added->target));
    if (auto* removed = std::get_if<media::RelayRemove>(&command))
      return relay_.remove(removed->id);
    ended_ = true;
    return ok_status();
  }

  void print_statuses() {
    while (const auto status = statuses_.try_pop()) {
      Json json = event(to_string(status->state));
      json["output"] = status->id;
      json["at"] = format_rfc3339(status->at);
      json["bytes"] = status->bytes;
      json["tags"] = status->tags;
      json["dropped"] = status->dropped;
      json["retries"] = status->retries;
      if (status->state == media::RelayState::kActive) {
        json["first_byte_ms"] = status->to_first_byte.count();
      }
      if (status->error) json["error"] = error_json(*status->error);
      print(json);
      last_.insert_or_assign(status->id, *status);
    }
  }

  void print_end(bool stopped) {
    Json json = event("ended");
    json["reason"] = stopped ? "stopped" : "end";
    json["bytes_in"] = parser_.bytes_fed();
    print(json);
  }

  [[nodiscard]] Status outcome(bool stopped) const {
    std::vector<std::string> failed;
    for (const auto& [id, status] : last_) {
      if (status.state == media::RelayState::kFailed) {
        failed.push_back(fmt::format("{}: {}", id, status.error ? status.error->message : ""));
      }
    }
    if (!failed.empty() && failed.size() == last_.size()) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("every output failed ({})", fmt::join(failed, "; "))};
    }
    if (stopped) return Error{.kind = ErrorKind::kInterrupted, .message = "the relay was stopped"};
    if (!failed.empty()) {
      return Error{.kind = ErrorKind::kPartial,
                   .message = fmt::format("an output failed ({})", fmt::join(failed, "; "))};
    }
    return ok_status();
  }

  void print(const Json& json) {
    if (!gone_) gone_ = !context_.out().json_line(json).ok();
  }

  Context& context_;
  int input_;
  int control_;
  bool ended_ = false;
  bool gone_ = false;  ///< Nobody reads our lines any more; the outputs matter more.
  std::array<std::uint8_t, std::size_t{64} << 10U> buffer_{};
  media::FlvParser parser_;
  media::LineBuffer control_lines_;
  std::map<std::string, media::RelayStatus> last_;
  BoundedQueue<media::RelayStatus> statuses_{1024};
  media::Relay relay_;
};

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  if (!options.video && !options.audio) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "there is nothing to relay without video and audio"};
  }
  TS_TRY(const auto ca_file, context.settings().text("TS_CA_FILE"));
  auto session = std::make_unique<Session>(options, context,
                                           media::RelayOptions{.video = options.video,
                                                               .audio = options.audio,
                                                               .ca_file = ca_file,
                                                               .log = &context.log()});
  for (const auto& file : options.files) {
    TS_CHECK(session->add({.id = file, .kind = media::RelayTarget::Kind::kFile, .path = file}));
  }
  for (const auto& folder : options.folders) {
    TS_CHECK(session->add({.id = folder, .kind = media::RelayTarget::Kind::kHls, .path = folder}));
  }
  return session->run(context.stop());
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--control-fd", options->control, "Descriptor with control lines (JSON)");
  app.add_option("--fd", options->input, "Descriptor of the FLV stream")->capture_default_str();
  app.add_option("--video", options->video, "Forward pictures: true or false")
      ->capture_default_str();
  app.add_option("--audio", options->audio, "Forward sound: true or false")->capture_default_str();
  app.add_option("--file", options->files, "Also write a file (.mp4, .mkv, .ts, .flv)");
  app.add_option("--hls", options->folders, "Also write an HLS folder");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_relay

Command media_relay() {
  return {.path = "relay",
          .summary = "Send one publish (FLV on stdin) to RTMP(S) servers and files, copied",
          .example =
              "ts-media relay --control-fd 3 --video=true --audio=false\n"
              "ts-media relay --file program.mp4",
          .bind = in_relay::bind,
          .hidden = true,
          .details =
              "Outputs come and go by lines on the control descriptor, so that no stream key is in "
              "an argument or the environment:\n"
              "  {\"op\":\"add\",\"id\":\"out-1\",\"url\":\"rtmps://…\"}   (or \"file\": PATH, or "
              "\"hls\": FOLDER)\n"
              "  {\"op\":\"remove\",\"id\":\"out-1\"}\n"
              "  {\"op\":\"stop\"}\n"
              "Prints JSON lines (ts.relay/1): connecting, active (with first_byte_ms), "
              "reconnecting, finished, removed or failed for each output; refused for a control "
              "line; ended. A first connection that fails is final; a lost one is tried again for "
              "30 s. Ends with the stream, or when no output is left: exit 12 when all of them "
              "failed, 11 when some did."};
}

}  // namespace ts::cli
