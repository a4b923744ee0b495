// SPDX-License-Identifier: Apache-2.0
#include "compose/golden.hpp"

#include "compose/live_text.hpp"
#include "compose/raster.hpp"
#include "compose/renderer.hpp"
#include "compose/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

namespace ts::compose {
namespace {

constexpr int kSteps = 5;
constexpr milliseconds kPatience{20'000};
constexpr int kBlock = 8;
constexpr int kTile = 32;
// 2026-01-01T12:34:56Z
constexpr WallTime kMoment{milliseconds{1'767'270'896'000}};

std::string file_of(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '%';
    if (plain) {
      out += c;
    } else if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  return out + ".png";
}

/// Everything that is needed to render a show once, at its first tick.
class Studio {
 public:
  Studio(const scene::Show& show, Log* log) : show_(show), log_(log) {}

  Status open(std::string_view engine, const std::stop_token& stop) {
    TS_TRY(renderer_, make_renderer(engine, show_.canvas));
    const SourceContext context{
        .canvas = show_.canvas, .offline = true, .now = [] { return ProgramTime{}; }, .log = log_};
    for (const scene::Source& source : show_.sources) {
      TS_TRY(Picture picture, first_picture(source, context, stop));
      pictures_.push_back({std::move(picture), 1});
    }
    for (std::size_t i = 0; i < show_.scenes.size(); ++i) {
      ScenePlan plan{.id = i + 1, .name = show_.scenes[i].name};
      for (const scene::Layer& layer : show_.scenes[i].layers) {
        const auto* source = show_.find_source(layer.source);
        plan.layers.push_back({static_cast<std::size_t>(source - show_.sources.data()), layer});
      }
      plans_.push_back(std::move(plan));
    }
    return ok_status();
  }

  Status add(std::string name, ProgramPicture program) {
    program.tick = ++tick_;
    TS_TRY(Picture picture, renderer_->render(program, pictures_).with_context(name));
    std::string file = file_of(name);
    // Names that differ in letters a file name does not have.
    for (int n = 2; !files_.insert(file).second; ++n) {
      file = file_of(fmt::format("{} {}", name, n));
    }
    // A renderer may reuse its canvas.
    out_.push_back({std::move(name), std::move(file), share(copy_pixels(*picture))});
    return ok_status();
  }

  [[nodiscard]] const ScenePlan* plan(std::string_view name) const {
    for (const ScenePlan& plan : plans_) {
      if (plan.name == name) return &plan;
    }
    return nullptr;
  }
  std::vector<GoldenPicture> finish() { return std::move(out_); }

 private:
  Result<Picture> first_picture(const scene::Source& source, const SourceContext& context,
                                const std::stop_token& stop) {
    const auto* media = std::get_if<scene::MediaInput>(&source.input);
    const bool remote = (media != nullptr && !media->is_file) ||
                        std::holds_alternative<scene::RoomInput>(source.input);
    if (remote) return draw_slate(source.name, show_.canvas);
    TS_TRY(const auto runner, SourceRunner::start(source, context, ProgramTime{}));
    if (!runner->feed().wait_ready(ProgramTime{}, 0, kPatience, stop)) {
      if (stop.stop_requested()) {
        return Error{.kind = ErrorKind::kInterrupted, .message = "the test was stopped"};
      }
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("source '{}' gave no picture", source.name),
                   .hint = "try ts compose probe"};
    }
    Picture picture = runner->feed().pick(ProgramTime{}).picture;
    return picture ? picture : draw_slate(source.name, show_.canvas);
  }

  const scene::Show& show_;
  Log* log_;
  std::unique_ptr<Renderer> renderer_;
  std::vector<ScenePlan> plans_;
  std::vector<SourcePicture> pictures_;
  std::uint64_t tick_ = 0;
  std::set<std::string> files_;
  std::vector<GoldenPicture> out_;
};

/// Every change of scene that the cues make, each once.
std::vector<std::tuple<scene::TransitionKind, std::string, std::string>> transitions_of(
    const scene::Show& show) {
  std::vector<std::tuple<scene::TransitionKind, std::string, std::string>> out;
  std::string on_air = show.program;
  for (const scene::Cue& cue : show.cues) {
    for (const scene::Action& action : cue.actions) {
      const auto* take = std::get_if<scene::TakeAction>(&action);
      if (take == nullptr || take->scene.empty()) continue;
      std::tuple change{take->transition.kind, on_air, take->scene};
      on_air = take->scene;
      if (take->transition.kind == scene::TransitionKind::kCut ||
          std::get<1>(change) == std::get<2>(change) ||
          std::find(out.begin(), out.end(), change) != out.end()) {
        continue;
      }
      out.push_back(std::move(change));
    }
  }
  return out;
}

Status add_overlays(const scene::Show& show, Studio& studio) {
  std::uint64_t serial = 0;
  for (scene::Overlay overlay : show.overlays) {
    // The same everywhere: no zone, no date.
    if (auto* clock = std::get_if<scene::ClockOverlay>(&overlay.content)) clock->utc = true;
    if (auto* countdown = std::get_if<scene::CountdownOverlay>(&overlay.content)) {
      if (countdown->to) *countdown = {.length = std::chrono::minutes{5}, .size = countdown->size};
    }
    TS_TRY(const DrawnOverlay drawn,
           draw_overlay(overlay, show.canvas, live_text(overlay, kMoment, milliseconds{0})));
    ++serial;
    for (const int percent : {50, 100}) {
      const OverlayPicture picture{drawn.picture, serial,          drawn.x,
                                   drawn.y,       percent / 100.0, drawn.sprite};
      TS_CHECK(
          studio.add(fmt::format("overlay {}{}", overlay.name, percent == 100 ? "" : " 50%"),
                     {.scene = studio.plan(show.program), .overlays = std::span(&picture, 1)}));
    }
  }
  return ok_status();
}

/// SSIM of one block and channel, with the usual constants.
double block_ssim(const AVFrame& a, const AVFrame& b, int x0, int y0, int channel) {
  const int x1 = std::min(x0 + kBlock, a.width);
  const int y1 = std::min(y0 + kBlock, a.height);
  double sum_a = 0;
  double sum_b = 0;
  double square_a = 0;
  double square_b = 0;
  double product = 0;
  for (int y = y0; y < y1; ++y) {
    const std::uint8_t* row_a = a.data[0] + static_cast<std::ptrdiff_t>(y) * a.linesize[0];
    const std::uint8_t* row_b = b.data[0] + static_cast<std::ptrdiff_t>(y) * b.linesize[0];
    for (int x = x0; x < x1; ++x) {
      const double va = row_a[3 * x + channel];
      const double vb = row_b[3 * x + channel];
      sum_a += va;
      sum_b += vb;
      square_a += va * va;
      square_b += vb * vb;
      product += va * vb;
    }
  }
  const double count = static_cast<double>(x1 - x0) * (y1 - y0);
  const double mean_a = sum_a / count;
  const double mean_b = sum_b / count;
  const double variance_a = square_a / count - mean_a * mean_a;
  const double variance_b = square_b / count - mean_b * mean_b;
  const double covariance = product / count - mean_a * mean_b;
  constexpr double kC1 = 0.01 * 255 * 0.01 * 255;
  constexpr double kC2 = 0.03 * 255 * 0.03 * 255;
  return (2 * mean_a * mean_b + kC1) * (2 * covariance + kC2) /
         ((mean_a * mean_a + mean_b * mean_b + kC1) * (variance_a + variance_b + kC2));
}

}  // namespace

Result<std::vector<GoldenPicture>> golden_pictures(const scene::Show& show, std::string_view engine,
                                                   Log* log, std::stop_token stop) {
  Studio studio(show, log);
  TS_CHECK(studio.open(engine, stop));
  for (const scene::Scene& scene : show.scenes) {
    TS_CHECK(studio.add("scene " + scene.name, {.scene = studio.plan(scene.name)}));
  }
  TS_CHECK(add_overlays(show, studio));
  for (const auto& [kind, from, to] : transitions_of(show)) {
    for (int step = 1; step <= kSteps; ++step) {
      TS_CHECK(studio.add(fmt::format("{} {} to {} {}/{}", to_string(kind), from, to, step, kSteps),
                          {.scene = studio.plan(to),
                           .outgoing = studio.plan(from),
                           .transition = kind,
                           .progress = static_cast<double>(step) / (kSteps + 1)}));
    }
  }
  for (const int percent : {50, 100}) {
    TS_CHECK(studio.add(fmt::format("black {}%", percent),
                        {.scene = studio.plan(show.program), .black = percent / 100.0}));
  }
  return studio.finish();
}

PictureDifference compare_rgb(const AVFrame& a, const AVFrame& b) {
  PictureDifference out;
  double sum = 0;
  double count = 0;
  for (int ty = 0; ty < a.height; ty += kTile) {
    for (int tx = 0; tx < a.width; tx += kTile) {
      double tile = 0;
      double blocks = 0;
      for (int y = ty; y < std::min(ty + kTile, a.height); y += kBlock) {
        for (int x = tx; x < std::min(tx + kTile, a.width); x += kBlock) {
          for (int channel = 0; channel < 3; ++channel) {
            tile += block_ssim(a, b, x, y, channel);
            ++blocks;
          }
        }
      }
      out.worst_ssim = std::min(out.worst_ssim, tile / blocks);
      sum += tile;
      count += blocks;
    }
  }
  out.ssim = count > 0 ? sum / count : 1;
  for (int y = 0; y < a.height; ++y) {
    const std::uint8_t* row_a = a.data[0] + static_cast<std::ptrdiff_t>(y) * a.linesize[0];
    const std::uint8_t* row_b = b.data[0] + static_cast<std::ptrdiff_t>(y) * b.linesize[0];
    for (int x = 0; x < 3 * a.width; ++x) {
      out.largest = std::max(out.largest, std::abs(row_a[x] - row_b[x]));
    }
  }
  return out;
}

}  // namespace ts::compose
