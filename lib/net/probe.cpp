// SPDX-License-Identifier: Apache-2.0
#include "net/probe.hpp"

#include "core/text.hpp"
#include "core/unique_fd.hpp"
#include "net/curl_library_internal.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <memory>
#include <random>

namespace ts::net {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Microseconds = std::chrono::microseconds;

/// Certificate dates as libcurl writes them: "Nov 20 12:00:00 2027 GMT".
std::optional<WallTime> certificate_time(std::string_view text) {
  std::tm parts{};
  const std::string copy(trim(text));
  if (::strptime(copy.c_str(), "%b %d %H:%M:%S %Y", &parts) == nullptr) return std::nullopt;
  return WallTime{std::chrono::seconds{::timegm(&parts)}};
}

/// The expiry of the server's own certificate, the first of its chain.
std::optional<WallTime> expiry_of(const CurlLibrary& curl, CURL* easy) {
  curl_certinfo* chain = nullptr;
  if (curl.easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr ||
      chain->num_of_certs < 1) {
    return std::nullopt;
  }
  for (const curl_slist* line = chain->certinfo[0]; line != nullptr; line = line->next) {
    const std::string_view text(line->data);
    constexpr std::string_view kName = "Expire date:";
    if (text.starts_with(kName)) return certificate_time(text.substr(kName.size()));
  }
  return std::nullopt;
}

/// One look: owns the handles for its length.
class Look {
 public:
  Look(const CurlLibrary& curl, const ProbeRequest& request, std::stop_token stop)
      : curl_(curl),
        request_(request),
        stop_(std::move(stop)),
        easy_(curl.easy_init(), curl.easy_cleanup),
        multi_(curl.multi_init(), curl.multi_cleanup),
        deadline_(std::chrono::steady_clock::now() + request.timeout) {}
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;
  ~Look() {
    if (added_) curl_.multi_remove_handle(multi_.get(), easy_.get());
  }

