// SPDX-License-Identifier: Apache-2.0
#include "tui/view.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace ts::cli::tui {
namespace {

constexpr const char* kStatus = R"({
  "show": "rehearsal", "engine": "native", "time_ms": 754321, "fps": 30.0, "lagged": 1,
  "skipped": 1, "program": "two", "preview": "all", "black": false, "alarms": ["silent"],
  "scenes": ["opening", "two", "all"],
  "sound": {"peak_db": -4.2, "true_peak_max_db": -1.2, "limited_db": 2.5,
            "momentary_lufs": -17.3, "short_term_lufs": -18.0, "integrated_lufs": -19.9},
  "sources": [
    {"name": "wide", "state": "live", "on_air": true, "gain_db": -3.0, "level_db": -12.0},
    {"name": "phone", "state": "lost", "reason": "no answer", "muted": true, "gain_db": 0.0},
    {"name": "music", "state": "live", "follow": true, "left_out": true, "ducked_db": 12.0, "level_db": -30.0}],
  "overlays": [{"name": "name", "on_air": true}, {"name": "clock", "on_air": false},
               {"name": "logo", "on_air": false, "trouble": "no such file"}],
  "outputs": [{"name": "main", "state": "live", "bytes": 250000, "dropped": 0},
              {"name": "backup", "state": "reconnecting", "bytes": 0, "dropped": 7,
               "reason": "connection refused"}]})";

Model model_of(const char* text) {
  Model model;
  model.take_status(parse_json(text, "status").value());
  return model;
}

void add_picture(Model& model, int columns, int rows) {
  const PictureSize size = picture_size(columns, rows);
  model.picture_width = size.width;
  model.picture_height = size.height;
  for (int i = 0; i < size.width * size.height; ++i) model.picture += "\x20\x60\xa0";
}

/// Compares with tests/golden/tui/NAME; TS_GOLDEN_UPDATE=1 writes it.
void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(TS_TEST_DIR) + "/golden/tui/" + name;
  if (std::getenv("TS_GOLDEN_UPDATE") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  std::stringstream kept;
  kept << file.rdbuf();
  EXPECT_EQ(kept.str(), text) << "if this is right, run again with TS_GOLDEN_UPDATE=1";
}

TEST(View, LooksAsItDid) {
  Model model = model_of(kStatus);
  model.message = "fade at frame 22630";
  add_picture(model, 120, 40);
  expect_golden("120x40.txt", plain_text(draw(model, 120, 40)));
  add_picture(model, 80, 24);
  expect_golden("80x24.txt", plain_text(draw(model, 80, 24)));
}

/// A show with more of everything than 24 rows have.
Model crowded() {
  Model model = model_of(kStatus);
  model.scenes.clear();
  model.overlays.clear();
  for (int i = 1; i <= 8; ++i) {
    model.scenes.push_back("scene " + std::to_string(i));
    model.overlays.push_back({.name = "overlay " + std::to_string(i)});
    model.outputs.push_back({.name = "copy " + std::to_string(i), .state = "live"});
  }
  return model;
}

TEST(View, SaysHowManyItLeavesOut) {
  Model model = crowded();
  add_picture(model, 80, 24);

  const std::string text = plain_text(draw(model, 80, 24));

  expect_golden("80x24-crowded.txt", text);
  EXPECT_NE(text.find("scene 4\n"), std::string::npos);
  EXPECT_NE(text.find("… 4 more\n"), std::string::npos);
  EXPECT_NE(text.find("overlay 1\n"), std::string::npos);
  EXPECT_NE(text.find("… 7 more\n"), std::string::npos);
  EXPECT_NE(text.find("OUTPUTS            … 8 more\n"), std::string::npos);
}

TEST(View, CutsNoNumberOfTheSoundLine) {
  const Model model = model_of(kStatus);
  for (int columns = 24; columns < 130; ++columns) {
    const std::string text = plain_text(draw(model, columns, 24));
    const auto from = text.find("SOUND");
    ASSERT_NE(from, std::string::npos);
    const std::string line = text.substr(from, text.find('\n', from) - from);
    EXPECT_EQ(line.find("…"), std::string::npos) << columns << ": " << line;
    if (columns >= 80) {
      EXPECT_NE(line.find("LUFS"), std::string::npos) << columns;
      EXPECT_NE(line.find("-1.2"), std::string::npos) << columns;
      EXPECT_TRUE(line.ends_with("2.5")) << columns << ": " << line;
    }
  }
}

