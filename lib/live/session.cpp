// SPDX-License-Identifier: Apache-2.0
#include "live/session.hpp"

#include "core/json.hpp"
#include "crypto/random.hpp"

#include <fmt/format.h>

#include <utility>

namespace ts::live {
namespace {

constexpr std::string_view kEndRequest = "end_request";

}  // namespace

std::string_view to_string(StepEvent::State state) noexcept {
  switch (state) {
    case StepEvent::State::kStarted:
      return "started";
    case StepEvent::State::kDone:
      return "done";
    case StepEvent::State::kFailed:
      return "failed";
    case StepEvent::State::kUndone:
      return "undone";
    case StepEvent::State::kNote:
      break;
  }
  return "note";
}

Result<Session> Session::begin(store::Database& database, Clock& clock, std::string_view name,
                               std::string_view show_path, Observer observer) {
  TS_TRY(auto lease, store::acquire_lease(database, name, clock.now()));
  const std::string id = "live_" + crypto::random_alphanumeric(12);
  auto created =
      store::create_session(database,
                            store::Session{.id = id,
                                           .name = std::string(name),
                                           .show_path = std::string(show_path),
                                           .state = std::string(session_state::kStarting),
                                           .details = Resources{}.to_text()},
                            clock.now());
  if (!created.ok()) {
    static_cast<void>(store::release_lease(database, lease).ok());
    Error error = std::move(created).error();
    if (error.kind == ErrorKind::kConflict) {
      error.message = fmt::format("an earlier run of show '{}' was not ended", name);
      error.hint = fmt::format("run ts live end {}", name);
      error.code = "open_session";
    }
    return error;
  }
  return Session(database, clock, id, std::string(name), std::move(lease), std::move(observer));
}

Result<Session> Session::adopt(store::Database& database, Clock& clock,
                               const store::Session& session, Observer observer) {
  TS_TRY(auto lease, store::acquire_lease(database, session.name, clock.now()));
  Session out(database, clock, session.id, session.name, std::move(lease), std::move(observer));
  TS_TRY(out.resources, Resources::from_text(session.details));
  out.state_ = session.state;
  return out;
}

Status Session::record(std::string_view step, StepEvent::State state, std::string text,
                       milliseconds elapsed) {
  Json payload;
  payload["text"] = text;
  if (state == StepEvent::State::kDone || state == StepEvent::State::kFailed) {
    payload["elapsed_ms"] = elapsed.count();
  }
  auto appended = store::append_journal(*database_, id_, step, to_string(state), dump_json(payload),
                                        clock_->now(), lease_.as_fence());
  if (observer_) {
    observer_(StepEvent{
        .step = std::string(step), .state = state, .text = std::move(text), .elapsed = elapsed});
  }
  if (!appended.ok()) return written(std::move(appended).error().with_context("journal"));
  return ok_status();
}

Status Session::written(Status status) {
  if (status.ok()) {
    unwritten_ = false;
    return status;
  }
  if (needs_store_ || status.error().code == "fenced") return status;
  if (!std::exchange(unwritten_, true) && observer_) {
    observer_({.step = "store",
               .state = StepEvent::State::kNote,
               .text = fmt::format("the show goes on, but its record cannot be written: {}",
                                   status.error().message)});
  }
  return ok_status();
}

void Session::note(std::string_view step, std::string text) {
  static_cast<void>(record(step, StepEvent::State::kNote, std::move(text), {}).ok());
}

void Session::undone(std::string_view step, std::string text) {
  static_cast<void>(record(step, StepEvent::State::kUndone, std::move(text), {}).ok());
}

Status Session::save() {
  Status saved = store::update_session(*database_, id_, state_, resources.to_text(), clock_->now(),
                                       lease_.as_fence());
  unsaved_ = !saved.ok();
  return written(std::move(saved));
}

Status Session::set_state(std::string_view state) {
  state_ = std::string(state);
  return save();
}

Status Session::close(std::string_view state) {
  state_ = std::string(state);
  const Status saved = save();
  auto closed = store::close_session(*database_, id_, state_, clock_->now(), lease_.as_fence());
  static_cast<void>(store::release_lease(*database_, lease_).ok());
  TS_CHECK(saved);
  return closed;
}

Status Session::heartbeat() {
  TS_CHECK(written(store::renew_lease(*database_, lease_, clock_->now())));
  return unsaved_ ? save() : ok_status();
}

Result<bool> Session::end_requested() {
  const auto entries = store::read_journal(*database_, id_, seen_seq_);
  if (!entries.ok()) {
    TS_CHECK(written(entries.error()));
    return false;
  }
  bool requested = false;
  for (const store::JournalEntry& entry : entries.value()) {
    seen_seq_ = entry.seq;
    requested = requested || entry.step == kEndRequest;
  }
  return requested;
}

Status request_end(store::Database& database, const store::Session& session, Clock& clock) {
  auto appended = store::append_journal(database, session.id, kEndRequest, "note",
                                        R"({"text":"the end was asked for"})", clock.now());
  if (!appended.ok()) return std::move(appended).error();
  return ok_status();
}

}  // namespace ts::live
