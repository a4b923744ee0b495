// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/compositor.hpp"
#include "core/clock.hpp"
#include "frame/frame_code.hpp"
#include "media/reader.hpp"
#include "media/resampler.hpp"

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ts::test {

/// A file output for RunOptions.
inline media::MuxTarget file_target(const std::filesystem::path& path) {
  media::MuxTarget target;
  target.name = "output '" + path.filename().string() + "'";
  target.path = path.string();
  return target;
}

struct ShowRun {
  Result<compose::Compositor::Report> result;
  std::vector<compose::ProgramEvent> events{};
};

/// Runs a show's text offline into `out`.
inline ShowRun run_offline(const std::string& text, const std::filesystem::path& folder,
                           const std::filesystem::path& out, const std::string& engine = "native") {
  ShowRun run{.result = Error{}};
  auto show = scene::parse_show(text, "test show", folder);
  if (!show.ok()) {
    run.result = show.error();
    return run;
  }
  SystemClock clock;
  compose::RunOptions options;
  options.offline = true;
  options.engine = engine;
  options.clock = &clock;
  options.outputs.push_back(file_target(out));
  options.on_event = [&](const compose::ProgramEvent& event) { run.events.push_back(event); };
  auto compositor = compose::Compositor::create(std::move(show).value(), std::move(options));
  if (!compositor.ok()) {
    run.result = compositor.error();
    return run;
  }
  run.result = compositor.value()->run({}, {});
  return run;
}

/// Everything a file decodes to.
struct Decoded {
  std::vector<media::AvFrame> frames{};
  std::vector<double> frame_times{};  ///< Seconds.
  std::vector<float> left{};          ///< 48 kHz.
  double audio_start = 0;
  std::string trouble{};

  /// Mean luma of a rectangle of frame `index`.
  [[nodiscard]] double luma(std::size_t index, int x, int y, int width, int height) const {
    return mean(index, 0, x, y, width, height);
  }
  [[nodiscard]] double mean(std::size_t index, int plane, int x, int y, int width,
                            int height) const {
    const AVFrame& frame = *frames.at(index);
    double sum = 0;
    for (int v = y; v < y + height; ++v) {
      for (int u = x; u < x + width; ++u) sum += frame.data[plane][v * frame.linesize[plane] + u];
    }
    return sum / width / height;
  }
  [[nodiscard]] std::optional<std::uint32_t> code(std::size_t index) const {
    const AVFrame& frame = *frames.at(index);
    return frame::read_frame_code({frame.data[0], frame.linesize[0], frame.width, frame.height});
  }
  /// Root mean square of the left channel between two times.
  [[nodiscard]] double loudness(double from, double to) const {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = static_cast<std::size_t>(from * 48'000);
         i < static_cast<std::size_t>(to * 48'000) && i < left.size(); ++i, ++count) {
      sum += static_cast<double>(left[i]) * static_cast<double>(left[i]);
    }
    return count == 0 ? 0 : std::sqrt(sum / static_cast<double>(count));
  }
};

inline Decoded decode(const std::filesystem::path& path) {
  Decoded out;
  auto opened = media::Reader::open({.url = path.string(), .name = path.string()}, {});
  if (!opened.ok()) {
    out.trouble = opened.error().message;
    return out;
  }
  media::Reader& reader = *opened.value();
  media::Resampler resampler;
  const auto drain = [&](bool video) {
    while (auto frame = reader.receive(video)) {
      const double time = static_cast<double>(frame->pts) * av_q2d(reader.time_base(video));
      if (video) {
        out.frame_times.push_back(time);
        out.frames.push_back(std::move(frame));
        continue;
      }
      if (out.left.empty()) out.audio_start = time;
      const auto sound = resampler.convert(*frame);
      for (std::size_t i = 0; i < sound.value().samples.size(); i += 2) {
        out.left.push_back(sound.value().samples[i]);
      }
    }
  };
  while (true) {
    auto packet = reader.read();
    if (!packet.ok()) {
      out.trouble = packet.error().message;
      break;
    }
    if (!packet.value()) break;
    reader.send(packet.value()->video, packet.value()->packet.get());
    drain(packet.value()->video);
  }
  for (const bool video : {true, false}) {
    reader.send(video, nullptr);
    drain(video);
  }
  return out;
}

}  // namespace ts::test
