// SPDX-License-Identifier: Apache-2.0
#include "core/log.hpp"

#include <array>

namespace ts {

void Log::scrub(const Secret& secret) {
  if (secret.empty()) return;
  const std::lock_guard lock(mutex_);
  secrets_.push_back(secret.clone());
}

namespace {

constexpr std::string_view kMask = "***";
/// A shorter secret would blank parts of ordinary words: it is masked only where values stand.
constexpr std::size_t kLeastAnywhere = 6;

bool belongs_to_a_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/// As in passphrase=abc, /app/abc, "abc", 'abc' and "key: abc", or when it is all there is.
bool stands_as_a_value(std::string_view text, std::size_t at, std::size_t size) {
  const std::size_t after = at + size;
  if (after < text.size() && belongs_to_a_word(text[after])) return false;
  if (at == 0) return after == text.size();
  constexpr std::string_view kBefore = "=/:@\"'{,";
  const char before = text[at - 1];
  if (before == ' ') return at >= 2 && (text[at - 2] == ':' || text[at - 2] == '=');
  return kBefore.find(before) != std::string_view::npos;
}

void replace_secrets(std::string& text, const std::vector<Secret>& secrets) {
  for (const Secret& secret : secrets) {
    const bool anywhere = secret.size() >= kLeastAnywhere;
    for (auto at = text.find(secret.reveal()); at != std::string::npos;) {
      if (anywhere || stands_as_a_value(text, at, secret.size())) {
        text.replace(at, secret.size(), kMask);
        at = text.find(secret.reveal(), at + kMask.size());
      } else {
        at = text.find(secret.reveal(), at + 1);
      }
    }
  }
}

}  // namespace

std::string Log::scrubbed(std::string text) {
  const std::lock_guard lock(mutex_);
  replace_secrets(text, secrets_);
  return text;
}

void Log::write(LogLevel level, std::string_view component, std::string text) {
  if (!enabled(level)) return;
  const std::lock_guard lock(mutex_);
  replace_secrets(text, secrets_);
  sink_(Line{clock_->now(), level, component, text});
}

std::string_view to_string(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"error", "warning", "info", "debug", "trace"};
  return kNames[static_cast<std::size_t>(level)];
}

}  // namespace ts
