// SPDX-License-Identifier: Apache-2.0
#include "compose/kernels/plane_scaler.hpp"
#include "compose/raster.hpp"
#include "compose/renderer.hpp"
#include "media/filter_graph.hpp"
#include "media/png.hpp"
#include "media/reader.hpp"
#include "scene/layout.hpp"
#include "support/ssim.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ts::compose {
namespace {

const scene::Canvas kCanvas{.size = {640, 360}, .rate = {30, 1}, .background = 0x203040};
constexpr double kAlike = 0.995;

/// Camera-like pictures: edges, text, color and fine noise.
Picture test_picture(scene::Size size, int hue, scene::Ratio aspect = {1, 1}) {
  auto graph = media::FilterGraph::create(
      "testsrc2=s=" + std::to_string(size.width) + "x" + std::to_string(size.height) +
          ":r=30,hue=h=" + std::to_string(hue) + ",noise=alls=5:allf=t:all_seed=9,setsar=" +
          std::to_string(aspect.num) + "/" + std::to_string(aspect.den) +
          ",scale=out_range=tv:out_color_matrix=bt709,format=yuv420p[out]",
      {});
  EXPECT_TRUE(graph.ok());
  media::AvFrame frame;
  for (int i = 0; i < 7; ++i) frame = graph.value().pull().value();
  frame->color_range = AVCOL_RANGE_MPEG;
  frame->colorspace = AVCOL_SPC_BT709;
  return share(std::move(frame));
}

bool same_pixels(const AVFrame& a, const AVFrame& b) {
  if (a.width != b.width || a.height != b.height) return false;
  for (int plane = 0; plane < 3; ++plane) {
    const int shift = plane == 0 ? 0 : 1;
    for (int y = 0; y < a.height >> shift; ++y) {
      if (std::memcmp(a.data[plane] + static_cast<std::ptrdiff_t>(y) * a.linesize[plane],
                      b.data[plane] + static_cast<std::ptrdiff_t>(y) * b.linesize[plane],
                      static_cast<std::size_t>(a.width >> shift)) != 0) {
        return false;
      }
    }
  }
  return true;
}

/// Sources of all shapes, scenes of all layouts, overlays of all kinds.
class Studio {
 public:
  Studio() {
    const std::vector<std::pair<scene::Size, scene::Ratio>> shapes = {
        {{640, 360}, {1, 1}}, {{1280, 720}, {1, 1}},  {{320, 240}, {1, 1}},
        {{180, 320}, {1, 1}}, {{720, 576}, {64, 45}}, {{640, 360}, {1, 1}},
        {{426, 240}, {1, 1}}, {{640, 360}, {1, 1}},   {{1920, 1080}, {1, 1}}};
    int hue = 0;
    for (const auto& [size, aspect] : shapes) {
      sources.push_back({test_picture(size, hue, aspect), 1});
      hue += 40;
    }
    const auto add = [&](const std::string& name, scene::LayoutOptions options, std::size_t first,
                         std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) options.slots.push_back(std::to_string(first + i));
      add_layers(name, scene::arrange(kCanvas, options), first);
    };
    using scene::LayoutKind;
    add("full", {.kind = LayoutKind::kFull}, 0, 1);
    add("full-large", {.kind = LayoutKind::kFull}, 1, 1);
    add("full-hd", {.kind = LayoutKind::kFull}, 8, 1);
    for (const scene::Fit fit : {scene::Fit::kCover, scene::Fit::kContain, scene::Fit::kStretch}) {
      for (const std::size_t source : {2U, 3U, 4U}) {
        add("full-" + std::string(to_string(fit)) + "-" + std::to_string(source),
            {.kind = LayoutKind::kFull, .fit = fit}, source, 1);
      }
    }
    add("side-by-side", {.kind = LayoutKind::kSideBySide}, 0, 2);
    add("side-by-side-gap", {.kind = LayoutKind::kSideBySide, .gap = 8}, 3, 2);
    for (const auto& [name, corner] : {std::pair{"tl", scene::Corner::kTopLeft},
                                       {"tr", scene::Corner::kTopRight},
                                       {"bl", scene::Corner::kBottomLeft},
                                       {"br", scene::Corner::kBottomRight}}) {
      add(std::string("pip-") + name, {.kind = LayoutKind::kPip, .corner = corner, .border = 4}, 0,
          2);
    }
    add("pip-plain", {.kind = LayoutKind::kPip, .scale = 0.4}, 5, 2);
    add("screen", {.kind = LayoutKind::kScreen, .border = 2}, 2, 2);
    for (std::size_t count = 1; count <= 9; ++count) {
      add("grid-" + std::to_string(count), {.kind = LayoutKind::kGrid}, 0, count);
      add("grid-gap-" + std::to_string(count), {.kind = LayoutKind::kGrid, .gap = 6}, 0, count);
    }
    add_layers("items-overlap",
               {{.source = "0", .cell = {0, 0, 640, 360}},
                {.source = "1", .cell = {40, 30, 300, 200}, .border = 6, .border_rgb = 0xFF8000},
                {.source = "2", .cell = {200, 100, 320, 220}, .opacity = 0.6},
                {.source = "3", .cell = {420, 60, 160, 260}, .fit = scene::Fit::kContain}},
               0);
    add_layers("items-opacity",
               {{.source = "0", .cell = {0, 0, 640, 360}, .opacity = 0.5},
                {.source = "1", .cell = {100, 60, 400, 240}, .opacity = 0.25, .border = 8}},
               0);
    add_layers("items-crop",
               {{.source = "0", .cell = {0, 0, 320, 360}, .crop = {0.25, 0, 0.25, 0}},
                {.source = "1", .cell = {320, 0, 320, 180}, .crop = {0, 0.1, 0, 0.3}},
                {.source = "8",
                 .cell = {340, 200, 280, 140},
                 .fit = scene::Fit::kStretch,
                 .crop = {0.1, 0.1, 0.1, 0.1}}},
               0);
    add_layers(
        "items-hidden",
        {{.source = "1", .cell = {10, 10, 200, 100}}, {.source = "0", .cell = {0, 0, 640, 360}}},
        0);
    add_layers(
        "items-beyond",
        {{.source = "0", .cell = {-200, -100, 640, 360}},
         {.source = "1", .cell = {500, 250, 320, 180}, .border = 6},
         {.source = "2", .cell = {-60, 240, 300, 400}, .fit = scene::Fit::kContain, .opacity = 0.5},
         {.source = "3", .cell = {300, -900, 200, 1200}}},
        0);
    add_layers("items-none", {}, 0);

