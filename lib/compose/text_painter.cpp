// SPDX-License-Identifier: Apache-2.0
#include "compose/text_painter.hpp"

#include <fmt/format.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>
#include <string_view>

namespace ts::compose {
namespace {

/// The first family that is there draws what it can; fontconfig finds a font for the rest.
constexpr const char* kFamilies = "DejaVu Sans, Liberation Sans, Noto Sans, Sans";
constexpr const char* kMono = "DejaVu Sans Mono, Monospace";
constexpr std::size_t kNamedLetters = 8;

template <auto Free>
struct Unref {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Layout = std::unique_ptr<PangoLayout, Unref<g_object_unref>>;
using Context = std::unique_ptr<PangoContext, Unref<g_object_unref>>;
using Description = std::unique_ptr<PangoFontDescription, Unref<pango_font_description_free>>;
using Iterator = std::unique_ptr<PangoLayoutIter, Unref<pango_layout_iter_free>>;
using Surface = std::unique_ptr<cairo_surface_t, Unref<cairo_surface_destroy>>;
using Painter = std::unique_ptr<cairo_t, Unref<cairo_destroy>>;
using FontOptions = std::unique_ptr<cairo_font_options_t, Unref<cairo_font_options_destroy>>;

/// Pango gives up the program when there is not a single font.
bool any_font() {
  const FcFontSet* fonts = FcConfigGetFonts(nullptr, FcSetSystem);
  return fonts != nullptr && fonts->nfont > 0;
}

/// Valid UTF-8 without control characters.
std::string cleaned(const std::string& text) {
  const std::unique_ptr<char, Unref<g_free>> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  std::string out;
  for (const char c : std::string_view(valid.get())) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 || c == '\n') {
      out += byte == 0x7F ? ' ' : c;
    } else if (c != '\r') {
      out += ' ';
    }
  }
  return out;
}

Layout make_layout(const std::string& text, const TextStyle& style) {
  // The font map is the thread's own: Pango's maps are for one thread.
  const Context context(pango_font_map_create_context(pango_cairo_font_map_get_default()));
  const FontOptions options(cairo_font_options_create());
  // Gray edges at exact places: a picture, not a screen with three lamps a pixel.
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_SLIGHT);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(context.get(), options.get());
  Layout layout(pango_layout_new(context.get()));
  const Description font(pango_font_description_new());
  pango_font_description_set_family_static(font.get(), style.mono ? kMono : kFamilies);
  pango_font_description_set_weight(font.get(),
                                    style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size(font.get(), style.size * PANGO_SCALE);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
  PangoRectangle logical;
  pango_layout_get_pixel_extents(layout.get(), nullptr, &logical);
  if (logical.width > style.max_width) {
    pango_layout_set_width(layout.get(), style.max_width * PANGO_SCALE);
    pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_END);
  }
  return layout;
}

/// The letters whose glyph is the box that stands for "no font has this".
std::string unknown_letters(PangoLayout* layout) {
  if (pango_layout_get_unknown_glyphs_count(layout) == 0) return {};
  const std::string_view text = pango_layout_get_text(layout);
  std::string out;
  std::size_t named = 0;
  const Iterator iterator(pango_layout_get_iter(layout));
  do {
    const PangoLayoutRun* run = pango_layout_iter_get_run_readonly(iterator.get());
    if (run == nullptr) continue;
    for (int i = 0; i < run->glyphs->num_glyphs && named < kNamedLetters; ++i) {
      if ((run->glyphs->glyphs[i].glyph & PANGO_GLYPH_UNKNOWN_FLAG) == 0) continue;
      const char* at = text.data() + run->item->offset + run->glyphs->log_clusters[i];
      const std::string letter(at, static_cast<const char*>(g_utf8_next_char(at)));
      if (out.find(letter) != std::string::npos) continue;
      out += letter;
      ++named;
    }
  } while (pango_layout_iter_next_run(iterator.get()) != 0);
  return out;
}

bool begins_right_to_left(PangoLayout* layout) {
  PangoLayoutLine* line = pango_layout_get_line_readonly(layout, 0);
  return line != nullptr && pango_layout_line_get_resolved_direction(line) == PANGO_DIRECTION_RTL;
}

