// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "compose/media_source.hpp"
#include "compose/output_check.hpp"
#include "compose/program_filter.hpp"
#include "compose/raster.hpp"
#include "compose/text_painter.hpp"
#include "core/json.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/filter_check.hpp"
#include "media/reader.hpp"
#include "media/still.hpp"
#include "scene/lint.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ts::cli {
namespace in_compose_check {

struct Options {
  std::string show;
  bool strict = false;
};

/// What of a drawn overlay viewers will not see.
void look_at(const scene::Overlay& overlay, const compose::DrawnOverlay& drawn, scene::Size canvas,
             std::vector<scene::Finding>& findings) {
  const std::string where = "$.overlays." + overlay.name;
  if (drawn.cut) {
    findings.push_back({true, where, "its text does not fit and is cut off",
                        "make it shorter, or break it into lines with \\n"});
  }
  const compose::Beyond beyond = compose::beyond_canvas(drawn, canvas);
  if (beyond.outside) {
    findings.push_back(
        {true, where, "lies outside the picture: nobody sees it",
         fmt::format("give it x and y inside {} x {}", canvas.width, canvas.height)});
    return;
  }
  if (beyond.pixels > 0) {
    findings.push_back({false, where,
                        fmt::format("goes {} pixels beyond the picture", beyond.pixels),
                        "give it another x or y, or make it smaller"});
  }
}

Status check_file(const std::string& source, const scene::MediaInput& input) {
  const std::string name = fmt::format("source '{}' ({})", source, input.url);
  TS_TRY(const auto opened, media::Reader::open({.url = input.url, .name = name}, {}));
  // Of a still only its picture says whether it can be decoded.
  if (opened->info().is_still) {
    const auto picture = media::read_still(*opened);
    if (!picture.ok()) return picture.error();
  }
  return compose::check_in_point(input, opened->info(), name);
}

/// A camera is not opened: it may be in use now, and its lamp is not for us to light.
Status check_device(const std::string& source, const scene::MediaInput& input) {
  const std::string name = fmt::format("source '{}'", source);
  if (input.device == "v4l2") {
    std::error_code ignored;
    if (std::filesystem::is_character_file(input.url, ignored)) return ok_status();
    return Error{
        .kind = ErrorKind::kMedia,
        .message = fmt::format("{}: there is no video device {}", name, input.url),
        .hint = "plug it in before the show (v4l2-ctl --list-devices lists what there is)"};
  }
  const auto opened = media::Reader::open(
      {.url = input.url, .is_file = false, .name = name, .device = input.device}, {});
  // In use now is no fault of the show.
  const bool busy = !opened.ok() && opened.error().message.find("busy") != std::string::npos;
  if (opened.ok() || busy) return ok_status();
  return opened.error();
}

/// Opens every file and looks for every device of the show, as the program would.
void open_files(const scene::Show& show, WallTime now, std::vector<scene::Finding>& findings) {
  for (const scene::Source& source : show.sources) {
    const auto* media = std::get_if<scene::MediaInput>(&source.input);
    if (media == nullptr) continue;
    const Status found = media->is_file ? check_file(source.name, *media)
                         : media->access == scene::Access::kDevice
                             ? check_device(source.name, *media)
                             : ok_status();
    if (!found.ok()) {
      findings.push_back(
          {true, "$.sources." + source.name, found.error().message, found.error().hint});
    }
  }
  for (const scene::Overlay& overlay : show.overlays) {
    const auto drawn = compose::draw_overlay(overlay, show.canvas, "00:00");
    if (!drawn.ok()) {
      findings.push_back(
          {true, "$.overlays." + overlay.name, drawn.error().message, drawn.error().hint});
      continue;
    }
    if (!drawn.value().unknown.empty()) {
      findings.push_back({false, "$.overlays." + overlay.name,
                          compose::missing_letters(drawn.value().unknown), compose::kFontsHint});
    }
    look_at(overlay, drawn.value(), show.canvas.size, findings);
    const auto* countdown = std::get_if<scene::CountdownOverlay>(&overlay.content);
    if (countdown != nullptr && countdown->to && *countdown->to <= now) {
      findings.push_back({false, "$.overlays." + overlay.name,
                          "counts down to a time that is over: it says so from the beginning",
                          "correct \"to\""});
    }
  }
}

/// Filters that would be refused when the program starts.
void check_filters(const scene::Show& show, std::vector<scene::Finding>& findings) {
  const auto note = [&](const std::string& where, const Status& status) {
    if (status.ok()) return;
    findings.push_back({true, where, status.error().message, status.error().hint});
  };
  for (const scene::Source& source : show.sources) {
    note("$.sources." + source.name + ".filter", media::try_filter(source.filter));
  }
  Status program = media::try_filter(show.filter);
  if (program.ok()) program = compose::check_program_filter(show);
  note("$.filter", program);
}

std::string count_of(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  auto loaded = scene::load_show(options.show);
  if (!loaded.ok()) {
    // The first mistake is the error; the others are told with it.
    const auto mistakes = scene::mistakes_in(options.show);
    for (std::size_t i = 1; i < mistakes.size(); ++i) {
      const Error& also = mistakes[i];
      context.out().warn("also " + also.message + (also.hint.empty() ? "" : "; " + also.hint));
    }
    return std::move(loaded).error();
  }
  const scene::Show show = std::move(loaded).value();
  std::vector<scene::Finding> findings = scene::lint(show);
  check_filters(show, findings);
  open_files(show, context.clock().now(), findings);
  for (scene::Finding& finding :
       compose::check_outputs(show, context.settings().allow_loose_permissions())) {
    findings.push_back(std::move(finding));
  }
  std::stable_partition(findings.begin(), findings.end(),
                        [](const scene::Finding& finding) { return finding.serious; });
  std::size_t serious = 0;
  Json list = Json::array();
  std::string text;
  for (const scene::Finding& finding : findings) {
    if (finding.serious) ++serious;
    Json entry;
    entry["level"] = finding.serious ? "error" : "warning";
    entry["where"] = finding.where;
    entry["message"] = finding.message;
    entry["hint"] = finding.hint;
    list.push_back(std::move(entry));
    text += fmt::format("{} at {}: {}\n    {}\n", finding.serious ? "error" : "warning",
                        finding.where, finding.message, finding.hint);
  }
  text += fmt::format(
      "{}: {}, {}, {}, {}; {}\n", show.name, count_of(show.sources.size(), "source"),
      count_of(show.scenes.size(), "scene"), count_of(show.overlays.size(), "overlay"),
      count_of(show.cues.size(), "cue"),
      findings.empty()
          ? "nothing to complain about"
          : fmt::format("{}, {} of them serious", count_of(findings.size(), "finding"), serious));
  Json document;
  document["schema"] = "ts.compose/1";
  document["show"] = show.name;
  document["ok"] = serious == 0;
  document["findings"] = std::move(list);
  TS_CHECK(context.out().report({.document = &document, .text = std::move(text)}));
  if (serious == 0 && (!options.strict || findings.empty())) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = "the show has " + count_of(findings.size(), "finding"),
               .hint = "correct what is listed above"};
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("show", options->show, "The show file (ts help show-file)")->required();
  app.add_flag("--strict", options->strict, "Warnings count as errors, too");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_check

Command media_compose_check() {
  return {
      .path = "compose check",
      .summary = "Read a show file as a careful colleague would",
      .example = "ts compose check show.json\nts compose check show.json --strict --json",
      .bind = in_compose_check::bind,
      .details =
          "Names what is never used, hidden behind something else, overlapping in time or left "
          "muted; opens every file, draws every overlay, and looks whether devices, the encoder, "
          "the outputs' folders and address files are there. Exit 10 when something will not "
          "look or sound as written."};
}

}  // namespace ts::cli
