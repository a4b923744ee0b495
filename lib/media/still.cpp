// SPDX-License-Identifier: Apache-2.0
#include "media/still.hpp"

#include <utility>

namespace ts::media {

Result<AvFrame> read_still(Reader& reader) {
  for (bool ended = false;;) {
    AvFrame frame = reader.receive(true);
    if (frame) return frame;
    if (ended) return reader.no_picture();
    TS_TRY(const auto packet, reader.read());
    ended = !packet;
    reader.send(true, packet ? packet->packet.get() : nullptr);
  }
}

}  // namespace ts::media
