// SPDX-License-Identifier: Apache-2.0
// The operator's screen as a picture, with its colors: what a person would see in a terminal.
#include "tui/view.hpp"

#include "compose/golden.hpp"
#include "compose/picture.hpp"
#include "compose/text_painter.hpp"
#include "core/json.hpp"
#include "media/png.hpp"
#include "media/reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

namespace ts::cli::tui {
namespace {

constexpr int kCellWidth = 9;
constexpr int kCellHeight = 18;
constexpr Color kTerminal = 0x14181E;
constexpr Color kInk = 0xD8DEE6;

/// Draws cells as a terminal does: blocks to their edges, letters from a font of one width.
class CellPainter {
 public:
  explicit CellPainter(const Screen& screen)
      : frame_(compose::make_canvas({screen.columns() * kCellWidth, screen.rows() * kCellHeight},
                                    AV_PIX_FMT_RGB24)) {
    frame_->color_range = AVCOL_RANGE_JPEG;
    for (int row = 0; row < screen.rows(); ++row) {
      for (int column = 0; column < screen.columns(); ++column) {
        draw(screen.at(column, row), column * kCellWidth, row * kCellHeight);
      }
    }
  }
  [[nodiscard]] const AVFrame& picture() const { return *frame_; }

 private:
  void put(int x, int y, Color color, int coverage = 255) {
    std::uint8_t* pixel =
        frame_->data[0] + static_cast<std::ptrdiff_t>(y) * frame_->linesize[0] + 3 * x;
    for (int i = 0; i < 3; ++i) {
      const int wanted = static_cast<int>((color >> static_cast<unsigned>(16 - 8 * i)) & 0xFFU);
      pixel[i] = static_cast<std::uint8_t>(pixel[i] + (wanted - pixel[i]) * coverage / 255);
    }
  }
  void block(int x, int y, int height, Color color) {
    for (int v = 0; v < height; ++v) {
      for (int u = 0; u < kCellWidth; ++u) put(x + u, y + v, color);
    }
  }

  void draw(const Cell& cell, int x, int y) {
    const Color front = cell.style.front == kDefault ? kInk : cell.style.front;
    block(x, y, kCellHeight, cell.style.back == kDefault ? kTerminal : cell.style.back);
    if (cell.letter == U' ') return;
    if (cell.letter == U'█') return block(x, y, kCellHeight, front);
    if (cell.letter == U'▇') return block(x, y + kCellHeight / 8, kCellHeight * 7 / 8, front);
    if (cell.letter == U'▀') return block(x, y, kCellHeight / 2, front);
    const compose::DrawnText& letter = drawn(cell.letter, cell.style.bold);
    for (int v = 0; v < letter.height; ++v) {
      for (int u = 0; u < letter.width; ++u) {
        const int row = y + 3 + letter.top + v;
        if (u >= kCellWidth || row < y || row >= y + kCellHeight) continue;
        put(x + u, row, front, letter.at(u, v).a);
      }
    }
  }

  const compose::DrawnText& drawn(char32_t letter, bool bold) {
    const auto key = std::pair{letter, bold};
    const auto known = letters_.find(key);
    if (known != letters_.end()) return known->second;
    std::string text;
    const auto code = static_cast<std::uint32_t>(letter);
    if (code < 0x80) {
      text = static_cast<char>(code);
    } else if (code < 0x800) {
      text = {static_cast<char>(0xC0U | (code >> 6U)), static_cast<char>(0x80U | (code & 0x3FU))};
    } else {
      text = {static_cast<char>(0xE0U | (code >> 12U)),
              static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)),
              static_cast<char>(0x80U | (code & 0x3FU))};
    }
    auto made = compose::draw_text(text, {.size = 15,
                                          .bold = bold,
                                          .mono = true,
                                          .max_width = 4 * kCellWidth,
                                          .max_height = 2 * kCellHeight,
                                          .at_origin = true});
    EXPECT_TRUE(made.ok());
    return letters_[key] = made.ok() ? std::move(made).value() : compose::DrawnText{};
  }

  media::AvFrame frame_;
  std::map<std::pair<char32_t, bool>, compose::DrawnText> letters_;
};

