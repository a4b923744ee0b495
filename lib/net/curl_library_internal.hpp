// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <curl/curl.h>

#include <string>
#include <string_view>

namespace ts::net {

/// The functions of libcurl that are used, found in the library loaded at first use: linking it
/// would cost every start of ts 5 ms.
struct CurlLibrary {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_send) easy_send = nullptr;
  decltype(&curl_easy_recv) easy_recv = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_multi_init) multi_init = nullptr;
  decltype(&curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&curl_multi_perform) multi_perform = nullptr;
  decltype(&curl_multi_poll) multi_poll = nullptr;
  decltype(&curl_multi_info_read) multi_info_read = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

/// Loaded once a process, as libcurl's own global state is. @return kConfig without libcurl.
const Result<CurlLibrary>& curl_library();

/// The system's certificates and those of `extra_file` as one PEM text: libcurl takes either a file
/// or its default. @return kConfig when the file cannot be read.
Result<std::string> trusted_certificates(const std::string& extra_file);

/// The word that tells how far a request got; see HttpTransport::send.
std::string_view failure_code(CURLcode code, bool connected) noexcept;

}  // namespace ts::net