    add_overlay({.name = "third", .content = scene::LowerThird{"Ada Lovelace", "on air"}});
    add_overlay({.name = "text", .content = scene::TextOverlay{"Back at 20:15", 40}});
    add_overlay({.name = "edge", .content = scene::LowerThird{"Half out", ""}, .x = -60, .y = 330});
    add_overlay({.name = "faint",
                 .content = scene::TextOverlay{"REC", 30},
                 .x = 500,
                 .y = 20,
                 .opacity = 0.6});
  }

  [[nodiscard]] const ScenePlan& plan(const std::string& name) const {
    for (const ScenePlan& plan : plans) {
      if (plan.name == name) return plan;
    }
    throw std::out_of_range(name);
  }

  [[nodiscard]] std::vector<OverlayPicture> overlays(double opacity, bool ready = true) const {
    std::vector<OverlayPicture> out;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      out.push_back({drawn[i].picture, i + 1, drawn[i].x, drawn[i].y, opacity,
                     ready ? drawn[i].sprite : nullptr});
    }
    return out;
  }

  std::vector<SourcePicture> sources;
  std::vector<ScenePlan> plans;
  std::vector<DrawnOverlay> drawn;

 private:
  void add_layers(const std::string& name, const std::vector<scene::Layer>& layers, std::size_t) {
    ScenePlan plan{.id = plans.size() + 1, .name = name};
    for (const scene::Layer& layer : layers)
      plan.layers.push_back({std::stoul(layer.source), layer});
    plans.push_back(std::move(plan));
  }
  void add_overlay(const scene::Overlay& overlay) {
    auto result = draw_overlay(overlay, kCanvas);
    ASSERT_TRUE(result.ok()) << result.error().message;
    drawn.push_back(std::move(result).value());
  }
};

const Studio& studio() {
  static const Studio made;
  return made;
}

