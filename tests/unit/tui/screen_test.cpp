// SPDX-License-Identifier: Apache-2.0
#include "tui/screen.hpp"

#include "tui/terminal.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ts::cli::tui {
namespace {

TEST(Screen, CutsWhatDoesNotFit) {
  Screen screen(10, 2);

  screen.text(6, 0, "abcdef");
  screen.text(0, 1, "a long name", {}, 6);
  screen.put(50, 50, U'x');

  EXPECT_EQ(plain_text(screen), "      abcd\na lon…\n");
}

TEST(Screen, NeverPassesControlCharactersOn) {
  Screen screen(20, 1);

  screen.text(0, 0, "a\x1b[2Jb\x07\xc2\x9b\xff\xe2\x82");

  EXPECT_EQ(plain_text(screen), "a?[2Jb????\n");
}

TEST(Screen, OnlyWhatChangedIsWritten) {
  Screen before(20, 3);
  before.text(0, 0, "one");
  Screen now = before;

  EXPECT_EQ(difference(&before, now, Colors::kTrue), "");
  now.put(5, 1, U'é', {.front = 0x010203});
  EXPECT_EQ(difference(&before, now, Colors::kTrue), "\x1b[2;6H\x1b[0;38;2;1;2;3mé\x1b[0m");
  EXPECT_EQ(difference(&before, now, Colors::kNone), "\x1b[2;6H\x1b[0mé\x1b[0m");
}

TEST(Screen, AWideLetterTakesTwoColumns) {
  Screen screen(12, 6);

  EXPECT_EQ(screen.text(0, 0, "婚礼🎉|"), 7);
  EXPECT_EQ(screen.text(0, 1, "婚礼🎉", {}, 6), 6);
  EXPECT_EQ(screen.text(0, 2, "婚礼🎉", {}, 5), 5);
  EXPECT_EQ(screen.text(0, 3, "婚礼🎉", {}, 4), 3);
  screen.text(9, 4, "婚礼");
  screen.text(0, 5, "婚礼婚");
  screen.put(3, 5, U'x');
  screen.put(4, 5, U'y');

  EXPECT_EQ(plain_text(screen), "婚礼🎉|\n婚礼🎉\n婚礼…\n婚…\n         婚\n婚 xy\n");
}

TEST(Screen, AnAccentIsWrittenOnTheLetterBeforeIt) {
  Screen screen(20, 1);

  // Joiners and what turns the direction of writing are left out: terminals differ about them.
  EXPECT_EQ(screen.text(0, 0, "e\xcc\x81|\u202e👩\u200d❤\ufe0f|", {}, 7), 6);

  EXPECT_EQ(plain_text(screen), "e\xcc\x81|👩❤|\n");
}

TEST(Screen, TheCursorIsWhereTheTerminalHasIt) {
  Screen before(12, 1);
  before.text(0, 0, "婚礼 0:01");
  Screen now(12, 1);
  now.text(0, 0, "婚礼 0:02");

  EXPECT_EQ(difference(&before, now, Colors::kNone), "\x1b[1;9H\x1b[0m2\x1b[0m");
  // Behind a letter of two columns it is placed anew, whatever the terminal makes of the letter.
  now.text(0, 0, "婚礼🎉:02");
  EXPECT_EQ(difference(nullptr, now, Colors::kNone),
            "\x1b[0m\x1b[2J\x1b[1;1H\x1b[0m婚\x1b[1;3H礼\x1b[1;5H🎉\x1b[1;7H:02\x1b[0m");
}

TEST(Screen, WithoutColorsThePictureIsShades) {
  Screen screen(7, 1);
  int column = 0;
  for (const Color gray : {0x000000U, 0x404040U, 0x808080U, 0xB0B0B0U, 0xFFFFFFU}) {
    screen.put(column++, 0, U'▀', {.front = gray, .back = gray});
  }
  screen.put(column++, 0, U'▀', {.front = 0xFFFFFF, .back = 0x000000});
  screen.put(column++, 0, U'▀');

  EXPECT_EQ(plain_text(screen), " ░▒▓█▒▀\n");
  const std::string drawn = difference(nullptr, screen, Colors::kNone);
  EXPECT_NE(drawn.find("░▒▓█▒▀"), std::string::npos) << drawn;
  EXPECT_EQ(difference(nullptr, screen, Colors::k256).find("░"), std::string::npos);
}

TEST(Screen, AnotherSizeIsDrawnWhole) {
  const Screen before(20, 3);
  Screen now(30, 3);
  now.text(0, 0, "x");
  EXPECT_EQ(difference(&before, now, Colors::k256), "\x1b[0m\x1b[2J\x1b[1;1H\x1b[0mx\x1b[0m");
}

TEST(Screen, The256ColorsAreTheNearestOnes) {
  EXPECT_EQ(nearest_256(0x000000), 16);
  EXPECT_EQ(nearest_256(0xFFFFFF), 231);
  EXPECT_EQ(nearest_256(0xFF0000), 196);
  EXPECT_EQ(nearest_256(0x808080), 244);
  EXPECT_EQ(nearest_256(0x5F87AF), 67);
}

TEST(Keys, AreTakenApartHoweverTheyCome) {
  std::string bytes = "q\r\x1b[A\x1bOB\x1b[D\x1bOC\x1bOP\x1b[15~\x1b[24~\x1b[[E\x03\x0c\x1a";
  const std::vector<Key> keys = take_keys(bytes);
  const std::vector<Key> expected{{.letter = 'q'},
                                  {.kind = Key::Kind::kEnter},
                                  {.kind = Key::Kind::kUp},
                                  {.kind = Key::Kind::kDown},
                                  {.kind = Key::Kind::kLeft},
                                  {.kind = Key::Kind::kRight},
                                  {.kind = Key::Kind::kFunction, .number = 1},
                                  {.kind = Key::Kind::kFunction, .number = 5},
                                  {.kind = Key::Kind::kFunction, .number = 12},
                                  {.kind = Key::Kind::kFunction, .number = 5},
                                  {.kind = Key::Kind::kInterrupt},
                                  {.kind = Key::Kind::kRedraw},
                                  {.kind = Key::Kind::kSuspend}};
  EXPECT_EQ(keys, expected);
  EXPECT_EQ(bytes, "");
}

TEST(Keys, ACutSequenceWaitsForItsRest) {
  std::string bytes = "m\x1b[1";
  EXPECT_EQ(take_keys(bytes).size(), 1U);
  EXPECT_EQ(bytes, "\x1b[1");
  bytes += "1~";
  EXPECT_EQ(take_keys(bytes), (std::vector<Key>{{.kind = Key::Kind::kFunction, .number = 1}}));
}

TEST(Keys, UnknownSequencesMeanNothing) {
  std::string bytes = "\x1b[1;5C\x1b[200~\x1b[<0;1;1M\xc3\xa9";
  EXPECT_TRUE(take_keys(bytes).empty());
  EXPECT_EQ(bytes, "");
}

TEST(Colors, AreWhatTheEnvironmentSays) {
  EXPECT_EQ(colors_of("xterm-256color", "truecolor", true), Colors::kTrue);
  EXPECT_EQ(colors_of("xterm-256color", "", true), Colors::k256);
  EXPECT_EQ(colors_of("xterm-direct", "", true), Colors::kTrue);
  EXPECT_EQ(colors_of("dumb", "truecolor", true), Colors::kNone);
  EXPECT_EQ(colors_of("xterm", "truecolor", false), Colors::kNone);
}

}  // namespace
}  // namespace ts::cli::tui
