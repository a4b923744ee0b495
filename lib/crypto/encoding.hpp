// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace ts::crypto {

enum class Alphabet : std::uint8_t { kStandard, kUrl };
enum class Padding : std::uint8_t {
  kRequired,   ///< Exactly the '=' characters that make a multiple of four.
  kForbidden,  ///< None.
};

std::string base64_encode(std::string_view bytes);
/// URL alphabet, no padding: the form of JWTs.
std::string base64url_encode(std::string_view bytes);
/// Any of the four forms.
std::string base64_encode(std::string_view bytes, Alphabet alphabet, Padding padding);

/// Reads base64 strictly: no white space, no other alphabet, padding exactly as said. Bits beyond
/// the last byte are ignored, as every JWT library in use does.
/// @return kUsage (code "bad_base64") naming the first offending position.
Result<std::string> base64_decode(std::string_view text, Alphabet alphabet = Alphabet::kStandard,
                                  Padding padding = Padding::kRequired);
/// URL alphabet, no padding.
Result<std::string> base64url_decode(std::string_view text);

/// Lower-case hexadecimal.
std::string hex_encode(std::string_view bytes);
/// Either case; an even number of digits and nothing else.
/// @return kUsage (code "bad_hex").
Result<std::string> hex_decode(std::string_view text);

}  // namespace ts::crypto
