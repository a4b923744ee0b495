// SPDX-License-Identifier: Apache-2.0
#include "sandbox/media_relay.hpp"

#include "net/url.hpp"
#include "sandbox/media_worker.hpp"

namespace ts::sandbox {

void MediaRelay::run(const std::stop_token& stop) {
  const auto error = forward(stop);
  hooks_.ended(start_.relay, stopping_ || stop.stop_requested() ? std::string() : error, left());
  done_ = true;
}

std::string MediaRelay::forward(const std::stop_token& stop) {
  if (publication_ == nullptr) return "the publisher has gone";
  Json add{{"op", "add"}, {"id", "out"}};
  if (auto refused = describe_target(add); !refused.empty()) return refused;
  // The key travels in a control line on an inherited pipe: never in an argument.
  auto secret = secret_pipe(Secret(dump_json(add) + "\n"));
  if (!secret) return secret.error().message;
  auto started =
      MediaWorker::start(options_.program, options_.environment,
                         {"relay", "--json", "--control-fd", std::to_string(kControlDescriptor)},
                         {{.fd = secret.value().get(), .as = kControlDescriptor}},
                         publication_->subscribe(start_.audio, start_.video));
  if (!started) return started.error().message;
  auto worker = std::move(started).value();
  publication_.reset();
  std::string error;
  bool closing = false;
  auto until = SteadyTime::max();
  while (!worker.ended() && std::chrono::steady_clock::now() < until) {
    if (!closing && (stopping_ || stop.stop_requested())) {
      closing = true;
      worker.close_input();
      until = std::chrono::steady_clock::now() + kDrain;
    }
    if (const auto line = worker.line({})) read(parse_line(*line), error);
    tell_written();
  }
  const auto status = worker.finish(seconds{1});
  if (!status.success() && error.empty()) error = "the relay " + status.describe();
  return error;
}

std::string MediaRelay::describe_target(Json& add) const {
  const auto path = local_path();
  if (!path.empty()) {
    std::error_code failure;
    std::filesystem::create_directories(path.parent_path(), failure);
    if (const StillsWanted& stills = start_.stills; !stills.prefix.empty()) {
      add["images"] = path.string();
      add["interval_ms"] = stills.interval.count() * 1000;
      add["width"] = stills.width;
      add["height"] = stills.height;
      add["naming"] = stills.naming;
      add["manifest"] = stills.manifest;
    } else {
      add[start_.file.empty() ? "hls" : "file"] = path.string();
    }
    return failure ? "the folder cannot be made: " + failure.message() : std::string();
  }
  const auto url = net::Url::parse(start_.url.reveal());
  if (!url) return "the URL is not an RTMP address";
  if (options_.loopback_only && !url.value().is_loopback()) {
    return "the sandbox sends to this machine only, not to " + url.value().host;
  }
  add["url"] = start_.url.reveal();
  return {};
}

std::filesystem::path MediaRelay::local_path() const {
  const auto& name = !start_.file.empty()     ? start_.file
                     : !start_.folder.empty() ? start_.folder
                                              : start_.stills.prefix;
  return name.empty() ? std::filesystem::path() : options_.files / name;
}

void MediaRelay::tell_written() {
  const auto now = std::chrono::steady_clock::now();
  if (!hooks_.written || (start_.folder.empty() && start_.stills.prefix.empty()) ||
      now < told_ + seconds{1}) {
    return;
  }
  told_ = now;
  hooks_.written(start_.relay, left());
}

RelayLeft MediaRelay::left() const {
  RelayLeft out;
  const auto path = local_path();
  std::error_code ignored;
  if (path.empty()) return out;
  if (!start_.file.empty()) {
    const auto size = std::filesystem::file_size(path, ignored);
    out.bytes = ignored ? 0 : static_cast<std::int64_t>(size);
    return out;
  }
  const bool stills = !start_.stills.prefix.empty();
  const auto prefix = path.filename().string();
  for (const auto& entry :
       std::filesystem::directory_iterator(stills ? path.parent_path() : path, ignored)) {
    const auto name = entry.path().filename().string();
    const bool still = name.starts_with(prefix) && name.ends_with(".jpeg");
    const auto kind = entry.path().extension();
    if (stills ? !still : kind == ".m3u8" || kind == ".tmp") continue;
    const auto size = entry.file_size(ignored);
    if (ignored) continue;  // gone meanwhile
    out.bytes += static_cast<std::int64_t>(size);
    ++out.files;
  }
  return out;
}

void MediaRelay::read(const Json& json, std::string& error) {
  const auto event = word(json, "event");
  if (event == "active") hooks_.connected(start_.relay);
  const auto why = json.find("error");
  if ((event == "failed" || event == "refused") && why != json.end() && why->is_object()) {
    error = word(*why, "message");
  }
}

}  // namespace ts::sandbox
