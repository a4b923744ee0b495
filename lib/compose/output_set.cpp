// SPDX-License-Identifier: Apache-2.0
#include "compose/output_set.hpp"

#include "compose/hls_ladder.hpp"
#include "compose/wire.hpp"
#include "core/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace ts::compose {
namespace {

Status write_master(const media::MuxTarget& target, const std::vector<LadderStep>& steps) {
  std::error_code made;
  std::filesystem::create_directories(target.path, made);
  Status written = ok_status();
  if (!made) {
    written = write_file_atomic(std::filesystem::path(target.path) / "index.m3u8",
                                master_playlist(steps));
  }
  if (!made && written.ok()) return written;
  return Error{.kind = ErrorKind::kMedia,
               .message = fmt::format("open {}: {}", target.name,
                                      made ? made.message() : written.error().message),
               .hint = "check the path and its permissions"};
}

/// One name for one place, whatever way it is written.
std::string whole_path(const std::string& path) {
  std::error_code failed;
  auto whole = std::filesystem::weakly_canonical(std::filesystem::absolute(path, failed), failed);
  if (!whole.has_filename()) whole = whole.parent_path();  // "folder/"
  return whole.string();
}

/// Two programs in one HLS folder would write over each other's segments: the folder is the first
/// one's, until it ends, however it ends.
Result<std::shared_ptr<const UniqueFd>> lock_folder(const media::MuxTarget& target) {
  std::error_code made;
  std::filesystem::create_directories(target.path, made);
  UniqueFd folder(::open(target.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // What else is wrong with it is told when it is written to; some file systems have no locks.
  if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("another program writes into {}", target.name),
                 .hint = "choose another folder, or stop that program first"};
  }
  return std::make_shared<const UniqueFd>(std::move(folder));
}

/// Whether an output of that short name is meant: itself, or a rendition of it.
bool is_output(const OutputRunner& output, const std::string& name) {
  const std::string own = short_name(output.name());
  return own == name || own.starts_with(name + "@");
}

}  // namespace

Result<media::MuxTarget> OutputSet::placed(const media::MuxTarget& target) const {
  namespace fs = std::filesystem;
  media::MuxTarget out = target.clone();
  if (target.remote()) return out;
  const std::string path = whole_path(target.path);
  if (std::any_of(options_.sources.begin(), options_.sources.end(),
                  [&](const std::string& source) { return whole_path(source) == path; })) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("{} would write over a source of the show", target.name),
                 .hint = "choose another name"};
  }
  // Not only what is on the disk: an output opens its file on its own thread, a little later.
  const auto is_taken = [&](const std::string& candidate) {
    const std::lock_guard lock(mutex_);
    return std::any_of(outputs_.begin(), outputs_.end(), [&](const Attached& output) {
      return output.wanted == candidate || output.path == candidate;
    });
  };
  if (is_taken(path)) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("{} is being written already", target.name),
                 .hint = "choose another name"};
  }
  if (target.kind != media::MuxTarget::Kind::kFile) return out;
  std::error_code ignored;
  const fs::path folder = fs::path(path).parent_path();
  if (!fs::is_directory(folder, ignored)) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("open {}: no such file or directory", target.name),
                 .hint = fmt::format("make the folder {} first", folder.string())};
  }
  // Whoever starts a broken-off program again must not lose what was recorded before.
  if (options_.patient || fs::file_size(path, ignored) == 0 || ignored) return out;
  fs::path free = path;
  for (int n = 2; fs::exists(free, ignored) || is_taken(free.string()); ++n) {
    const fs::path name(path);
    free = name.parent_path() /
           fmt::format("{}-{}{}", name.stem().string(), n, name.extension().string());
  }
  if (options_.log != nullptr) {
    options_.log->warning("compose", "{} is there already and is kept; this recording is {}",
                          target.path, free.string());
  }
  out.path = free.string();
  if (const auto at = out.name.find(target.path); at != std::string::npos) {
    out.name.replace(at, target.path.size(), out.path);
  }
  return out;
}

