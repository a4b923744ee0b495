// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/unique_fd.hpp"
#include "rtmp/tag_ring.hpp"
#include "sandbox/composite.hpp"
#include "sandbox/media_host.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace ts::sandbox {

/// One publish on its way into a compositor: a Unix socket (mode 0600) that gives whoever connects
/// the publish as FLV. For one thread.
class CompositeFeed {
 public:
  /// Listens. @return kMedia when the socket cannot be made.
  static Result<CompositeFeed> open(std::uint64_t publish, std::string source,
                                    const std::filesystem::path& socket);

  [[nodiscard]] std::uint64_t publish() const { return publish_; }
  /// What the compositor calls it.
  [[nodiscard]] const std::string& source() const { return source_; }
  /// The source's object in a show file.
  [[nodiscard]] Json definition() const;
  /// Readable when somebody connects.
  [[nodiscard]] int fd() const { return listener_.get(); }
  /// Takes the newest connection in; the one before ends.
  void serve(const std::shared_ptr<Publication>& publication, bool audio, bool video);

 private:
  std::uint64_t publish_ = 0;
  std::string source_;
  std::filesystem::path socket_;
  UniqueFd listener_;
  std::unique_ptr<rtmp::FlvPipe> pipe_;
};

}  // namespace ts::sandbox
