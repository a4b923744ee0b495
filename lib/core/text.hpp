// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts {

std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
/// True for well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text) noexcept;
/// A JSON text as lenient readers (Go, JavaScript) see it: bytes that are no UTF-8 and escapes of
/// half a surrogate pair become U+FFFD. Text that is well formed comes back as it is.
std::string with_replacement_characters(std::string_view json);
/// The candidate nearest to `word` (Damerau-Levenshtein, case ignored) if it is near enough to be
/// meant; nullopt otherwise.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);
std::optional<std::string> nearest(std::string_view word,
                                   std::initializer_list<std::string_view> candidates);
/// Decimal digits only, whole text, no sign. nullopt on anything else or on overflow.
std::optional<std::uint64_t> parse_u64(std::string_view text) noexcept;
/// False when an address (scheme://[user@]host:port…) names a port that is not 1 to 65535; one that
/// names none is right. For addresses of media, whose stream keys and options a strict URL reader
/// would refuse.
bool has_usable_port(std::string_view address) noexcept;

}  // namespace ts
