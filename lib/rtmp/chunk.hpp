// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::rtmp {

/// RTMP message types that matter to a publisher's server.
enum class MessageType : std::uint8_t {
  kSetChunkSize = 1,
  kAbort = 2,
  kAcknowledgement = 3,
  kUserControl = 4,
  kWindowAcknowledgementSize = 5,
  kSetPeerBandwidth = 6,
  kAudio = 8,
  kVideo = 9,
  kDataAmf3 = 15,
  kCommandAmf3 = 17,
  kDataAmf0 = 18,
  kCommandAmf0 = 20,
  kAggregate = 22,
};

/// One message, put together from its chunks.
struct Message {
  MessageType type{};
  std::uint32_t stream_id = 0;
  std::uint32_t timestamp = 0;  ///< Milliseconds modulo 2^32.
  std::vector<std::uint8_t> payload{};
};

struct ChunkLimits {
  std::size_t max_message_bytes = std::size_t{8} << 20U;
  std::size_t max_chunk_streams = 32;
};

/// Puts messages together from a byte stream that arrives in any pieces. Obeys "set chunk size"
/// and "abort" itself. Does no I/O; memory grows only with what was received, never with what was
/// announced.
class ChunkReader {
 public:
  explicit ChunkReader(ChunkLimits limits = {}) : limits_(limits) {}

  /// @param on_message  Called for every message that is complete; its error ends the feed.
  /// @return kCheckFailed when the peer broke the protocol or a limit; the reader is then dead.
  Status feed(std::span<const std::uint8_t> bytes,
              const std::function<Status(Message&&)>& on_message);

 private:
  /// What the next header of a chunk stream is relative to.
  struct Stream {
    std::uint32_t timestamp = 0;
    std::uint32_t delta = 0;
    std::uint32_t extended = 0;  ///< Last value of the extended field.
    bool has_extended = false;
    std::uint32_t length = 0;
    std::uint8_t type = 0;
    std::uint32_t stream_id = 0;
    bool partial = false;  ///< Between the first and last chunk of a message.
    std::vector<std::uint8_t> payload;
  };

  [[nodiscard]] std::size_t header_size() const;
  Status begin_chunk();
  Status end_chunk(const std::function<Status(Message&&)>& on_message);
  Status obey(const Message& message);

  ChunkLimits limits_;
  std::uint32_t chunk_size_ = 128;
  std::map<std::uint32_t, Stream> streams_;
  std::array<std::uint8_t, 18> header_{};
  std::size_t header_have_ = 0;
  Stream* current_ = nullptr;  ///< Whose payload is being read; owned by streams_.
  std::size_t chunk_left_ = 0;
  std::size_t buffered_ = 0;  ///< Payload bytes in all partial messages.
};

/// Cuts messages into chunks.
class ChunkWriter {
 public:
  /// Appends one message.
  /// @param chunk_stream  2 for protocol control, 3…63 for the rest.
  void append(std::string& out, std::uint32_t chunk_stream, MessageType type,
              std::uint32_t stream_id, std::string_view payload, std::uint32_t timestamp = 0) const;
  /// Appends "set chunk size" and uses it from then on.
  void set_chunk_size(std::string& out, std::uint32_t size);

 private:
  std::uint32_t chunk_size_ = 128;
};

}  // namespace ts::rtmp
