// SPDX-License-Identifier: Apache-2.0
#include "media/contact_sheet.hpp"

#include "media/ffmpeg_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

namespace ts::media {
namespace {

struct Color {
  std::uint8_t red;
  std::uint8_t green;
  std::uint8_t blue;
};
constexpr Color kBackground{0x10, 0x13, 0x1A};
constexpr Color kCard{0x1A, 0x1F, 0x2A};
constexpr Color kLine{0x2C, 0x34, 0x44};
constexpr Color kBright{0xF2, 0xF4, 0xF8};
constexpr Color kDim{0x8B, 0x95, 0xA8};
constexpr Color kAccent{0x7F, 0xB8, 0xFF};
constexpr Color kGood{0x2E, 0xA0, 0x5B};
constexpr Color kBad{0xD6, 0x3D, 0x45};

constexpr const char* kPlainFont = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
constexpr const char* kBoldFont = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf";

constexpr int kMargin = 40;
constexpr int kSpace = 20;
constexpr int kPictureWidth = 340;
constexpr int kCaption = 64;
constexpr int kHeader = 148;
constexpr int kFooter = 24;

struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

struct Label {
  std::string text;
  int x = 0;
  int y = 0;
  int size = 16;
  Color color = kBright;
  bool bold = false;
  bool right_aligned = false;  ///< `x` is the right edge.
};

void fill(AVFrame& canvas, const Box& box, Color color) {
  for (int y = std::max(box.y, 0); y < std::min(box.y + box.height, canvas.height); ++y) {
    auto* pixel = canvas.data[0] + static_cast<std::ptrdiff_t>(y) * canvas.linesize[0] +
                  static_cast<std::ptrdiff_t>(box.x) * 3;
    for (int x = box.x; x < std::min(box.x + box.width, canvas.width); ++x) {
      *pixel++ = color.red;
      *pixel++ = color.green;
      *pixel++ = color.blue;
    }
  }
}

void outline(AVFrame& canvas, const Box& box, int width, Color color) {
  const Box outer{box.x - width, box.y - width, box.width + 2 * width, box.height + 2 * width};
  fill(canvas, {outer.x, outer.y, outer.width, width}, color);
  fill(canvas, {outer.x, outer.y + outer.height - width, outer.width, width}, color);
  fill(canvas, {outer.x, outer.y, width, outer.height}, color);
  fill(canvas, {outer.x + outer.width - width, outer.y, width, outer.height}, color);
}

/// Scales `picture` into the box, its shape kept, the rest black.
Status place(AVFrame& canvas, const AVFrame& picture, const Box& box) {
  fill(canvas, box, {0, 0, 0});
  const double scale = std::min(static_cast<double>(box.width) / picture.width,
                                static_cast<double>(box.height) / picture.height);
  const int width = std::clamp(static_cast<int>(picture.width * scale + 0.5), 1, box.width);
  const int height = std::clamp(static_cast<int>(picture.height * scale + 0.5), 1, box.height);
  const AvScaler scaler(sws_getContext(
      picture.width, picture.height, static_cast<AVPixelFormat>(picture.format), width, height,
      AV_PIX_FMT_RGB24, SWS_AREA | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
  if (!scaler) {
    return Error{.kind = ErrorKind::kMedia, .message = "a picture of the sheet cannot be scaled"};
  }
  const int* matrix = sws_getCoefficients(picture.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601);
  const int full = picture.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  sws_setColorspaceDetails(scaler.get(), matrix, full, matrix, 1, 0, 1 << 16, 1 << 16);
  const int x = box.x + (box.width - width) / 2;
  const int y = box.y + (box.height - height) / 2;
  std::array<std::uint8_t*, 4> out{canvas.data[0] +
                                   static_cast<std::ptrdiff_t>(y) * canvas.linesize[0] +
                                   static_cast<std::ptrdiff_t>(x) * 3};
  const std::array<int, 4> stride{canvas.linesize[0]};
  sws_scale(scaler.get(), picture.data, picture.linesize, 0, picture.height, out.data(),
            stride.data());
  return ok_status();
}

/// Cuts a text to about `limit` characters at a UTF-8 boundary.
std::string fit(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  std::size_t end = limit - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

/// Draws all labels with one run of a filter graph. Texts go in as options, never through the
/// graph's own syntax, so nothing in them needs escaping.
class LabelPainter {
 public:
  Result<AvFrame> paint(const AVFrame& canvas, const std::vector<Label>& labels) {
    graph_.reset(avfilter_graph_alloc());
    if (!graph_) return av_no_memory();
    AvDictionary source;
    source.set("width", std::int64_t{canvas.width});
    source.set("height", std::int64_t{canvas.height});
    source.set("pix_fmt", std::string(av_get_pix_fmt_name(AV_PIX_FMT_RGB24)));
    source.set("time_base", std::string("1/1"));
    TS_TRY(AVFilterContext* const input, add("buffer", std::move(source)));
    AVFilterContext* last = input;
    for (const auto& label : labels) {
      if (label.text.empty()) continue;
      TS_TRY(AVFilterContext* const text, add("drawtext", options_of(label)));
      if (avfilter_link(last, 0, text, 0) < 0) return av_no_memory();
      last = text;
    }
    TS_TRY(AVFilterContext* const output, add("buffersink", {}));
    int code = avfilter_link(last, 0, output, 0);
    if (code >= 0) code = avfilter_graph_config(graph_.get(), nullptr);
    AvFrame in = reference(canvas);
    in->pts = 0;
    if (code >= 0) code = av_buffersrc_add_frame(input, in.get());
    AvFrame out = make_frame();
    if (code >= 0) code = av_buffersink_get_frame(output, out.get());
    if (code < 0) return av_error(code, "draw the contact sheet's text");
    return out;
  }

 private:
  static AvDictionary options_of(const Label& label) {
    AvDictionary options;
    options.set("text", label.text);
    options.set("expansion", std::string("none"));
    // By name drawtext finds families only; the bold face is its own file.
    const char* face = label.bold ? kBoldFont : kPlainFont;
    std::error_code ignored;
    if (std::filesystem::exists(face, ignored)) {
      options.set("fontfile", std::string(face));
    } else {
      options.set("font", std::string("Sans"));
    }
    options.set("fontsize", std::int64_t{label.size});
    options.set("fontcolor", fmt::format("0x{:02X}{:02X}{:02X}", label.color.red, label.color.green,
                                         label.color.blue));
    options.set("x",
                label.right_aligned ? fmt::format("{}-tw", label.x) : fmt::format("{}", label.x));
    // From the base line up, so that texts beside each other stand on one line.
    options.set("y", fmt::format("{}-ascent", label.y + label.size));
    return options;
  }

  Result<AVFilterContext*> add(const char* filter, AvDictionary options) {
    const FfmpegErrors errors;
    const auto name = fmt::format("f{}", count_++);
    AVFilterContext* made =
        avfilter_graph_alloc_filter(graph_.get(), avfilter_get_by_name(filter), name.c_str());
    if (made == nullptr) return av_no_memory();
    if (const int code = avfilter_init_dict(made, options.address()); code < 0) {
      auto error = av_error(code, fmt::format("draw text ({})", errors.first()));
      error.hint = "install a font: apt-get install fonts-dejavu-core";
      return error;
    }
    return made;
  }

  AvFilterGraph graph_;
  int count_ = 0;
};

/// Positions of everything on a sheet of that many pictures.
struct Grid {
  int columns = 4;
  int rows = 1;
  int picture_height = 0;
  int width = 0;
  int height = 0;

  Grid(std::size_t count, double aspect) {
    const auto total = static_cast<int>(std::max<std::size_t>(count, 1));
    columns = total > 24 ? 6 : std::clamp(total, 3, 4);
    rows = (total + columns - 1) / columns;
    picture_height = static_cast<int>(kPictureWidth / aspect + 0.5);
    width = 2 * kMargin + columns * kPictureWidth + (columns - 1) * kSpace;
    height = kHeader + rows * (picture_height + kCaption + kSpace) + kFooter;
  }
  [[nodiscard]] Box picture(std::size_t index) const {
    const int column = static_cast<int>(index) % columns;
    const int row = static_cast<int>(index) / columns;
    return {kMargin + column * (kPictureWidth + kSpace),
            kHeader + row * (picture_height + kCaption + kSpace), kPictureWidth, picture_height};
  }
};

void add_header(AVFrame& canvas, const SheetText& text, const Grid& grid,
                std::vector<Label>& labels) {
  labels.push_back({.text = fit(text.title, 60), .x = kMargin, .y = 28, .size = 32, .bold = true});
  labels.push_back(
      {.text = fit(text.subtitle, 130), .x = kMargin, .y = 70, .size = 15, .color = kDim});
  const int badge = 28 + static_cast<int>(text.verdict.size()) * 13;
  fill(canvas, {kMargin, 98, badge, 30}, text.good ? kGood : kBad);
  labels.push_back({.text = text.verdict, .x = kMargin + 14, .y = 105, .size = 16, .bold = true});
  labels.push_back({.text = fit(text.reason, static_cast<std::size_t>(grid.width / 10)),
                    .x = kMargin + badge + 16,
                    .y = 105,
                    .size = 16,
                    .color = text.good ? kDim : kBright});
}

void add_caption(const SheetEntry& entry, const Box& box, std::vector<Label>& labels) {
  const int line = box.y + box.height + 10;
  // What there is none of leaves its place to the others.
  const int left = box.x + (entry.time.empty() ? 12 : 72);
  const std::size_t room = (entry.time.empty() ? 6 : 0) + (entry.corner.empty() ? 6 : 0);
  if (!entry.time.empty()) {
    labels.push_back({.text = entry.time, .x = box.x + 12, .y = line, .size = 17, .bold = true});
  }
  labels.push_back({.text = fit(entry.label, 22 + room),
                    .x = left,
                    .y = line,
                    .size = 17,
                    .color = entry.wrong ? kBad : kAccent});
  if (entry.corner.empty() && entry.detail.empty()) return;
  labels.push_back({.text = entry.corner,
                    .x = box.x + box.width - 12,
                    .y = line + 2,
                    .size = 13,
                    .color = kDim,
                    .right_aligned = true});
  labels.push_back(
      {.text = fit(entry.detail, 40), .x = left, .y = line + 25, .size = 13, .color = kDim});
}

}  // namespace

Result<AvFrame> draw_contact_sheet(const SheetText& text, const std::vector<SheetEntry>& entries) {
  double aspect = 16.0 / 9.0;
  if (!entries.empty()) {
    const auto& picture = *entries.front().picture;
    aspect = std::clamp(static_cast<double>(picture.width) / picture.height, 0.4, 3.0);
  }
  const Grid grid(entries.size(), aspect);
  AvFrame canvas = make_frame();
  canvas->format = AV_PIX_FMT_RGB24;
  canvas->width = grid.width;
  canvas->height = grid.height;
  if (av_frame_get_buffer(canvas.get(), 0) < 0) return av_no_memory();
  fill(*canvas, {0, 0, grid.width, grid.height}, kBackground);

  std::vector<Label> labels;
  add_header(*canvas, text, grid, labels);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto box = grid.picture(i);
    fill(*canvas, {box.x, box.y, box.width, box.height + kCaption}, kCard);
    TS_CHECK(place(*canvas, *entries[i].picture, box));
    const Box card{box.x, box.y, box.width, box.height + kCaption};
    outline(*canvas, card, entries[i].wrong ? 3 : 1, entries[i].wrong ? kBad : kLine);
    add_caption(entries[i], box, labels);
  }
  return LabelPainter().paint(*canvas, labels);
}

}  // namespace ts::media