/// Both engines' pictures of the same program.
struct Pair {
  Pair() : native(make_native_renderer(kCanvas)), reference(make_filtergraph_renderer(kCanvas)) {}
  [[nodiscard]] double alike(const ProgramPicture& program) {
    const auto ours = native->render(program, studio().sources);
    const auto theirs = reference->render(program, studio().sources);
    EXPECT_TRUE(ours.ok()) << ours.error().message;
    EXPECT_TRUE(theirs.ok()) << theirs.error().message;
    if (!ours.ok() || !theirs.ok()) return 0;
    EXPECT_EQ(ours.value()->width, kCanvas.size.width);
    EXPECT_EQ(ours.value()->height, kCanvas.size.height);
    EXPECT_EQ(ours.value()->color_range, AVCOL_RANGE_MPEG);
    return test::ssim(*ours.value(), *theirs.value());
  }
  std::unique_ptr<Renderer> native;
  std::unique_ptr<Renderer> reference;
};

/// The last row of a drawn overlay with a pixel as bright as letters, and the first one.
std::pair<int, int> bright_rows(const DrawnOverlay& drawn) {
  int first = -1;
  int last = -1;
  for (int y = 0; y < drawn.picture->height; ++y) {
    const std::uint8_t* row =
        drawn.picture->data[0] + static_cast<std::ptrdiff_t>(y) * drawn.picture->linesize[0];
    // Not the stripe at the left.
    const bool bright =
        std::any_of(row + 30, row + drawn.picture->width, [](int luma) { return luma > 100; });
    if (!bright) continue;
    if (first < 0) first = y;
    last = y;
  }
  return {first, last};
}

TEST(DrawOverlay, ASubtitleKeepsItsDistanceFromATitleOfTwoLines) {
  constexpr scene::Canvas kWide{.size = {1280, 720}};
  const auto rows = [&](const char* title, const char* subtitle) {
    const auto drawn = draw_overlay({.content = scene::LowerThird{title, subtitle}}, kWide);
    EXPECT_TRUE(drawn.ok());
    return drawn.ok() ? std::pair{bright_rows(drawn.value()), drawn.value().picture->height}
                      : std::pair{std::pair{0, 0}, 0};
  };

  // The letters stand on the same line whatever hangs below it.
  const int one = rows("gypsy", "").first.second;
  const auto [both, height] = rows("gypsy", "ooo");
  const int two = rows("gypsy\ngypsy", "").first.second;
  const auto [both_of_two, height_of_two] = rows("gypsy\ngypsy", "ooo");

  EXPECT_NEAR(both_of_two.second - two, both.second - one, 1);
  EXPECT_NEAR(height_of_two - height, two - one, 2);
}

TEST(NativeRenderer, ShowsEveryLayoutLikeTheReference) {
  Pair engines;
  for (const ScenePlan& plan : studio().plans) {
    EXPECT_GE(engines.alike({.scene = &plan}), kAlike) << plan.name;
  }
}

TEST(NativeRenderer, StrongColorsOfBordersAreTheSameInTheReference) {
  for (const std::uint32_t rgb :
       {0xFF0000U, 0x00FF00U, 0x0000FFU, 0xFFFF00U, 0x123456U, 0xFFFFFFU}) {
    ScenePlan plan{.id = 1, .name = "border"};
    plan.layers.push_back(
        {0, {.source = "0", .cell = {100, 60, 320, 180}, .border = 8, .border_rgb = rgb}});
    Pair engines;
    const auto ours = engines.native->render({.scene = &plan}, studio().sources);
    const auto theirs = engines.reference->render({.scene = &plan}, studio().sources);
    ASSERT_TRUE(ours.ok() && theirs.ok());
    const Yuv wanted = to_yuv(rgb);
    const std::array<int, 3> values{wanted.y, wanted.u, wanted.v};
    for (std::size_t plane = 0; plane < 3; ++plane) {
      const int shift = plane == 0 ? 0 : 1;
      for (const Picture& picture : {ours.value(), theirs.value()}) {
        const auto at = [&](int x, int y) {
          return int{picture->data[plane][(y >> shift) * picture->linesize[plane] + (x >> shift)]};
        };
        EXPECT_EQ(at(102, 62), values[plane]) << rgb << " plane " << plane;
        EXPECT_EQ(at(416, 236), values[plane]) << rgb << " plane " << plane;
      }
    }
    EXPECT_GE(engines.alike({.scene = &plan}), kAlike) << rgb;
  }
}

