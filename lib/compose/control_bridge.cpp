// SPDX-License-Identifier: Apache-2.0
#include "compose/control_bridge.hpp"

#include "compose/actions_internal.hpp"
#include "compose/wire.hpp"
#include "core/json.hpp"
#include "media/base64.hpp"
#include "media/png.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace ts::compose {
namespace {

constexpr milliseconds kPoll{100};
constexpr milliseconds kAnswer{3000};
constexpr std::size_t kSlow = 16;

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
  if (audio.follow) actions.emplace_back(scene::FollowAction{audio.source, *audio.follow});
  if (audio.delay) actions.emplace_back(scene::DelayAction{audio.source, *audio.delay});
}

}  // namespace

std::vector<scene::Action> actions_of(const control::ActCommand& act) {
  std::vector<scene::Action> actions;
  for (const control::Step& step : act.steps) append_actions(actions, step);
  return actions;
}

Result<std::unique_ptr<ControlBridge>> ControlBridge::listen(const Options& options) {
  TS_TRY(auto server, control::Server::listen({.socket = options.socket}, *options.clock));
  return std::unique_ptr<ControlBridge>(new ControlBridge(options, std::move(server)));
}

ControlBridge::ControlBridge(const Options& options, std::unique_ptr<control::Server> server)
    : options_(options), server_(std::move(server)), views_(kSlow), changes_(kSlow) {}

ControlBridge::~ControlBridge() = default;

