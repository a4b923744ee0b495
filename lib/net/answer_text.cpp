// SPDX-License-Identifier: Apache-2.0
#include "net/answer_text.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ts::net {
namespace {

/// Of a page only its beginning is looked at.
constexpr std::size_t kLooked = 16'384;

/// Where the element `name` begins in `lower` ("<title", "<title>", "<title lang=…"), from `from`.
std::size_t find_tag(std::string_view lower, std::string_view name, std::size_t from = 0) {
  for (auto at = lower.find(name, from); at != std::string_view::npos;
       at = lower.find(name, at + 1)) {
    const auto after = at + name.size();
    if (after >= lower.size() || lower[after] == '>' || lower[after] == '/' ||
        lower[after] == ' ' || lower[after] == '\n') {
      return at;
    }
  }
  return std::string_view::npos;
}

/// The text without tags; scripts, styles and comments are no words.
std::string without_tags(std::string_view html) {
  const std::string lower = to_lower(html);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSilent{
      {{"<script", "</script"}, {"<style", "</style"}, {"<title", "</title"}, {"<!--", "--"}}};
  std::string out;
  for (std::size_t at = 0; at < html.size();) {
    if (html[at] != '<') {
      out.push_back(html[at++]);
      continue;
    }
    std::size_t tag = at;
    for (const auto& [begin, end] : kSilent) {
      if (lower.compare(at, begin.size(), begin) != 0) continue;
      tag = std::min(lower.find(end, at + begin.size()), html.size());
      break;
    }
    const auto close = html.find('>', tag);
    at = close == std::string_view::npos ? html.size() : close + 1;
    out.push_back(' ');
  }
  return out;
}

std::string tidy(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kEntities{
      {{"&nbsp;", " "},
       {"&lt;", "<"},
       {"&gt;", ">"},
       {"&quot;", "\""},
       {"&#39;", "'"},
       {"&amp;", "&"}}};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto known = std::find_if(kEntities.begin(), kEntities.end(), [&](const auto& entity) {
      return text.substr(at).starts_with(entity.first);
    });
    const std::string_view piece = known == kEntities.end() ? text.substr(at, 1) : known->second;
    at += known == kEntities.end() ? 1 : known->first.size();
    const bool blank = static_cast<unsigned char>(piece.front()) <= 0x20;
    if (!blank) {
      out += piece;
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return shorten(trim(out), 100);
}

}  // namespace

bool is_web_page(const HttpResponse& response) {
  if (to_lower(response.header("content-type")).find("html") != std::string::npos) return true;
  const std::string start = to_lower(trim(std::string_view(response.body).substr(0, 200)));
  return start.starts_with("<!doctype html") || start.find("<html") != std::string::npos;
}

std::string page_words(std::string_view html) {
  html = html.substr(0, kLooked);
  const std::string lower = to_lower(html);
  if (const auto title = find_tag(lower, "<title"); title != std::string_view::npos) {
    const auto begin = lower.find('>', title);
    const auto end = lower.find("</title", title);
    if (begin != std::string::npos && end != std::string::npos && begin < end) {
      std::string words = tidy(html.substr(begin + 1, end - begin - 1));
      if (!words.empty()) return words;
    }
  }
  return tidy(without_tags(html));
}

std::string answer_text(const HttpResponse& response) {
  if (!is_web_page(response)) return response.body;
  const std::string_view given = response.header("content-type");
  const std::string type = shorten(trim(given.substr(0, given.find(';'))), 40);
  const std::string words = page_words(response.body);
  return fmt::format("a web page{}{}", type.empty() ? "" : fmt::format(" ({})", type),
                     words.empty() ? "" : ": " + words);
}

}  // namespace ts::net