TEST(NativeRenderer, LaysOverlaysOverEveryLayoutLikeTheReference) {
  Pair engines;
  std::uint64_t tick = 0;
  for (const ScenePlan& plan : studio().plans) {
    for (const double opacity : {1.0, 0.35}) {
      const auto overlays = studio().overlays(opacity);
      EXPECT_GE(engines.alike({.tick = tick++, .scene = &plan, .overlays = overlays}), kAlike)
          << plan.name << " at " << opacity;
    }
  }
}

TEST(NativeRenderer, MakesEveryTransitionStepLikeTheReference) {
  Pair engines;
  const auto overlays = studio().overlays(1);
  std::uint64_t tick = 0;
  for (const auto kind :
       {scene::TransitionKind::kFade, scene::TransitionKind::kFtb, scene::TransitionKind::kWipe}) {
    for (const auto& [from, to] : {std::pair{"full", "grid-4"},
                                   {"grid-9", "full"},
                                   {"pip-br", "side-by-side-gap"},
                                   {"items-overlap", "screen"},
                                   {"full-hd", "full-contain-2"}}) {
      for (int step = 1; step < 15; ++step) {
        ProgramPicture program{.tick = tick++,
                               .scene = &studio().plan(to),
                               .outgoing = &studio().plan(from),
                               .transition = kind,
                               .progress = step / 15.0};
        if (step % 5 == 0) program.overlays = overlays;
        if (step % 7 == 0) program.black = 0.4;
        EXPECT_GE(engines.alike(program), kAlike)
            << from << " to " << to << " kind " << static_cast<int>(kind) << " step " << step;
      }
    }
  }
}

TEST(NativeRenderer, GoesToBlackLikeTheReference) {
  Pair engines;
  const auto overlays = studio().overlays(1);
  for (const double black : {0.1, 0.5, 0.9, 1.0}) {
    for (const std::string name : {"full", "grid-5"}) {
      EXPECT_GE(
          engines.alike({.scene = &studio().plan(name), .black = black, .overlays = overlays}),
          kAlike)
          << name << " black " << black;
    }
  }
}

/// Every layout, overlay and transition step in one picture, for people to look at.
class ContactSheet {
 public:
  ContactSheet() : canvas_(make_canvas({kColumns * kWidth, kRows * kHeight})) {
    fill_rect(*canvas_, {0, 0, canvas_->width, canvas_->height}, 0x101010);
  }
  void add(const ProgramPicture& program) {
    const auto picture = engine_->render(program, studio().sources);
    ASSERT_TRUE(picture.ok());
    ASSERT_LT(count_, kColumns * kRows);
    const int left = count_ % kColumns * kWidth;
    const int top = count_ / kColumns * kHeight;
    for (int plane = 0; plane < 3; ++plane) {
      const int shift = plane == 0 ? 0 : 1;
      const scene::Size to{(kWidth - 4) >> shift, (kHeight - 4) >> shift};
      PlaneScaler({picture.value()->width >> shift, picture.value()->height >> shift}, to)
          .run(scalar_kernels(), picture.value()->data[plane], picture.value()->linesize[plane],
               {0, 0, to.width, to.height},
               canvas_->data[plane] +
                   static_cast<std::ptrdiff_t>(top >> shift) * canvas_->linesize[plane] +
                   (left >> shift),
               canvas_->linesize[plane]);
    }
    ++count_;
  }
  [[nodiscard]] const AVFrame& picture() const { return *canvas_; }

 private:
  static constexpr int kColumns = 8;
  static constexpr int kRows = 8;
  static constexpr int kWidth = 164;
  static constexpr int kHeight = 94;
  media::AvFrame canvas_;
  std::unique_ptr<Renderer> engine_ = make_native_renderer(kCanvas);
  int count_ = 0;
};

media::AvFrame read_picture(const std::filesystem::path& path) {
  auto reader = media::Reader::open({.url = path.string(), .name = path.string()}, {});
  if (!reader.ok()) return nullptr;
  const auto packet = reader.value()->read();
  if (!packet.ok() || !packet.value()) return nullptr;
  reader.value()->send(true, packet.value()->packet.get());
  reader.value()->send(true, nullptr);
  media::AvFrame frame = reader.value()->receive(true);
  if (!frame) return nullptr;
  auto graph = media::FilterGraph::create(
      "[in0]scale=out_range=tv:out_color_matrix=bt709,format=yuv420p[out]",
      {media::filter_input(*frame, {1, 1})});
  if (!graph.ok() || !graph.value().push(0, *frame, 0).ok()) return nullptr;
  return graph.value().pull().value();
}

