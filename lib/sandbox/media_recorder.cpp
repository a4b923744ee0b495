// SPDX-License-Identifier: Apache-2.0
#include "sandbox/media_recorder.hpp"

#include <algorithm>

namespace ts::sandbox {

void MediaRecorder::run(const std::stop_token& stop) {
  while (!stop.stop_requested() && !done_) {
    std::optional<Order> order;
    if (worker_) {
      read_line(stop);
      if (worker_ && worker_->ended()) {
        close_worker();
        if (import_) end_import();
      }
      order = orders_.try_pop();
    } else {
      order = orders_.pop(stop);
    }
    if (!order) continue;
    if (worker_) drain(stop);
    if (auto* connect = std::get_if<Connect>(&*order)) {
      begin(*connect);
    } else if (auto* import = std::get_if<AssetImport>(&*order)) {
      begin(std::move(*import));
    } else {
      complete(stop);
    }
  }
  if (worker_) drain({});
}

void MediaRecorder::begin(const Connect& connect) {
  std::vector<std::string> arguments{"ingest", "--json", "--dir", folder_.string()};
  if (connect.resume) arguments.emplace_back("--append");
  auto started = MediaWorker::start(options_.program, options_.environment, std::move(arguments),
                                    {}, connect.publication->subscribe(true, !connect.audio_only));
  if (!started) {
    fail(started.error().message);
    return;
  }
  worker_ = std::make_unique<MediaWorker>(std::move(started).value());
}

void MediaRecorder::begin(AssetImport import) {
  std::vector<std::string> arguments{"import", "--json", "--dir", folder_.string()};
  // The address may carry a token: it travels on an inherited pipe.
  std::vector<InheritedFd> inherited;
  UniqueFd secret;
  if (import.file.empty()) {
    if (auto pipe = secret_pipe(import.url)) secret = std::move(pipe).value();
    inherited.push_back({.fd = secret.get(), .as = kControlDescriptor});
    arguments.insert(arguments.end(), {"--url-fd", std::to_string(kControlDescriptor)});
  } else {
    arguments.insert(arguments.end(), {"--file", import.file});
  }
  auto started = MediaWorker::start(options_.program, options_.environment, std::move(arguments),
                                    std::move(inherited), nullptr);
  import_ = std::move(import);
  if (!started) {
    fail(started.error().message);
    end_import();
    return;
  }
  worker_ = std::make_unique<MediaWorker>(std::move(started).value());
}

void MediaRecorder::end_import() {
  std::error_code ignored;
  if (!import_->file.empty()) std::filesystem::remove(import_->file, ignored);
  hooks_.completed(asset_, info_, error_);
  done_ = true;
}

void MediaRecorder::describe(const Json& started) {
  StreamInfo info;
  const auto video = started.value("video", Json());
  const auto audio = started.value("audio", Json());
  if (video.is_object()) {
    info.has_video = true;
    info.video_mime = "video/H264";
    info.width = video.value("width", 0U);
    info.height = video.value("height", 0U);
  }
  if (audio.is_object()) {
    info.has_audio = true;
    info.audio_mime = "audio/aac";
    info.channels = audio.value("channels", 0U);
    info.sample_rate = audio.value("sample_rate", 0U);
  }
  hooks_.described(asset_, info);
}

void MediaRecorder::read_line(const std::stop_token& stop) {
  const auto line = worker_->line(stop);
  if (!line) return;
  const auto json = parse_line(*line);
  const auto event = word(json, "event");
  if (event == "segment") {
    const auto length = number(json, "duration_s");
    ++info_.segments;
    info_.duration += milliseconds{static_cast<std::int64_t>(length * 1000 + 0.5)};
    if (length > 0) {
      const auto rate = number(json, "bytes") * 8 / length;
      info_.peak_bits_per_s =
          std::max(info_.peak_bits_per_s, static_cast<std::int64_t>(rate + 0.5));
    }
    hooks_.progress(asset_, info_);
  } else if (event == "started" && import_) {
    describe(json);
  } else if (event == "error") {
    fail(word(json, "message"));
  }
}

void MediaRecorder::drain(const std::stop_token& stop) {
  worker_->close_input();
  const auto until = std::chrono::steady_clock::now() + kDrain;
  while (!worker_->ended() && std::chrono::steady_clock::now() < until) read_line(stop);
  close_worker();
}

void MediaRecorder::close_worker() {
  const auto status = worker_->finish(seconds{1});
  worker_.reset();
  if (!status.success() && error_.empty()) fail("the recorder " + status.describe());
}

void MediaRecorder::complete(const std::stop_token& stop) {
  if (info_.segments > 0) {
    auto child = ChildProcess::spawn(
        {.program = options_.program,
         .arguments = {"ingest", "--json", "--dir", folder_.string(), "--complete"},
         .environment = options_.environment,
         .standard_error = StreamMode::kNull});
    if (!child) {
      fail(child.error().message);
    } else if (const auto status = child.value().wait(kDrain, stop);
               !status || !status.value().success()) {
      fail("the playlists could not be ended");
    }
  }
  // What was recorded stays usable: an error counts only when there is nothing.
  hooks_.completed(asset_, info_, info_.segments == 0 ? error_ : std::string());
  done_ = true;
}

void MediaRecorder::fail(std::string why) {
  log_.warning("sandbox", "recording of asset {}: {}", asset_, why);
  note_("recording of asset " + asset_ + ": " + why);
  error_ = std::move(why);
}

}  // namespace ts::sandbox