/// Where the letters of the last line that has any stand.
int last_baseline(PangoLayout* layout) {
  int out = 0;
  const Iterator iterator(pango_layout_get_iter(layout));
  do {
    const bool empty = pango_layout_iter_get_line_readonly(iterator.get())->length == 0;
    if (!empty) out = pango_layout_iter_get_baseline(iterator.get()) / PANGO_SCALE;
  } while (pango_layout_iter_next_line(iterator.get()) != 0);
  return out;
}

std::uint8_t straight(std::uint32_t premultiplied, std::uint32_t alpha) noexcept {
  return static_cast<std::uint8_t>(std::min<std::uint32_t>(255, premultiplied * 255 / alpha));
}

void read_pixels(cairo_surface_t* surface, DrawnText& out) {
  cairo_surface_flush(surface);
  const unsigned char* data = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  out.pixels.reserve(static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height));
  for (int y = 0; y < out.height; ++y) {
    const auto* row =
        reinterpret_cast<const std::uint32_t*>(data + static_cast<std::ptrdiff_t>(y) * stride);
    for (int x = 0; x < out.width; ++x) {
      DrawnText::Pixel pixel;
      const std::uint32_t alpha = row[x] >> 24U;
      if (alpha > 0) {
        pixel = {static_cast<std::uint8_t>(alpha), straight((row[x] >> 16U) & 0xFFU, alpha),
                 straight((row[x] >> 8U) & 0xFFU, alpha), straight(row[x] & 0xFFU, alpha)};
      }
      out.pixels.push_back(pixel);
    }
  }
}

}  // namespace

Result<DrawnText> draw_text(const std::string& text, const TextStyle& style) {
  DrawnText out;
  if (text.empty()) return out;
  if (!any_font()) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "no font for overlays was found",
                 .hint = "install fonts-dejavu-core"};
  }
  const std::string clean = cleaned(text);
  const Layout layout = make_layout(clean, style);
  out.unknown = unknown_letters(layout.get());
  out.right_to_left = begins_right_to_left(layout.get());

  PangoRectangle ink;
  PangoRectangle logical;
  pango_layout_get_pixel_extents(layout.get(), &ink, &logical);
  if (ink.width <= 0 || ink.height <= 0) return out;
  // Latin capitals are 0.73 of the size high: row 0 is where they begin on the first line.
  const int baseline = pango_layout_get_baseline(layout.get()) / PANGO_SCALE;
  const int capitals = baseline - static_cast<int>(std::lround(0.73 * style.size));
  const int left = style.at_origin ? std::min(ink.x, logical.x) : ink.x;
  const int first = std::min(ink.y, capitals);
  // Down to the line's end, so that neighbors keep their distance whatever letters there are.
  const int last = std::max(ink.y + ink.height, baseline + style.size / 4);
  out.width = std::min(ink.x + ink.width - left, style.max_width);
  out.height = std::min(last - first, style.max_height);
  out.cut = pango_layout_is_ellipsized(layout.get()) != 0 || last - first > style.max_height;
  out.top = first - capitals;
  out.line_height = style.size * 5 / 4;
  out.foot = last_baseline(layout.get()) - capitals;
  if (out.width <= 0 || out.height <= 0) return DrawnText{};

  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, out.width, out.height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) throw std::bad_alloc();
  const Painter painter(cairo_create(surface.get()));
  cairo_set_source_rgb(painter.get(), 1, 1, 1);
  cairo_move_to(painter.get(), -left, -first);
  pango_cairo_show_layout(painter.get(), layout.get());
  read_pixels(surface.get(), out);
  return out;
}

std::string missing_letters(const std::string& unknown) {
  std::string names;
  for (const char* at = unknown.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
    if (!names.empty()) names += ", ";
    const gunichar letter = g_utf8_get_char(at);
    const std::string drawn(at, static_cast<const char*>(g_utf8_next_char(at)));
    const bool shown =
        g_unichar_isgraph(letter) != 0 && g_unichar_type(letter) != G_UNICODE_PRIVATE_USE;
    names +=
        shown ? fmt::format("'{}' (U+{:04X})", drawn, letter) : fmt::format("U+{:04X}", letter);
  }
  return "no font of this machine has " + names;
}

}  // namespace ts::compose
