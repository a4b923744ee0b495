// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"

#include <array>
#include <utility>

namespace ts {
namespace {

struct KindRow {
  std::string_view name;
  int exit;
};

constexpr std::array<KindRow, 15> kKinds{{
    {"internal", 70},
    {"usage", 2},
    {"config", 3},
    {"auth", 4},
    {"not_found", 5},
    {"conflict", 6},
    {"remote", 7},
    {"pending", 8},
    {"deadline", 9},
    {"check_failed", 10},
    {"partial", 11},
    {"media", 12},
    {"unconfirmed", 13},
    {"interrupted", 130},
    {"terminated", 143},
}};

}  // namespace

Error Error::with_context(std::string_view context) && {
  message.insert(0, std::string(context) + ": ");
  return std::move(*this);
}

std::string_view to_string(ErrorKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)].name;
}

int exit_code(ErrorKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)].exit; }

std::string shorten(std::string_view text, std::size_t limit) {
  std::string out;
  const bool cut = text.size() > limit;
  if (cut) {
    std::size_t end = limit;
    // Step back over continuation bytes so that no character is split.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end);
  }
  out.reserve(text.size() + 3);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(byte < 0x20 || byte == 0x7F ? ' ' : c);
  }
  if (cut) out += "...";
  return out;
}

}  // namespace ts
