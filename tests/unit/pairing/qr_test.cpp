// SPDX-License-Identifier: Apache-2.0
#include "pairing/qr.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::pairing {
namespace {

TEST(QrCode, HasTheThreeFinderPatterns) {
  const auto code = QrCode::encode("hello");
  ASSERT_TRUE(code.ok());
  const auto& qr = code.value();
  EXPECT_EQ(qr.size(), 21);
  for (const auto& [x, y] :
       {std::pair{0, 0}, std::pair{qr.size() - 7, 0}, std::pair{0, qr.size() - 7}}) {
    EXPECT_TRUE(qr.is_dark(x, y));
    EXPECT_FALSE(qr.is_dark(x + 1, y + 1));
    EXPECT_TRUE(qr.is_dark(x + 3, y + 3));
  }
  EXPECT_FALSE(qr.is_dark(-1, 0));
  EXPECT_FALSE(qr.is_dark(0, 21));
}

TEST(QrCode, RefusesTextBeyondItsCapacity) {
  EXPECT_TRUE(QrCode::encode(std::string(2953, 'x')).ok());
  const auto code = QrCode::encode(std::string(2954, 'x'));
  ASSERT_FALSE(code.ok());
  EXPECT_EQ(code.error().kind, ErrorKind::kUsage);
}

TEST(QrToTerminal, NamesItsColorsAndResetsEachLine) {
  const auto text = qr_to_terminal(QrCode::encode("hello").value());

  EXPECT_EQ(text.find("\033[38;5;231;48;5;231m"), 0U) << "begins with the quiet zone";
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = text.find("\033[0m\n", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, (21U + 8U + 1U) / 2U);
}

TEST(QrToSvg, DrawsEveryDarkModuleOnce) {
  const auto code = QrCode::encode("hello").value();
  const auto svg = qr_to_svg(code, 4);
  EXPECT_NE(svg.find("width=\"116\""), std::string::npos);
  int dark = 0;
  for (int y = 0; y < code.size(); ++y) {
    for (int x = 0; x < code.size(); ++x) dark += code.is_dark(x, y) ? 1 : 0;
  }
  int drawn = 0;
  const auto path = svg.substr(svg.find(" d=\""));
  for (std::size_t at = 0; (at = path.find('h', at)) != std::string::npos; ++at) {
    const int run = std::atoi(path.c_str() + at + 1);
    drawn += run > 0 ? run : 0;
  }
  EXPECT_EQ(drawn, dark);
}

}  // namespace
}  // namespace ts::pairing