Status OutputSet::attach(const media::MuxTarget& wanted) {
  TS_TRY(const media::MuxTarget target, placed(wanted));
  std::vector<media::MuxTarget> parts = one_per_rendition(target);
  std::vector<LadderStep> steps;
  for (const media::MuxTarget& part : parts) {
    const std::string name = part.renditions.empty() ? "" : part.renditions.front();
    TS_TRY(EncoderBank::Feed feed, encoders_.use(name));
    steps.push_back({name, std::move(feed)});
  }
  std::shared_ptr<const UniqueFd> folder;
  if (target.kind == media::MuxTarget::Kind::kHls) {
    TS_TRY(folder, lock_folder(target));
  }
  if (parts.size() > 1) TS_CHECK(write_master(target, steps));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // RTMP may take long to connect; what was made meanwhile is still wanted. A recording is wanted
    // whole, however long its disk stands still.
    const milliseconds queue = target.remote() ? milliseconds{4000} : milliseconds{60'000};
    auto runner = std::make_shared<OutputRunner>(
        std::move(parts[i]), steps[i].feed.video, steps[i].feed.audio,
        OutputRunner::Options{.patient = options_.patient,
                              .queue = queue,
                              .log = options_.log,
                              .request_key = [bank = &encoders_] { bank->request_key(); }});
    {
      const std::lock_guard lock(mutex_);
      outputs_.push_back({runner, steps[i].feed.fan_out,
                          target.remote() ? std::string() : whole_path(wanted.path),
                          target.remote() ? std::string() : whole_path(target.path), folder});
    }
    steps[i].feed.fan_out->add(std::move(runner));
  }
  return ok_status();
}

Status OutputSet::add(const media::MuxTarget& target) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& output : outputs_) {
      if (!is_output(*output.runner, short_name(target.name))) continue;
      return Error{
          .kind = ErrorKind::kConflict,
          .message = fmt::format("there is an output '{}' already", short_name(target.name)),
          .hint = "remove it first, or choose another name"};
    }
  }
  TS_CHECK(attach(target));
  encoders_.request_key();
  return ok_status();
}

Status OutputSet::remove(const std::string& name) {
  std::vector<Attached> found;
  {
    const std::lock_guard lock(mutex_);
    const auto kept = std::stable_partition(
        outputs_.begin(), outputs_.end(),
        [&](const Attached& output) { return !is_output(*output.runner, name); });
    found.assign(kept, outputs_.end());
    outputs_.erase(kept, outputs_.end());
    for (const Attached& output : found) was_live_ |= output.runner->status().ever_live;
  }
  if (found.empty()) {
    return Error{.kind = ErrorKind::kNotFound,
                 .message = fmt::format("the program has no output '{}'", name),
                 .hint = "list the outputs first"};
  }
  for (const Attached& output : found) {
    output.fan_out->remove(output.runner.get());
    output.runner->finish();
  }
  for (const Attached& output : found) {
    if (!output.runner->wait(seconds{5})) output.runner->abort();
  }
  return ok_status();
}

std::vector<OutputRunner::Status> OutputSet::statuses() const {
  const std::lock_guard lock(mutex_);
  std::vector<OutputRunner::Status> out;
  for (const auto& output : outputs_) out.push_back(output.runner->status());
  return out;
}

std::optional<Error> OutputSet::trouble() const {
  const std::vector<OutputRunner::Status> all = statuses();
  // A program that was on air goes on: whoever removes an output has another one that may come.
  const bool on_air = [&] {
    const std::lock_guard lock(mutex_);
    return was_live_;
  }() || std::any_of(all.begin(), all.end(), [](const auto& status) { return status.ever_live; });
  std::optional<Error> first;
  for (const OutputRunner::Status& status : all) {
    const bool hopeless =
        status.state == OutputState::kFailed || (status.state == OutputState::kRetrying && !on_air);
    if (!hopeless) return std::nullopt;
    if (!first) {
      first = Error{.kind = ErrorKind::kMedia, .message = status.reason, .hint = status.hint};
    }
  }
  return first;
}

void OutputSet::finish(Clock& clock, milliseconds patience, const std::stop_token& abort) {
  std::vector<std::shared_ptr<OutputRunner>> outputs;
  {
    const std::lock_guard lock(mutex_);
    for (const Attached& output : outputs_) outputs.push_back(output.runner);
  }
  for (const auto& output : outputs) output->finish();
  const SteadyTime deadline = clock.steady_now() + patience;
  for (const auto& output : outputs) {
    while (!output->wait(milliseconds{50})) {
      if (abort.stop_requested() || clock.steady_now() > deadline) {
        output->abort();
        break;
      }
    }
  }
}

}  // namespace ts::compose
