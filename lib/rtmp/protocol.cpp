// SPDX-License-Identifier: Apache-2.0
#include "rtmp/protocol.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <utility>

namespace ts::rtmp {
namespace {

constexpr std::uint8_t kVersion = 3;
constexpr std::uint32_t kOurWindow = 2'500'000;
constexpr std::uint32_t kOurChunkSize = 4'096;
constexpr std::size_t kMaxCommandBytes = std::size_t{64} << 10U;
constexpr std::size_t kMaxNameBytes = 1'024;
constexpr std::uint16_t kPingRequest = 6;
constexpr std::uint16_t kPingResponse = 7;
constexpr std::uint32_t kControlStream = 2;
constexpr std::uint32_t kCommandStream = 3;
constexpr std::uint32_t kStatusStream = 5;

Error broken(std::string what) {
  return Error{.kind = ErrorKind::kCheckFailed, .message = "RTMP: " + std::move(what)};
}

std::uint32_t read_be(std::span<const std::uint8_t> bytes) {
  std::uint32_t out = 0;
  for (const auto byte : bytes) out = out << 8U | byte;
  return out;
}

std::string be(std::uint32_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8U * i) & 0xffU);
  return out;
}

std::string_view text_at(const std::vector<amf0::Value>& values, std::size_t index) {
  return index < values.size() ? values[index].text_or_empty() : std::string_view{};
}

/// AMF3 commands and data begin with a format byte; what follows is AMF0 in practice.
std::span<const std::uint8_t> without_format_byte(std::span<const std::uint8_t> payload) {
  return payload.empty() ? payload : payload.subspan(1);
}

std::string_view without_slashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

}  // namespace

PublishName parse_publish_name(std::string_view app, std::string_view name) {
  std::string_view query;
  const auto cut_query = [&](std::string_view& text) {
    const auto question = text.find('?');
    if (question == std::string_view::npos) return;
    if (query.empty()) query = text.substr(question + 1);
    text = text.substr(0, question);
  };
  cut_query(name);
  cut_query(app);
  app = without_slashes(app);
  name = without_slashes(name);
  std::string path(app);
  if (!name.empty()) path += (path.empty() ? "" : "/") + std::string(name);
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {{}, Secret(path), Secret(query)};
  return {std::string(without_slashes(path.substr(0, slash))), Secret(path.substr(slash + 1)),
          Secret(query)};
}

ServerProtocol::ServerProtocol(ChunkLimits limits, std::string nonce, ProtocolEvents& events)
    : events_(events), reader_(limits), nonce_(std::move(nonce)) {}

Status ServerProtocol::feed(std::span<const std::uint8_t> bytes, std::string& out) {
  auto status = ok_status();
  if (phase_ != Phase::kMessages) {
    const auto before = bytes.size();
    bytes = handshake(bytes, out, status);
    received_ += before - bytes.size();
    TS_CHECK(std::move(status));
  }
  if (phase_ != Phase::kMessages || closing_) return ok_status();
  acknowledge(bytes.size(), out);
  status = reader_.feed(bytes, [&](Message&& message) -> Status {
    return closing_ ? ok_status() : on_message(std::move(message), out);
  });
  // What follows a refusal is not looked at, not even whether it is sound.
  return closing_ ? ok_status() : std::move(status);
}

/// The simple handshake. Clients that offer the digest ("complex") one accept it: the zero
/// version in our answer tells them.
std::span<const std::uint8_t> ServerProtocol::handshake(std::span<const std::uint8_t> bytes,
                                                        std::string& out, Status& status) {
  while (!bytes.empty() && phase_ != Phase::kMessages) {
    if (phase_ == Phase::kVersion) {
      if (bytes[0] != kVersion) {
        status = broken("not an RTMP handshake");
        return bytes;
      }
      bytes = bytes.subspan(1);
      phase_ = Phase::kFirst;
    } else if (phase_ == Phase::kFirst) {
      const auto take = std::min(kHandshakeSize - hello_.size(), bytes.size());
      hello_.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(take));
      bytes = bytes.subspan(take);
      if (hello_.size() < kHandshakeSize) break;
      out += static_cast<char>(kVersion);
      out.append(8, '\0');  // Time, and version zero.
      for (std::size_t left = kHandshakeSize - 8; left > 0;) {
        const auto part = std::string_view(nonce_).substr(0, left);
        out += part;
        left -= part.size();
      }
      out += std::exchange(hello_, {});
      skip_ = kHandshakeSize;
      phase_ = Phase::kSecond;
    } else {
      const auto take = std::min(skip_, bytes.size());
      skip_ -= take;
      bytes = bytes.subspan(take);
      if (skip_ == 0) phase_ = Phase::kMessages;
    }
  }
  return bytes;
}

