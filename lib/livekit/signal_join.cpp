// SPDX-License-Identifier: Apache-2.0
#include "livekit/signal_join.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace ts::livekit {
namespace {

constexpr std::size_t kMaxHeadBytes = std::size_t{16} << 10U;
constexpr std::size_t kMaxFrameBytes = std::size_t{2} << 20U;  ///< The server's own limit.

Error broken(std::string_view what) {
  return Error{.kind = ErrorKind::kRemote,
               .message = fmt::format("the signalling answer is broken: {}", what),
               .hint = "check that LIVEKIT_URL leads to a LiveKit server"};
}

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

/// One member of a protobuf message; numbers are skipped over.
struct Member {
  std::uint64_t number = 0;
  std::string_view bytes{};  ///< Of a length-delimited member.
};

/// Walks a protobuf message without a schema. Never reads past its bytes.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  /// The next member; nothing at the end, and nothing with `ok` false when the bytes are none.
  std::optional<Member> next() {
    if (!ok_ || rest_.empty()) return std::nullopt;
    Member member;
    std::uint64_t tag = 0;
    if (!varint(tag)) return std::nullopt;
    member.number = tag >> 3U;
    std::uint64_t ignored = 0;
    switch (tag & 7U) {
      case 0:
        if (!varint(ignored)) return std::nullopt;
        return member;
      case 1:
        if (!take(8)) return std::nullopt;
        return member;
      case 2: {
        std::uint64_t size = 0;
        if (!varint(size)) return std::nullopt;
        const std::string_view before = rest_;
        if (!take(size)) return std::nullopt;
        member.bytes = before.substr(0, size);
        return member;
      }
      case 5:
        if (!take(4)) return std::nullopt;
        return member;
      default:  // Groups are of no message of LiveKit's.
        ok_ = false;
        return std::nullopt;
    }
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  bool take(std::uint64_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      return false;
    }
    rest_.remove_prefix(count);
    return true;
  }
  bool varint(std::uint64_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const unsigned byte = byte_at(rest_, 0);
      rest_.remove_prefix(1);
      out |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80U) == 0) return true;
    }
    ok_ = false;
    return false;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// The first member `number` of a message, or nothing.
std::string_view member_of(std::string_view message, std::uint64_t number) {
  ProtobufReader in(message);
  while (const auto member = in.next()) {
    if (member->number == number) return member->bytes;
  }
  return {};
}

/// A SignalResponse: join 1, leave 8. Others may come before neither.
Result<std::optional<JoinAnswer>> read_signal(std::string_view message) {
  ProtobufReader in(message);
  std::optional<JoinAnswer> out;
  bool leaves = false;
  while (const auto member = in.next()) {
    if (member->number == 8) leaves = true;
    if (member->number != 1) continue;
    out.emplace();
    ProtobufReader join(member->bytes);
    while (const auto part = join.next()) {
      if (part->number == 1) out->room = member_of(part->bytes, 2);
      if (part->number == 4) out->server_version = part->bytes;
      if (part->number != 5) continue;
      ProtobufReader server(part->bytes);
      while (const auto url = server.next()) {
        if (url->number == 1 && is_utf8(url->bytes)) out->ice_urls.emplace_back(url->bytes);
      }
      if (!server.ok()) return broken("a list of servers that ends early");
    }
    if (!join.ok()) return broken("a join answer that ends early");
  }
  if (!in.ok()) return broken("a message that is no protobuf");
  if (!out && leaves) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = "the server lets nobody in",
                 .hint = "look into the server's log",
                 .retryable = true};
  }
  return out;
}

