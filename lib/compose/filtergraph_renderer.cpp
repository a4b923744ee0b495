// SPDX-License-Identifier: Apache-2.0
#include "compose/renderer.hpp"
#include "compose/scene_graph.hpp"
#include "media/filter_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <optional>
#include <utility>

namespace ts::compose {
namespace {

constexpr std::size_t kKeptGraphs = 8;

/// out = a + (b - a) * weight / 256, on rows of bytes.
void blend_row(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out, int width,
               int weight) noexcept {
  for (int x = 0; x < width; ++x) {
    out[x] = static_cast<std::uint8_t>((a[x] * (256 - weight) + b[x] * weight + 128) >> 8);
  }
}

Picture blend_pictures(const AVFrame& a, const AVFrame& b, int weight) {
  media::AvFrame out = make_canvas(size_of(a));
  for (int plane = 0; plane < 3; ++plane) {
    const int width = plane == 0 ? a.width : a.width / 2;
    const int height = plane == 0 ? a.height : a.height / 2;
    for (int y = 0; y < height; ++y) {
      blend_row(a.data[plane] + static_cast<std::ptrdiff_t>(y) * a.linesize[plane],
                b.data[plane] + static_cast<std::ptrdiff_t>(y) * b.linesize[plane],
                out->data[plane] + static_cast<std::ptrdiff_t>(y) * out->linesize[plane], width,
                weight);
    }
  }
  return share(std::move(out));
}

/// `left` up to column `edge`, `right` from there on.
Picture wipe_pictures(const AVFrame& left, const AVFrame& right, int edge) {
  media::AvFrame out = copy_pixels(right);
  for (int plane = 0; plane < 3; ++plane) {
    const int width = plane == 0 ? edge : edge / 2;
    const int height = plane == 0 ? left.height : left.height / 2;
    for (int y = 0; y < height; ++y) {
      std::copy_n(left.data[plane] + static_cast<std::ptrdiff_t>(y) * left.linesize[plane], width,
                  out->data[plane] + static_cast<std::ptrdiff_t>(y) * out->linesize[plane]);
    }
  }
  return share(std::move(out));
}

/// The reference engine: every scene is one libavfilter graph, fed with exactly one frame per input
/// per tick, so that no input can ever be waited for. Overlays go through a second graph.
class FiltergraphRenderer final : public Renderer {
 public:
  explicit FiltergraphRenderer(const scene::Canvas& canvas) : canvas_(canvas) {
    media::AvFrame ground = make_canvas(canvas.size);
    fill_rect(*ground, {0, 0, canvas.size.width, canvas.size.height}, canvas.background);
    background_ = share(std::move(ground));
    media::AvFrame black = make_canvas(canvas.size);
    fill_rect(*black, {0, 0, canvas.size.width, canvas.size.height}, 0x000000);
    black_ = share(std::move(black));
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "filtergraph"; }

  Result<Picture> render(const ProgramPicture& program,
                         std::span<const SourcePicture> sources) override {
    if (program.black >= 1) return black_;
    TS_TRY(Picture canvas, scene_picture(program, sources));
    if (!program.overlays.empty()) {
      TS_TRY(canvas, with_overlays(canvas, program));
    }
    if (program.black > 0) {
      canvas = blend_pictures(*canvas, *black_, static_cast<int>(std::lround(program.black * 256)));
    }
    return canvas;
  }

 private:
  struct Kept {
    std::uint64_t plan = 0;
    std::vector<media::FilterInput> inputs{};
    std::vector<scene::Rect> places{};  // overlays only
    media::FilterGraph graph;
  };

  Result<Picture> scene_picture(const ProgramPicture& program,
                                std::span<const SourcePicture> sources) {
    if (program.outgoing == nullptr) return compose(*program.scene, sources, program.tick);
    const Blend blend = blend_of(program.transition, program.progress, canvas_.size.width);
    if (program.transition == scene::TransitionKind::kFtb) {
      const ScenePlan& shown = blend.show_incoming ? *program.scene : *program.outgoing;
      TS_TRY(const Picture picture, compose(shown, sources, program.tick));
      return blend_pictures(*black_, *picture, blend.incoming_256);
    }
    TS_TRY(const Picture outgoing, compose(*program.outgoing, sources, program.tick));
    TS_TRY(const Picture incoming, compose(*program.scene, sources, program.tick));
    if (program.transition == scene::TransitionKind::kWipe) {
      return wipe_pictures(*incoming, *outgoing, blend.wipe_edge);
    }
    return blend_pictures(*outgoing, *incoming, blend.incoming_256);
  }

  /// One scene without overlays.
  Result<Picture> compose(const ScenePlan& plan, std::span<const SourcePicture> sources,
                          std::uint64_t tick) {
    if (plan.layers.empty()) return background_;
    std::vector<const AVFrame*> inputs{background_.get()};
    for (const auto& layer : plan.layers) inputs.push_back(sources[layer.source].picture.get());
    if (plan.layers.size() == 1 && is_identity(plan.layers[0].layer, *inputs[1])) {
      return sources[plan.layers[0].source].picture;
    }
    const AVRational base{static_cast<int>(canvas_.rate.den), static_cast<int>(canvas_.rate.num)};
    std::vector<media::FilterInput> shapes;
    for (const AVFrame* frame : inputs) shapes.push_back(media::filter_input(*frame, base));
    const auto make = [&] {
      return media::FilterGraph::create(scene_graph(plan, canvas_, shapes), shapes);
    };
    TS_TRY(Kept * kept, find(scenes_, plan.id, shapes, {}, make));
    auto picture = run(kept->graph, inputs, tick);
    // A graph that failed once is not asked again.
    if (!picture.ok()) scenes_.pop_front();
    return picture;
  }

