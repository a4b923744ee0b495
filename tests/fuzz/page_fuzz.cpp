// SPDX-License-Identifier: Apache-2.0
// Web pages in place of an answer: their words are short, one line, and without surrounding space.
#include "fuzz/fuzz.hpp"

#include "net/answer_text.hpp"

#include <algorithm>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 100 + std::string_view("…").size();
  const std::string words = ts::net::page_words(ts::fuzz::as_text(data, size));
  ts::fuzz::require(words.size() <= kMost);
  ts::fuzz::require(std::none_of(words.begin(), words.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  ts::fuzz::require(words.empty() || (words.front() != ' ' && words.back() != ' '));
  return 0;
}
