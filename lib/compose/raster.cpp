// SPDX-License-Identifier: Apache-2.0
#include "compose/raster.hpp"

#include "media/filter_graph.hpp"
#include "media/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <utility>
#include <variant>
#include <vector>

namespace ts::compose {
namespace {

namespace fs = std::filesystem;

/// Coverage of drawn text, 0 to 255.
struct Mask {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels{};
  [[nodiscard]] std::uint8_t at(int x, int y) const noexcept {
    if (x < 0 || y < 0 || x >= width || y >= height) return 0;
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
};

/// Straight-alpha RGBA in floats: overlays are drawn once, so clarity wins.
struct Canvas4 {
  struct Pixel {
    float r = 0;
    float g = 0;
    float b = 0;
    float a = 0;
  };
  Canvas4(int w, int h)
      : width(w), height(h), pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h)) {}
  [[nodiscard]] Pixel& at(int x, int y) {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
  void over(int x, int y, std::uint32_t rgb, float alpha) {
    if (x < 0 || y < 0 || x >= width || y >= height || alpha <= 0) return;
    Pixel& to = at(x, y);
    const float a = alpha + to.a * (1 - alpha);
    const auto channel = [&](float old, std::uint32_t shift) {
      const float fresh = static_cast<float>((rgb >> shift) & 0xFFU) / 255.0F;
      return (fresh * alpha + old * to.a * (1 - alpha)) / a;
    };
    to = {channel(to.r, 16), channel(to.g, 8), channel(to.b, 0), a};
  }
  void fill(int x, int y, int w, int h, std::uint32_t rgb, float alpha) {
    for (int v = y; v < y + h; ++v) {
      for (int u = x; u < x + w; ++u) over(u, v, rgb, alpha);
    }
  }
  void draw(const Mask& mask, int x, int y, std::uint32_t rgb) {
    for (int v = 0; v < mask.height; ++v) {
      for (int u = 0; u < mask.width; ++u) {
        over(x + u, y + v, rgb, static_cast<float>(mask.at(u, v)) / 255.0F);
      }
    }
  }
  int width;
  int height;
  std::vector<Pixel> pixels;
};

std::uint8_t byte_of(float value) noexcept {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

/// RGBA to yuva420p; chroma is the mean of its four pixels weighed by their alpha.
Picture to_yuva(Canvas4& from, double opacity) {
  media::AvFrame frame = make_canvas({from.width, from.height}, AV_PIX_FMT_YUVA420P);
  const auto luma_of = [](const Canvas4::Pixel& p) {
    return 0.2126F * p.r + 0.7152F * p.g + 0.0722F * p.b;
  };
  for (int y = 0; y < from.height; ++y) {
    std::uint8_t* luma = frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0];
    std::uint8_t* alpha = frame->data[3] + static_cast<std::ptrdiff_t>(y) * frame->linesize[3];
    for (int x = 0; x < from.width; ++x) {
      const Canvas4::Pixel& pixel = from.at(x, y);
      luma[x] = byte_of(16 + 219 * luma_of(pixel));
      alpha[x] = byte_of(255 * pixel.a * static_cast<float>(opacity));
    }
  }
  for (int y = 0; y < from.height / 2; ++y) {
    std::uint8_t* u_row = frame->data[1] + static_cast<std::ptrdiff_t>(y) * frame->linesize[1];
    std::uint8_t* v_row = frame->data[2] + static_cast<std::ptrdiff_t>(y) * frame->linesize[2];
    for (int x = 0; x < from.width / 2; ++x) {
      float weight = 0;
      float u = 0;
      float v = 0;
      for (int k = 0; k < 4; ++k) {
        const Canvas4::Pixel& pixel = from.at(2 * x + k % 2, 2 * y + k / 2);
        const float luma = luma_of(pixel);
        weight += pixel.a;
        u += pixel.a * (pixel.b - luma) / 1.8556F;
        v += pixel.a * (pixel.r - luma) / 1.5748F;
      }
      u_row[x] = byte_of(128 + (weight > 0 ? 224 * u / weight : 0));
      v_row[x] = byte_of(128 + (weight > 0 ? 224 * v / weight : 0));
    }
  }
  return share(std::move(frame));
}

std::string font_file(bool bold) {
  static constexpr std::array<const char*, 4> kFolders{
      "/usr/share/fonts/truetype/dejavu/DejaVuSans", "/usr/share/fonts/TTF/DejaVuSans",
      "/usr/share/fonts/dejavu/DejaVuSans", "/usr/share/fonts/truetype/liberation2/LiberationSans"};
  for (const char* base : kFolders) {
    const std::string path = fmt::format("{}{}.ttf", base, bold ? "-Bold" : "");
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path;
  }
  return {};
}

Error no_font() {
  return Error{.kind = ErrorKind::kMedia,
               .message = "no font for overlays was found",
               .hint = "install fonts-dejavu-core"};
}

/// Draws `text` once with FFmpeg's drawtext on black and cuts out what was touched. Filters are
/// made one by one: no text ever passes through the graph language and its quoting.
/// @param at_origin  keeps the space before the first letter, so that digits stay where they are.
Result<Mask> draw_text(const std::string& text, int size, bool bold, int max_width,
                       bool at_origin = false) {
  Mask mask;
  if (text.empty()) return mask;
  const std::string font = font_file(bold);
  media::AvFilterGraph graph(avfilter_graph_alloc());
  if (!graph) return media::av_no_memory();
  graph->nb_threads = 1;
  const int lines = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  const int height = size * 2 * lines + 2 * size;
  AVFilterContext* ground = nullptr;
  AVFilterContext* draw = nullptr;
  AVFilterContext* format = nullptr;
  AVFilterContext* sink = nullptr;
  const std::string ground_arguments =
      fmt::format("c=black:s={}x{}:r=1:d=1", (max_width + size) & ~1, height & ~1);
  int code = avfilter_graph_create_filter(&ground, avfilter_get_by_name("color"), "ground",
                                          ground_arguments.c_str(), nullptr, graph.get());
  if (code >= 0) {
    code = avfilter_graph_create_filter(&format, avfilter_get_by_name("format"), "gray",
                                        "pix_fmts=gray", nullptr, graph.get());
  }
  if (code >= 0) {
    code = avfilter_graph_create_filter(&sink, avfilter_get_by_name("buffersink"), "out", nullptr,
                                        nullptr, graph.get());
  }
  if (code < 0) return media::av_error(code, "draw text");
  draw = avfilter_graph_alloc_filter(graph.get(), avfilter_get_by_name("drawtext"), "text");
  if (draw == nullptr) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "this FFmpeg cannot draw text",
                 .hint = "use an FFmpeg built with libfreetype"};
  }
  av_opt_set(draw->priv, "text", text.c_str(), 0);
  av_opt_set(draw->priv, "expansion", "none", 0);
  av_opt_set_int(draw->priv, "fix_bounds", 0, 0);
  av_opt_set(draw->priv, "fontsize", fmt::format("{}", size).c_str(), 0);
  av_opt_set(draw->priv, "fontcolor", "white", 0);
  av_opt_set(draw->priv, "x", fmt::format("{}", size / 2).c_str(), 0);
  av_opt_set(draw->priv, "y", fmt::format("{}", size / 2).c_str(), 0);
  av_opt_set_int(draw->priv, "line_spacing", size / 4, 0);
  if (!font.empty()) {
    av_opt_set(draw->priv, "fontfile", font.c_str(), 0);
  } else {
    av_opt_set(draw->priv, "font", bold ? "Sans:bold" : "Sans", 0);
  }
  if (avfilter_init_str(draw, nullptr) < 0) return no_font();
  code = avfilter_link(ground, 0, format, 0);
  if (code >= 0) code = avfilter_link(format, 0, draw, 0);
  if (code >= 0) code = avfilter_link(draw, 0, sink, 0);
  if (code >= 0) code = avfilter_graph_config(graph.get(), nullptr);
  media::AvFrame frame = media::make_frame();
  if (code >= 0) code = av_buffersink_get_frame(sink, frame.get());
  if (code < 0) return media::av_error(code, "draw text");
  if (frame->format != AV_PIX_FMT_GRAY8) {
    return Error{.kind = ErrorKind::kMedia, .message = "draw text: not a gray picture"};
  }

