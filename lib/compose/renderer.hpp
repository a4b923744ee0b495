// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/kernels/kernels.hpp"
#include "compose/picture.hpp"
#include "compose/sprite.hpp"
#include "core/result.hpp"
#include "scene/show.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::compose {

/// A scene with its sources looked up. Immutable once made; made off the clock thread.
struct ScenePlan {
  struct PlannedLayer {
    std::size_t source = 0;  ///< Index into the pictures given to render.
    scene::Layer layer{};    ///< Cell, fit, crop, opacity, border: see scene/show.hpp.
  };
  std::uint64_t id = 0;  ///< Never used again for another plan.
  std::string name{};
  std::vector<PlannedLayer> layers{};  ///< Back to front.
};

/// What one source shows at one tick: its picture, the last one held, or its slate. Never null.
struct SourcePicture {
  Picture picture{};         ///< yuv420p, any even size; sample_aspect_ratio holds.
  std::uint64_t serial = 0;  ///< Changes exactly when `picture` does, per source.
};

/// One overlay that is (partly) visible at one tick.
struct OverlayPicture {
  Picture picture{};         ///< yuva420p, straight alpha, BT.709 limited, even size.
  std::uint64_t serial = 0;  ///< Changes exactly when the pixels do; unique over all overlays.
  int x = 0;                 ///< Even; may lie partly outside the canvas.
  int y = 0;
  double opacity = 1;  ///< Times the picture's own alpha; moves while it fades.
  /// The picture made ready for the native engine, which makes its own where this is null.
  std::shared_ptr<const Sprite> sprite{};
};

/// Everything that decides the picture of one tick, besides the sources' pixels.
struct ProgramPicture {
  std::uint64_t tick = 0;
  const ScenePlan* scene = nullptr;     ///< On air, or coming in during a transition. Never null.
  const ScenePlan* outgoing = nullptr;  ///< Going out during a transition, null otherwise.
  scene::TransitionKind transition = scene::TransitionKind::kCut;
  double progress = 1;  ///< Of the transition, 0 < progress < 1 while `outgoing` is set.
  double black = 0;     ///< 1 is a black program, overlays included.
  std::span<const OverlayPicture> overlays{};  ///< Bottom to top, over both scenes.
};

/// Makes the canvas of one tick. render() is called by the tick thread only and must not wait for
/// anything; prepare() and prepared() by any thread at the same time.
class Renderer {
 public:
  Renderer() = default;
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;
  virtual ~Renderer() = default;

  /// "native" or "filtergraph".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// The canvas for `program`: yuv420p of the canvas' size, limited range, BT.709. It may be a
  /// reference to a source's own picture or to the previous canvas; the caller never writes to it.
  /// @param sources  one per source of the show, in the plans' numbering. A source that no layer
  ///                 of the two scenes names may have a null picture.
  /// @return kMedia only for trouble inside the engine; the caller then repeats the last canvas.
  virtual Result<Picture> render(const ProgramPicture& program,
                                 std::span<const SourcePicture> sources) = 0;

  /// Makes what render() needs for a scene while its sources' pictures have these shapes, which may
  /// take milliseconds. render() would make it itself, between two frames.
  virtual void prepare(const ScenePlan& /*plan*/, std::span<const SourcePicture> /*sources*/) {}
  /// Whether that has been done; true for an engine that has nothing to prepare. Quick.
  [[nodiscard]] virtual bool prepared(const ScenePlan& /*plan*/,
                                      std::span<const SourcePicture> /*sources*/) const {
    return true;
  }
};

/// How a transition weighs two canvases at `progress`; shared so that engines agree.
/// fade: incoming over outgoing with this weight in 1/256. ftb: out to black, then in from black.
/// wipe: the incoming scene's columns left of the edge, even.
struct Blend {
  int incoming_256 = 256;     ///< Weight of the incoming scene (fade), or of what is shown (ftb).
  bool show_incoming = true;  ///< ftb: which scene is shown at all.
  int wipe_edge = 0;          ///< wipe: columns [0, edge) are the incoming scene.
};
Blend blend_of(scene::TransitionKind kind, double progress, int canvas_width) noexcept;

/// The engine of that name; kUsage with the known ones otherwise.
Result<std::unique_ptr<Renderer>> make_renderer(std::string_view engine,
                                                const scene::Canvas& canvas);

/// The reference engine on libavfilter. @see filtergraph_renderer.cpp
std::unique_ptr<Renderer> make_filtergraph_renderer(const scene::Canvas& canvas);

/// The engine for being on air, on kernels of its own. @see native_renderer.cpp
/// @param kernels  null: the fastest of this processor.
std::unique_ptr<Renderer> make_native_renderer(const scene::Canvas& canvas,
                                               const Kernels* kernels = nullptr);

}  // namespace ts::compose