  Result<Probe> run() {
    const bool v6 = request_.host.find(':') != std::string::npos;
    const std::string url = fmt::format("{}://{}{}{}:{}/", request_.tls ? "https" : "http",
                                        v6 ? "[" : "", request_.host, v6 ? "]" : "", request_.port);
    if (!request_.ca_file.empty() && request_.tls) {
      TS_TRY(certificates_, trusted_certificates(request_.ca_file));
    }
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_CONNECT_ONLY, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_CERTINFO, 1L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_TIMEOUT_MS, request_.timeout.count());
    if (!certificates_.empty()) {
      curl_blob blob{certificates_.data(), certificates_.size(), CURL_BLOB_NOCOPY};
      curl_.easy_setopt(easy_.get(), CURLOPT_CAINFO_BLOB, &blob);
    }
    TS_CHECK(connect());
    Probe out;
    out.dns = time_of(CURLINFO_NAMELOOKUP_TIME_T);
    out.connected = time_of(CURLINFO_CONNECT_TIME_T);
    if (request_.tls) {
      out.secured = time_of(CURLINFO_APPCONNECT_TIME_T);
      out.certificate_expires = expiry_of(curl_, easy_.get());
    }
    char* address = nullptr;
    if (curl_.easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &address) == CURLE_OK &&
        address != nullptr) {
      out.address = address;
    }
    if (!request_.send.empty()) TS_CHECK(exchange(out));
    return out;
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_.easy_setopt(easy_.get(), option, value);
  }

  Microseconds time_of(CURLINFO info) const {
    curl_off_t value = 0;
    curl_.easy_getinfo(easy_.get(), info, &value);
    return Microseconds{value};
  }

  Error failure(std::string_view code, std::string_view why) const {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("{}:{}: {}", request_.host, request_.port, why),
                 .hint = code == "tls"   ? "check the certificate; TS_CA_FILE adds a CA of your own"
                         : code == "dns" ? "check the host name and the network"
                                         : "check that the service runs and no firewall is between",
                 .retryable = code != "tls",
                 .code = std::string(code)};
  }

  Status connect() {
    curl_.multi_add_handle(multi_.get(), easy_.get());
    added_ = true;
    int running = 1;
    while (running != 0) {
      curl_.multi_perform(multi_.get(), &running);
      if (running == 0) break;
      if (stop_.stop_requested()) {
        return Error{.kind = ErrorKind::kInterrupted, .message = "the look was interrupted"};
      }
      curl_.multi_poll(multi_.get(), nullptr, 0, 100, nullptr);
    }
    CURLcode code = CURLE_OK;
    int left = 0;
    while (const CURLMsg* message = curl_.multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (code == CURLE_OK) return ok_status();
    const auto how = failure_code(code, false);
    return failure(how, to_lower(curl_.easy_strerror(code)));
  }

  /// Waits until the socket is ready. @return the Error of a passed deadline.
  Status wait_for(int socket, short events) const {
    while (true) {
      if (stop_.stop_requested()) {
        return Error{.kind = ErrorKind::kInterrupted, .message = "the look was interrupted"};
      }
      const auto left =
          std::chrono::duration_cast<Milliseconds>(deadline_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return failure("timeout", "connected, but no answer came in time");
      pollfd entry{.fd = socket, .events = events, .revents = 0};
      if (::poll(&entry, 1, static_cast<int>(std::min<long>(left.count(), 100))) > 0) {
        return ok_status();
      }
    }
  }

  Status exchange(Probe& out) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_.easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket);
    std::string_view rest = request_.send;
    while (!rest.empty()) {
      std::size_t sent = 0;
      const CURLcode code = curl_.easy_send(easy_.get(), rest.data(), rest.size(), &sent);
      if (code == CURLE_AGAIN) {
        TS_CHECK(wait_for(socket, POLLOUT));
        continue;
      }
      if (code != CURLE_OK) return failure("send", to_lower(curl_.easy_strerror(code)));
      rest.remove_prefix(sent);
    }
    std::array<char, 4096> buffer{};
    while (out.received.size() < request_.receive_bytes &&
           !(request_.enough && request_.enough(out.received))) {
      std::size_t count = 0;
      const std::size_t wanted =
          std::min(buffer.size(), request_.receive_bytes - out.received.size());
      const CURLcode code = curl_.easy_recv(easy_.get(), buffer.data(), wanted, &count);
      if (code == CURLE_AGAIN) {
        TS_CHECK(wait_for(socket, POLLIN));
        continue;
      }
      if (code != CURLE_OK) return failure("receive", to_lower(curl_.easy_strerror(code)));
      if (count == 0) {
        return failure("receive", fmt::format("closed after {} of {} bytes", out.received.size(),
                                              request_.receive_bytes));
      }
      out.received.append(buffer.data(), count);
    }
    out.answered = std::chrono::duration_cast<Microseconds>(std::chrono::steady_clock::now() -
                                                            (deadline_ - request_.timeout));
    return ok_status();
  }

  const CurlLibrary& curl_;
  const ProbeRequest& request_;
  std::stop_token stop_;
  std::string certificates_;
  std::unique_ptr<CURL, decltype(CurlLibrary::easy_cleanup)> easy_;
  std::unique_ptr<CURLM, decltype(CurlLibrary::multi_cleanup)> multi_;
  const std::chrono::steady_clock::time_point deadline_;
  bool added_ = false;
};

/// A look-up that may outlive the caller's patience: the resolver writes into it until it is done.
struct Lookup {
  std::string host;
  addrinfo hints{};
  gaicb request{};
};

Error no_address(std::string_view host, std::string_view why) {
  return Error{.kind = ErrorKind::kRemote,
               .message = fmt::format("{}: {}", host, why),
               .hint = "check the host name, /etc/resolv.conf and the network",
               .retryable = true,
               .code = "dns"};
}

