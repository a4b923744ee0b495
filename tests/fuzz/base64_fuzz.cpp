// SPDX-License-Identifier: Apache-2.0
// base64 and hex: encoding what was decoded gives the canonical text, decoding what was encoded
// gives the bytes.
#include "fuzz/fuzz.hpp"

#include "crypto/encoding.hpp"

#include <string>

using ts::crypto::Alphabet;
using ts::crypto::Padding;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ts::fuzz::as_text(data, size);
  for (const auto alphabet : {Alphabet::kStandard, Alphabet::kUrl}) {
    for (const auto padding : {Padding::kRequired, Padding::kForbidden}) {
      const auto encoded = ts::crypto::base64_encode(text, alphabet, padding);
      ts::fuzz::require(ts::crypto::base64_decode(encoded, alphabet, padding).value() == text);
      const auto decoded = ts::crypto::base64_decode(text, alphabet, padding);
      if (!decoded.ok()) continue;
      const auto again = ts::crypto::base64_encode(decoded.value(), alphabet, padding);
      ts::fuzz::require(again.size() == text.size());
      ts::fuzz::require(ts::crypto::base64_decode(again, alphabet, padding).value() ==
                        decoded.value());
    }
  }
  ts::fuzz::require(ts::crypto::hex_decode(ts::crypto::hex_encode(text)).value() == text);
  static_cast<void>(ts::crypto::hex_decode(text));
  return 0;
}