void ControlBridge::serve(Compositor& compositor) {
  compositor_ = &compositor;
  board_.emplace(*server_, compositor.show());
  painter_ = std::jthread([this](const std::stop_token& stop) { work(views_, stop); });
  worker_ = std::jthread([this](const std::stop_token& stop) { work(changes_, stop); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void ControlBridge::publish(const ProgramEvent& event) {
  if (board_) board_->on_event(event);
}

void ControlBridge::run(const std::stop_token& stop) {
  std::vector<Posted> posted;
  while (!stop.stop_requested()) {
    auto request = server_->next(kPoll, stop);
    // All that is there goes to the tick before the first answer is awaited: one frame serves all.
    while (request) {
      begin(std::move(*request), posted);
      request = server_->try_next();
    }
    for (Posted& one : posted) answer(one);
    posted.clear();
    board_->on_snapshot(compositor_->snapshot());
  }
}

void ControlBridge::begin(control::Request request, std::vector<Posted>& posted) {
  if (const auto* act = std::get_if<control::ActCommand>(&request.command)) {
    std::vector<std::string> warnings;
    auto tick = compositor_->post(actions_of(*act), &warnings);
    posted.push_back({std::move(tick), std::move(request.reply), std::move(warnings)});
    return;
  }
  const bool outputs = std::holds_alternative<control::OutputListCommand>(request.command);
  if (outputs || std::holds_alternative<control::StatusCommand>(request.command)) {
    const Snapshot snapshot = compositor_->snapshot();
    Json status;
    add_snapshot(status, snapshot);
    Json members;
    if (outputs) {
      members["outputs"] = std::move(status["outputs"]);
    } else {
      members["status"] = std::move(status);
    }
    request.reply.ok(snapshot.tick, members);
    return;
  }
  const bool view = std::holds_alternative<control::ShotCommand>(request.command) ||
                    std::holds_alternative<control::PictureCommand>(request.command);
  BoundedQueue<control::Request>& queue = view ? views_ : changes_;
  if (queue.size() >= kSlow) {
    request.reply.fail(Error{.kind = ErrorKind::kConflict,
                             .message = view ? "too many pictures are being drawn"
                                             : "too many sources and outputs are being changed",
                             .hint = "try again in a moment",
                             .retryable = true,
                             .code = "busy"});
    return;
  }
  queue.try_push(std::move(request));
}

void ControlBridge::answer(Posted& posted) {
  if (posted.tick.wait_for(kAnswer) != std::future_status::ready) {
    posted.reply.fail(Error{.kind = ErrorKind::kDeadline,
                            .message = "the program did not take the command in time",
                            .hint = "see ts compose status",
                            .retryable = true});
    return;
  }
  const auto tick = posted.tick.get();
  if (!tick.ok()) {
    posted.reply.fail(tick.error());
    return;
  }
  Json members = Json::object();
  if (!posted.warnings.empty()) members["warnings"] = posted.warnings;
  posted.reply.ok(tick.value(), members);
}

void ControlBridge::work(BoundedQueue<control::Request>& queue, const std::stop_token& stop) {
  while (auto request = queue.pop(stop)) {
    if (stop.stop_requested()) return;
    do_slowly(std::move(*request));
  }
}

void ControlBridge::do_slowly(control::Request request) {
  struct Visitor {
    ControlBridge& self;
    control::Reply& reply;
    void operator()(const control::SourceAddCommand& command) const {
      reply.answer(self.compositor_->add_source(command.source), self.compositor_->snapshot().tick);
    }
    void operator()(const control::SourceRemoveCommand& command) const {
      reply.answer(self.compositor_->remove_source(command.name),
                   self.compositor_->snapshot().tick);
    }
    void operator()(const control::SourceRestartCommand& command) const {
      reply.answer(self.compositor_->restart_source(command.name),
                   self.compositor_->snapshot().tick);
    }
    void operator()(const control::SceneSetCommand& command) const {
      reply.answer(self.compositor_->set_scene(command.name, command.scene),
                   self.compositor_->snapshot().tick);
    }
    void operator()(const control::OutputAddCommand& command) const {
      self.add_output(command, reply);
    }
    void operator()(const control::OutputRemoveCommand& command) const {
      reply.answer(self.compositor_->remove_output(command.name),
                   self.compositor_->snapshot().tick);
    }
    void operator()(const control::ShotCommand& command) const { self.shoot(command, reply); }
    void operator()(const control::PictureCommand& command) const { self.picture(command, reply); }
    // begin() has answered these.
    void operator()(const control::ActCommand&) const {}
    void operator()(const control::StatusCommand&) const {}
    void operator()(const control::OutputListCommand&) const {}
  };
  std::visit(Visitor{*this, request.reply}, request.command);
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
  reply.answer(compositor_->add_output(target.value()), compositor_->snapshot().tick);
}

Picture ControlBridge::picture_of(control::View view, const std::string& source, bool glimpse,
                                  control::Reply& reply) const {
  Picture picture;
  Error missing{.kind = ErrorKind::kNotFound, .message = "no picture is on air yet"};
  switch (view) {
    case control::View::kProgram:
      picture = compositor_->program_picture();
      missing.hint = "wait a moment and ask again";
      break;
    case control::View::kSource:
      picture = glimpse ? compositor_->source_glimpse(source) : compositor_->source_picture(source);
      missing.message = fmt::format("there is no source '{}'", source);
      missing.hint = "see ts compose status for the sources' names";
      break;
    case control::View::kPreview:
      picture = compositor_->preview_picture();
      missing.message = "the preview is empty";
      missing.hint = "put a scene there: ts compose preview SCENE";
      break;
    case control::View::kMultiview:
      picture = compositor_->multiview_picture();
      break;
  }
  if (!picture) reply.fail(missing);
  return picture;
}

void ControlBridge::picture(const control::PictureCommand& command, control::Reply& reply) const {
  const Picture picture = picture_of(command.view, command.source, command.glimpse, reply);
  if (!picture) return;
  const std::string rgb = shrink_to_rgb(*picture, {command.width, command.height});
  Json members;
  members["width"] = command.width;
  members["height"] = command.height;
  members["rgb"] = media::to_base64(rgb);
  reply.ok(compositor_->snapshot().tick, members);
}

void ControlBridge::shoot(const control::ShotCommand& command, control::Reply& reply) {
  const Picture picture = picture_of(command.view, command.source, false, reply);
  if (!picture) return;
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

}  // namespace ts::compose
