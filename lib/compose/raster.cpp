// SPDX-License-Identifier: Apache-2.0
#include "compose/raster.hpp"

#include "compose/text_painter.hpp"
#include "media/filter_graph.hpp"
#include "media/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <variant>
#include <vector>

namespace ts::compose {
namespace {

namespace fs = std::filesystem;

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
  /// Text in a color, its capitals at y.
  void draw(const DrawnText& text, int x, int y, std::uint32_t rgb) {
    const auto tinted = [](std::uint8_t own, std::uint32_t tint) {
      return own == 255 ? tint : own * tint / 255U;
    };
    for (int v = 0; v < text.height; ++v) {
      for (int u = 0; u < text.width; ++u) {
        const DrawnText::Pixel pixel = text.at(u, v);
        if (pixel.a == 0) continue;
        const std::uint32_t color = (tinted(pixel.r, (rgb >> 16U) & 0xFFU) << 16U) |
                                    (tinted(pixel.g, (rgb >> 8U) & 0xFFU) << 8U) |
                                    tinted(pixel.b, rgb & 0xFFU);
        over(x + u, y + text.top + v, color, static_cast<float>(pixel.a) / 255.0F);
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

constexpr int kTallest = 4320;

int even(int value) noexcept { return (value + 1) & ~1; }
int even_down(int value) noexcept { return value & ~1; }

Result<DrawnOverlay> draw_lower_third(const scene::LowerThird& content,
                                      const scene::Overlay& overlay, const scene::Canvas& canvas) {
  const int unit = std::max(12, canvas.size.height / 20);  // 36 at 720
  const int padding = unit / 2;
  const int stripe = std::max(4, unit / 6);
  // As far from the right edge as from the left one.
  const int most = canvas.size.width - 2 * (canvas.size.width / 16) - stripe - 3 * padding;
  const int small = unit * 2 / 3;
  TS_TRY(const DrawnText title,
         draw_text(content.title,
                   {.size = unit, .bold = true, .max_width = most, .max_height = kTallest}));
  TS_TRY(const DrawnText subtitle,
         draw_text(content.subtitle, {.size = small, .max_width = most, .max_height = kTallest}));
  const int text_width = std::max({title.width, subtitle.width, canvas.size.width / 4});
  const int width = std::min(even(stripe + 2 * padding + text_width + padding), canvas.size.width);
  // Below the last line's foot there is as much as in a line's height, whatever letters are in it.
  const auto room = [](const DrawnText& text, int size) {
    const int below = size * 5 / 4 - static_cast<int>(std::lround(0.73 * size));
    return text.height == 0 ? 0 : std::max(text.foot + below, text.height + text.top);
  };
  const int title_height = room(title, unit);
  const int subtitle_height = room(subtitle, small);
  const int height = even(padding + title_height + subtitle_height + padding);
  const bool mirrored = title.width > 0 ? title.right_to_left : subtitle.right_to_left;
  Canvas4 canvas4(width, height);
  canvas4.fill(0, 0, width, height, 0x10151C, 0.82F);
  canvas4.fill(mirrored ? width - stripe : 0, 0, stripe, height, 0xE0A030, 1.0F);
  const auto left = [&](const DrawnText& text) {
    return mirrored ? width - stripe - padding - text.width : stripe + padding;
  };
  canvas4.draw(title, left(title), padding, 0xFFFFFF);
  canvas4.draw(subtitle, left(subtitle), padding + title_height, 0xC8D0DA);
  DrawnOverlay out;
  out.unknown = title.unknown + subtitle.unknown;
  out.cut = title.cut || subtitle.cut;
  out.picture = to_yuva(canvas4, overlay.opacity);
  out.x = even_down(overlay.x.value_or(canvas.size.width / 16));
  out.y = even_down(overlay.y.value_or(canvas.size.height - height - canvas.size.height / 12));
  return out;
}

/// White letters with a shadow, on nothing.
/// @param width  of the picture at least.
Canvas4 with_shadow(const DrawnText& text, int size, int width) {
  const int shadow = std::max(2, size / 18);
  Canvas4 canvas4(std::max(2, even(std::max(width, text.width) + 2 * shadow)),
                  std::max(2, even(text.height + 2 * shadow)));
  for (const int d : {shadow, shadow / 2}) canvas4.draw(text, d, d - text.top, 0x000000);
  canvas4.draw(text, 0, -text.top, 0xFFFFFF);
  return canvas4;
}

Result<DrawnOverlay> draw_plain_text(const scene::TextOverlay& content,
                                     const scene::Overlay& overlay, const scene::Canvas& canvas) {
  TS_TRY(const DrawnText text, draw_text(content.text, {.size = content.size,
                                                        .bold = true,
                                                        .max_width = canvas.size.width,
                                                        .max_height = kTallest}));
  Canvas4 canvas4 = with_shadow(text, content.size, 0);
  DrawnOverlay out;
  out.unknown = text.unknown;
  out.cut = text.cut;
  out.picture = to_yuva(canvas4, overlay.opacity);
  out.x = even_down(overlay.x.value_or((canvas.size.width - canvas4.width) / 2));
  out.y = even_down(overlay.y.value_or(canvas.size.height / 12) + std::min(0, text.top));
  return out;
}

/// Digits as wide as a 0 and in the same place whatever they are.
Result<DrawnOverlay> draw_time(const std::string& text, int size, const scene::Overlay& overlay,
                               const scene::Canvas& canvas) {
  std::string widest = text;
  for (char& c : widest) {
    if (c >= '0' && c <= '9') c = '0';
  }
  const TextStyle style{.size = size,
                        .bold = true,
                        .max_width = canvas.size.width,
                        .max_height = kTallest,
                        .at_origin = true};
  TS_TRY(const DrawnText drawn, draw_text(text, style));
  TS_TRY(const DrawnText frame, draw_text(widest, style));
  Canvas4 canvas4 = with_shadow(drawn, size, frame.width);
  DrawnOverlay out;
  out.unknown = drawn.unknown;
  out.cut = drawn.cut;
  out.picture = to_yuva(canvas4, overlay.opacity);
  const bool clock = std::holds_alternative<scene::ClockOverlay>(overlay.content);
  const int margin = canvas.size.width / 40;
  // A clock sits in the corner, a countdown in the middle.
  out.x = even_down(overlay.x.value_or(clock ? canvas.size.width - canvas4.width - margin
                                             : (canvas.size.width - canvas4.width) / 2));
  out.y = even_down(overlay.y.value_or(clock ? margin : (canvas.size.height - canvas4.height) / 2));
  return out;
}

/// By libswscale itself: a filter graph would bring 11 MiB of libavfilter in for one picture.
Result<media::AvFrame> to_rgba(const AVFrame& frame, scene::Size size) {
  const media::AvScaler scaler(sws_getContext(
      frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), size.width, size.height,
      AV_PIX_FMT_RGBA, SWS_LANCZOS, nullptr, nullptr, nullptr));
  if (!scaler) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "it could not be scaled",
                 .hint = "name a PNG, JPEG or WebP file"};
  }
  const int* matrix = sws_getCoefficients(
      frame.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : frame.colorspace);
  const bool full = frame.color_range == AVCOL_RANGE_JPEG;
  (void)sws_setColorspaceDetails(scaler.get(), matrix, full ? 1 : 0, matrix, 1, 0, 1 << 16,
                                 1 << 16);
  media::AvFrame out = make_canvas(size, AV_PIX_FMT_RGBA);
  if (sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, out->data,
                out->linesize) != size.height) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "it could not be scaled",
                 .hint = "name a PNG, JPEG or WebP file"};
  }
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
  if (!frame) return reader->no_picture();
  if (const int turned = media::exif_rotation(*frame); turned != 0) {
    const auto format = static_cast<AVPixelFormat>(frame->format);
    const std::string_view turn = turned == 90    ? "transpose=clock"
                                  : turned == 270 ? "transpose=cclock"
                                                  : "hflip,vflip";
    TS_TRY(auto graph, media::FilterGraph::create(fmt::format("[in0]{}[out]", turn),
                                                  {media::filter_input(*frame, {1, 25})}, format));
    TS_CHECK(graph.push(0, *frame, 0));
    TS_TRY(frame, graph.pull());
    if (!frame) return reader->no_picture();
  }
  const double wanted = content.width ? static_cast<double>(*content.width) / frame->width : 1;
  // Without a width a photo comes as large as the canvas, not as its camera made it.
  const double fits = std::min(static_cast<double>(canvas.size.width) / frame->width,
                               static_cast<double>(canvas.size.height) / frame->height);
  const double scale = std::min(content.width ? wanted : std::min(1.0, fits),
                                4096.0 / std::max(frame->width, frame->height));
  const int width = std::max(2, even(static_cast<int>(std::lround(frame->width * scale))));
  const int height = std::max(2, even(static_cast<int>(std::lround(frame->height * scale))));
  TS_TRY(const media::AvFrame rgba, to_rgba(*frame, {width, height}).with_context(what));
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

