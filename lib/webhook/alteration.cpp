// SPDX-License-Identifier: Apache-2.0
#include "core/json_scan.hpp"
#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "webhook/alteration_internal.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace ts::webhook {
namespace {

constexpr std::size_t kMaxDiagnosedBytes = std::size_t{1} << 20U;
constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kRawBodyHint =
    "verify the raw bytes before anything parses them (express.raw, request.get_data())";

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0;;) {
    const std::size_t found = text.find(from, at);
    out.append(text.substr(at, found - at));
    if (found == std::string_view::npos) return out;
    out.append(to);
    at = found + from.size();
  }
}

/// The code point that begins at `at` of well-formed UTF-8; moves `at` past it.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) : 0U;
  };
  const std::uint32_t lead = byte(at);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6U | (byte(at + i) & 0x3FU);
  at += length;
  return code;
}

std::string latin1_to_utf8(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

/// The text of UTF-16, by its byte order mark or by the zeros beside every ASCII character; nullopt
/// when it is none.
std::optional<std::string> utf16_to_utf8(std::string_view bytes) {
  if (bytes.size() < 4 || bytes.size() % 2 != 0) return std::nullopt;
  bool big = bytes.starts_with("\xFE\xFF");
  if (big || bytes.starts_with("\xFF\xFE")) {
    bytes.remove_prefix(2);
  } else {
    // JSON begins with two ASCII characters.
    big = bytes[0] == '\0' && bytes[2] == '\0';
    const bool little = bytes[1] == '\0' && bytes[3] == '\0';
    if (big == little) return std::nullopt;
  }
  const auto unit = [&](std::size_t at) {
    const auto high = static_cast<unsigned char>(bytes[at + (big ? 0 : 1)]);
    const auto low = static_cast<unsigned char>(bytes[at + (big ? 1 : 0)]);
    return static_cast<std::uint32_t>(high) << 8U | low;
  };
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t code = unit(at);
    if (code >= 0xD800 && code < 0xE000) {
      if (code >= 0xDC00 || at + 2 >= bytes.size()) return std::nullopt;
      const std::uint32_t low = unit(at + 2);
      if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
      code = 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U);
      at += 2;
    }
    append_utf8(out, code);
  }
  return out;
}

std::optional<std::string> utf8_to_latin1(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t code = next_code_point(text, at);
    if (code > 0xFF) return std::nullopt;
    out.push_back(static_cast<char>(code));
  }
  return out;
}

std::optional<std::uint32_t> hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(at, 4)) {
    value <<= 4U;
    if (c >= '0' && c <= '9') {
      value |= static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value |= static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      value |= static_cast<std::uint32_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

/// Whether Go's encoding/json escapes this code point, though JSON does not ask for it.
bool is_html_escape(std::uint32_t code) {
  return code == '<' || code == '>' || code == '&' || code == 0x2028 || code == 0x2029;
}

/// One string token, quotes included, with its escapes as asked for.
std::string rewrite_string(std::string_view token, JsonEscapes escapes) {
  if (escapes == JsonEscapes::kKeep) return std::string(token);
  std::string out;
  for (std::size_t at = 0; at < token.size();) {
    const char c = token[at];
    const bool is_escape = c == '\\' && at + 1 < token.size();
    if (escapes == JsonEscapes::kNoHtml && is_escape) {
      const auto unit = token[at + 1] == 'u' ? hex4(token, at + 2) : std::nullopt;
      if (unit && is_html_escape(*unit)) {
        append_utf8(out, *unit);
        at += 6;
      } else {
        out.append(token.substr(at, 2));
        at += 2;
      }
      continue;
    }
    if (escapes == JsonEscapes::kHtml && !is_escape) {
      const std::size_t begin = at;
      const std::uint32_t code = next_code_point(token, at);
      if (is_html_escape(code)) {
        out.append(fmt::format("\\u{:04x}", code));
      } else {
        out.append(token.substr(begin, at - begin));
      }
      continue;
    }
    if (escapes == JsonEscapes::kRaw && c == '\\' && at + 1 < token.size()) {
      const auto unit = token[at + 1] == 'u' ? hex4(token, at + 2) : std::nullopt;
      if (!unit || *unit < 0x80) {
        // "\/" is what PHP writes for a slash.
        if (token[at + 1] == '/') {
          out.push_back('/');
        } else {
          out.append(token.substr(at, 2));
        }
        at += 2;
        continue;
      }
      at += 6;
      std::uint32_t code = *unit;
      if (code >= 0xD800 && code < 0xDC00 && token.substr(at, 2) == "\\u") {
        const auto low = hex4(token, at + 2);
        if (low && *low >= 0xDC00 && *low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10U) + (*low - 0xDC00);
          at += 6;
        }
      }
      append_utf8(out, code);
    } else if (escapes == JsonEscapes::kAscii && static_cast<unsigned char>(c) >= 0x80) {
      const std::uint32_t code = next_code_point(token, at);
      if (code < 0x10000) {
        out.append(fmt::format("\\u{:04x}", code));
      } else {
        out.append(fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((code - 0x10000) >> 10U),
                               0xDC00 + ((code - 0x10000) & 0x3FFU)));
      }
    } else if (c == '\\' && at + 1 < token.size()) {
      out.append(token.substr(at, 2));
      at += 2;
    } else {
      out.push_back(c);
      ++at;
    }
  }
  return out;
}

