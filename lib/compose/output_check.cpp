// SPDX-License-Identifier: Apache-2.0
#include "compose/output_check.hpp"

#include "compose/compositor.hpp"
#include "core/unique_fd.hpp"
#include "media/encoder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

namespace ts::compose {
namespace {

namespace fs = std::filesystem;

/// Permissions are not all of it: /proc, a mount that is read-only for some other reason.
bool takes_a_file(const fs::path& folder) {
  std::string name = (folder / ".ts-check-XXXXXX").string();
  const UniqueFd made(::mkostemp(name.data(), O_CLOEXEC));
  if (!made) return errno == EMFILE || errno == ENFILE;
  (void)::unlink(name.c_str());
  return true;
}

class Checker {
 public:
  Checker(const scene::Show& show, bool allow_loose) : show_(show), allow_loose_(allow_loose) {}

  std::vector<scene::Finding> run() {
    encoder("$.encode", show_.canvas.size, show_.encode);
    for (const scene::Rendition& rendition : show_.renditions) {
      encoder("$.renditions." + rendition.name, rendition.size, rendition.encode);
    }
    for (std::size_t i = 0; i < show_.outputs.size(); ++i) {
      output(fmt::format("$.outputs[{}]", i), show_.outputs[i]);
    }
    return std::move(findings_);
  }

 private:
  void add(bool serious, const std::string& where, std::string message, std::string hint) {
    findings_.push_back({serious, where, std::move(message), std::move(hint)});
  }

  /// A hardware encoder is only known to be there once it was opened.
  void encoder(const std::string& where, scene::Size size, const scene::Encode& encode) {
    const auto made = media::VideoEncoder::create(
        {.width = size.width,
         .height = size.height,
         .rate = {static_cast<int>(show_.canvas.rate.num), static_cast<int>(show_.canvas.rate.den)},
         .bitrate = encode.video_bitrate,
         .gop = encode.gop,
         .preset = encode.preset,
         .profile = encode.profile,
         .encoder = encode.encoder});
    if (!made.ok()) add(true, where, made.error().message, made.error().hint);
  }

  void output(const std::string& where, const scene::Output& output) {
    if (const auto* file = std::get_if<scene::FileOutput>(&output.target)) {
      folder(where, fs::absolute(file->path).parent_path());
      return;
    }
    if (const auto* hls = std::get_if<scene::HlsOutput>(&output.target)) {
      // It is made, and what is missing above it.
      fs::path above = fs::absolute(hls->folder);
      std::error_code ignored;
      while (!fs::exists(above, ignored) && above.has_relative_path()) above = above.parent_path();
      folder(where, above);
      return;
    }
    const auto* rtmp = std::get_if<scene::RtmpUrlFileOutput>(&output.target);
    const auto* srt = std::get_if<scene::SrtUrlFileOutput>(&output.target);
    if (rtmp == nullptr && srt == nullptr) return;  // ts live knows whether these can be had
    const std::string& path = rtmp != nullptr ? rtmp->path : srt->path;
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      add(false, where, fmt::format("the file with its address is not there yet: {}", path),
          "make it before the show: chmod 600, one line");
      return;
    }
    const auto resolved = resolve_output(output, false, allow_loose_, {});
    if (!resolved.ok()) add(true, where, resolved.error().message, resolved.error().hint);
  }

  void folder(const std::string& where, const fs::path& path) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
      add(true, where, fmt::format("there is no folder {}", path.string()), "make it first");
    } else if (::access(path.c_str(), W_OK) != 0 || !takes_a_file(path)) {
      add(true, where, fmt::format("the folder {} cannot be written", path.string()),
          "check its permissions, or name another one");
    }
  }

  const scene::Show& show_;
  bool allow_loose_;
  std::vector<scene::Finding> findings_;
};

}  // namespace

std::vector<scene::Finding> check_outputs(const scene::Show& show, bool allow_loose) {
  return Checker(show, allow_loose).run();
}

}  // namespace ts::compose