/// TS_UPDATE_GOLDEN=1 writes the sheet anew; look at it before it is committed.
TEST(NativeRenderer, LooksLikeTheContactSheet) {
  ContactSheet sheet;
  for (const ScenePlan& plan : studio().plans) sheet.add({.scene = &plan});
  for (const double opacity : {1.0, 0.6, 0.2}) {
    const auto overlays = studio().overlays(opacity);
    for (const std::string name : {"full", "grid-4"}) {
      sheet.add({.scene = &studio().plan(name), .overlays = overlays});
    }
  }
  for (const auto kind :
       {scene::TransitionKind::kFade, scene::TransitionKind::kFtb, scene::TransitionKind::kWipe}) {
    for (const double progress : {0.2, 0.4, 0.6, 0.8}) {
      sheet.add({.scene = &studio().plan("pip-br"),
                 .outgoing = &studio().plan("grid-4"),
                 .transition = kind,
                 .progress = progress});
    }
  }
  for (const double black : {0.3, 0.7}) {
    sheet.add({.scene = &studio().plan("screen"), .black = black});
  }
  const auto path = std::filesystem::path(TS_TEST_DIR) / "golden" / "native_engine.png";
  if (const char* update = std::getenv("TS_UPDATE_GOLDEN"); update != nullptr) {
    ASSERT_TRUE(media::write_png(sheet.picture(), path).ok());
  }

  const media::AvFrame golden = read_picture(path);

  ASSERT_TRUE(golden) << path;
  ASSERT_EQ(golden->width, sheet.picture().width);
  ASSERT_EQ(golden->height, sheet.picture().height);
  EXPECT_GE(test::ssim(sheet.picture(), *golden), 0.99);
}

TEST(NativeRenderer, PassesAFullScreenSourceOnWithoutACopy) {
  const auto engine = make_native_renderer(kCanvas);
  for (const std::string name : {"full", "grid-1", "items-hidden"}) {
    const auto picture = engine->render({.scene = &studio().plan(name)}, studio().sources);
    ASSERT_TRUE(picture.ok());
    EXPECT_EQ(picture.value().get(), studio().sources[0].picture.get()) << name;
  }
}

TEST(NativeRenderer, SendsAnUnchangedCanvasAgain) {
  const auto engine = make_native_renderer(kCanvas);
  const auto overlays = studio().overlays(1);
  const ProgramPicture program{.scene = &studio().plan("grid-4"), .overlays = overlays};

  const auto first = engine->render(program, studio().sources);
  const auto second = engine->render(program, studio().sources);
  auto changed = studio().sources;
  changed[3].serial = 2;
  const auto third = engine->render(program, changed);
  changed[8].serial = 2;  // in no layer of this scene
  const auto fourth = engine->render(program, changed);

  ASSERT_TRUE(first.ok() && second.ok() && third.ok() && fourth.ok());
  EXPECT_EQ(first.value(), second.value());
  EXPECT_NE(second.value(), third.value());
  EXPECT_EQ(third.value(), fourth.value());
}

TEST(NativeRenderer, PreparesASceneForItsSourcesShapes) {
  const auto engine = make_native_renderer(kCanvas);
  const ScenePlan& plan = studio().plan("grid-4");
  auto other = studio().sources;
  other[0].picture = share(make_canvas({322, 182}));
  auto missing = studio().sources;
  missing[0].picture = nullptr;

  EXPECT_FALSE(engine->prepared(plan, studio().sources));
  engine->prepare(plan, studio().sources);

  EXPECT_TRUE(engine->prepared(plan, studio().sources));
  EXPECT_FALSE(engine->prepared(plan, other));
  EXPECT_FALSE(engine->prepared(plan, missing));
}

