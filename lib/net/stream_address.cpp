// SPDX-License-Identifier: Apache-2.0
#include "net/stream_address.hpp"

#include "core/secret.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <array>

namespace ts::net {
namespace {

constexpr std::array<std::string_view, 7> kStreamSchemes{
    "rtmp://", "rtmps://", "mux://", "twitch://", "srt://", "ws://", "wss://"};

/// Where the URL that starts at `begin` ends inside running text.
std::size_t url_end(std::string_view text, std::size_t begin) {
  const auto end = text.find_first_of(" \t\r\n\"'<>`|\\^,;)]", begin);
  std::size_t out = end == std::string_view::npos ? text.size() : end;
  // "invalid url rtmp://host/app/key: reason": the colon belongs to the sentence.
  while (out > begin && (text[out - 1] == ':' || text[out - 1] == '.')) --out;
  return out;
}

bool already_redacted(std::string_view text) {
  return text.starts_with('{') && text.ends_with('}') && text.find("...") != std::string_view::npos;
}

std::string redact_part(std::string_view text) {
  return already_redacted(text) ? std::string(text) : redact_identifier(text);
}

std::string redact_query(std::string_view query, const Redact& redact_part) {
  std::string out;
  for (const std::string_view pair : split(query, '&')) {
    if (!out.empty()) out += '&';
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) {
      out += redact_part(pair);
    } else {
      out += fmt::format("{}={}", pair.substr(0, equals), redact_part(pair.substr(equals + 1)));
    }
  }
  return out;
}

std::string redact_url(std::string_view url, const Redact& redact_part) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return redact_part(url);
  const std::string scheme = to_lower(url.substr(0, scheme_end));
  std::string_view rest = url.substr(scheme_end + 3);
  // The shorthands are nothing but a key.
  if (scheme == "mux" || scheme == "twitch") {
    return fmt::format("{}://{}", scheme, redact_part(rest));
  }
  std::string_view query;
  if (const auto mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  std::string head(rest);
  const auto slash = rest.find('/');
  // user:password@ is never worth showing.
  const auto at = rest.substr(0, slash).rfind('@');
  const std::string authority =
      (at == std::string_view::npos ? std::string() : std::string("{...}@")) +
      std::string(rest.substr(0, slash).substr(at == std::string_view::npos ? 0 : at + 1));
  if (slash == std::string_view::npos) {
    head = authority;
  } else {
    const std::string_view path = rest.substr(slash);
    const bool key_last = scheme == "rtmp" || scheme == "rtmps";
    const auto last = path.rfind('/');
    head = key_last && last + 1 < path.size()
               ? fmt::format("{}{}/{}", authority, path.substr(0, last),
                             redact_part(path.substr(last + 1)))
               : fmt::format("{}{}", authority, path);
  }
  std::string out = fmt::format("{}://{}", scheme, head);
  if (!query.empty()) out += "?" + redact_query(query, redact_part);
  return out;
}

}  // namespace

std::string redact_stream_url(std::string_view url) { return redact_url(url, redact_part); }

std::string scrub_stream_keys(std::string_view text, const Redact& redact) {
  const std::string lowered = to_lower(text);
  std::string out;
  std::size_t done = 0;
  while (done < text.size()) {
    std::size_t begin = std::string::npos;
    for (const std::string_view scheme : kStreamSchemes) {
      begin = std::min(begin, lowered.find(scheme, done));
    }
    if (begin == std::string::npos) break;
    // "rtmps://" contains no other scheme's text; "ws://" may sit inside a longer word, which is
    // then cut in two and redacted from there: harmless.
    const std::size_t end = url_end(text, begin);
    out += text.substr(done, begin - done);
    out += redact_url(text.substr(begin, end - begin), redact ? redact : redact_part);
    done = end;
  }
  out += text.substr(std::min(done, text.size()));
  return out;
}

}  // namespace ts::net