TEST(View, SaysWhatTheShowDoesNextByItself) {
  Model model = model_of(kStatus);
  EXPECT_EQ(plain_text(draw(model, 80, 24)).find("NEXT"), std::string::npos);

  model.take_status(parse_json(R"({"holding": true})", "status").value());
  EXPECT_NE(plain_text(draw(model, 80, 24)).find("HOLD      g begins the show"), std::string::npos);

  model.take_status(parse_json(R"({"next_cue": {"does": "fade to two", "in_ms": 61001},
                                   "ends_in_ms": 90000})",
                               "status")
                        .value());
  EXPECT_NE(plain_text(draw(model, 80, 24)).find("NEXT      1:02 fade to two"), std::string::npos);

  model.take_status(parse_json(R"({"ends_in_ms": 3599001})", "status").value());
  EXPECT_NE(plain_text(draw(model, 80, 24)).find("NEXT      1:00:00 the end"), std::string::npos);
}

TEST(View, TheKeysFitOnEightyColumns) {
  const std::string text = plain_text(draw(model_of(kStatus), 80, 24));

  EXPECT_TRUE(text.ends_with("q quit\n"));
}

TEST(Model, AMessageGoesByItself) {
  Model model;
  const SteadyTime start = SystemClock{}.steady_now();

  model.say("cut at frame 7", false, start);
  model.forget_message(start + seconds{5});
  EXPECT_EQ(model.message, "cut at frame 7");
  model.forget_message(start + seconds{6});
  EXPECT_EQ(model.message, "");

  model.say("the preview is empty", true, start);
  model.forget_message(start + seconds{19});
  EXPECT_EQ(model.message, "the preview is empty");
  model.forget_message(start + seconds{20});
  EXPECT_EQ(model.message, "");
}

TEST(View, FitsIntoAnyTerminal) {
  Model model = crowded();
  for (int columns = 1; columns < 200; columns += 7) {
    for (int rows = 1; rows < 60; rows += 3) {
      model.picture.clear();
      add_picture(model, columns, rows);
      const Screen screen = draw(model, columns, rows);
      ASSERT_EQ(screen.columns(), columns);
      ASSERT_EQ(screen.rows(), rows);
    }
  }
}

TEST(View, APictureTwiceAsHighAsItsCells) {
  Model model = model_of(kStatus);
  add_picture(model, 120, 40);
  const Screen screen = draw(model, 120, 40);
  const Cell& cell = screen.at(2, 3);
  EXPECT_EQ(cell.letter, U'▀');
  EXPECT_EQ(cell.style.front, 0x2060A0U);
  EXPECT_EQ(cell.style.back, 0x2060A0U);
  EXPECT_EQ(picture_size(60, 10).width, 0);
}

TEST(View, APictureThatIsTooShortIsLeftOut) {
  Model model = model_of(kStatus);
  add_picture(model, 120, 40);
  model.picture.resize(model.picture.size() / 2);
  EXPECT_EQ(draw(model, 120, 40).at(2, 3).letter, U' ');
}

TEST(Model, BitRatesComeFromTwoStatuses) {
  Model model = model_of(
      R"({"time_ms": 1000, "outputs": [{"name": "main", "state": "live", "bytes": 100000}]})");
  EXPECT_EQ(model.outputs[0].bits, 0);
  model.take_status(
      parse_json(
          R"({"time_ms": 2000, "outputs": [{"name": "main", "state": "live", "bytes": 350000}]})",
          "status")
          .value());
  EXPECT_EQ(model.outputs[0].bits, 2'000'000);
}

TEST(Model, SurvivesAnyStatus) {
  for (const char* text :
       {"{}", "[]", "null",
        R"({"sources": 3, "outputs": {"a": 1}, "sound": [], "scenes": [1, null]})",
        R"({"sources": [1, {}, {"name": 4, "gain_db": "x", "on_air": 1}], "time_ms": "now"})"}) {
    Model model = model_of(text);
    model.selected = 5;
    model.take_status(parse_json(text, "status").value());
    EXPECT_EQ(draw(model, 80, 24).rows(), 24) << text;
  }
}

}  // namespace
}  // namespace ts::cli::tui
