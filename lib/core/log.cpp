// SPDX-License-Identifier: Apache-2.0
#include "core/log.hpp"

#include <array>

namespace ts {

void Log::scrub(const Secret& secret) {
  // A secret shorter than this would blank ordinary words.
  if (secret.size() < 6) return;
  const std::lock_guard lock(mutex_);
  secrets_.push_back(secret.clone());
}

namespace {

void replace_secrets(std::string& text, const std::vector<Secret>& secrets) {
  for (const Secret& secret : secrets) {
    for (auto at = text.find(secret.reveal()); at != std::string::npos;
         at = text.find(secret.reveal(), at)) {
      text.replace(at, secret.size(), "***");
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
