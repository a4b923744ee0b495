// SPDX-License-Identifier: Apache-2.0
#include "httpd/server.hpp"

#include "tcp/tls_context_internal.hpp"

#include "core/assert.hpp"
#include "core/listen.hpp"
#include "httpd/connection_internal.hpp"
#include "httpd/core_internal.hpp"
#include "httpd/file_answer_internal.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <future>

namespace ts::httpd {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr milliseconds kDrainTime{300};
constexpr milliseconds kAcceptPause{20};

}  // namespace

void LoopDoor::deliver(std::weak_ptr<Connection> connection, Response response) {
  const std::lock_guard lock(mutex_);
  if (io_ == nullptr) return;
  asio::post(*io_, [weak = std::move(connection), response = std::move(response)]() mutable {
    if (const auto alive = weak.lock()) alive->answer(std::move(response));
  });
}

void LoopDoor::shut() {
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
}

void ServerCore::submit(const AsyncHandler* handler, Request request, Responder responder) {
  // Only the loop pushes, so there is still the room that it saw.
  tasks_->try_push(Task{handler, std::move(request), std::move(responder)});
}

void ServerCore::start_workers() {
  tasks_ = std::make_unique<BoundedQueue<Task>>(options.max_queued_requests);
  for (std::size_t i = 0; i < std::max<std::size_t>(options.worker_threads, 1); ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

void ServerCore::stop_workers() {
  for (auto& worker : workers_) worker.request_stop();
  workers_.clear();
}

void ServerCore::work(const std::stop_token& stop) {
  while (auto task = tasks_->pop(stop)) {
    if (stop.stop_requested()) return;
    // A handler that throws is a bug in it; the other clients are still served.
    try {
      (*task->handler)(std::move(task->request), std::move(task->responder));
    } catch (const std::exception& bug) {
      log().error("httpd", "a handler threw: {}", shorten(bug.what()));
    }
  }
}

const std::string& ServerCore::date() {
  const auto now = std::chrono::floor<seconds>(SystemClock{}.now()).time_since_epoch().count();
  if (now != date_second_) {
    date_second_ = now;
    date_ = http_date(now);
  }
  return date_;
}

struct HttpServer::Impl {
  Impl(ServerOptions options, Router router)
      : core(std::move(options), std::move(router)),
        acceptor(core.io),
        accept_pause(core.io),
        drain(core.io) {}

  Status listen();
  void accept();
  void accepted(const ErrorCode& error, asio::ip::tcp::socket socket);
  bool make_room();
  void begin_stop();

  ServerCore core;
  asio::ip::tcp::acceptor acceptor;
  asio::steady_timer accept_pause;
  asio::steady_timer drain;
  std::uint16_t port = 0;
  std::once_flag stopped;
  std::jthread loop;
};

Status HttpServer::Impl::listen() {
  TS_TRY(auto listening, listen_tcp(core.options.address, core.options.port));
  port = listening.port;
  ErrorCode error;
  acceptor.assign(listening.ipv6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                  listening.socket.release(), error);
  TS_ASSERT(!error);
  return ok_status();
}

void HttpServer::Impl::accept() {
  acceptor.async_accept([this](const ErrorCode& error, asio::ip::tcp::socket socket) {
    accepted(error, std::move(socket));
  });
}

void HttpServer::Impl::accepted(const ErrorCode& error, asio::ip::tcp::socket socket) {
  if (core.stopping || error == asio::error::operation_aborted) return;
  if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
      error == ErrorCode(ENFILE, boost::system::system_category())) {
    // Without a pause this would spin: the connection stays in the kernel's queue.
    make_room();
    accept_pause.expires_after(kAcceptPause);
    accept_pause.async_wait([this](const ErrorCode& cancelled) {
      if (!cancelled) accept();
    });
    return;
  }
  if (!error) {
    ++core.accepted;
    if (core.open < core.options.max_connections || make_room()) {
      std::make_shared<Connection>(core, std::move(socket))->start();
    } else {
      ++core.evicted;
    }
  }
  accept();
}

bool HttpServer::Impl::make_room() {
  for (const auto phase : {Phase::kIdle, Phase::kHeader, Phase::kBody}) {
    auto& list = core.list_of(phase);
    if (list.empty()) continue;
    ++core.evicted;
    list.front()->close();
    return true;
  }
  return false;
}

void HttpServer::Impl::begin_stop() {
  core.stopping = true;
  ErrorCode ignored;
  acceptor.close(ignored);
  accept_pause.cancel();
  core.on_drained = [this] { core.io.stop(); };
  for (auto& list : core.connections) {
    const auto all = list;  // Closing takes them out of the list.
    for (const auto& connection : all) connection->begin_stop();
  }
  if (core.open == 0) return core.io.stop();
  drain.expires_after(kDrainTime);
  drain.async_wait([this](const ErrorCode& cancelled) {
    if (!cancelled) core.io.stop();
  });
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(ServerOptions options, Router router) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(router));
  if (impl->core.options.tls) {
    const TlsFiles& files = *impl->core.options.tls;
    TS_TRY(impl->core.tls, tcp::load_server_tls(files.certificate, files.key));
  }
  TS_CHECK(impl->listen());
  impl->core.start_workers();
  impl->accept();
  impl->loop = std::jthread([raw = impl.get()] {
    const auto work = asio::make_work_guard(raw->core.io);
    raw->core.io.run();
  });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { stop(); }

std::uint16_t HttpServer::port() const noexcept { return impl_->port; }

std::string HttpServer::url() const {
  const auto& options = impl_->core.options;
  const bool bracket = options.address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", options.tls ? "https" : "http", bracket ? "[" : "",
                     options.address, bracket ? "]" : "", impl_->port);
}

ServerStats HttpServer::stats() const {
  const auto& core = impl_->core;
  return {.connections_open = core.open,
          .connections_accepted = core.accepted,
          .connections_evicted = core.evicted,
          .requests = core.requests,
          .refused = core.refused,
          .timeouts = core.timeouts};
}

Status HttpServer::reload_tls() {
  if (!impl_->core.options.tls) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the server does not speak TLS",
                 .hint = "start it with a certificate and a key"};
  }
  const TlsFiles& files = *impl_->core.options.tls;
  TS_TRY(auto context, tcp::load_server_tls(files.certificate, files.key));
  asio::post(impl_->core.io, [core = &impl_->core, context = std::move(context)]() mutable {
    core->tls = std::move(context);
  });
  return ok_status();
}

void HttpServer::stop() {
  std::call_once(impl_->stopped, [this] {
    asio::post(impl_->core.io, [raw = impl_.get()] { raw->begin_stop(); });
    impl_->loop.join();
    impl_->core.door->shut();
    impl_->core.stop_workers();
    // The loop is over: what is left can be closed here.
    impl_->core.on_drained = nullptr;
    for (auto& list : impl_->core.connections) {
      const auto all = list;
      for (const auto& connection : all) connection->close();
    }
  });
}

}  // namespace ts::httpd