TEST(NativeRenderer, IsPreparedWhileItRenders) {
  const auto engine = make_native_renderer(kCanvas);
  const std::vector<std::string> names{"full", "grid-4", "grid-1"};
  {
    const std::jthread preparing([&] {
      for (int round = 0; round < 50; ++round) {
        for (const auto& name : names) engine->prepare(studio().plan(name), studio().sources);
      }
    });
    for (std::size_t tick = 0; tick < 50; ++tick) {
      const auto picture =
          engine->render({.scene = &studio().plan(names[tick % names.size()])}, studio().sources);
      ASSERT_TRUE(picture.ok());
    }
  }

  for (const auto& name : names) {
    EXPECT_TRUE(engine->prepared(studio().plan(name), studio().sources)) << name;
  }
}

TEST(NativeRenderer, NeverWritesToACanvasSomebodyHolds) {
  const auto engine = make_native_renderer(kCanvas);
  auto sources = studio().sources;
  const ProgramPicture program{.scene = &studio().plan("grid-4")};
  const Picture held = engine->render(program, sources).value();
  const media::AvFrame before = copy_pixels(*held);
  for (std::uint64_t serial = 2; serial < 20; ++serial) {
    for (std::size_t i = 0; i < 4; ++i) {
      sources[i] = {studio().sources[(i + serial) % 4].picture, serial};
    }
    ASSERT_TRUE(engine->render(program, sources).ok());
  }
  EXPECT_TRUE(same_pixels(*held, *before));
}

/// Whatever came before, a program has one picture: what is drawn anew is never too little.
TEST(NativeRenderer, GivesTheSamePixelsAsAFreshEngineWhateverCameBefore) {
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp): the same on every run
  const auto below = [&](std::size_t limit) { return random() % limit; };
  const auto engine = make_native_renderer(kCanvas);
  std::vector<SourcePicture> sources = studio().sources;
  std::uint64_t serial = 10;
  std::size_t scene = 0;
  std::size_t outgoing = 1;
  std::vector<OverlayPicture> overlays;
  std::vector<Picture> on_air;  // what encoders still hold
  for (std::uint64_t tick = 0; tick < 400; ++tick) {
    if (below(6) == 0) scene = below(studio().plans.size());
    if (below(6) == 0) outgoing = below(studio().plans.size());
    for (SourcePicture& source : sources) {
      if (below(4) != 0) continue;
      // Now and then another size, too.
      source = {studio().sources[below(sources.size())].picture, ++serial};
    }
    if (below(4) == 0) {
      overlays.clear();
      for (const OverlayPicture& overlay : studio().overlays(1, below(2) == 0)) {
        if (below(2) == 0) continue;
        overlays.push_back(overlay);
        if (below(3) == 0) overlays.back().opacity = 0.5;
      }
    }
    ProgramPicture program{.tick = tick, .scene = &studio().plans[scene], .overlays = overlays};
    if (below(5) == 0) {
      program.outgoing = &studio().plans[outgoing];
      program.transition = std::array{scene::TransitionKind::kFade, scene::TransitionKind::kFtb,
                                      scene::TransitionKind::kWipe}[below(3)];
      program.progress = static_cast<double>(1 + below(9)) / 10;
    }
    if (below(8) == 0) program.black = 0.3;

    const auto ours = engine->render(program, sources);
    const auto fresh = make_native_renderer(kCanvas, &scalar_kernels())->render(program, sources);

    ASSERT_TRUE(ours.ok() && fresh.ok());
    ASSERT_TRUE(same_pixels(*ours.value(), *fresh.value()))
        << "tick " << tick << " scene " << studio().plans[scene].name;
    on_air.push_back(ours.value());
    if (on_air.size() > 4) on_air.erase(on_air.begin());
  }
}

TEST(NativeRenderer, OutlivedByItsPictures) {
  auto engine = make_native_renderer(kCanvas);
  const Picture picture =
      engine->render({.scene = &studio().plan("grid-4")}, studio().sources).value();
  engine.reset();
  EXPECT_EQ(picture->width, kCanvas.size.width);
  EXPECT_NE(picture->data[0][0], 0);
}

TEST(MakeRenderer, KnowsBothEnginesAndNamesThem) {
  for (const std::string name : {"native", "filtergraph"}) {
    const auto engine = make_renderer(name, kCanvas);
    ASSERT_TRUE(engine.ok());
    EXPECT_EQ(engine.value()->name(), name);
  }
  const auto unknown = make_renderer("obs", kCanvas);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace ts::compose
