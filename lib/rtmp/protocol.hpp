// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"
#include "rtmp/amf0.hpp"
#include "rtmp/chunk.hpp"
#include "rtmp/flv.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ts::rtmp {

/// Where a publish goes, taken apart.
struct PublishName {
  std::string app{};
  Secret key{};
  Secret query{};
};

/// @param app   As in the connect command, "live" or "live?x=1".
/// @param name  As in the publish command, "KEY?x=1"; path elements before the key belong to the
///              app. When it is empty the key is the last element of `app`.
PublishName parse_publish_name(std::string_view app, std::string_view name);

/// What the protocol asks of its owner. Called inside `ServerProtocol::feed`.
class ProtocolEvents {
 public:
  ProtocolEvents() = default;
  ProtocolEvents(const ProtocolEvents&) = delete;
  ProtocolEvents& operator=(const ProtocolEvents&) = delete;
  virtual ~ProtocolEvents() = default;

  /// @return the refusal, as for PublishHandler::accept.
  virtual Status on_publish(PublishName name, std::string encoder) = 0;
  virtual void on_tag(const TagView& tag) = 0;
  /// The publisher has ended its publish in order; the connection may go on.
  virtual void on_unpublish() = 0;
};

/// The server's half of one RTMP connection: handshake, commands, media. Does no I/O: bytes in,
/// bytes out, events. Single-threaded.
class ServerProtocol {
 public:
  /// @param nonce   Random bytes for the handshake, repeated as needed; must not be empty.
  /// @param events  Outlives the protocol.
  ServerProtocol(ChunkLimits limits, std::string nonce, ProtocolEvents& events);

  /// @param out  Gets what is to be sent, also when an error is returned.
  /// @return kCheckFailed when the peer broke the protocol or a limit: send `out` and close.
  Status feed(std::span<const std::uint8_t> bytes, std::string& out);

  /// Appends NetStream.Publish.Rejected: the owner ends the publish.
  void reject(std::string_view description, std::string& out);

  /// True after a refusal: send what there is and close.
  [[nodiscard]] bool is_closing() const { return closing_; }
  [[nodiscard]] bool is_publishing() const { return publishing_; }

 private:
  enum class Phase : std::uint8_t { kVersion, kFirst, kSecond, kMessages };
  static constexpr std::size_t kHandshakeSize = 1536;

  std::span<const std::uint8_t> handshake(std::span<const std::uint8_t> bytes, std::string& out,
                                          Status& status);
  void acknowledge(std::size_t received, std::string& out);
  Status on_message(Message&& message, std::string& out);
  Status on_user_control(const Message& message, std::string& out);
  Status on_command(std::span<const std::uint8_t> payload, std::uint32_t stream_id,
                    std::string& out);
  Status on_connect(double transaction, const std::vector<amf0::Value>& arguments,
                    std::string& out);
  Status on_publish(std::uint32_t stream_id, const std::vector<amf0::Value>& arguments,
                    std::string& out);
  Status on_aggregate(const Message& message);
  void on_media(TagType type, std::uint32_t timestamp, std::span<const std::uint8_t> payload);
  void unpublish(std::string& out);
  void send_result(double transaction, const amf0::Value& value, std::string& out);
  void send_status(std::string_view level, std::string_view code, std::string_view description,
                   std::string& out);

  ProtocolEvents& events_;
  ChunkReader reader_;
  ChunkWriter writer_;
  std::string nonce_;
  Phase phase_ = Phase::kVersion;
  std::string hello_;  // C1, echoed in S2.
  std::size_t skip_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint32_t window_ = 2'500'000;
  bool connected_ = false;
  bool publishing_ = false;
  bool closing_ = false;
  std::string app_;
  std::string encoder_;
  std::uint32_t stream_id_ = 1;  // Of the publish.
  std::uint32_t streams_made_ = 0;
  bool has_timestamp_ = false;
  std::int64_t last_timestamp_ = 0;
};

}  // namespace ts::rtmp