Beyond beyond_canvas(const DrawnOverlay& drawn, scene::Size canvas) noexcept {
  const scene::Rect place{
      .x = drawn.x, .y = drawn.y, .width = drawn.picture->width, .height = drawn.picture->height};
  const bool outside = !place.intersects({.width = canvas.width, .height = canvas.height});
  const int pixels = std::max({-place.x, -place.y, place.x + place.width - canvas.width,
                               place.y + place.height - canvas.height});
  return {.outside = outside, .pixels = pixels > canvas.height / 40 ? pixels : 0};
}

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
  const auto drawn = draw_text(std::string(text), {.size = unit,
                                                   .bold = true,
                                                   .max_width = canvas.size.width - 2 * unit,
                                                   .max_height = canvas.size.height});
  if (drawn.ok() && drawn.value().width > 0) {
    const DrawnText& name = drawn.value();
    const int x0 = (canvas.size.width - name.width) / 2;
    const int y0 = (canvas.size.height - name.height) / 2;
    for (int y = 0; y < name.height && y0 + y < canvas.size.height; ++y) {
      std::uint8_t* row =
          frame->data[0] + static_cast<std::ptrdiff_t>(y0 + y) * frame->linesize[0] + x0;
      for (int x = 0; x < name.width; ++x) {
        row[x] = static_cast<std::uint8_t>(row[x] + (170 - row[x]) * name.at(x, y).a / 255);
      }
    }
  }
  return share(std::move(frame));
}

}  // namespace ts::compose
