// SPDX-License-Identifier: Apache-2.0
// The server's half of an RTMP connection. The first byte chooses how far the connection is
// before the hostile bytes (low two bits) and how they are cut (the rest). Whatever the cut, the
// same must happen.
#include "fuzz/fuzz.hpp"

#include "rtmp/protocol.hpp"
#include "rtmp/tag_ring.hpp"
#include "support/rtmp_client.hpp"

#include <algorithm>
#include <functional>
#include <string>

namespace {

using ts::test::RtmpBytes;

/// Remembers a digest of all that happens; lets every key but one in.
struct Watcher : ts::rtmp::ProtocolEvents {
  ts::Status on_publish(ts::rtmp::PublishName name, std::string encoder) override {
    ts::fuzz::require(!open);
    note("publish " + name.app + std::string(name.key.reveal()) + encoder);
    if (name.key.reveal() == "bad") {
      return ts::Error{.kind = ts::ErrorKind::kAuth, .message = "unknown stream key"};
    }
    open = true;
    return ts::ok_status();
  }
  void on_tag(const ts::rtmp::TagView& tag) override {
    ts::fuzz::require(open);
    ring.push(tag);
    std::string flv;
    ts::rtmp::FlvWriter::append(flv, tag);
    ts::fuzz::require(flv.size() <= tag.payload.size() + 15);
    note(flv);
  }
  void on_unpublish() override {
    ts::fuzz::require(open);
    open = false;
    note("unpublish");
  }
  void note(const std::string& what) {
    digest = std::hash<std::string>{}(what) ^ (digest * 31 + 7);
  }

  bool open = false;
  std::size_t digest = 0;
  ts::rtmp::TagRing ring{{.cache_bytes = 4096, .reader_bytes = 1024}};
  std::unique_ptr<ts::rtmp::TagRing::Reader> reader = ring.subscribe();
};

struct Outcome {
  bool ok = true;
  bool closing = false;
  std::size_t digest = 0;
  std::string out;
  bool operator==(const Outcome&) const = default;
};

Outcome run(const std::string& prologue, std::string_view bytes, std::size_t piece) {
  Watcher watcher;
  ts::rtmp::ServerProtocol protocol({.max_message_bytes = 65'536, .max_chunk_streams = 8}, "nonce",
                                    watcher);
  Outcome outcome;
  const auto feed = [&](std::string_view part) {
    if (outcome.ok) outcome.ok = protocol.feed(ts::test::as_bytes(part), outcome.out).ok();
  };
  feed(prologue);
  for (std::size_t at = 0; at < bytes.size() && outcome.ok; at += piece) {
    feed(bytes.substr(at, piece));
  }
  outcome.closing = protocol.is_closing();
  outcome.digest = watcher.digest;
  return outcome;
}

/// Acknowledgements depend on the cut, for they are sent when bytes arrive; nothing else does.
bool acknowledges(std::string_view out) {
  const auto messages =
      ts::test::rtmp_messages(out.substr(std::min<std::size_t>(out.size(), 3073)));
  return std::any_of(messages.begin(), messages.end(), [](const auto& message) {
    return message.type == ts::rtmp::MessageType::kAcknowledgement;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::string kShaken = RtmpBytes::handshake();
  static const std::string kConnected = kShaken + RtmpBytes::connect("live");
  static const std::string kPublishing = RtmpBytes::whole("live", "key");
  static const std::string* const kPrologues[] = {nullptr, &kShaken, &kConnected, &kPublishing};
  const auto* chosen = kPrologues[data[0] & 3U];
  const std::string prologue = chosen == nullptr ? "" : *chosen;
  const auto bytes = ts::fuzz::as_text(data + 1, size - 1);
  // At most 65 pieces: long inputs byte by byte would cost most of the time and find no more.
  const std::size_t piece = std::max<std::size_t>(1U + (data[0] >> 2U), bytes.size() / 64);

  auto whole = run(prologue, bytes, std::max<std::size_t>(bytes.size(), 1));
  auto pieces = run(prologue, bytes, piece);

  if (acknowledges(whole.out) || acknowledges(pieces.out)) {
    whole.out.clear();
    pieces.out.clear();
  }
  ts::fuzz::require(whole == pieces);
  return 0;
}