/// A sunset, so that the picture has something to show.
std::string landscape(PictureSize size) {
  std::string rgb;
  const auto add = [&](double value) { rgb += static_cast<char>(static_cast<int>(value)); };
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double down = static_cast<double>(y) / size.height;
      const double hill = 0.62 + 0.08 * std::sin(x * 6.0 / size.width);
      const double sun = std::hypot(x - size.width * 0.7, (y - size.height * 0.4) * 1.0);
      const bool ground = down > hill;
      const bool bright = sun < size.height * 0.12;
      add(ground ? 24 : bright ? 255 : 40 + 200 * down);
      add(ground ? 52 : bright ? 220 : 60 + 80 * down);
      add(ground ? 36 : bright ? 120 : 140 - 60 * down);
    }
  }
  return rgb;
}

Model desk(int columns, int rows) {
  Model model;
  model.take_status(parse_json(R"({
    "show": "Sommerfest", "engine": "native", "time_ms": 754321, "fps": 30.0, "lagged": 1,
    "skipped": 1, "program": "two", "preview": "all", "black": false,
    "alarms": ["silent", "overload"], "scenes": ["opening", "two", "all", "interview"],
    "sound": {"peak_db": -4.2, "true_peak_max_db": -1.2, "limited_db": 2.5,
              "momentary_lufs": -17.3, "short_term_lufs": -18.0, "integrated_lufs": -19.9},
    "sources": [
      {"name": "wide", "state": "live", "on_air": true, "gain_db": -3.0, "level_db": -12.0},
      {"name": "Bühne", "state": "live", "gain_db": 2.5, "level_db": -4.0, "solo": true},
      {"name": "phone", "state": "lost", "reason": "source 'phone': no answer in time",
       "muted": true, "gain_db": 0.0},
      {"name": "music", "state": "live", "follow": true, "ducked_db": 12.0, "level_db": -30.0}],
    "overlays": [{"name": "name", "on_air": true}, {"name": "clock", "on_air": false},
                 {"name": "logo", "on_air": false, "trouble": "no such file"}],
    "outputs": [{"name": "main", "state": "live", "bytes": 250000, "dropped": 0},
                {"name": "hls@low", "state": "live", "bytes": 80000, "dropped": 0},
                {"name": "backup", "state": "retrying", "bytes": 0, "dropped": 7,
                 "reason": "open output 'backup': connection refused"}]})",
                               "status")
                        .value());
  const PictureSize size = picture_size(columns, rows);
  model.picture_width = size.width;
  model.picture_height = size.height;
  model.picture = landscape(size);
  model.message = "fade at frame 22630";
  for (const auto& source : model.sources) {
    if (source.name != "phone") model.thumbnails[source.name] = landscape(kThumbnail);
  }
  return model;
}

media::AvFrame read_picture(const std::filesystem::path& path) {
  auto reader = media::Reader::open({.url = path.string(), .name = path.string()}, {});
  if (!reader.ok()) return nullptr;
  auto packet = reader.value()->read();
  if (!packet.ok() || !packet.value()) return nullptr;
  reader.value()->send(true, packet.value()->packet.get());
  reader.value()->send(true, nullptr);
  return reader.value()->receive(true);
}

class ScreenPicture : public ::testing::TestWithParam<std::pair<int, int>> {};
INSTANTIATE_TEST_SUITE_P(Sizes, ScreenPicture,
                         ::testing::Values(std::pair{80, 24}, std::pair{120, 40},
                                           std::pair{160, 56}));

TEST_P(ScreenPicture, LooksAsItDid) {
  const auto [columns, rows] = GetParam();
  const CellPainter painter(draw(desk(columns, rows), columns, rows));
  const auto path = std::filesystem::path(TS_TEST_DIR) / "golden" / "tui" /
                    (std::to_string(columns) + "x" + std::to_string(rows) + ".png");
  if (std::getenv("TS_GOLDEN_UPDATE") != nullptr) {
    ASSERT_TRUE(media::write_png(painter.picture(), path).ok());
  }

  const media::AvFrame kept = read_picture(path);

  ASSERT_TRUE(kept) << path;
  ASSERT_EQ(kept->width, painter.picture().width);
  ASSERT_EQ(kept->height, painter.picture().height);
  const auto difference = compose::compare_rgb(painter.picture(), *kept);
  EXPECT_GE(difference.worst_ssim, 0.97)
      << "if this is right, run again with TS_GOLDEN_UPDATE=1 and look at " << path;
}

}  // namespace
}  // namespace ts::cli::tui
