// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "net/curl_library_internal.hpp"
#include "net/http.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace ts::net {
namespace {

struct Receiver {
  HttpResponse response;
  std::size_t limit = 0;
  bool too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& receiver = *static_cast<Receiver*>(user);
  const std::size_t bytes = size * count;
  if (receiver.response.body.size() + bytes > receiver.limit) {
    receiver.too_large = true;
    return 0;
  }
  try {
    receiver.response.body.append(data, bytes);
  } catch (...) {
    return 0;
  }
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& receiver = *static_cast<Receiver*>(user);
  const std::size_t bytes = size * count;
  try {
    const std::string_view line = trim(std::string_view(data, bytes));
    if (line.starts_with("HTTP/")) {
      // A new header block (100 Continue before the real one): forget the former.
      receiver.response.headers.clear();
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      if (receiver.response.headers.size() < 256) {
        receiver.response.headers.emplace_back(std::string(line.substr(0, colon)),
                                               std::string(trim(line.substr(colon + 1))));
      }
    }
  } catch (...) {
    return 0;
  }
  return bytes;
}

class CurlTransport final : public HttpTransport {
 public:
  CurlTransport(CurlOptions options, Log& log) : options_(std::move(options)), log_(log) {}

  ~CurlTransport() override {
    if (!idle_.empty()) {
      for (CURLM* multi : idle_) curl_library().value().multi_cleanup(multi);
    }
  }

  Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) override {
    const auto& library = curl_library();
    if (!library.ok()) return library.error();
    const CurlLibrary& curl = library.value();
    TS_TRY(const Url url, Url::parse(request.url));
    if (url.scheme != "http" && url.scheme != "https") {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("{}:// is not an HTTP URL", url.scheme)};
    }
    if (url.scheme == "https") TS_CHECK(load_ca());
    return run(curl, request, url, stop);
  }

 private:
  Status load_ca() {
    const std::lock_guard lock(mutex_);
    if (options_.ca_file.empty() || !ca_blob_.empty()) return ok_status();
    TS_TRY(ca_blob_, trusted_certificates(options_.ca_file));
    return ok_status();
  }

  Result<HttpResponse> run(const CurlLibrary& curl, const HttpRequest& request, const Url& url,
                           const std::stop_token& stop) {
    const std::unique_ptr<CURL, decltype(curl.easy_cleanup)> easy(curl.easy_init(),
                                                                  curl.easy_cleanup);
    const auto set = [&](auto option, auto value) { curl.easy_setopt(easy.get(), option, value); };
    Receiver receiver;
    receiver.limit = request.max_response_bytes;
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(CURLOPT_ACCEPT_ENCODING, "");
    set(CURLOPT_TIMEOUT_MS, request.timeout.count());
    set(CURLOPT_CONNECTTIMEOUT_MS, request.connect_timeout.count());
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &receiver);
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &receiver);
    if (!ca_blob_.empty()) {
      curl_blob blob{ca_blob_.data(), ca_blob_.size(), CURL_BLOB_NOCOPY};
      curl.easy_setopt(easy.get(), CURLOPT_CAINFO_BLOB, &blob);
    }
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request.has_body) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.data());
      set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    } else {
      set(CURLOPT_HTTPGET, 1L);
      set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    // libcurl repeats a request by itself when a connection it used before dies without a byte of
    // an answer. The other end may have done what it was asked: what changes something goes out
    // once, on a connection of its own, and whoever asked decides.
    const bool repeatable = request.method == "GET" || request.method == "HEAD";
    set(CURLOPT_FRESH_CONNECT, repeatable ? 0L : 1L);
    std::unique_ptr<curl_slist, decltype(curl.slist_free_all)> list(nullptr, curl.slist_free_all);
    const auto add = [&](const std::string& line) {
      list.reset(curl.slist_append(list.release(), line.c_str()));
    };
    for (const auto& [name, value] : request.headers) {
      if (name.find_first_of("\r\n") != std::string::npos ||
          value.find_first_of("\r\n") != std::string::npos) {
        return Error{.kind = ErrorKind::kUsage, .message = "a header holds a line break"};
      }
      add(value.empty() ? name + ";" : name + ": " + value);
    }
    add("Expect:");
    // libcurl would add a form content type of its own.
    const bool typed =
        std::any_of(request.headers.begin(), request.headers.end(),
                    [](const auto& h) { return to_lower(h.first) == "content-type"; });
    if (request.has_body && !typed) add("Content-Type:");
    if (request.authorization) {
      const Authorization& authorization = *request.authorization;
      // libcurl copies what it is given, so no temporary outlives this call.
      if (authorization.scheme == Authorization::Scheme::kBearer) {
        set(CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        const std::string token(authorization.secret.reveal());
        set(CURLOPT_XOAUTH2_BEARER, token.c_str());
      } else {
        set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        const std::string password(authorization.secret.reveal());
        set(CURLOPT_USERNAME, authorization.user.c_str());
        set(CURLOPT_PASSWORD, password.c_str());
      }
    }
    set(CURLOPT_HTTPHEADER, list.get());
    return perform(curl, easy.get(), request, url, receiver, stop);
  }

  Result<HttpResponse> perform(const CurlLibrary& curl, CURL* easy, const HttpRequest& request,
                               const Url& url, Receiver& receiver, const std::stop_token& stop) {
    CURLM* multi = take_multi(curl);
    curl.multi_add_handle(multi, easy);
    int running = 1;
    bool stopped = false;
    while (running != 0 && !stopped) {
      curl.multi_perform(multi, &running);
      if (running != 0) {
        curl.multi_poll(multi, nullptr, 0, 200, nullptr);
        stopped = stop.stop_requested();
      }
    }
    CURLcode code = CURLE_OK;
    int left = 0;
    while (const CURLMsg* message = curl.multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    long status = 0;
    double total_s = 0;
    curl_off_t connected_us = 0;
    curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl.easy_getinfo(easy, CURLINFO_TOTAL_TIME, &total_s);
    curl.easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    curl.multi_remove_handle(multi, easy);
    give_back(multi);
    receiver.response.elapsed = std::chrono::milliseconds(static_cast<long>(total_s * 1000));
    if (stopped) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "the request was interrupted"};
    }
    if (receiver.too_large) {
      return Error{.kind = ErrorKind::kRemote,
                   .message = fmt::format("the answer of {} is larger than {} bytes",
                                          url.authority(), request.max_response_bytes),
                   .code = "too_large"};
    }
    if (code != CURLE_OK) {
      const std::string_view how = failure_code(code, connected_us > 0);
      log_.debug("net", "{} {} failed: {}", request.method, url.path, curl.easy_strerror(code));
      return Error{.kind = ErrorKind::kRemote,
                   .message = fmt::format("no answer from {} ({})", url.authority(),
                                          to_lower(curl.easy_strerror(code))),
                   .hint = how == "tls" ? "check the certificate; TS_CA_FILE adds a CA of your own"
                           : how == "dns" ? "check the host name and the network"
                                          : "check that the service is running and reachable",
                   .retryable = how != "tls",
                   .code = std::string(how)};
    }
    receiver.response.status = static_cast<int>(status);
    log_.debug("net", "{} {} {} {} ms", request.method, url.path, status,
               receiver.response.elapsed.count());
    return std::move(receiver.response);
  }

  CURLM* take_multi(const CurlLibrary& curl) {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        CURLM* multi = idle_.back();
        idle_.pop_back();
        return multi;
      }
    }
    return curl.multi_init();
  }
  void give_back(CURLM* multi) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(multi);
  }

  const CurlOptions options_;
  Log& log_;
  std::mutex mutex_;
  std::string ca_blob_;
  /// Each keeps its connections open for the next request.
  std::vector<CURLM*> idle_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_curl_transport(CurlOptions options, Log& log) {
  return std::make_unique<CurlTransport>(std::move(options), log);
}

}  // namespace ts::net
