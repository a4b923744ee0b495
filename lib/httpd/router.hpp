// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/message.hpp"
#include "httpd/responder.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::httpd {

/// Answers at once. Runs on a worker thread and may block briefly; several run at a time.
using Handler = std::function<Response(const Request&)>;
/// Answers when it likes, from any thread. Runs on a worker thread.
using AsyncHandler = std::function<void(Request, Responder)>;

struct RouteOptions {
  std::size_t max_body_bytes = 0;  ///< 0: the server's own limit.
};

/// Which handler answers which method and path. Filled before the server starts, constant then.
class Router {
 public:
  /// @param method   "GET" (answers HEAD too), "POST" …, or "*" for every method.
  /// @param pattern  "/exact", "/streams/{id}" (one segment), "/files/{path*}" (the rest, may be
  ///                 empty). Literal segments win over `{}` and `{}` over `{*}`; of equal routes
  ///                 the first added.
  Router& on(std::string method, std::string pattern, Handler handler, RouteOptions options = {});
  Router& on_async(std::string method, std::string pattern, AsyncHandler handler,
                   RouteOptions options = {});
  /// Answers what no pattern matches. Default: 404 with a short text.
  Router& not_found(Handler handler);
  /// Answers a known path with another method. Default: 405; `Allow` is added in any case.
  Router& method_not_allowed(Handler handler);

  struct Match {
    const AsyncHandler* handler = nullptr;
    std::vector<std::pair<std::string, std::string>> params{};
    std::size_t max_body_bytes = 0;  ///< 0: the server's own limit.
    std::string allow{};             ///< Set when the path is known but the method is not.
  };
  /// @return the handler for this request (that of 404 or 405 when there is no other).
  [[nodiscard]] Match match(std::string_view method, std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    AsyncHandler handler;
    RouteOptions options;
  };
  std::vector<Route> routes_;
  AsyncHandler not_found_;
  AsyncHandler method_not_allowed_;
};

struct DirectoryOptions {
  std::string index = "index.html";  ///< Served for a folder; empty: folders are 404.
  Headers headers{};  ///< Added to every answer, such as Access-Control-Allow-Origin.
  std::string cache_control = "no-cache";
};

/// Serves the files under `root`: for a pattern that ends in `{path*}`. Never leaves `root`: no
/// "..", no symbolic link at any place below it, no hidden file, regular files only.
Handler serve_directory(std::filesystem::path root, DirectoryOptions options = {});

}  // namespace ts::httpd
