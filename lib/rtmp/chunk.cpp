// SPDX-License-Identifier: Apache-2.0
#include "rtmp/chunk.hpp"

#include <algorithm>

namespace ts::rtmp {
namespace {

constexpr std::uint32_t kExtendedMark = 0xffffff;
constexpr std::array<std::size_t, 4> kMessageHeaderSizes{11, 7, 3, 0};

Error broken_chunk(std::string what) {
  return Error{.kind = ErrorKind::kCheckFailed, .message = "RTMP: " + std::move(what)};
}

std::uint32_t read_be(const std::uint8_t* bytes, std::size_t size) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < size; ++i) out = out << 8U | bytes[i];
  return out;
}

void append_be(std::string& out, std::uint32_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8U * i) & 0xffU);
}

std::size_t format_of(std::uint8_t first) { return static_cast<unsigned>(first) >> 6U; }

std::size_t basic_size(std::uint8_t first) {
  switch (first & 0x3fU) {
    case 0:
      return 2;
    case 1:
      return 3;
    default:
      return 1;
  }
}

std::uint32_t chunk_stream_id(const std::uint8_t* header) {
  switch (header[0] & 0x3fU) {
    case 0:
      return 64U + header[1];
    case 1:
      return 64U + header[1] + 256U * header[2];
    default:
      return header[0] & 0x3fU;
  }
}

}  // namespace

/// How many header bytes are needed, as far as those that are there can tell.
std::size_t ChunkReader::header_size() const {
  if (header_have_ == 0) return 1;
  const auto basic = basic_size(header_[0]);
  if (header_have_ < basic) return basic;
  const std::size_t format = format_of(header_[0]);
  const auto fixed = basic + kMessageHeaderSizes[format];
  if (header_have_ < fixed) return fixed;
  bool extended = false;
  if (format < 3) {
    extended = read_be(&header_[basic], 3) == kExtendedMark;
  } else if (const auto stream = streams_.find(chunk_stream_id(header_.data()));
             stream != streams_.end()) {
    extended = stream->second.has_extended;
  }
  return fixed + (extended ? 4 : 0);
}

Status ChunkReader::feed(std::span<const std::uint8_t> bytes,
                         const std::function<Status(Message&&)>& on_message) {
  while (!bytes.empty()) {
    if (current_ == nullptr) {
      const auto need = header_size();
      if (header_have_ < need) {
        const auto take = std::min(need - header_have_, bytes.size());
        std::copy_n(bytes.begin(), take,
                    header_.begin() + static_cast<std::ptrdiff_t>(header_have_));
        header_have_ += take;
        bytes = bytes.subspan(take);
      }
      if (header_have_ < header_size()) continue;
      TS_CHECK(begin_chunk());
    }
    const auto take = std::min(chunk_left_, bytes.size());
    current_->payload.insert(current_->payload.end(), bytes.begin(),
                             bytes.begin() + static_cast<std::ptrdiff_t>(take));
    chunk_left_ -= take;
    buffered_ += take;
    bytes = bytes.subspan(take);
    if (buffered_ > 2 * limits_.max_message_bytes)
      return broken_chunk("too many unfinished messages");
    if (chunk_left_ == 0) TS_CHECK(end_chunk(on_message));
  }
  return ok_status();
}

