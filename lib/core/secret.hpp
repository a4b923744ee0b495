// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string_view>

namespace ts {

/// A credential. It cannot be printed, formatted, compared with ==, or turned
/// into JSON: each of those is a compile error. `reveal` is the one way in, so
/// every use of a secret is found by searching for that word.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  [[nodiscard]] std::string_view reveal() const noexcept { return {bytes_.get(), size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// A second owner of the same text: explicit, so that copies are found by searching for it.
  [[nodiscard]] Secret clone() const { return Secret(reveal()); }

 private:
  void wipe() noexcept;

  // Not std::string: moving one leaves the short-string copy behind.
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;

/// "{abc...xyz}" as LiveKit redacts identifiers: 3, 2 or 1 characters at each end by length.
std::string redact_identifier(std::string_view text);

}  // namespace ts

/// Formatting a Secret does not compile.
template <>
struct fmt::formatter<ts::Secret> {
  formatter() = delete;
};