  // Horizontally what was touched, vertically the line box: neighbors keep one base line.
  int left = frame->width;
  int right = 0;
  for (int y = 0; y < frame->height; ++y) {
    const std::uint8_t* row = frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0];
    for (int x = 0; x < frame->width; ++x) {
      if (row[x] <= 20) continue;
      left = std::min(left, x);
      right = std::max(right, x + 1);
    }
  }
  if (right <= left) return mask;
  if (at_origin) left = std::min(left, size / 2);
  mask.width = std::min(right - left, max_width);
  mask.height = std::min(frame->height - size / 2, lines * (size * 5 / 4) + size / 4);
  for (int y = 0; y < mask.height; ++y) {
    const std::uint8_t* row =
        frame->data[0] + static_cast<std::ptrdiff_t>(y + size / 2) * frame->linesize[0];
    for (int x = 0; x < mask.width; ++x) {
      // Limited-range gray: 16 is nothing, 235 is all.
      const int level =
          frame->color_range == AVCOL_RANGE_JPEG ? row[left + x] : (row[left + x] - 16) * 255 / 219;
      mask.pixels.push_back(static_cast<std::uint8_t>(std::clamp(level, 0, 255)));
    }
  }
  return mask;
}

int even(int value) noexcept { return (value + 1) & ~1; }
int even_down(int value) noexcept { return value & ~1; }

