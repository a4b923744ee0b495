// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"
#include "net/curl_library_internal.hpp"

#include <dlfcn.h>

namespace ts::net {
namespace {

template <typename Function>
bool resolve(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

Result<CurlLibrary> load_curl() {
  // Never closed: libcurl's TLS state lives until the process ends.
  void* library = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "libcurl is not installed",
                 .hint = "apt-get install libcurl4"};
  }
  CurlLibrary curl;
  const bool complete = resolve(library, "curl_global_init", curl.global_init) &&
                        resolve(library, "curl_easy_init", curl.easy_init) &&
                        resolve(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                        resolve(library, "curl_easy_setopt", curl.easy_setopt) &&
                        resolve(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                        resolve(library, "curl_easy_send", curl.easy_send) &&
                        resolve(library, "curl_easy_recv", curl.easy_recv) &&
                        resolve(library, "curl_easy_strerror", curl.easy_strerror) &&
                        resolve(library, "curl_multi_init", curl.multi_init) &&
                        resolve(library, "curl_multi_cleanup", curl.multi_cleanup) &&
                        resolve(library, "curl_multi_add_handle", curl.multi_add_handle) &&
                        resolve(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                        resolve(library, "curl_multi_perform", curl.multi_perform) &&
                        resolve(library, "curl_multi_poll", curl.multi_poll) &&
                        resolve(library, "curl_multi_info_read", curl.multi_info_read) &&
                        resolve(library, "curl_slist_append", curl.slist_append) &&
                        resolve(library, "curl_slist_free_all", curl.slist_free_all);
  if (!complete || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{.kind = ErrorKind::kConfig, .message = "libcurl is too old"};
  }
  return curl;
}

}  // namespace

const Result<CurlLibrary>& curl_library() {
  static const Result<CurlLibrary> library = load_curl();
  return library;
}

Result<std::string> trusted_certificates(const std::string& extra_file) {
  auto extra = read_file(extra_file);
  if (!extra) {
    Error error = std::move(extra).error();
    error.kind = ErrorKind::kConfig;
    return std::move(error).with_context("TS_CA_FILE");
  }
  std::string blob;
  if (auto system = read_file("/etc/ssl/certs/ca-certificates.crt")) {
    blob = std::move(system).value();
    blob += '\n';
  }
  return blob + extra.value();
}

std::string_view failure_code(CURLcode code, bool connected) noexcept {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "dns";
    case CURLE_COULDNT_CONNECT:
      return "connect";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return "tls";
    case CURLE_SEND_ERROR:
      return "send";
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? "timeout" : "connect";
    default:
      return "receive";
  }
}

}  // namespace ts::net
