// SPDX-License-Identifier: Apache-2.0
#include "net/answer_text.hpp"

#include <gtest/gtest.h>

namespace ts::net {
namespace {

HttpResponse answer(std::string body, std::string type = {}) {
  HttpResponse out;
  out.body = std::move(body);
  if (!type.empty()) out.headers.emplace_back("Content-Type", std::move(type));
  return out;
}

// Issue 3: the answer of a load balancer was printed with its markup.
TEST(AnswerText, TellsOfAPageItsTypeAndItsTitle) {
  EXPECT_EQ(answer_text(answer("<html><head><title>502 Bad Gateway</title></head><body><center>"
                               "<h1>502 Bad Gateway</h1></center><hr>nginx</body></html>",
                               "text/html; charset=utf-8")),
            "a web page (text/html): 502 Bad Gateway");
}

TEST(AnswerText, TellsTheFirstWordsOfAPageWithoutATitle) {
  EXPECT_EQ(answer_text(answer("<!DOCTYPE html><html><style>p{color:red}</style><script>f(1<2)"
                               "</script><body>\n<p>Sign in &amp; pay</p><!-- x > y --></body>")),
            "a web page: Sign in & pay");
}

TEST(AnswerText, LeavesOtherTextAsItIs) {
  EXPECT_EQ(answer_text(answer("upstream <b> gone", "text/plain")), "upstream <b> gone");
  EXPECT_EQ(answer_text(answer("")), "");
}

TEST(AnswerText, SurvivesAPageThatBreaksOff) {
  for (const char* page :
       {"<html", "<html><title", "<html><title>a", "<html><script>", "<html><!--"}) {
    EXPECT_TRUE(answer_text(answer(page)).starts_with("a web page")) << page;
  }
  EXPECT_EQ(answer_text(answer("", "text/html")), "a web page (text/html)");
}

TEST(AnswerText, CutsALongPage) {
  EXPECT_LT(answer_text(answer("<html><body>" + std::string(100'000, 'x'))).size(), 150U);
}

}  // namespace
}  // namespace ts::net
