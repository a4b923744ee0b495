// SPDX-License-Identifier: Apache-2.0
#include "scene/lint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ts::scene {
namespace {

std::vector<Finding> lint_cues(const std::string& cues, const std::string& more = "") {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]},
                     "two": {"layout": "full", "slots": ["b"]}},
          "overlays": {"name": {"lower_third": {"title": "x"}}}, "cues": [)" +
          cues + "]" + more + "}",
      "show", "");
  return show.ok() ? lint(show.value())
                   : std::vector<Finding>{{true, "", show.error().message, ""}};
}

bool has(const std::vector<Finding>& findings, const std::string& text) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return finding.message.find(text) != std::string::npos;
  });
}

constexpr const char* kComplete =
    R"({"at": "1s", "take": "two", "transition": "fade", "duration": "1s"}, {"at": "3s", "show": "name"})";

TEST(Lint, AShowWithoutFaultsHasNoFindings) { EXPECT_TRUE(lint_cues(kComplete).empty()); }

TEST(Lint, ATakeInTheMiddleOfATransitionIsSerious) {
  const auto findings = lint_cues(std::string(kComplete) + R"(, {"at": "1500ms", "take": "one"})");

  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].serious);
  EXPECT_EQ(findings[0].where, "$.cues[2]");
  EXPECT_TRUE(has(findings, "in the middle of the transition"));
}

TEST(Lint, NamesWhatIsNeverUsed) {
  const auto findings = lint_cues("");

  EXPECT_TRUE(has(findings, "no cue takes this scene"));
  EXPECT_TRUE(has(findings, "no cue shows this overlay"));
}

TEST(Lint, NamesCuesAfterTheEndAndSoundLeftOff) {
  const auto findings =
      lint_cues(std::string(kComplete) + R"(, {"at": "9s", "mute": "a"})", R"(, "duration": "5s")");

  EXPECT_TRUE(has(findings, "the show has ended"));
  EXPECT_TRUE(has(findings, "never unmuted"));
}

TEST(Lint, NamesASourceThatNobodyCanSee) {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"s": {"items": [{"source": "a", "width": 100, "height": 100},
                                     {"source": "b"}]}}})",
      "show", "");

  EXPECT_TRUE(has(lint(show.value()), "'a' is completely behind 'b'"));
}

}  // namespace
}  // namespace ts::scene
