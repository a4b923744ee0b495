// SPDX-License-Identifier: Apache-2.0
#include "media/fetch.hpp"

#include "media/av_handles.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/interrupt.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>

namespace ts::media {
namespace {

struct CloseIo {
  void operator()(AVIOContext* io) const noexcept { avio_closep(&io); }
};

ErrorKind kind_of(int code) {
  switch (code) {
    case AVERROR_HTTP_NOT_FOUND:
    case AVERROR(ENOENT):
      return ErrorKind::kNotFound;
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      return ErrorKind::kAuth;
    default:
      return ErrorKind::kRemote;
  }
}

}  // namespace

std::string without_query(const std::string& url) {
  return url.find("://") == std::string::npos ? url : url.substr(0, url.find_first_of("?#"));
}

Result<std::string> fetch(const std::string& url, const FetchOptions& options,
                          const std::stop_token& stop) {
  const bool remote = url.starts_with("http://") || url.starts_with("https://");
  if (!remote && url.find("://") != std::string::npos) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = without_query(url) + " is no http or https address",
                 .hint = "give the address of a playlist, or a folder"};
  }
  AvDictionary settings;
  if (remote) {
    settings.set("protocol_whitelist", std::string("http,https,tls,tcp"));
    settings.set("tls_verify", std::int64_t{1});
    settings.set("user_agent", std::string("ts-media"));
    if (!options.ca_file.empty()) settings.set("ca_file", options.ca_file);
  } else {
    settings.set("protocol_whitelist", std::string("file"));
  }
  const FfmpegErrors errors;
  Interrupt interrupt(stop);
  interrupt.arm(options.timeout);
  std::shared_ptr<AddressPolicy> policy = options.policy;
  if (remote && !policy) policy = AddressPolicy::for_url(url);
  const ConnectGuard guard(remote ? policy.get() : nullptr);
  const auto failure = [&](int code) {
    if (code == AVERROR(EACCES) && policy && !policy->refused().empty()) {
      return refused_address("get " + without_query(url), policy->refused(), ErrorKind::kRemote);
    }
    if (interrupt.timed_out()) {
      return Error{.kind = ErrorKind::kRemote,
                   .message = "get " + without_query(url) + ": no answer in time",
                   .retryable = true};
    }
    auto error = errors.explain(code, "get " + without_query(url), kind_of(code));
    error.retryable = error.kind == ErrorKind::kRemote;
    return error;
  };
  const auto callback = interrupt.callback();
  AVIOContext* opened = nullptr;
  const auto location = remote ? url : "file:" + url;
  if (const int code =
          avio_open2(&opened, location.c_str(), AVIO_FLAG_READ, &callback, settings.address());
      code < 0) {
    return failure(code);
  }
  const std::unique_ptr<AVIOContext, CloseIo> io(opened);
  std::string content;
  std::array<unsigned char, std::size_t{32} << 10U> buffer{};
  while (true) {
    const int count = avio_read(io.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count == AVERROR_EOF || count == 0) return content;
    if (count < 0) return failure(count);
    content.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(count));
    if (content.size() > options.max_bytes) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("{} is larger than {} MiB", without_query(url),
                                          options.max_bytes >> 20U)};
    }
  }
}

}  // namespace ts::media