void ServerProtocol::acknowledge(std::size_t received, std::string& out) {
  received_ += received;
  // Twice per window, so that a sender never has to wait for us.
  if (received_ - acknowledged_ < window_ / 2) return;
  acknowledged_ = received_;
  writer_.append(out, kControlStream, MessageType::kAcknowledgement, 0,
                 be(static_cast<std::uint32_t>(received_ & 0xffffffffU), 4));
}

Status ServerProtocol::on_message(Message&& message, std::string& out) {
  const std::span<const std::uint8_t> payload(message.payload);
  switch (message.type) {
    case MessageType::kUserControl:
      return on_user_control(message, out);
    case MessageType::kWindowAcknowledgementSize:
      if (payload.size() < 4) return broken("control message cut off");
      // A tiny window must not make us answer every byte.
      window_ = std::clamp(read_be(payload.first(4)), std::uint32_t{65'536}, kOurWindow);
      return ok_status();
    case MessageType::kAudio:
      on_media(TagType::kAudio, message.timestamp, payload);
      break;
    case MessageType::kVideo:
      on_media(TagType::kVideo, message.timestamp, payload);
      break;
    case MessageType::kDataAmf0:
      on_media(TagType::kScript, message.timestamp, payload);
      break;
    case MessageType::kDataAmf3:
      on_media(TagType::kScript, message.timestamp, without_format_byte(payload));
      break;
    case MessageType::kAggregate:
      return on_aggregate(message);
    case MessageType::kCommandAmf0:
      return on_command(payload, message.stream_id, out);
    case MessageType::kCommandAmf3:
      return on_command(without_format_byte(payload), message.stream_id, out);
    default:
      break;  // Acknowledgements, bandwidth, shared objects: nothing to do.
  }
  return ok_status();
}

Status ServerProtocol::on_user_control(const Message& message, std::string& out) {
  const std::span<const std::uint8_t> payload(message.payload);
  if (payload.size() < 2) return broken("control message cut off");
  if (read_be(payload.first(2)) == kPingRequest && payload.size() >= 6) {
    writer_.append(out, kControlStream, MessageType::kUserControl, 0,
                   be(kPingResponse, 2) + be(read_be(payload.subspan(2, 4)), 4));
  }
  return ok_status();
}

Status ServerProtocol::on_command(std::span<const std::uint8_t> payload, std::uint32_t stream_id,
                                  std::string& out) {
  if (payload.size() > kMaxCommandBytes) return broken("command too large");
  TS_TRY(const auto values, amf0::decode(payload));
  const auto name = text_at(values, 0);
  if (name.empty()) return broken("command without a name");
  const double transaction =
      values.size() > 1 && values[1].kind == amf0::Kind::kNumber ? values[1].number : 0;

  if (name == "connect") return on_connect(transaction, values, out);
  if (!connected_) return broken("command before connect");
  if (name == "createStream") {
    send_result(transaction, {.kind = amf0::Kind::kNumber, .number = double(++streams_made_)}, out);
  } else if (name == "publish") {
    return on_publish(stream_id, values, out);
  } else if (name == "FCUnpublish" || name == "deleteStream" || name == "closeStream") {
    unpublish(out);
    // The client closes: closing first looks like a failure to it.
    if (name != "closeStream" && transaction != 0) send_result(transaction, {}, out);
  } else if (name == "play" || name == "play2") {
    stream_id_ = stream_id;
    send_status("error", "NetStream.Play.Failed", "this server only takes publishers", out);
    closing_ = true;
  } else if (transaction != 0) {
    // releaseStream, FCPublish, _checkbw and whatever else wants an answer.
    send_result(transaction, {}, out);
  }
  return ok_status();
}

Status ServerProtocol::on_connect(double transaction, const std::vector<amf0::Value>& arguments,
                                  std::string& out) {
  if (connected_) return broken("second connect");
  if (arguments.size() < 3) return broken("connect without its object");
  const auto text_of = [&](std::string_view name) {
    const auto* value = arguments[2].find(name);
    return value == nullptr ? std::string_view{} : value->text_or_empty();
  };
  if (text_of("app").size() > kMaxNameBytes) return broken("app name too long");
  app_ = std::string(text_of("app"));
  encoder_ = shorten(text_of("flashVer"), 64);
  connected_ = true;

  writer_.append(out, kControlStream, MessageType::kWindowAcknowledgementSize, 0,
                 be(kOurWindow, 4));
  writer_.append(out, kControlStream, MessageType::kSetPeerBandwidth, 0,
                 be(kOurWindow, 4) + "\x02");
  writer_.set_chunk_size(out, kOurChunkSize);
  amf0::Writer result;
  result.string("_result").number(transaction);
  result.begin_object().key("fmsVer").string("FMS/3,0,1,123");
  result.key("capabilities").number(31).end_object();
  result.begin_object().key("level").string("status");
  result.key("code").string("NetConnection.Connect.Success");
  result.key("description").string("connected");
  result.key("objectEncoding").number(0).end_object();
  writer_.append(out, kCommandStream, MessageType::kCommandAmf0, 0, result.take());
  return ok_status();
}

Status ServerProtocol::on_publish(std::uint32_t stream_id,
                                  const std::vector<amf0::Value>& arguments, std::string& out) {
  if (publishing_) return broken("second publish on one connection");
  const auto name = text_at(arguments, 3);
  if (name.size() > kMaxNameBytes) return broken("stream name too long");
  stream_id_ = stream_id;
  auto target = parse_publish_name(app_, name);
  auto accepted =
      target.key.empty()
          ? Status(Error{.kind = ErrorKind::kAuth, .message = "a stream key is required"})
          : events_.on_publish(std::move(target), encoder_);
  if (!accepted.ok()) {
    const auto& refusal = accepted.error();
    const bool conflict = refusal.kind == ErrorKind::kConflict;
    send_status("error", conflict ? "NetStream.Publish.BadName" : "NetStream.Publish.Denied",
                shorten(refusal.message), out);
    closing_ = true;
    return ok_status();
  }
  publishing_ = true;
  has_timestamp_ = false;
  send_status("status", "NetStream.Publish.Start", "publishing", out);
  return ok_status();
}

/// FLV tags in a row. Their timestamps count from the first one's, which is the message's own.
Status ServerProtocol::on_aggregate(const Message& message) {
  std::span<const std::uint8_t> rest(message.payload);
  bool first = true;
  std::uint32_t base = 0;
  while (!rest.empty()) {
    if (rest.size() < 11) return broken("aggregate cut off");
    const auto size = read_be(rest.subspan(1, 3));
    const auto stamp = read_be(rest.subspan(4, 3)) | static_cast<std::uint32_t>(rest[7]) << 24U;
    const auto type = rest[0];
    rest = rest.subspan(11);
    if (rest.size() < std::size_t{size} + 4) return broken("aggregate cut off");
    if (std::exchange(first, false)) base = stamp;
    if (type == 8 || type == 9 || type == 18) {
      on_media(TagType{type}, message.timestamp + (stamp - base), rest.first(size));
    }
    rest = rest.subspan(std::size_t{size} + 4);
  }
  return ok_status();
}

void ServerProtocol::on_media(TagType type, std::uint32_t timestamp,
                              std::span<const std::uint8_t> payload) {
  if (!publishing_) return;
  // Unwrapped by the nearest way: audio and video are not quite in order.
  if (std::exchange(has_timestamp_, true)) {
    const auto low = static_cast<std::uint32_t>(last_timestamp_ & 0xffffffffLL);
    last_timestamp_ += static_cast<std::int32_t>(timestamp - low);
  } else {
    last_timestamp_ = timestamp;
  }
  events_.on_tag({type, last_timestamp_, payload});
}

void ServerProtocol::unpublish(std::string& out) {
  if (!std::exchange(publishing_, false)) return;
  send_status("status", "NetStream.Unpublish.Success", "unpublished", out);
  events_.on_unpublish();
}

void ServerProtocol::reject(std::string_view description, std::string& out) {
  publishing_ = false;
  closing_ = true;
  send_status("error", "NetStream.Publish.Rejected", description, out);
}

void ServerProtocol::send_result(double transaction, const amf0::Value& value, std::string& out) {
  amf0::Writer result;
  result.string("_result").number(transaction).null().value(value);
  writer_.append(out, kCommandStream, MessageType::kCommandAmf0, 0, result.take());
}

void ServerProtocol::send_status(std::string_view level, std::string_view code,
                                 std::string_view description, std::string& out) {
  amf0::Writer status;
  status.string("onStatus").number(0).null().begin_object();
  status.key("level").string(level).key("code").string(code);
  status.key("description").string(description).end_object();
  writer_.append(out, kStatusStream, MessageType::kCommandAmf0, stream_id_, status.take());
}

}  // namespace ts::rtmp
