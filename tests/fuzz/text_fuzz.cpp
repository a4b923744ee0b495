// SPDX-License-Identifier: Apache-2.0
// Small texts that people and services write: durations, times, numbers, percent coding, quoting of
// foreign bytes.
#include "fuzz/fuzz.hpp"

#include "core/clock.hpp"
#include "core/duration.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ts::fuzz::require;
  const auto text = ts::fuzz::as_text(data, size);
  if (const auto duration = ts::parse_duration(text); duration.ok()) {
    require(duration.value().count() >= 0);
    require(!ts::format_duration(duration.value()).empty());
  }
  if (const auto time = ts::parse_rfc3339(text); time.ok()) {
    const auto again = ts::parse_rfc3339(ts::format_rfc3339(time.value()));
    require(again.ok() && again.value() == time.value());
  }
  if (const auto number = ts::parse_u64(text)) {
    const auto begin = text.find_first_not_of('0');
    require(std::to_string(*number) == (begin == text.npos ? "0" : text.substr(begin)));
  }
  const auto quoted = ts::shorten(text, 40);
  require(quoted.size() <= 40 + 8);
  for (const char c : quoted) require(static_cast<unsigned char>(c) >= 0x20);
  if (ts::is_utf8(text)) require(ts::is_utf8(quoted));
  static_cast<void>(ts::nearest(text.substr(0, 64), {"sources", "scenes", "outputs"}));
  static_cast<void>(ts::to_lower(text));
  static_cast<void>(ts::split(ts::trim(text), ','));
  return 0;
}