/// The header is complete: works out which message it begins or continues.
Status ChunkReader::begin_chunk() {
  const std::size_t format = format_of(header_[0]);
  const auto basic = basic_size(header_[0]);
  const auto id = chunk_stream_id(header_.data());
  const std::uint8_t* fields = &header_[basic];
  const bool known = streams_.contains(id);
  // Format 1 may come first: librtmp opens its control stream so.
  if (!known && format >= 2) return broken_chunk("chunk stream begins without a header");
  if (!known && streams_.size() >= limits_.max_chunk_streams) {
    return broken_chunk("too many chunk streams");
  }
  auto& stream = streams_[id];
  if (stream.partial && format != 3) return broken_chunk("message begins inside another");

  std::size_t carried = 0;  // Payload bytes that were read as an extended timestamp.
  if (format < 3) {
    auto value = read_be(fields, 3);
    stream.has_extended = value == kExtendedMark;
    if (stream.has_extended) {
      value = read_be(fields + kMessageHeaderSizes[format], 4);
      stream.extended = value;
    }
    if (format < 2) {
      stream.length = read_be(fields + 3, 3);
      stream.type = fields[6];
    }
    if (format == 0) {
      // Little-endian, the only such field.
      stream.stream_id = static_cast<std::uint32_t>(fields[7]) |
                         static_cast<std::uint32_t>(fields[8]) << 8U |
                         static_cast<std::uint32_t>(fields[9]) << 16U |
                         static_cast<std::uint32_t>(fields[10]) << 24U;
    }
    stream.timestamp = format == 0 ? value : stream.timestamp + value;
    // A format 3 message after format 0 repeats its timestamp as delta (5.3.1.2.4).
    stream.delta = value;
  } else {
    // Most publishers repeat the extended timestamp in every continuing chunk, some do not: it is
    // one if it has the value that it must have.
    if (!stream.partial) {
      stream.timestamp += stream.delta;
    } else if (stream.has_extended && read_be(fields, 4) != stream.extended) {
      carried = 4;
    }
  }
  if (stream.length > limits_.max_message_bytes) return broken_chunk("message too large");

  stream.partial = true;
  current_ = &stream;
  chunk_left_ = std::min<std::size_t>(chunk_size_, stream.length - stream.payload.size());
  header_have_ = 0;
  if (carried > chunk_left_) return broken_chunk("extended timestamp is missing");
  stream.payload.insert(stream.payload.end(), fields, fields + carried);
  chunk_left_ -= carried;
  buffered_ += carried;
  return ok_status();
}

Status ChunkReader::end_chunk(const std::function<Status(Message&&)>& on_message) {
  Stream& stream = *std::exchange(current_, nullptr);
  if (stream.payload.size() < stream.length) return ok_status();
  stream.partial = false;
  buffered_ -= stream.payload.size();
  Message message{.type = MessageType{stream.type},
                  .stream_id = stream.stream_id,
                  .timestamp = stream.timestamp,
                  .payload = std::exchange(stream.payload, {})};
  if (message.type == MessageType::kSetChunkSize || message.type == MessageType::kAbort) {
    return obey(message);
  }
  return on_message(std::move(message));
}

Status ChunkReader::obey(const Message& message) {
  if (message.payload.size() < 4) return broken_chunk("control message cut off");
  const auto value = read_be(message.payload.data(), 4);
  if (message.type == MessageType::kSetChunkSize) {
    if (value == 0 || value > 0x7fffffffU) return broken_chunk("chunk size out of range");
    chunk_size_ = value;
    return ok_status();
  }
  if (const auto found = streams_.find(value); found != streams_.end()) {
    buffered_ -= found->second.payload.size();
    found->second.payload.clear();
    found->second.partial = false;
  }
  return ok_status();
}

void ChunkWriter::append(std::string& out, std::uint32_t chunk_stream, MessageType type,
                         std::uint32_t stream_id, std::string_view payload,
                         std::uint32_t timestamp) const {
  const bool extended = timestamp >= kExtendedMark;
  out += static_cast<char>(chunk_stream);
  append_be(out, extended ? kExtendedMark : timestamp, 3);
  append_be(out, static_cast<std::uint32_t>(payload.size()), 3);
  out += static_cast<char>(type);
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(stream_id >> (8U * i) & 0xffU);
  if (extended) append_be(out, timestamp, 4);
  for (;;) {
    const auto part = payload.substr(0, chunk_size_);
    out += part;
    payload.remove_prefix(part.size());
    if (payload.empty()) return;
    out += static_cast<char>(0xc0U | chunk_stream);
    if (extended) append_be(out, timestamp, 4);
  }
}

void ChunkWriter::set_chunk_size(std::string& out, std::uint32_t size) {
  std::string payload;
  append_be(payload, size, 4);
  append(out, 2, MessageType::kSetChunkSize, 0, payload);
  chunk_size_ = size;
}

}  // namespace ts::rtmp