/// One WebSocket frame at the beginning of `bytes` (RFC 6455, section 5.2); nothing while it is not
/// whole.
struct Frame {
  unsigned opcode = 0;
  bool final = false;
  std::string_view payload{};
  std::size_t size = 0;  ///< With its head.
};
Result<std::optional<Frame>> read_frame(std::string_view bytes) {
  if (bytes.size() < 2) return std::optional<Frame>{};
  Frame frame{.opcode = byte_at(bytes, 0) & 0x0FU, .final = (byte_at(bytes, 0) & 0x80U) != 0};
  if ((byte_at(bytes, 0) & 0x70U) != 0) return broken("a compressed frame nobody asked for");
  if ((byte_at(bytes, 1) & 0x80U) != 0) return broken("a masked frame from a server");
  std::uint64_t length = byte_at(bytes, 1) & 0x7FU;
  const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (bytes.size() < 2 + more) return std::optional<Frame>{};
  if (more != 0) length = 0;
  for (std::size_t i = 0; i < more; ++i) length = length << 8U | byte_at(bytes, 2 + i);
  if (length > kMaxFrameBytes) return broken("a frame larger than 2 MiB");
  frame.size = 2 + more + length;
  if (bytes.size() < frame.size) return std::optional<Frame>{};
  frame.payload = bytes.substr(2 + more, length);
  return std::optional(frame);
}

Error refused(unsigned status, std::string_view words) {
  const std::string said = words.empty() ? std::string() : ": " + shorten(trim(words), 120);
  Error error{.kind = ErrorKind::kRemote,
              .message = fmt::format("the server refuses to let anybody join ({}{})", status, said),
              .hint = "look into the server's log",
              .http_status = static_cast<int>(status)};
  if (status == 401 || status == 403) {
    error.kind = ErrorKind::kAuth;
    error.hint = "check LIVEKIT_API_KEY and LIVEKIT_API_SECRET";
  } else if (status == 404) {
    error.kind = ErrorKind::kNotFound;
    error.message = fmt::format("nothing takes participants there (404{})", said);
    error.hint = "check LIVEKIT_URL; the sandbox takes participants with a livekit-server only";
  }
  return error;
}

}  // namespace

std::string join_request(std::string_view authority, std::string_view prefix, const Secret& token) {
  // The key need not be random: nothing is cached or proxied by it here (RFC 6455, section 1.3).
  return fmt::format(
      "GET {}/rtc?auto_subscribe=0&protocol=13&sdk=cpp HTTP/1.1\r\nHost: {}\r\n"
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dHMgZG9jdG9yIGxvb2tzIQ==\r\nAuthorization: Bearer {}\r\n\r\n",
      prefix, authority, token.reveal());
}

Result<std::optional<JoinAnswer>> read_join_answer(std::string_view received) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const auto head_end = received.substr(0, kMaxHeadBytes).find(kEnd);
  if (head_end == std::string_view::npos) {
    if (received.size() >= kMaxHeadBytes) return broken("a head without an end");
    return std::optional<JoinAnswer>{};
  }
  if (!received.starts_with("HTTP/1.") || received.size() < 12) return broken("no HTTP");
  const auto status = parse_u64(received.substr(9, 3));
  if (!status) return broken("no HTTP status");
  std::string_view rest = received.substr(head_end + kEnd.size());
  if (*status != 101) return refused(static_cast<unsigned>(*status), rest);
  std::string message;
  while (true) {
    TS_TRY(const auto frame, read_frame(rest));
    if (!frame) return std::optional<JoinAnswer>{};
    rest.remove_prefix(frame->size);
    if (frame->opcode == 8) {
      // Two bytes of code, then words.
      return broken(fmt::format(
          "the connection is closed{}{}", frame->payload.size() > 2 ? ": " : "",
          frame->payload.size() > 2 ? shorten(frame->payload.substr(2), 120) : std::string()));
    }
    if (frame->opcode > 2) continue;  // Ping and pong.
    if (message.size() + frame->payload.size() > kMaxFrameBytes)
      return broken("a message too large");
    message += frame->payload;
    if (!frame->final) continue;
    TS_TRY(auto answer, read_signal(message));
    if (answer) return answer;
    message.clear();
  }
}

}  // namespace ts::livekit
