// SPDX-License-Identifier: Apache-2.0
// What a terminal sends: every byte is used up or waits for the rest of a short sequence, the same
// however it is cut; and text of others never gets a control character onto the screen.
#include "fuzz/fuzz.hpp"
#include "tui/screen.hpp"
#include "tui/terminal.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ts::fuzz::require;
  const std::string bytes(ts::fuzz::as_text(data, size));
  std::string whole = bytes;
  const auto keys = ts::cli::tui::take_keys(whole);
  require(whole.size() < 40 && (whole.empty() || whole.front() == '\x1b'));

  std::string rest;
  std::size_t count = 0;
  for (const char byte : bytes) {
    rest += byte;
    count += ts::cli::tui::take_keys(rest).size();
  }
  require(count == keys.size() && rest == whole);

  ts::cli::tui::Screen screen(40, 2);
  screen.text(0, 0, bytes);
  for (const char byte : ts::cli::tui::plain_text(screen)) {
    require(static_cast<unsigned char>(byte) >= 0x20 || byte == '\n');
    require(byte != 0x7F);
  }
  return 0;
}
