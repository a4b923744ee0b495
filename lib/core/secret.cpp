// SPDX-License-Identifier: Apache-2.0
#include "core/secret.hpp"

#include <cstring>
#include <string>
#include <utility>

namespace ts {

Secret::Secret(std::string_view text)
    : bytes_(text.empty() ? nullptr : new char[text.size()]), size_(text.size()) {
  if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void Secret::wipe() noexcept {
  // explicit_bzero is not optimised away, unlike a memset before a free.
  if (bytes_) explicit_bzero(bytes_.get(), size_);
  bytes_.reset();
  size_ = 0;
}

std::string redact_identifier(std::string_view text) {
  const std::size_t keep = text.size() >= 9 ? 3 : text.size() >= 6 ? 2 : text.size() >= 3 ? 1 : 0;
  std::string out = "{";
  out.append(text.substr(0, keep)).append("...").append(text.substr(text.size() - keep));
  out.push_back('}');
  return out;
}

}  // namespace ts