AlterationFinding finding(Alteration alteration, std::string detail, std::string_view hint) {
  return {alteration, std::move(detail), std::string(hint), true};
}

/// What only looks like it: another secret would explain the mismatch as well.
AlterationFinding suspicion(Alteration alteration, std::string detail, std::string_view hint) {
  return {alteration, std::move(detail), std::string(hint), false};
}

/// Goes through one value. @param pairs  grows by the neighbours that stand in order.
/// @return false at the first two that do not.
bool has_sorted_names(JsonScanner& in, std::size_t& pairs, int depth) {
  if (depth == 0 || (in.next() != '{' && in.next() != '[')) return in.skip();
  if (in.next() == '[') {
    for (in.enter_array(); in.next_item();) {
      if (!has_sorted_names(in, pairs, depth - 1)) return false;
    }
    return in.ok();
  }
  std::string last;
  bool first = true;
  for (in.enter_object(); in.next_member();) {
    if (!first && in.key() <= last) return false;
    if (!first) ++pairs;
    first = false;
    last = in.key();
    if (!has_sorted_names(in, pairs, depth - 1)) return false;
  }
  return in.ok();
}

}  // namespace

std::string relayout_json(std::string_view text, JsonLayout layout, JsonEscapes escapes) {
  const std::string unit = layout == JsonLayout::kIndent2   ? "  "
                           : layout == JsonLayout::kIndent4 ? "    "
                           : layout == JsonLayout::kTab     ? "\t"
                                                            : "";
  const bool indented = !unit.empty();
  std::string out;
  out.reserve(text.size());
  std::size_t depth = 0;
  const auto line = [&] {
    if (!indented) return;
    out.push_back('\n');
    for (std::size_t i = 0; i < depth; ++i) out.append(unit);
  };
  const auto next_solid = [&](std::size_t at) { return text.find_first_not_of(" \t\r\n", at); };
  // No provider nests deep enough to need more; hostile nesting ends here.
  const std::size_t enough = 8 * text.size() + 4096;
  for (std::size_t at = next_solid(0); at < text.size() && out.size() < enough;
       at = next_solid(at)) {
    const char c = text[at];
    if (c == '"') {
      std::size_t end = at + 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
      end = std::min(end + 1, text.size());
      out.append(rewrite_string(text.substr(at, end - at), escapes));
      at = end;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      out.push_back(c);
      const std::size_t after = next_solid(at);
      if (after < text.size() && (text[after] == '}' || text[after] == ']')) {
        out.push_back(text[after]);
        at = after + 1;
      } else if (depth < 256) {
        ++depth;
        line();
      }
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
      line();
      out.push_back(c);
    } else if (c == ',') {
      out.push_back(c);
      if (layout == JsonLayout::kSpaced) out.push_back(' ');
      line();
    } else if (c == ':') {
      out.append(layout == JsonLayout::kCompact ? ":" : ": ");
    } else {
      out.push_back(c);
    }
  }
  return out;
}

