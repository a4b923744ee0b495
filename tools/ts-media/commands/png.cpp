// SPDX-License-Identifier: Apache-2.0
#include "media/png.hpp"

#include "commands.hpp"

#include "common/context.hpp"
#include "core/text.hpp"
#include "media/av_handles.hpp"
#include "media/ffmpeg_log.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace ts::cli {
namespace in_png {

constexpr int kMaxSide = 16384;
constexpr std::uint8_t kWhite = 255;

struct Options {
  int width = 0;
  int height = 0;
  int scale = 8;
  int quiet = 4;
  std::string out;
};

Error bad_input(std::string message, std::string hint) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

/// A gray picture filled with white.
Result<media::AvFrame> blank(int width, int height) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    return bad_input(fmt::format("a picture of {}x{} cannot be made", width, height),
                     "choose a smaller --scale");
  }
  media::AvFrame frame = media::make_frame();
  frame->format = AV_PIX_FMT_GRAY8;
  frame->width = width;
  frame->height = height;
  frame->color_range = AVCOL_RANGE_JPEG;
  if (av_frame_get_buffer(frame.get(), 0) < 0) return media::av_no_memory();
  for (int y = 0; y < height; ++y) {
    std::fill_n(frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0], width,
                kWhite);
  }
  return frame;
}

/// Rows of 1 (dark) and 0, drawn as squares with a quiet zone around.
Result<media::AvFrame> from_matrix(const std::string& text, const Options& options) {
  std::vector<std::string_view> rows;
  for (const auto line : split(text, '\n')) {
    if (const auto row = trim(line); !row.empty()) rows.push_back(row);
  }
  if (rows.empty()) return bad_input("there is no matrix on stdin", "give rows of 0 and 1");
  for (const auto& row : rows) {
    if (row.size() != rows.front().size() ||
        row.find_first_not_of("01") != std::string_view::npos) {
      return bad_input("the matrix on stdin is not made of equal rows of 0 and 1",
                       "give one row a line, 1 for dark");
    }
  }
  const auto columns = static_cast<int>(std::min<std::size_t>(rows.front().size(), kMaxSide));
  const auto lines = static_cast<int>(std::min<std::size_t>(rows.size(), kMaxSide));
  TS_TRY(auto frame, blank((columns + 2 * options.quiet) * options.scale,
                           (lines + 2 * options.quiet) * options.scale));
  for (int y = 0; y < lines * options.scale; ++y) {
    const auto& row = rows[static_cast<std::size_t>(y / options.scale)];
    auto* pixel =
        frame->data[0] +
        static_cast<std::ptrdiff_t>(y + options.quiet * options.scale) * frame->linesize[0] +
        options.quiet * options.scale;
    for (int x = 0; x < columns * options.scale; ++x) {
      if (row[static_cast<std::size_t>(x / options.scale)] == '1') pixel[x] = 0;
    }
  }
  return frame;
}

Result<media::AvFrame> from_gray(const std::string& bytes, const Options& options) {
  const auto wanted =
      static_cast<std::size_t>(options.width) * static_cast<std::size_t>(options.height);
  if (bytes.size() != wanted) {
    return bad_input(fmt::format("stdin holds {} bytes; {}x{} gray needs {}", bytes.size(),
                                 options.width, options.height, wanted),
                     "give one byte a pixel");
  }
  TS_TRY(auto frame, blank(options.width, options.height));
  for (int y = 0; y < options.height; ++y) {
    const auto row = static_cast<std::size_t>(y) * static_cast<std::size_t>(options.width);
    std::copy_n(bytes.data() + row, options.width,
                frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0]);
  }
  return frame;
}

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  if ((options.width > 0) != (options.height > 0)) {
    return bad_input("--width and --height belong together",
                     "give both for raw gray, none for a matrix");
  }
  TS_TRY(const auto input, context.read_stdin(std::size_t{256} << 20U));
  TS_TRY(const auto frame,
         options.width > 0 ? from_gray(input, options) : from_matrix(input, options));
  if (!options.out.empty()) return media::write_png(*frame, options.out);
  TS_TRY(const auto png, media::encode_png(*frame));
  return context.out().print(png);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--width", options->width, "Stdin is raw gray of this width")
      ->check(CLI::Range(1, kMaxSide));
  app.add_option("--height", options->height, "Stdin is raw gray of this height")
      ->check(CLI::Range(1, kMaxSide));
  app.add_option("--scale", options->scale, "Pixels of one square of a matrix")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--quiet-zone", options->quiet, "White squares around a matrix")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  app.add_option("--out", options->out, "File to write (default: stdout)")->type_name("FILE.png");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_png

Command media_png() {
  return {.path = "png",
          .summary = "Draw a matrix of 0 and 1 (a QR code), or raw gray, as a PNG",
          .example = "ts-media png --scale 8 --out qr.png",
          .bind = in_png::bind,
          .hidden = true,
          .details =
              "Stdin holds rows of 0 and 1 (1 is dark), or with --width and --height one "
              "byte of gray a pixel."};
}

}  // namespace ts::cli
