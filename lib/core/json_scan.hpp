// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ts {

/// Appends a code point below 0x110000 as UTF-8.
void append_utf8(std::string& out, std::uint32_t code);
/// Appends `text` (UTF-8) as a JSON string, quotes included, with the escapes `dump_json` writes.
void append_json_string(std::string& out, std::string_view text);

/// Reads a JSON text of known shape without building a document: for hot paths. As strict as
/// parse_json. The first thing that is not as the caller expects fails it for good; the caller then
/// goes the long way, which knows the words for it. A fast path, never the only one.
///
///   JsonScanner in(text);
///   for (in.enter_object(); in.next_member();) {
///     if (in.key() == "exp") in.read_number(exp); else in.skip();
///   }
///   if (in.finish()) …
class JsonScanner {
 public:
  static constexpr std::size_t kMaxDepth = 64;

  /// @param text  outlives the scanner.
  explicit JsonScanner(std::string_view text);

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  /// True when nothing but blanks is left and all went well.
  bool finish();

  bool enter_object();
  /// The next member of the object entered last; false at its end (which is left) or on failure.
  bool next_member();
  /// Valid until the next call of any other function.
  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  bool enter_array();
  /// Whether there is another item in the array entered last; false at its end or on failure.
  bool next_item();

  /// True, and consumed, when the value is null.
  bool take_null();
  bool read_string(std::string& out);
  bool read_bool(bool& out);
  bool read_number(double& out);
  /// A whole number written without fraction and exponent, of 64 bits.
  bool read_integer(std::int64_t& out);
  /// What the next value begins with ('"', '{', a digit …); '\0' at the end.
  char next() noexcept {
    blanks();
    return peek();
  }
  /// Fails the scan: the caller found something it does not expect.
  void give_up() noexcept { ok_ = false; }
  /// Any value; its text is checked all the same.
  bool skip();

 private:
  bool fail() noexcept {
    ok_ = false;
    return false;
  }
  void blanks() noexcept;
  [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) noexcept;
  bool take_word(std::string_view word) noexcept;
  bool enter(char open);
  /// After a value or at the beginning: true when another element follows.
  bool next_element(char close);
  /// A string without its quotes: a view of the text, or of `buffer` when there are escapes.
  bool read_text(std::string_view& out, std::string& buffer);
  bool read_escape(std::string& out);
  bool read_unit(unsigned& out);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool first_ = false;  ///< Just entered: no comma is due.
  bool ok_ = true;
  std::string_view key_{};
  std::string key_buffer_{};
  std::string scratch_{};
};

}  // namespace ts
