// SPDX-License-Identifier: Apache-2.0
#include "media/viewer_check.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace ts::media {
namespace {

double in_ms(microseconds duration) { return static_cast<double>(duration.count()) / 1e3; }

void judge_tracks(ViewerReport& report) {
  auto& problems = report.problems;
  if (report.pictures.count() == 0 && report.sound.count() == 0) {
    problems.emplace_back("nothing could be decoded");
    return;
  }
  if (report.viewer.video && report.pictures.count() == 0) {
    problems.emplace_back("no picture could be decoded");
  }
  if (report.viewer.audio && report.sound.count() == 0) {
    problems.emplace_back("no sound could be decoded");
  }
  if (!report.viewer.video) report.warnings.emplace_back("there is no picture");
  if (!report.viewer.audio) report.warnings.emplace_back("there is no sound");
}

void judge_rhythm(ViewerReport& report) {
  auto& problems = report.problems;
  if (report.viewer.damaged > 0) {
    problems.push_back(fmt::format("{} damaged packets or pictures", report.viewer.damaged));
  }
  if (report.viewer.backward_dts > 0 || report.pictures.backward() > 0 ||
      report.sound.backward() > 0) {
    problems.push_back(fmt::format("timestamps go backward ({} packets, {} pictures, {} sounds)",
                                   report.viewer.backward_dts, report.pictures.backward(),
                                   report.sound.backward()));
  }
  if (report.source.lost_segments > 0) {
    report.warnings.push_back(
        fmt::format("{} segments left the playlist unread", report.source.lost_segments));
  }
  if (const auto gaps = report.pictures.gaps(); !gaps.empty()) {
    report.warnings.push_back(fmt::format("{} gaps between pictures", gaps.size()));
  }
  if (!report.sound.gaps().empty()) {
    report.warnings.push_back(fmt::format("{} gaps in the sound", report.sound.gaps().size()));
  }
  if (report.viewer.stalls > 0) {
    report.warnings.push_back(fmt::format("a player would have stood still {} times, {} ms in all",
                                          report.viewer.stalls, report.viewer.stalled.count()));
  }
}

void judge_content(ViewerReport& report, const ViewerCheckOptions& options) {
  if (report.pictures.count() > 0 && report.sound.count() > 0) {
    report.av_start_ms = in_ms(report.pictures.first() - report.sound.first());
    report.av_end_ms = in_ms(report.pictures.end() - report.sound.end());
    const auto limit = static_cast<double>(options.max_av_offset.count());
    if (std::fabs(*report.av_start_ms) > limit) {
      report.problems.push_back(
          fmt::format("sound and picture begin {:.0f} ms apart", *report.av_start_ms));
    }
    if (std::fabs(*report.av_end_ms) > limit) {
      report.problems.push_back(
          fmt::format("sound and picture end {:.0f} ms apart", *report.av_end_ms));
    }
  }
  if (report.pictures.black_ratio() > 0.95) report.warnings.emplace_back("the picture is black");
  if (report.pictures.frozen_ratio() > 0.95)
    report.warnings.emplace_back("the picture stands still");
  if (report.sound.count() > 0 && report.sound.silent_ratio() > 0.95) {
    report.warnings.emplace_back("the sound is silent");
  }
  if (report.pictures.codes().backward() > 0) {
    report.problems.push_back(
        fmt::format("frame numbers go backward {} times", report.pictures.codes().backward()));
  }
}

}  // namespace

Result<ViewerReport> check_viewer(const std::string& url, const ViewerCheckOptions& options,
                                  Clock& clock, const std::stop_token& stop) {
  TS_TRY(auto source, HlsSource::open(url, options.source, clock, stop));
  ViewerReport report;
  const bool live = source.stats().live;
  HlsViewer viewer(std::move(source), clock,
                   {.on_video = [&](const ViewedFrame& frame) { report.pictures.see(frame); },
                    .on_audio = [&](const ViewedFrame& frame) { report.sound.hear(frame); }});
  const auto length = std::chrono::duration_cast<milliseconds>(options.length);
  const auto played = viewer.play(options.length, clock.steady_now() + length + options.patience);
  report.source = viewer.source_stats();
  report.viewer = viewer.stats();
  if (!played.ok()) {
    if (played.error().kind == ErrorKind::kInterrupted) return played.error();
    report.problems.push_back(played.error().message);
  }
  judge_tracks(report);
  judge_rhythm(report);
  judge_content(report, options);
  const auto seen = std::max(report.pictures.end(), report.sound.end());
  if (live && !report.source.ended && played.ok() && seen < options.length / 2) {
    report.problems.push_back(fmt::format("only {:.1f} s of {:.1f} s came in time",
                                          static_cast<double>(seen.count()) / 1e6,
                                          static_cast<double>(options.length.count()) / 1e6));
  }
  return report;
}

}  // namespace ts::media
