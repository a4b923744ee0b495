// SPDX-License-Identifier: Apache-2.0
#include "media/ffmpeg_log.hpp"

#include "media/av_handles.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdarg>
#include <mutex>
#include <string>
#include <utility>

namespace ts::media {
namespace {

// FFmpeg's callback carries no user pointer: the one process-wide state of this library.
std::mutex g_mutex;
Log* g_log = nullptr;
thread_local FfmpegErrors* t_errors = nullptr;
constexpr std::size_t kMaxNotedLines = 16;

LogLevel level_of(int av_level) {
  if (av_level <= AV_LOG_FATAL) return LogLevel::kWarning;
  // Whoever called gets the error itself and says it in our own words.
  if (av_level <= AV_LOG_ERROR) return LogLevel::kInfo;
  if (av_level <= AV_LOG_WARNING) return LogLevel::kDebug;
  return LogLevel::kTrace;
}

void callback(void* context, int av_level, const char* format, va_list arguments) noexcept {
  if (av_level > AV_LOG_DEBUG) return;
  const bool note = t_errors != nullptr && av_level <= AV_LOG_ERROR;
  const std::lock_guard lock(g_mutex);
  const bool log = g_log != nullptr && g_log->enabled(level_of(av_level));
  if (!note && !log) return;
  try {
    std::array<char, 1024> line{};
    int prefix = 1;
    av_log_format_line2(context, av_level, format, arguments, line.data(),
                        static_cast<int>(line.size()), &prefix);
    std::string text = without_url_paths(line.data());
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
      text.pop_back();
    }
    if (text.empty()) return;
    if (note) t_errors->note(text);
    if (log) g_log->write(level_of(av_level), "ffmpeg", std::move(text));
  } catch (...) {  // NOLINT(bugprone-empty-catch): a log line is not worth a show
  }
}

}  // namespace

FfmpegLog::FfmpegLog(Log& log) {
  const std::lock_guard lock(g_mutex);
  g_log = &log;
  av_log_set_callback(callback);
}

FfmpegLog::~FfmpegLog() {
  av_log_set_level(AV_LOG_QUIET);
  const std::lock_guard lock(g_mutex);
  g_log = nullptr;
}

FfmpegErrors::FfmpegErrors() : outer_(std::exchange(t_errors, this)) {}

FfmpegErrors::~FfmpegErrors() { t_errors = outer_; }

void FfmpegErrors::note(std::string line) {
  if (lines_.size() >= kMaxNotedLines) return;
  const auto context_end = line.starts_with('[') ? line.find("] ") : std::string::npos;
  if (context_end != std::string::npos) line.erase(0, context_end + 2);
  lines_.push_back(std::move(line));
}

std::string FfmpegErrors::first() const { return lines_.empty() ? std::string{} : lines_.front(); }

Error FfmpegErrors::explain(int code, std::string_view what, ErrorKind kind) const {
  auto error = av_error(code, what, kind);
  // FFmpeg returns these for whatever it has logged the reason of.
  const bool vague = code == AVERROR(EIO) || code == AVERROR(EPERM) || code == AVERROR_UNKNOWN;
  if (vague && !lines_.empty()) {
    error.message = std::string(what) + ": " + shorten(lines_.front(), 200);
  }
  if (const auto most = after("exceeds max_streams parameter ("); !most.empty()) {
    error.message =
        std::string(what) + ": it has more than " + most.substr(0, most.find(')')) + " streams";
    error.hint =
        "keep one video and one audio stream: ffmpeg -i IN -map 0:v:0 -map 0:a:0 -c copy OUT";
  } else if (const auto size = picture_too_large(); !size.empty()) {
    error.message = std::string(what) + ": a picture of " + size + " is too large";
    error.hint = kSmallerPicture;
  }
  if (noted("allowed_segment_extensions")) {
    error.message =
        std::string(what) + ": its playlist names a segment that is no media by its name";
    error.hint = "segments must end in .ts, .m4s, .mp4, .aac or the like, and lie where it lies";
  }
  // What GnuTLS says, in words that lead on.
  if (noted("Peer certificate failed verification") || noted("not trusted")) {
    error.message = std::string(what) + ": the server's certificate is not trusted";
    error.hint = "set TS_CA_FILE to the certificate of the authority that signed it";
  } else if (const auto host = after("does not match hostname "); !host.empty()) {
    error.message =
        std::string(what) + ": the server's certificate is for another host than " + host;
    error.hint = "check the address: something else answers under this name";
  }
  return error;
}

bool FfmpegErrors::noted(std::string_view words) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) {
    return line.find(words) != std::string::npos;
  });
}

std::string FfmpegErrors::picture_too_large() const {
  for (const auto& line : lines_) {
    const auto begin = line.find("Picture size ");
    if (begin == std::string::npos) continue;
    const std::string rest = line.substr(begin + 13);
    const bool refused = rest.find(" is invalid") != std::string::npos ||
                         rest.find("exceeds specified max pixel") != std::string::npos;
    if (refused) return rest.substr(0, rest.find(' '));
  }
  return {};
}

std::string FfmpegErrors::after(std::string_view prefix) const {
  for (const auto& line : lines_) {
    if (const auto at = line.find(prefix); at != std::string::npos) {
      return line.substr(at + prefix.size());
    }
  }
  return {};
}

std::string without_url_paths(std::string_view text) {
  std::string out;
  std::size_t from = 0;
  while (true) {
    const std::size_t separator = text.find("://", from);
    if (separator == std::string_view::npos) return out.append(text.substr(from));
    const std::size_t host = separator + 3;
    std::size_t end = text.find_first_of(" \t\n\"'<>", host);
    if (end == std::string_view::npos) end = text.size();
    std::string_view rest = text.substr(host, end - host);
    out.append(text.substr(from, host - from));
    const std::size_t slash = rest.find_first_of("/?#");
    std::string_view authority = rest.substr(0, slash);
    if (const auto at = rest.rfind('@', slash);
        at != std::string_view::npos && at < authority.size()) {
      out.append("…@");
      authority.remove_prefix(at + 1);
    }
    out.append(authority);
    if (slash != std::string_view::npos) out.append("/…");
    from = end;
  }
}

}  // namespace ts::media
