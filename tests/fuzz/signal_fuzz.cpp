// SPDX-License-Identifier: Apache-2.0
// What a LiveKit server answers to a join: an HTTP head, WebSocket frames, protobuf. Read or
// refused, and the same however it arrives.
#include "fuzz/fuzz.hpp"

#include "livekit/signal_join.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = ts::fuzz::as_text(data, size);
  // As it is, and behind a good upgrade: most inputs would not get past the head.
  for (const std::string& text :
       {std::string(bytes), "HTTP/1.1 101 Switching Protocols\r\n\r\n" + std::string(bytes)}) {
    const auto whole = ts::livekit::read_join_answer(text);
    if (!whole.ok()) {
      ts::fuzz::require(!whole.error().message.empty() && !whole.error().hint.empty());
      continue;
    }
    if (!whole.value()) continue;
    for (const auto& url : whole.value()->ice_urls) ts::fuzz::require(url.size() <= size);
    // An answer is an answer from its last byte on: no beginning of it says something else.
    for (std::size_t cut = 0; cut < text.size(); cut += 1 + text.size() / 16) {
      const auto part = ts::livekit::read_join_answer(std::string_view(text).substr(0, cut));
      ts::fuzz::require(part.ok());
      if (part.value()) ts::fuzz::require(part.value()->ice_urls == whole.value()->ice_urls);
    }
  }
  return 0;
}
