// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "httpd/router.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace ts::httpd {
namespace {

/// One step down from `folder`, never through a symbolic link and never up.
UniqueFd open_below(int folder, const std::string& name, int flags) {
  return UniqueFd(
      ::openat(folder, name.c_str(), flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

struct Found {
  UniqueFd file;
  std::string name;
};

bool is_regular(const UniqueFd& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_folder(const UniqueFd& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// `path` is still percent-encoded, so that "%2f" cannot make a separator.
Found find(const std::filesystem::path& root, std::string_view path, const std::string& index) {
  UniqueFd at(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::string name;
  const auto segments = split(path, '/');
  for (std::size_t i = 0; at && i < segments.size(); ++i) {
    if (segments[i].empty() && i + 1 == segments.size()) break;  // "folder/"
    const auto decoded = percent_decode(segments[i]);
    // A leading dot covers ".", ".." and hidden files.
    if (!decoded || decoded->empty() || decoded->front() == '.' ||
        decoded->find('/') != std::string::npos) {
      return {};
    }
    name = *decoded;
    at = open_below(at.get(), name, i + 1 < segments.size() ? O_DIRECTORY : 0);
  }
  if (at && is_folder(at)) {
    if (index.empty()) return {};
    name = index;
    at = open_below(at.get(), index, 0);
  }
  if (!at || !is_regular(at)) return {};
  return {std::move(at), std::move(name)};
}

}  // namespace

Handler serve_directory(std::filesystem::path root, DirectoryOptions options) {
  return [root = std::move(root), options = std::move(options)](const Request& request) {
    const std::string_view path =
        request.params.empty() ? std::string_view{} : request.params.back().second;
    auto found = find(root, path, options.index);
    Response response;
    if (found.file) {
      response.file = std::move(found.file);
      response.headers.set("Content-Type", std::string(content_type_of(found.name)));
      response.headers.set("Cache-Control", options.cache_control);
      response.headers.set("X-Content-Type-Options", "nosniff");
    } else {
      response = Response::text(404, "not found\n");
    }
    for (const auto& [name, value] : options.headers) response.headers.set(name, value);
    return response;
  };
}

}  // namespace ts::httpd