AlterationFinding find_alteration(std::string_view body,
                                  const std::function<bool(std::string_view)>& is_signed_body) {
  if (body.empty()) {
    return finding(Alteration::kEmpty, "no body arrived",
                   "look for a proxy or a body parser that consumed it");
  }
  if (body.starts_with("\x1F\x8B")) {
    return finding(
        Alteration::kGzip, "the body is gzip data, and providers sign the plain text",
        "switch compression off between the provider and the receiver, or inflate first");
  }
  if (body.size() > kMaxDiagnosedBytes) return {};

  const auto original_is = [&](const std::string& candidate) {
    return candidate != body && is_signed_body(candidate);
  };
  const std::string text(body);
  for (const std::string_view end : {"\r\n", "\n"}) {
    if (text.ends_with(end) && original_is(text.substr(0, text.size() - end.size()))) {
      return finding(Alteration::kNewlineAdded,
                     "the signed body has no newline at its end, this one has",
                     "save the body without a final newline (printf %s, curl --data-binary)");
    }
  }
  const std::size_t last = text.find_last_not_of("\r\n") + 1;
  if (last < text.size() && original_is(text.substr(0, last))) {
    return finding(Alteration::kNewlineAdded,
                   "the signed body has no newlines at its end, this one has",
                   "save the body without a final newline (printf %s, curl --data-binary)");
  }
  for (const std::string_view end : {"\n", "\r\n"}) {
    if (original_is(text + std::string(end))) {
      return finding(Alteration::kNewlineRemoved,
                     "the signed body ends with a newline, this one does not", kRawBodyHint);
    }
  }
  if (const auto trimmed = trim(text); original_is(std::string(trimmed))) {
    return finding(Alteration::kBlanks, "blanks were put around the signed body", kRawBodyHint);
  }
  if (text.front() == '"') {
    std::string inner;
    if (JsonScanner in(text); in.read_string(inner) && in.finish() && original_is(inner)) {
      return finding(Alteration::kWrapped,
                     "the signed body became the text of a JSON string (serialized twice)",
                     kRawBodyHint);
    }
  }
  if (const auto decoded = crypto::base64_decode(trim(text));
      decoded.ok() && original_is(decoded.value())) {
    return finding(Alteration::kBase64, "the body is base64 of the signed one",
                   "decode it first (API gateways set isBase64Encoded)");
  }
  const std::string unix_lines = replace_all(text, "\r\n", "\n");
  if (original_is(unix_lines) || original_is(replace_all(unix_lines, "\n", "\r\n"))) {
    return finding(Alteration::kLineEndings, "line endings were converted between LF and CRLF",
                   "transfer the body in binary mode");
  }
  if (text.starts_with(kBom) && original_is(text.substr(kBom.size()))) {
    return finding(Alteration::kBomAdded, "a byte order mark was put before the signed body",
                   "save the body as UTF-8 without a byte order mark");
  }
  if (original_is(std::string(kBom) + text)) {
    return finding(Alteration::kBomRemoved, "the signed body begins with a byte order mark",
                   kRawBodyHint);
  }
  if (const auto plain = utf16_to_utf8(text)) {
    constexpr std::string_view kUtf16Hint =
        "save the bytes as they came: PowerShell's > writes UTF-16, curl -o FILE does not";
    const std::size_t end = plain->find_last_not_of("\r\n") + 1;
    for (const std::string& candidate :
         {*plain, plain->substr(0, end), plain->substr(0, end) + "\n"}) {
      if (original_is(candidate)) {
        return finding(Alteration::kCharset, "the body was converted from UTF-8 to UTF-16",
                       kUtf16Hint);
      }
    }
    return suspicion(Alteration::kCharset, "the body is UTF-16, and providers send UTF-8",
                     kUtf16Hint);
  }
  const bool utf8 = is_utf8(text);
  const auto narrowed = utf8 ? utf8_to_latin1(text) : std::nullopt;
  if ((narrowed && original_is(*narrowed)) || original_is(latin1_to_utf8(text))) {
    return finding(Alteration::kCharset, "the body was converted between Latin-1 and UTF-8",
                   kRawBodyHint);
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (utf8 && first != std::string::npos && (text[first] == '{' || text[first] == '[')) {
    for (const auto escapes : {JsonEscapes::kKeep, JsonEscapes::kRaw, JsonEscapes::kAscii,
                               JsonEscapes::kNoHtml, JsonEscapes::kHtml}) {
      for (const auto layout : {JsonLayout::kCompact, JsonLayout::kSpaced, JsonLayout::kIndent2,
                                JsonLayout::kIndent4, JsonLayout::kTab}) {
        const std::string candidate = relayout_json(text, layout, escapes);
        if (original_is(candidate) || original_is(candidate + "\n")) {
          return finding(Alteration::kReserialized,
                         "the JSON was parsed and written again: the same members with the "
                         "provider's blanks and escapes have the right signature",
                         kRawBodyHint);
        }
      }
    }
  }
  if (utf8 && first != std::string::npos && text[first] == '{') {
    // The provider's order cannot be found again, but none of them sorts.
    constexpr std::size_t kTooManyForChance = 5;
    std::size_t pairs = 0;
    if (JsonScanner in(text);
        has_sorted_names(in, pairs, 64) && in.finish() && pairs >= kTooManyForChance) {
      return suspicion(Alteration::kReserialized,
                       "its members are sorted by name, as Go's encoding/json and others write "
                       "what they have parsed",
                       kRawBodyHint);
    }
  }
  if (text.find(kReplacement) != std::string::npos) {
    return suspicion(Alteration::kUnknown,
                     "the body holds U+FFFD, which a decoder writes where bytes were no UTF-8",
                     kRawBodyHint);
  }
  return {};
}

}  // namespace ts::webhook
