// SPDX-License-Identifier: Apache-2.0
#include "compose/control_bridge.hpp"

#include "compose/wire.hpp"
#include "core/json.hpp"
#include "media/png.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace ts::compose {
namespace {

constexpr milliseconds kPoll{100};
constexpr milliseconds kAnswer{3000};

/// The protocol's sound command as the program's own actions.
void append_actions(std::vector<scene::Action>& actions, const control::Step& step) {
  if (const auto* action = std::get_if<scene::Action>(&step)) {
    actions.push_back(*action);
    return;
  }
  const auto& audio = std::get<control::AudioCommand>(step);
  if (audio.gain_db) actions.emplace_back(scene::GainAction{audio.source, *audio.gain_db});
  if (audio.mute) actions.emplace_back(scene::MuteAction{audio.source, *audio.mute});
  if (audio.solo) actions.emplace_back(scene::SoloAction{audio.source, *audio.solo});
  if (audio.delay) actions.emplace_back(scene::DelayAction{audio.source, *audio.delay});
}

Error fixed_sources() {
  return Error{.kind = ErrorKind::kConflict,
               .message = "the sources of a running program cannot be changed",
               .hint = "change the show file and start the program again"};
}

}  // namespace

Result<std::unique_ptr<ControlBridge>> ControlBridge::listen(const Options& options) {
  TS_TRY(auto server, control::Server::listen({.socket = options.socket}, *options.clock));
  return std::unique_ptr<ControlBridge>(new ControlBridge(options, std::move(server)));
}

ControlBridge::ControlBridge(const Options& options, std::unique_ptr<control::Server> server)
    : options_(options), server_(std::move(server)) {}

ControlBridge::~ControlBridge() = default;

void ControlBridge::serve(Compositor& compositor) {
  compositor_ = &compositor;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void ControlBridge::publish(const ProgramEvent& event) {
  Snapshot names;  // only what an event line needs; a full snapshot would lock the tick thread out
  if (compositor_ != nullptr && event.kind == ProgramEvent::Kind::kPreview) {
    names = compositor_->snapshot();
  }
  const auto [kind, members] = control_event(event, names);
  server_->publish(kind, event.tick, members);
}

void ControlBridge::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (auto request = server_->next(kPoll, stop)) handle(std::move(*request));
    publish_states();
  }
}

void ControlBridge::handle(control::Request request) {
  struct Visitor {
    ControlBridge& self;
    control::Reply& reply;
    void operator()(const control::ActCommand& command) const { self.act(command, reply); }
    void operator()(const control::SourceAddCommand&) const { reply.fail(fixed_sources()); }
    void operator()(const control::SourceRemoveCommand&) const { reply.fail(fixed_sources()); }
    void operator()(const control::SourceRestartCommand& command) const {
      reply.answer(self.compositor_->restart_source(command.name),
                   self.compositor_->snapshot().tick);
    }
    void operator()(const control::OutputAddCommand& command) const {
      self.add_output(command, reply);
    }
    void operator()(const control::OutputRemoveCommand& command) const {
      reply.answer(self.compositor_->remove_output(command.name),
                   self.compositor_->snapshot().tick);
    }
    void operator()(const control::OutputListCommand&) const {
      const Snapshot snapshot = self.compositor_->snapshot();
      Json all;
      add_snapshot(all, snapshot);
      Json members;
      members["outputs"] = all["outputs"];
      reply.ok(snapshot.tick, members);
    }
    void operator()(const control::StatusCommand&) const {
      const Snapshot snapshot = self.compositor_->snapshot();
      Json members;
      add_snapshot(members["status"], snapshot);
      reply.ok(snapshot.tick, members);
    }
    void operator()(const control::ShotCommand& command) const { self.shoot(command, reply); }
  };
  std::visit(Visitor{*this, request.reply}, request.command);
}

void ControlBridge::act(const control::ActCommand& command, control::Reply& reply) {
  std::vector<scene::Action> actions;
  for (const control::Step& step : command.steps) append_actions(actions, step);
  auto future = compositor_->post(std::move(actions));
  if (future.wait_for(kAnswer) != std::future_status::ready) {
    reply.fail(Error{.kind = ErrorKind::kDeadline,
                     .message = "the program did not take the command in time",
                     .hint = "see ts compose status",
                     .retryable = true});
    return;
  }
  auto tick = future.get();
  if (tick.ok()) {
    reply.ok(tick.value());
  } else {
    reply.fail(tick.error());
  }
}

void ControlBridge::add_output(const control::OutputAddCommand& command, control::Reply& reply) {
  auto target = resolve_output(command.output, false, options_.allow_loose, options_.ca_file);
  if (!target.ok()) {
    reply.fail(target.error());
    return;
  }
  if (!target.value().url.empty() && options_.log != nullptr) {
    options_.log->scrub(target.value().url);
  }
  reply.answer(compositor_->add_output(std::move(target).value()), compositor_->snapshot().tick);
}

void ControlBridge::shoot(const control::ShotCommand& command, control::Reply& reply) {
  const Picture picture = command.source.empty() ? compositor_->program_picture()
                                                 : compositor_->source_picture(command.source);
  if (!picture) {
    reply.fail(Error{.kind = ErrorKind::kNotFound,
                     .message = command.source.empty()
                                    ? "no picture is on air yet"
                                    : fmt::format("there is no source '{}'", command.source),
                     .hint = "see ts compose status for the sources' names"});
    return;
  }
  if (const Status written = media::write_png(*picture, command.path); !written.ok()) {
    reply.fail(written.error());
    return;
  }
  Json members;
  members["path"] = command.path;
  members["width"] = picture->width;
  members["height"] = picture->height;
  reply.ok(compositor_->snapshot().tick, members);
}

void ControlBridge::publish_states() {
  const Snapshot snapshot = compositor_->snapshot();
  Json on_air = Json::array();
  Json in_preview = Json::array();
  const scene::Scene* preview = compositor_->show().find_scene(snapshot.preview);
  for (const auto& source : snapshot.sources) {
    if (source.on_air) on_air.push_back(source.name);
    const std::string state(to_string(source.feed.state));
    std::string& known = source_states_[source.name];
    if (known == state) continue;
    known = state;
    Json members;
    members["source"] = source.name;
    members["state"] = state;
    members["message"] = source.feed.reason;
    server_->publish("source", snapshot.tick, members);
  }
  if (preview != nullptr) {
    for (const scene::Layer& layer : preview->layers) in_preview.push_back(layer.source);
  }
  Json tally;
  tally["program"] = std::move(on_air);
  tally["preview"] = std::move(in_preview);
  if (std::string text = dump_json(tally); text != tally_) {
    tally_ = std::move(text);
    server_->publish("tally", snapshot.tick, tally);
  }
  for (const auto& output : snapshot.outputs) {
    std::string& known = output_states_[output.name];
    std::string state(to_string(output.state));
    // The protocol's own words.
    if (state == "retrying") state = "reconnecting";
    if (state == "finished") state = "ended";
    if (known == state) continue;
    known = state;
    Json members;
    members["output"] = short_name(output.name);
    members["state"] = state;
    members["message"] = output.reason;
    server_->publish("output", snapshot.tick, members);
  }
}

}  // namespace ts::compose
