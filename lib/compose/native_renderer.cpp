// SPDX-License-Identifier: Apache-2.0
#include "compose/canvas_pool.hpp"
#include "compose/compiled_scene.hpp"
#include "compose/renderer.hpp"
#include "compose/sprite.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace ts::compose {
namespace {

constexpr std::size_t kKeptScenes = 32;
constexpr std::size_t kKeptSprites = 16;

std::uint8_t* row_of(AVFrame& frame, int plane, int x, int y) noexcept {
  return frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane] + x;
}
const std::uint8_t* row_of(const AVFrame& frame, int plane, int x, int y) noexcept {
  return frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane] + x;
}

/// Everything that decides a canvas: two equal ones are the same picture.
struct Recipe {
  std::uint64_t scene = 0;
  std::uint64_t outgoing = 0;
  std::vector<std::uint64_t> serials{};  // the scene's layers, then the outgoing one's
  Blend blend{};
  std::vector<CanvasStamp::Placed> overlays{};
  int black_256 = 0;

  friend bool operator==(const Recipe& a, const Recipe& b) {
    return a.scene == b.scene && a.outgoing == b.outgoing && a.serials == b.serials &&
           a.blend.incoming_256 == b.blend.incoming_256 &&
           a.blend.show_incoming == b.blend.show_incoming &&
           a.blend.wipe_edge == b.blend.wipe_edge && a.overlays == b.overlays &&
           a.black_256 == b.black_256;
  }
};

