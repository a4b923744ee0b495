// SPDX-License-Identifier: Apache-2.0
#include "media/viewer_sheet.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace ts::media {
namespace {

constexpr microseconds kLiveLength{20'000'000};
constexpr int kPicturesWanted = 12;
constexpr int kPicturesAtMost = 60;
constexpr microseconds kShortestDistance{500'000};

std::string clock_text(microseconds position) {
  const auto total = position.count() / 1'000'000;
  return fmt::format("{}:{:02}", total / 60, total % 60);
}

/// Picks pictures while the stream plays: one each `every`, and one of each scene.
class Collector {
 public:
  Collector(ViewerSheet& sheet, const SceneTimeline* timeline, microseconds every)
      : sheet_(sheet), timeline_(timeline), every_(every), next_(every / 2) {}

  void see(const ViewedFrame& viewed) {
    const auto codes_before = sheet_.pictures.codes().seen().size();
    sheet_.pictures.see(viewed);
    const auto& seen = sheet_.pictures.codes().seen();
    std::optional<std::uint32_t> code;
    if (seen.size() > codes_before) code = seen.back().second;
    const auto* change = timeline_ != nullptr && code ? timeline_->at(*code) : nullptr;
    if (change != nullptr) note_scene(*change, *code, viewed);
    if (viewed.position < next_) return;
    take(viewed, code, change);
    while (next_ <= viewed.position) next_ += every_;
  }

  /// Everything picked, by time; scenes that no regular picture shows get their own.
  std::vector<std::pair<SheetPicture, AvFrame>> finish() {
    for (auto& [scene, picked] : scene_pictures_) {
      const bool shown =
          std::any_of(picked_.begin(), picked_.end(),
                      [&name = scene](const auto& entry) { return entry.first.scene == name; });
      if (!shown) picked_.push_back(std::move(picked));
    }
    std::stable_sort(picked_.begin(), picked_.end(), [](const auto& a, const auto& b) {
      return a.first.position < b.first.position;
    });
    return std::move(picked_);
  }

 private:
  /// Keeps the latest settled picture of a scene's first half second or so.
  void note_scene(const SceneChange& change, std::uint32_t code, const ViewedFrame& viewed) {
    auto& scenes = sheet_.scenes_seen;
    if (std::find(scenes.begin(), scenes.end(), change.scene) == scenes.end()) {
      scenes.push_back(change.scene);
    }
    if (scene_pictures_.contains(change.scene) || code < change.settled) return;
    scene_pictures_.emplace(change.scene, entry_of(viewed, code, &change));
  }

  void take(const ViewedFrame& viewed, std::optional<std::uint32_t> code,
            const SceneChange* change) {
    if (picked_.size() < kPicturesAtMost) picked_.push_back(entry_of(viewed, code, change));
  }

  static std::pair<SheetPicture, AvFrame> entry_of(const ViewedFrame& viewed,
                                                   std::optional<std::uint32_t> code,
                                                   const SceneChange* change) {
    SheetPicture picture{.position = viewed.position, .frame = code};
    if (change != nullptr) {
      picture.scene = change->label(*code);
      picture.overlays = change->overlays;
    }
    return {std::move(picture), reference(*viewed.frame)};
  }

  ViewerSheet& sheet_;
  const SceneTimeline* timeline_;
  microseconds every_;
  microseconds next_;
  std::vector<std::pair<SheetPicture, AvFrame>> picked_;
  std::map<std::string, std::pair<SheetPicture, AvFrame>> scene_pictures_;
};

/// The frame numbers against what the compositor says it made.
void judge_numbers(ViewerSheet& sheet, const ViewerSheetOptions& options) {
  const auto& codes = sheet.pictures.codes();
  auto& problems = sheet.problems;
  const auto& timeline = *options.timeline;
  if (codes.seen().empty()) {
    problems.emplace_back("no frame number can be read: this is not the compositor's picture");
    return;
  }
  const auto count = static_cast<double>(sheet.pictures.count());
  if (static_cast<double>(codes.unreadable()) > 0.02 * count) {
    problems.push_back(fmt::format("{} of {} pictures carry no readable frame number",
                                   codes.unreadable(), sheet.pictures.count()));
  }
  if (codes.backward() > 0) {
    problems.push_back(fmt::format("frame numbers go backward {} times", codes.backward()));
  }
  const auto allowed =
      timeline.left_out + static_cast<std::uint64_t>(std::ceil(options.max_missing * count));
  if (codes.missing() > allowed) {
    problems.push_back(fmt::format("{} frames are missing, {} may be", codes.missing(), allowed));
  }
  if (codes.repeated() > allowed) {
    problems.push_back(fmt::format("{} frames are repeated, {} may be", codes.repeated(), allowed));
  }
  const auto last = codes.seen().back().second;
  if (timeline.frames > 0 && last >= timeline.frames) {
    problems.push_back(
        fmt::format("frame {} is shown, but the compositor made only {}", last, timeline.frames));
  }
  if (sheet.source.live && !sheet.source.ended) return;  // The rest of the show is yet to come.
  std::vector<std::string> unseen;
  for (const auto& scene : sheet.scenes_expected) {
    if (std::find(sheet.scenes_seen.begin(), sheet.scenes_seen.end(), scene) ==
        sheet.scenes_seen.end()) {
      unseen.push_back(scene);
    }
  }
  if (!unseen.empty()) {
    problems.push_back(fmt::format("never shown: {}", fmt::join(unseen, ", ")));
  }
}

void judge(ViewerSheet& sheet, const ViewerSheetOptions& options) {
  auto& problems = sheet.problems;
  if (sheet.pictures.count() == 0) {
    problems.emplace_back("no picture came");
  } else {
    if (options.timeline) judge_numbers(sheet, options);
    if (sheet.pictures.black_ratio() > 0.95) problems.emplace_back("the picture is black");
  }
  if (sheet.viewer.damaged > 0) {
    problems.push_back(fmt::format("{} damaged packets or pictures", sheet.viewer.damaged));
  }
  if (sheet.pictures.backward() > 0) {
    problems.push_back(fmt::format("timestamps go backward {} times", sheet.pictures.backward()));
  }
}

std::string verdict_of(const ViewerSheet& sheet) {
  if (!sheet.problems.empty()) return fmt::format("failed: {}", fmt::join(sheet.problems, "; "));
  const auto& codes = sheet.pictures.codes();
  auto text = fmt::format("ok: {} pictures", sheet.pictures.count());
  if (!codes.seen().empty()) {
    text +=
        fmt::format(", numbered {} to {}", codes.seen().front().second, codes.seen().back().second);
    text += codes.missing() + codes.repeated() == 0
                ? std::string(" without a gap")
                : fmt::format(" ({} missing, {} repeated)", codes.missing(), codes.repeated());
  }
  if (!sheet.scenes_expected.empty()) {
    text += fmt::format(", {} of {} scenes seen", sheet.scenes_seen.size(),
                        sheet.scenes_expected.size());
  }
  return text;
}

SheetEntry entry_for(const SheetPicture& picture, AvFrame frame, bool numbers_expected) {
  SheetEntry entry{.picture = std::move(frame), .time = clock_text(picture.position)};
  entry.label = picture.scene;
  if (!picture.overlays.empty()) {
    entry.detail = fmt::format("with {}", fmt::join(picture.overlays, ", "));
  }
  if (picture.frame) entry.corner = fmt::format("frame {}", *picture.frame);
  if (numbers_expected && !picture.frame) {
    entry.wrong = true;
    entry.label = "no frame number";
  }
  return entry;
}

}  // namespace

Result<ViewerSheet> make_viewer_sheet(const std::string& url, ViewerSheetOptions options,
                                      Clock& clock, const std::stop_token& stop) {
  TS_TRY(auto source, HlsSource::open(url, options.source, clock, stop));
  if (source.stats().live && !options.length) options.length = kLiveLength;
  const auto length = options.length.value_or(source.stats().joined_duration);
  const auto every = options.every.value_or(microseconds{std::max<std::int64_t>(
      1'000'000, (length.count() / kPicturesWanted + 999'999) / 1'000'000 * 1'000'000)});
  const auto distance = std::max({every, length / kPicturesAtMost, kShortestDistance});

  ViewerSheet sheet;
  const auto* timeline = options.timeline ? &*options.timeline : nullptr;
  if (timeline != nullptr) sheet.scenes_expected = timeline->scenes();
  Collector collector(sheet, timeline, distance);
  HlsViewer viewer(std::move(source), clock,
                   {.on_video = [&](const ViewedFrame& frame) { collector.see(frame); }});
  const auto played = viewer.play(
      options.length,
      clock.steady_now() + std::chrono::duration_cast<milliseconds>(length) + options.patience);
  sheet.source = viewer.source_stats();
  sheet.viewer = viewer.stats();
  if (!played.ok()) {
    if (played.error().kind == ErrorKind::kInterrupted) return played.error();
    sheet.problems.push_back(played.error().message);
  }
  judge(sheet, options);
  sheet.verdict = verdict_of(sheet);

  std::vector<SheetEntry> entries;
  for (auto& [picture, frame] : collector.finish()) {
    entries.push_back(entry_for(picture, std::move(frame), timeline != nullptr));
    sheet.shown.push_back(std::move(picture));
  }
  const auto& track = sheet.viewer.video;
  const SheetText text{
      .title = options.title,
      .subtitle = fmt::format(
          "{}   {}   {}   {:.2f} fps   {}", without_query(url),
          track ? fmt::format("{} {}x{}", track->codec, track->width, track->height) : "no picture",
          clock_text(sheet.pictures.end()), sheet.pictures.fps(),
          format_rfc3339(std::chrono::floor<seconds>(clock.now()))),
      .verdict = sheet.problems.empty() ? "OK" : "FAILED",
      .reason = sheet.verdict.substr(sheet.verdict.find(' ') + 1),
      .good = sheet.problems.empty()};
  TS_TRY(sheet.sheet, draw_contact_sheet(text, entries));
  return sheet;
}

}  // namespace ts::media