Result<DrawnOverlay> draw_lower_third(const scene::LowerThird& content,
                                      const scene::Overlay& overlay, const scene::Canvas& canvas) {
  const int unit = std::max(12, canvas.size.height / 20);  // 36 at 720
  const int most = canvas.size.width - 4 * unit;
  TS_TRY(const Mask title, draw_text(content.title, unit, true, most));
  TS_TRY(const Mask subtitle, draw_text(content.subtitle, unit * 2 / 3, false, most));
  const int padding = unit / 2;
  const int stripe = std::max(4, unit / 6);
  const int text_width = std::max({title.width, subtitle.width, canvas.size.width / 4});
  const int width = std::min(even(stripe + 2 * padding + text_width + padding), canvas.size.width);
  const int title_height = title.height > 0 ? unit * 5 / 4 : 0;
  const int subtitle_height = subtitle.height > 0 ? unit * 2 / 3 * 5 / 4 : 0;
  const int height = even(padding + title_height + subtitle_height + padding);
  Canvas4 canvas4(width, height);
  canvas4.fill(0, 0, width, height, 0x10151C, 0.82F);
  canvas4.fill(0, 0, stripe, height, 0xE0A030, 1.0F);
  canvas4.draw(title, stripe + padding, padding, 0xFFFFFF);
  canvas4.draw(subtitle, stripe + padding, padding + title_height, 0xC8D0DA);
  DrawnOverlay out;
  out.picture = to_yuva(canvas4, overlay.opacity);
  out.x = even_down(overlay.x.value_or(canvas.size.width / 16));
  out.y = even_down(overlay.y.value_or(canvas.size.height - height - canvas.size.height / 12));
  return out;
}

Result<DrawnOverlay> draw_plain_text(const scene::TextOverlay& content,
                                     const scene::Overlay& overlay, const scene::Canvas& canvas) {
  TS_TRY(const Mask mask, draw_text(content.text, content.size, true, canvas.size.width));
  const int shadow = std::max(2, content.size / 18);
  Canvas4 canvas4(std::max(2, even(mask.width + 2 * shadow)),
                  std::max(2, even(mask.height + 2 * shadow)));
  for (const int d : {shadow, shadow / 2}) canvas4.draw(mask, d, d, 0x000000);
  canvas4.draw(mask, 0, 0, 0xFFFFFF);
  DrawnOverlay out;
  out.picture = to_yuva(canvas4, overlay.opacity);
  out.x = even_down(overlay.x.value_or((canvas.size.width - canvas4.width) / 2));
  out.y = even_down(overlay.y.value_or(canvas.size.height / 12));
  return out;
}

/// Digits as wide as a 0 and in the same place whatever they are.
Result<DrawnOverlay> draw_time(std::string text, int size, const scene::Overlay& overlay,
                               const scene::Canvas& canvas) {
  std::string widest = text;
  for (char& c : widest) {
    if (c >= '0' && c <= '9') c = '0';
  }
  TS_TRY(const Mask mask, draw_text(text, size, true, canvas.size.width, true));
  TS_TRY(const Mask frame, draw_text(widest, size, true, canvas.size.width, true));
  const int shadow = std::max(2, size / 18);
  const int width = std::max(mask.width, frame.width);
  Canvas4 canvas4(std::max(2, even(width + 2 * shadow)),
                  std::max(2, even(mask.height + 2 * shadow)));
  for (const int d : {shadow, shadow / 2}) canvas4.draw(mask, d, d, 0x000000);
  canvas4.draw(mask, 0, 0, 0xFFFFFF);
  DrawnOverlay out;
  out.picture = to_yuva(canvas4, overlay.opacity);
  const bool clock = std::holds_alternative<scene::ClockOverlay>(overlay.content);
  const int margin = canvas.size.width / 40;
  // A clock sits in the corner, a countdown in the middle.
  out.x = even_down(overlay.x.value_or(clock ? canvas.size.width - canvas4.width - margin
                                             : (canvas.size.width - canvas4.width) / 2));
  out.y = even_down(overlay.y.value_or(clock ? margin : (canvas.size.height - canvas4.height) / 2));
  return out;
}