/// The engine for being on air: a scene is compiled into copies, scalings and fills of exactly what
/// is seen, straight into the canvas; what has not changed is not drawn again, and a source that
/// fills the canvas is passed on without touching it.
class NativeRenderer final : public Renderer {
 public:
  NativeRenderer(const scene::Canvas& canvas, const Kernels& kernels)
      : canvas_(canvas), kernels_(kernels), pool_(canvas.size) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "native"; }

  Result<Picture> render(const ProgramPicture& program,
                         std::span<const SourcePicture> sources) override {
    if (program.black >= 1) return black();
    TS_TRY(const Compiled scene, compiled(*program.scene, sources));
    Compiled outgoing;
    Recipe recipe{.scene = scene->id};
    if (program.outgoing != nullptr) {
      TS_TRY(outgoing, compiled(*program.outgoing, sources));
      recipe.outgoing = outgoing->id;
      recipe.blend = blend_of(program.transition, program.progress, canvas_.size.width);
    }
    add_serials(*scene, sources, recipe.serials);
    if (outgoing != nullptr) add_serials(*outgoing, sources, recipe.serials);
    for (const OverlayPicture& overlay : program.overlays) {
      recipe.overlays.push_back(placed(overlay));
    }
    recipe.black_256 = static_cast<int>(std::lround(std::max(0.0, program.black) * 256));
    if (last_ && recipe == last_recipe_) return last_;
    last_ = outgoing == nullptr ? plain(*scene, program, sources, recipe)
                                : transition(*outgoing, *scene, program, sources, recipe);
    last_recipe_ = std::move(recipe);
    return last_;
  }

  void prepare(const ScenePlan& plan, std::span<const SourcePicture> sources) override {
    (void)compiled(plan, sources);  // without pictures there is nothing to prepare for
  }

  [[nodiscard]] bool prepared(const ScenePlan& plan,
                              std::span<const SourcePicture> sources) const override {
    const auto shapes = shapes_of(plan, sources);
    return shapes && kept(plan, *shapes, false) != nullptr;
  }

 private:
  using Canvas = std::unique_ptr<StampedCanvas>;
  /// Owners: the list of kept ones, and render() while it draws. Only render() touches its insides.
  using Compiled = std::shared_ptr<CompiledScene>;

  /// Of each layer's picture; nothing when one is missing.
  static std::optional<std::vector<PictureShape>> shapes_of(
      const ScenePlan& plan, std::span<const SourcePicture> sources) {
    std::vector<PictureShape> shapes;
    for (const auto& layer : plan.layers) {
      // A source that has just joined has none yet.
      if (layer.source >= sources.size()) return std::nullopt;
      const Picture& picture = sources[layer.source].picture;
      if (!picture) return std::nullopt;
      shapes.push_back(shape_of(*picture));
    }
    return shapes;
  }

  [[nodiscard]] Compiled kept(const ScenePlan& plan, const std::vector<PictureShape>& shapes,
                              bool use) const {
    const std::lock_guard lock(scenes_mutex_);
    const auto found = std::find_if(scenes_.begin(), scenes_.end(), [&](const auto& scene) {
      return scene->plan == plan.id && scene->shapes == shapes;
    });
    if (found == scenes_.end()) return nullptr;
    if (use) scenes_.splice(scenes_.begin(), scenes_, found);
    return *found;
  }

  /// The scene's drawing steps for the shapes its sources have now.
  Result<Compiled> compiled(const ScenePlan& plan, std::span<const SourcePicture> sources) {
    auto shapes = shapes_of(plan, sources);
    if (!shapes) {
      return Error{.kind = ErrorKind::kMedia, .message = "a layer's source has no picture"};
    }
    if (auto scene = kept(plan, *shapes, true)) return scene;
    auto made = std::make_shared<CompiledScene>(
        compile_scene(plan, canvas_, std::move(*shapes), next_id_.fetch_add(1)));
    const std::lock_guard lock(scenes_mutex_);
    scenes_.push_front(made);
    if (scenes_.size() > kKeptScenes) scenes_.pop_back();
    return made;
  }

  /// A picture nobody sees does not count as a change.
  static void add_serials(const CompiledScene& scene, std::span<const SourcePicture> sources,
                          std::vector<std::uint64_t>& out) {
    for (const CompiledLayer& layer : scene.layers) {
      out.push_back(layer.visible() ? sources[layer.source].serial : 0);
    }
  }

  static CanvasStamp::Placed placed(const OverlayPicture& overlay) {
    const double opacity = std::clamp(overlay.opacity, 0.0, 1.0);
    return {.serial = overlay.serial,
            .place = {overlay.x, overlay.y, overlay.picture->width, overlay.picture->height},
            .factor_256 = static_cast<int>(std::lround(opacity * 256))};
  }

  /// No transition: the canvas may be the source's own picture, or an older one touched up.
  Picture plain(CompiledScene& scene, const ProgramPicture& program,
                std::span<const SourcePicture> sources, const Recipe& recipe) {
    if (scene.whole && recipe.overlays.empty() && recipe.black_256 == 0) {
      return sources[scene.layers[*scene.whole].source].picture;
    }
    Canvas canvas = drawn(scene, program.overlays, sources, recipe.serials, recipe.overlays);
    darken(*canvas, recipe.black_256);
    return pool_.publish(std::move(canvas));
  }

  Picture transition(CompiledScene& outgoing, CompiledScene& incoming,
                     const ProgramPicture& program, std::span<const SourcePicture> sources,
                     const Recipe& recipe) {
    const Blend& blend = recipe.blend;
    const std::span serials(recipe.serials);
    const auto before = [&] {
      return without_overlays(outgoing, sources, serials.subspan(incoming.layers.size()));
    };
    const auto after = [&] {
      return without_overlays(incoming, sources, serials.first(incoming.layers.size()));
    };
    Canvas canvas;
    if (program.transition == scene::TransitionKind::kFtb) {
      const Picture shown = blend.show_incoming ? after() : before();
      canvas = pool_.take(0);
      mix(*black(), *shown, *canvas->frame, blend.incoming_256);
    } else {
      const Picture old_scene = before();
      const Picture new_scene = after();
      canvas = pool_.take(0);
      if (program.transition == scene::TransitionKind::kWipe) {
        wipe(*new_scene, *old_scene, *canvas->frame, blend.wipe_edge);
      } else {
        mix(*old_scene, *new_scene, *canvas->frame, blend.incoming_256);
      }
    }
    canvas->stamp = {};
    for (std::size_t i = 0; i < program.overlays.size(); ++i) {
      lay_over(*canvas->frame, program.overlays[i], recipe.overlays[i]);
    }
    darken(*canvas, recipe.black_256);
    return pool_.publish(std::move(canvas));
  }

  Picture without_overlays(CompiledScene& scene, std::span<const SourcePicture> sources,
                           std::span<const std::uint64_t> serials) {
    if (scene.whole) return sources[scene.layers[*scene.whole].source].picture;
    return pool_.publish(drawn(scene, {}, sources, serials, {}));
  }

  /// Which parts of an older canvas have to be drawn again.
  struct Dirty {
    std::vector<bool> layers{};
    bool background = true;
    std::vector<bool> overlays{};
  };

  static Dirty dirty_parts(const CompiledScene& scene, const CanvasStamp& stamp,
                           std::span<const std::uint64_t> serials,
                           std::span<const CanvasStamp::Placed> overlays) {
    Dirty dirty{.layers = std::vector<bool>(scene.layers.size(), true),
                .overlays = std::vector<bool>(overlays.size(), true)};
    if (stamp.scene != scene.id) return dirty;
    dirty.background = false;
    bool any = false;
    for (std::size_t i = 0; i < serials.size(); ++i) {
      dirty.layers[i] = stamp.serials[i] != serials[i];
      any = any || dirty.layers[i];
    }
    const auto under = [&](const scene::Rect& rect, auto&& visit) {
      for (std::size_t i = 0; i < scene.layers.size(); ++i) {
        if (scene.layers[i].touches(rect)) visit(dirty.layers, i);
      }
      for (const scene::Rect& part : scene.background) {
        if (!part.intersects(rect)) continue;
        std::vector<bool> background{dirty.background};
        visit(background, 0);
        dirty.background = background[0];
      }
    };
    const auto redraw_under = [&](const scene::Rect& rect) {
      bool changed = false;
      under(rect, [&](std::vector<bool>& flags, std::size_t i) {
        changed = changed || !flags[i];
        flags[i] = true;
      });
      any = any || changed;
      return changed;
    };
    const bool same_overlays =
        std::equal(overlays.begin(), overlays.end(), stamp.overlays.begin(), stamp.overlays.end());
    if (!same_overlays) {
      // The old ones are taken off by drawing what was below them.
      for (const CanvasStamp::Placed& old : stamp.overlays) redraw_under(old.place);
    } else {
      // An overlay is laid over again exactly when everything below it is fresh.
      std::fill(dirty.overlays.begin(), dirty.overlays.end(), false);
      for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t i = 0; i < overlays.size(); ++i) {
          bool touched = dirty.overlays[i];
          under(overlays[i].place, [&](const std::vector<bool>& flags, std::size_t at) {
            touched = touched || flags[at];
          });
          if (!touched) continue;
          changed = redraw_under(overlays[i].place) || changed;
          dirty.overlays[i] = true;
        }
      }
    }
    if (scene.translucent && any) {
      // What shines through may be anywhere below.
      dirty.background = true;
      std::fill(dirty.layers.begin(), dirty.layers.end(), true);
      std::fill(dirty.overlays.begin(), dirty.overlays.end(), true);
    }
    return dirty;
  }

  /// A canvas of the scene with its overlays, made from an older one where possible.
  Canvas drawn(CompiledScene& scene, std::span<const OverlayPicture> overlays,
               std::span<const SourcePicture> sources, std::span<const std::uint64_t> serials,
               std::span<const CanvasStamp::Placed> places) {
    Canvas canvas = pool_.take(scene.id);
    AVFrame& frame = *canvas->frame;
    const Dirty dirty = dirty_parts(scene, canvas->stamp, serials, places);
    if (dirty.background) {
      for (const scene::Rect& rect : scene.background) {
        fill_rect(frame, rect, canvas_.background);
      }
    }
    for (std::size_t i = 0; i < scene.layers.size(); ++i) {
      CompiledLayer& layer = scene.layers[i];
      if (!dirty.layers[i] || !layer.visible()) continue;
      const AVFrame& picture = *sources[layer.source].picture;
      if (layer.weight_256 >= 256) {
        draw_layer(layer, picture, frame);
        continue;
      }
      Canvas scratch = pool_.take(0);
      scratch->stamp = {};
      draw_layer(layer, picture, *scratch->frame);
      for (const auto* parts : {&layer.picture, &layer.border}) {
        for (const scene::Rect& rect : *parts) {
          mix_part(frame, *scratch->frame, frame, rect, layer.weight_256);
        }
      }
      pool_.put_back(std::move(scratch));
    }
    for (std::size_t i = 0; i < overlays.size(); ++i) {
      if (dirty.overlays[i]) lay_over(frame, overlays[i], places[i]);
    }
    canvas->stamp = {.scene = scene.id,
                     .serials = {serials.begin(), serials.end()},
                     .overlays = {places.begin(), places.end()}};
    return canvas;
  }

  /// The layer's visible parts as if it were opaque.
  void draw_layer(CompiledLayer& layer, const AVFrame& picture, AVFrame& canvas) {
    for (const scene::Rect& rect : layer.border) fill_rect(canvas, rect, layer.border_rgb);
    const scene::Rect& source = layer.fitted.source;
    const scene::Rect& target = layer.fitted.target;
    for (const scene::Rect& rect : layer.picture) {
      for (int plane = 0; plane < 3; ++plane) {
        const int shift = plane == 0 ? 0 : 1;
        const scene::Rect part{(rect.x - target.x) >> shift, (rect.y - target.y) >> shift,
                               rect.width >> shift, rect.height >> shift};
        std::uint8_t* out = row_of(canvas, plane, rect.x >> shift, rect.y >> shift);
        const int out_stride = canvas.linesize[plane];
        const std::uint8_t* in = row_of(picture, plane, source.x >> shift, source.y >> shift);
        const int in_stride = picture.linesize[plane];
        if (layer.scalers) {
          (*layer.scalers)[plane == 0 ? 0 : 1].run(kernels_, in, in_stride, part, out, out_stride);
          continue;
        }
        in += static_cast<std::ptrdiff_t>(part.y) * in_stride + part.x;
        for (int y = 0; y < part.height; ++y) {
          std::memcpy(out + static_cast<std::ptrdiff_t>(y) * out_stride,
                      in + static_cast<std::ptrdiff_t>(y) * in_stride,
                      static_cast<std::size_t>(part.width));
        }
      }
    }
  }

  void lay_over(AVFrame& canvas, const OverlayPicture& overlay, const CanvasStamp::Placed& place) {
    if (overlay.sprite) {
      overlay.sprite->draw(kernels_, canvas, overlay.x, overlay.y, place.factor_256);
      return;
    }
    auto found = std::find_if(sprites_.begin(), sprites_.end(),
                              [&](const auto& kept) { return kept.first == overlay.serial; });
    if (found == sprites_.end()) {
      sprites_.emplace_front(overlay.serial, std::make_unique<const Sprite>(*overlay.picture));
      if (sprites_.size() > kKeptSprites) sprites_.pop_back();
      found = sprites_.begin();
    }
    found->second->draw(kernels_, canvas, overlay.x, overlay.y, place.factor_256);
  }

  /// Made when it is needed first: most programs never go to black.
  const Picture& black() {
    if (!black_) {
      media::AvFrame made = make_canvas(canvas_.size);
      fill_rect(*made, {0, 0, canvas_.size.width, canvas_.size.height}, 0x000000);
      black_ = share(std::move(made));
    }
    return black_;
  }

  /// Towards black, in place.
  void darken(StampedCanvas& canvas, int black_256) {
    if (black_256 == 0) return;
    mix(*canvas.frame, *black(), *canvas.frame, black_256);
    canvas.stamp = {};
  }

  void mix(const AVFrame& a, const AVFrame& b, AVFrame& out, int weight) const {
    mix_part(a, b, out, {0, 0, out.width, out.height}, weight);
  }

  void mix_part(const AVFrame& a, const AVFrame& b, AVFrame& out, const scene::Rect& rect,
                int weight) const {
    for (int plane = 0; plane < 3; ++plane) {
      const int shift = plane == 0 ? 0 : 1;
      for (int y = rect.y >> shift; y < (rect.y + rect.height) >> shift; ++y) {
        const int x = rect.x >> shift;
        kernels_.mix(row_of(a, plane, x, y), row_of(b, plane, x, y), row_of(out, plane, x, y),
                     rect.width >> shift, weight);
      }
    }
  }

  /// `left` up to column `edge`, `right` from there on.
  static void wipe(const AVFrame& left, const AVFrame& right, AVFrame& out, int edge) {
    for (int plane = 0; plane < 3; ++plane) {
      const int shift = plane == 0 ? 0 : 1;
      const auto cut = static_cast<std::size_t>(edge >> shift);
      const auto width = static_cast<std::size_t>(out.width >> shift);
      for (int y = 0; y < out.height >> shift; ++y) {
        std::uint8_t* to = row_of(out, plane, 0, y);
        std::memcpy(to, row_of(left, plane, 0, y), cut);
        std::memcpy(to + cut, row_of(right, plane, 0, y) + cut, width - cut);
      }
    }
  }

  scene::Canvas canvas_;
  const Kernels& kernels_;
  CanvasPool pool_;
  Picture black_;
  mutable std::mutex scenes_mutex_;
  mutable std::list<Compiled> scenes_;  // the one used last first
  std::atomic<std::uint64_t> next_id_{1};
  std::list<std::pair<std::uint64_t, std::unique_ptr<const Sprite>>> sprites_;
  Recipe last_recipe_;
  Picture last_;
};

}  // namespace

std::unique_ptr<Renderer> make_native_renderer(const scene::Canvas& canvas,
                                               const Kernels* kernels) {
  return std::make_unique<NativeRenderer>(canvas, kernels != nullptr ? *kernels : best_kernels());
}

}  // namespace ts::compose
