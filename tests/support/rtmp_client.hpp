// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtmp/amf0.hpp"
#include "rtmp/chunk.hpp"
#include "support/tcp_client.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ts::test {

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The bytes that a publisher sends, piece by piece.
struct RtmpBytes {
  static std::string handshake() {
    return "\x03" + std::string(1536, 'c') + std::string(1536, 'd');
  }
  static std::string message(rtmp::MessageType type, std::string_view payload,
                             std::uint32_t timestamp = 0, std::uint32_t stream = 1,
                             std::uint32_t chunk_stream = 4) {
    std::string out;
    rtmp::ChunkWriter().append(out, chunk_stream, type, stream, payload, timestamp);
    return out;
  }
  static std::string command(std::string_view amf, std::uint32_t stream = 0) {
    return message(rtmp::MessageType::kCommandAmf0, amf, 0, stream, 3);
  }
  static std::string connect(std::string_view app) {
    rtmp::amf0::Writer writer;
    writer.string("connect").number(1).begin_object().key("app").string(app);
    writer.key("flashVer").string("test/1").key("objectEncoding").number(0).end_object();
    return command(writer.take());
  }
  static std::string create_stream() {
    return command(rtmp::amf0::Writer().string("createStream").number(2).null().take());
  }
  static std::string publish(std::string_view name) {
    return command(
        rtmp::amf0::Writer().string("publish").number(3).null().string(name).string("live").take(),
        1);
  }
  static std::string unpublish() {
    return command(rtmp::amf0::Writer().string("deleteStream").number(4).null().number(1).take());
  }
  static std::string video(std::string_view payload, std::uint32_t timestamp = 0) {
    return message(rtmp::MessageType::kVideo, payload, timestamp, 1, 6);
  }
  static std::string audio(std::string_view payload, std::uint32_t timestamp = 0) {
    return message(rtmp::MessageType::kAudio, payload, timestamp, 1, 5);
  }
  static std::string whole(std::string_view app, std::string_view name) {
    return handshake() + connect(app) + create_stream() + publish(name);
  }
};

/// All messages that a server's bytes after its handshake contain.
inline std::vector<rtmp::Message> rtmp_messages(std::string_view bytes) {
  std::vector<rtmp::Message> out;
  rtmp::ChunkReader reader;
  const auto status = reader.feed(as_bytes(bytes), [&](rtmp::Message&& message) {
    out.push_back(std::move(message));
    return ok_status();
  });
  static_cast<void>(status);
  return out;
}

/// The "code" members of every onStatus and _result in a server's bytes, in order.
inline std::vector<std::string> rtmp_codes(std::string_view bytes) {
  std::vector<std::string> out;
  for (const auto& message : rtmp_messages(bytes)) {
    if (message.type != rtmp::MessageType::kCommandAmf0) continue;
    const auto values = rtmp::amf0::decode(message.payload);
    if (!values.ok()) continue;
    for (const auto& value : values.value()) {
      if (const auto* code = value.find("code")) out.push_back(code->text);
    }
  }
  return out;
}

}  // namespace ts::test
