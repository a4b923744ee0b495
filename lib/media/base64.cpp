// SPDX-License-Identifier: Apache-2.0
#include "media/base64.hpp"

extern "C" {
#include <libavutil/base64.h>
}

#include <cstdint>

namespace ts::media {

std::string to_base64(std::string_view bytes) {
  std::string out(AV_BASE64_SIZE(bytes.size()), '\0');
  const std::string copy(bytes);
  av_base64_encode(out.data(), static_cast<int>(out.size()),
                   reinterpret_cast<const std::uint8_t*>(copy.data()),
                   static_cast<int>(copy.size()));
  out.resize(out.size() - 1);
  return out;
}

}  // namespace ts::media
