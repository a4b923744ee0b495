// SPDX-License-Identifier: Apache-2.0
#include "control/outbox_internal.hpp"
#include "control/server.hpp"
#include "core/json.hpp"

#include <unistd.h>

#include <utility>

namespace ts::control {

void Outbox::reply(std::uint64_t client, std::string text) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    lines_.push_back({.client = client, .text = std::move(text)});
  }
  wake();
}

bool Outbox::event(std::string kind, std::string text) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return true;
    if (events_ >= kMaxEvents) return false;
    ++events_;
    lines_.push_back({.client = 0, .kind = std::move(kind), .text = std::move(text)});
  }
  wake();
  return true;
}

void Outbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  lines_.clear();
}

std::vector<Outbox::Line> Outbox::take() {
  const std::lock_guard lock(mutex_);
  events_ = 0;
  return std::exchange(lines_, {});
}

void Outbox::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void Outbox::clear_wake() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
}

Reply::Reply(std::shared_ptr<Outbox> outbox, std::uint64_t client, std::string id) noexcept
    : outbox_(std::move(outbox)), client_(client), id_(std::move(id)) {}

Reply::Reply(Reply&& other) noexcept
    : outbox_(std::move(other.outbox_)), client_(other.client_), id_(std::move(other.id_)) {}

Reply& Reply::operator=(Reply&& other) noexcept {
  std::swap(outbox_, other.outbox_);
  std::swap(client_, other.client_);
  std::swap(id_, other.id_);
  return *this;
}

Reply::~Reply() {
  if (!outbox_) return;
  try {
    fail({.kind = ErrorKind::kInternal, .message = "the command was dropped without an answer"});
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; the client's deadline remains
  }
}

void Reply::ok(std::uint64_t tick) { ok(tick, Json::object()); }

void Reply::ok(std::uint64_t tick, const Json& members) {
  Json line{{"ok", true}, {"tick", tick}};
  for (const auto& [key, value] : members.items()) line[key] = value;
  send(line);
}

void Reply::fail(const Error& error) { send(Json{{"ok", false}, {"error", error_json(error)}}); }

void Reply::answer(const Status& status, std::uint64_t tick) {
  if (status.ok()) {
    ok(tick);
  } else {
    fail(status.error());
  }
}

void Reply::send(const Json& line) {
  const auto outbox = std::exchange(outbox_, nullptr);
  if (!outbox) return;
  // The id comes back as it was written, so it is put in as text.
  auto text = dump_json(line);
  text.replace(0, 1, "{\"id\":" + id_ + ",");
  outbox->reply(client_, text + "\n");
}

}  // namespace ts::control
