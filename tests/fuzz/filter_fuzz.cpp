// SPDX-License-Identifier: Apache-2.0
// Filter chains of show files: whatever passes makes libavfilter see no other filter than the
// allowed ones, so none of the words that read files may be left as a filter's name.
#include "fuzz/fuzz.hpp"

#include "media/filter_check.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ts::fuzz::require;
  const std::string chain(ts::fuzz::as_text(data, size));
  const auto status = ts::media::check_filter(chain);
  if (!status.ok()) {
    require(status.error().kind == ts::ErrorKind::kUsage && !status.error().hint.empty());
    return 0;
  }
  for (const char* bad : {"movie=", ",movie", "subtitles=", "lut3d=", "[a]", ";"}) {
    const auto at = chain.find(bad);
    // Inside quotes or after a backslash it is text.
    const bool quoted = chain.find_first_of("'\\") != std::string::npos;
    require(at == std::string::npos || quoted || chain.find('=') < at);
  }
  return 0;
}
