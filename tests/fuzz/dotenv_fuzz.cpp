// SPDX-License-Identifier: Apache-2.0
// .env files: names are names, and no value ever stands in an error message.
#include "fuzz/fuzz.hpp"

#include "config/dotenv.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ts::fuzz::require;
  const auto text = ts::fuzz::as_text(data, size);
  const auto entries = ts::config::parse_dotenv(text, ".env");
  if (!entries.ok()) {
    require(entries.error().kind == ts::ErrorKind::kConfig);
    // Messages come from a fixed set of words; a value would make them longer.
    require(entries.error().message.size() < 200);
    return 0;
  }
  for (const auto& [name, value] : entries.value()) {
    require(!name.empty());
    require(std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return c == '_' || (c < 0x80 && (std::isalnum(c) != 0 || c == '.' || c == '-'));
    }));
    require(value.size() <= text.size());
  }
  return 0;
}