/// The addresses of `host`, to be freed with freeaddrinfo.
Result<std::shared_ptr<addrinfo>> look_up(std::string_view host, Milliseconds timeout) {
  auto lookup = std::make_unique<Lookup>();
  lookup->host = std::string(host);
  lookup->hints.ai_socktype = SOCK_DGRAM;
  lookup->request.ar_name = lookup->host.c_str();
  lookup->request.ar_request = &lookup->hints;
  gaicb* list[] = {&lookup->request};
  if (const int code = ::getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr); code != 0) {
    return no_address(host, ::gai_strerror(code));
  }
  timespec limit{};
  limit.tv_sec = timeout.count() / 1000;
  limit.tv_nsec = timeout.count() % 1000 * 1'000'000;
  static_cast<void>(::gai_suspend(list, 1, &limit));
  const int code = ::gai_error(&lookup->request);
  if (code == EAI_INPROGRESS) {
    if (::gai_cancel(&lookup->request) != EAI_CANCELED) {
      // Its thread still writes there: the few bytes live on with it.
      static_cast<void>(lookup.release());
    }
    return no_address(host, fmt::format("no name server answered within {} ms", timeout.count()));
  }
  if (code != 0) return no_address(host, ::gai_strerror(code));
  return std::shared_ptr<addrinfo>(lookup->request.ar_result, [](addrinfo* info) {
    if (info != nullptr) ::freeaddrinfo(info);
  });
}

}  // namespace

Result<Probe> probe_connection(const ProbeRequest& request, std::stop_token stop) {
  const auto& library = curl_library();
  if (!library.ok()) return library.error();
  if (request.host.empty() || request.port == 0) {
    return Error{.kind = ErrorKind::kUsage, .message = "a look needs a host and a port"};
  }
  Look look(library.value(), request, std::move(stop));
  return look.run();
}

Result<std::vector<std::string>> resolve_host(std::string_view host, Milliseconds timeout) {
  TS_TRY(const auto found, look_up(host, timeout));
  std::vector<std::string> out;
  for (const addrinfo* entry = found.get(); entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0 &&
        std::find(out.begin(), out.end(), text.data()) == out.end()) {
      out.emplace_back(text.data());
    }
  }
  if (out.empty()) return no_address(host, "it has no address");
  return out;
}

Result<StunAnswer> probe_stun(std::string_view host, std::uint16_t port, StunMethod method,
                              Milliseconds timeout) {
  TS_TRY(const auto found, look_up(host, timeout));
  const addrinfo* entry = found.get();
  if (entry == nullptr) return no_address(host, "it has no address");
  sockaddr_storage address{};
  std::memcpy(&address, entry->ai_addr, std::min<std::size_t>(entry->ai_addrlen, sizeof address));
  if (address.ss_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&address)->sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6*>(&address)->sin6_port = htons(port);
  }
  const UniqueFd socket(::socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto failed = [&](std::string_view why) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("{}:{}: {}", host, port, why),
                 .hint = "check the address, and that UDP to that port passes the firewall",
                 .retryable = true,
                 .code = "stun"};
  };
  if (socket.get() < 0 || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                                    entry->ai_addrlen) != 0) {
    return failed(std::strerror(errno));
  }
  StunId id{};
  std::random_device random;
  std::generate(id.begin(), id.end(), [&] { return static_cast<std::uint8_t>(random()); });
  const std::string request = stun_request(method, id);
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
      return failed(std::strerror(errno));
    }
    pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, static_cast<int>(timeout.count() / kTries)) <= 0) continue;
    std::array<std::uint8_t, 2048> answer{};
    const ssize_t count = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (count < 0) return failed(std::strerror(errno));
    return read_stun_answer({answer.data(), static_cast<std::size_t>(count)}, method, id);
  }
  return failed(fmt::format("no answer over UDP within {} ms", timeout.count()));
}

std::string rtmp_hello() {
  // Version 3, then time 0, four zero bytes and 1528 bytes of anything (RTMP 1.0, section 5.2).
  std::string out(1 + 1536, '\0');
  out[0] = 3;
  for (std::size_t i = 9; i < out.size(); ++i) out[i] = static_cast<char>(i * 31 & 0xFFU);
  return out;
}

}  // namespace ts::net