Result<DrawnOverlay> draw_image(const scene::ImageOverlay& content, const scene::Overlay& overlay,
                                const scene::Canvas& canvas) {
  const std::string what = fmt::format("overlay '{}' ({})", overlay.name, content.path);
  std::error_code ignored;
  if (!fs::is_regular_file(content.path, ignored)) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = what + ": no such file",
                 .hint = "check the path; it is relative to the show file"};
  }
  TS_TRY(const auto reader, media::Reader::open({.url = content.path, .name = what}, {}));
  media::AvFrame frame;
  bool ended = !reader->info().has_video;
  while (!frame && !ended) {
    frame = reader->receive(true);
    if (frame) break;
    TS_TRY(const auto packet, reader->read());
    ended = !packet;
    reader->send(true, packet ? packet->packet.get() : nullptr);
    if (ended) frame = reader->receive(true);
  }
  if (!frame) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = what + ": no picture in it",
                 .hint = "name a PNG, JPEG or WebP file"};
  }
  const double scale = content.width ? static_cast<double>(*content.width) / frame->width : 1;
  const int width =
      std::min(std::max(2, even(static_cast<int>(std::lround(frame->width * scale)))), 4096);
  const int height =
      std::min(std::max(2, even(static_cast<int>(std::lround(frame->height * scale)))), 4096);
  TS_TRY(auto graph,
         media::FilterGraph::create(
             fmt::format("[in0]scale={}:{}:flags=lanczos,format=rgba[out]", width, height),
             {media::filter_input(*frame, {1, 1})}, AV_PIX_FMT_RGBA));
  TS_CHECK(graph.push(0, *frame, 0));
  TS_TRY(const media::AvFrame rgba, graph.pull());
  if (!rgba) return Error{.kind = ErrorKind::kMedia, .message = what + ": it could not be scaled"};
  Canvas4 canvas4(width, height);
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = rgba->data[0] + static_cast<std::ptrdiff_t>(y) * rgba->linesize[0];
    for (int x = 0; x < width; ++x) {
      const auto part = [&](int c) { return static_cast<float>(row[4 * x + c]) / 255.0F; };
      canvas4.at(x, y) = {part(0), part(1), part(2), part(3)};
    }
  }
  DrawnOverlay out;
  out.picture = to_yuva(canvas4, overlay.opacity);
  out.x = even_down(overlay.x.value_or(canvas.size.width - width - canvas.size.width / 40));
  out.y = even_down(overlay.y.value_or(canvas.size.height / 24));
  return out;
}

}  // namespace

Result<DrawnOverlay> draw_overlay(const scene::Overlay& overlay, const scene::Canvas& canvas,
                                  std::string_view live) {
  struct Visitor {
    const scene::Overlay& overlay;
    const scene::Canvas& canvas;
    std::string_view live;
    Result<DrawnOverlay> operator()(const scene::ClockOverlay& content) const {
      return draw_time(std::string(live), content.size, overlay, canvas);
    }
    Result<DrawnOverlay> operator()(const scene::CountdownOverlay& content) const {
      return draw_time(std::string(live), content.size, overlay, canvas);
    }
    Result<DrawnOverlay> operator()(const scene::LowerThird& content) const {
      return draw_lower_third(content, overlay, canvas);
    }
    Result<DrawnOverlay> operator()(const scene::ImageOverlay& content) const {
      return draw_image(content, overlay, canvas);
    }
    Result<DrawnOverlay> operator()(const scene::TextOverlay& content) const {
      return draw_plain_text(content, overlay, canvas);
    }
  };
  TS_TRY(DrawnOverlay drawn, std::visit(Visitor{overlay, canvas, live}, overlay.content));
  drawn.sprite = std::make_shared<const Sprite>(*drawn.picture);
  return drawn;
}

Picture draw_slate(std::string_view text, const scene::Canvas& canvas) {
  media::AvFrame frame = make_canvas(canvas.size);
  fill_rect(*frame, {0, 0, frame->width, frame->height}, 0x1A212B);
  const int unit = std::max(12, canvas.size.height / 16);
  const auto mask = draw_text(std::string(text), unit, true, canvas.size.width - 2 * unit);
  if (mask.ok() && mask.value().width > 0) {
    const int x0 = (canvas.size.width - mask.value().width) / 2;
    const int y0 = (canvas.size.height - mask.value().height) / 2;
    for (int y = 0; y < mask.value().height && y0 + y < canvas.size.height; ++y) {
      std::uint8_t* row =
          frame->data[0] + static_cast<std::ptrdiff_t>(y0 + y) * frame->linesize[0] + x0;
      for (int x = 0; x < mask.value().width; ++x) {
        const int level = mask.value().at(x, y);
        row[x] = static_cast<std::uint8_t>(row[x] + (170 - row[x]) * level / 255);
      }
    }
  }
  return share(std::move(frame));
}

}  // namespace ts::compose