  [[nodiscard]] bool is_identity(const scene::Layer& layer, const AVFrame& frame) const {
    const scene::Rect whole{0, 0, canvas_.size.width, canvas_.size.height};
    if (layer.cell != whole || layer.opacity < 1 || layer.border > 0) return false;
    if (size_of(frame) != canvas_.size) return false;
    const auto fitted = fit(layer, frame);
    return fitted.source == whole && fitted.target == whole;
  }

  Result<Picture> with_overlays(const Picture& canvas, const ProgramPicture& program) {
    const AVRational base{static_cast<int>(canvas_.rate.den), static_cast<int>(canvas_.rate.num)};
    std::vector<Picture> faded;
    std::vector<const AVFrame*> inputs{canvas.get()};
    std::vector<scene::Rect> places;
    for (const OverlayPicture& overlay : program.overlays) {
      faded.push_back(with_opacity(overlay));
      inputs.push_back(faded.back().get());
      places.push_back({overlay.x, overlay.y, overlay.picture->width, overlay.picture->height});
    }
    std::vector<media::FilterInput> shapes;
    for (const AVFrame* frame : inputs) shapes.push_back(media::filter_input(*frame, base));
    const auto make = [&] {
      std::string text = "[in0]null[c0]";
      for (std::size_t i = 0; i < places.size(); ++i) {
        text += fmt::format(";[c{}][in{}]overlay=x={}:y={}:format=yuv420:eof_action=repeat[c{}]", i,
                            i + 1, places[i].x, places[i].y, i + 1);
      }
      text += fmt::format(";[c{}]null[out]", places.size());
      return media::FilterGraph::create(text, shapes);
    };
    TS_TRY(Kept * kept, find(overlays_, 0, shapes, places, make));
    auto picture = run(kept->graph, inputs, program.tick);
    if (!picture.ok()) overlays_.pop_front();
    return picture;
  }

  static Picture with_opacity(const OverlayPicture& overlay) {
    const int factor = static_cast<int>(std::lround(std::clamp(overlay.opacity, 0.0, 1.0) * 256));
    if (factor >= 256) return overlay.picture;
    media::AvFrame faded = copy_pixels(*overlay.picture);
    for (int y = 0; y < faded->height; ++y) {
      std::uint8_t* row = faded->data[3] + static_cast<std::ptrdiff_t>(y) * faded->linesize[3];
      for (int x = 0; x < faded->width; ++x) {
        row[x] = static_cast<std::uint8_t>((row[x] * factor + 128) >> 8);
      }
    }
    return share(std::move(faded));
  }

  Result<Picture> run(media::FilterGraph& graph, const std::vector<const AVFrame*>& inputs,
                      std::uint64_t tick) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      TS_CHECK(graph.push(i, *inputs[i], static_cast<std::int64_t>(tick)));
    }
    TS_TRY(media::AvFrame out, graph.pull());
    if (!out) {
      return Error{.kind = ErrorKind::kMedia, .message = "the scene's filter graph gave no frame"};
    }
    out->color_range = AVCOL_RANGE_MPEG;
    out->colorspace = AVCOL_SPC_BT709;
    out->sample_aspect_ratio = {1, 1};
    return share(std::move(out));
  }

  template <typename Make>
  Result<Kept*> find(std::list<Kept>& all, std::uint64_t plan,
                     const std::vector<media::FilterInput>& shapes,
                     const std::vector<scene::Rect>& places, const Make& make) {
    const auto same = [&](const Kept& kept) {
      if (kept.plan != plan || kept.places != places || kept.inputs.size() != shapes.size()) {
        return false;
      }
      for (std::size_t i = 0; i < shapes.size(); ++i) {
        if (kept.inputs[i].width != shapes[i].width || kept.inputs[i].height != shapes[i].height ||
            kept.inputs[i].format != shapes[i].format ||
            av_cmp_q(kept.inputs[i].pixel_aspect, shapes[i].pixel_aspect) != 0) {
          return false;
        }
      }
      return true;
    };
    const auto found = std::find_if(all.begin(), all.end(), same);
    if (found != all.end()) {
      all.splice(all.begin(), all, found);
      return &all.front();
    }
    TS_TRY(auto graph, make());
    all.push_front({.plan = plan, .inputs = shapes, .places = places, .graph = std::move(graph)});
    if (all.size() > kKeptGraphs) all.pop_back();
    return &all.front();
  }

  scene::Canvas canvas_;
  Picture background_;
  Picture black_;
  std::list<Kept> scenes_;
  std::list<Kept> overlays_;
};

}  // namespace

std::unique_ptr<Renderer> make_filtergraph_renderer(const scene::Canvas& canvas) {
  return std::make_unique<FiltergraphRenderer>(canvas);
}

}  // namespace ts::compose
