// SPDX-License-Identifier: Apache-2.0
// Requests of any shape to the emulated services: "METHOD /path?query", a newline, the body.
#include "fuzz/fuzz.hpp"

#include "core/json.hpp"
#include "sandbox/cloudflare_service.hpp"
#include "sandbox/livekit_outputs.hpp"
#include "sandbox/livekit_service.hpp"
#include "sandbox/mux_service.hpp"
#include "support/fake_clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace ts;
using namespace ts::sandbox;

RandomText counting() {
  return [next = 0](std::size_t length) mutable {
    auto digits = std::to_string(++next);
    return std::string(length > digits.size() ? length - digits.size() : 0, '0') + digits;
  };
}

/// The path before '?', and the query after it.
std::pair<std::string_view, std::string_view> parted(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

void ask_cloudflare(std::string_view method, std::string_view target, std::string_view body,
                    const Clock& clock) {
  CloudflareService service(
      {.account_id = "a", .webhook_secret = Secret("s"), .random = counting()}, clock);
  const auto [path, query] = parted(target);
  // Twice: the second finds what the first has made.
  for (int i = 0; i < 2; ++i) {
    const auto reply = service.call({.method = method, .path = path, .query = query, .body = body});
    if (!reply.body.empty() && Json::parse(reply.body, nullptr, false).is_discarded()) {
      std::abort();
    }
  }
  service.call({.method = "GET", .path = "/accounts/a/stream/live_inputs"});
  for (const auto* key :
       {"0000000000000000000000000000002k", "00000000000000000000000000000002k"}) {
    if (service.publish_begins(key, 1).ok()) service.publish_ended(1, "");
  }
}

void ask_mux(std::string_view method, std::string_view target, std::string_view body,
             const Clock& clock) {
  MuxService service({.random = counting()}, clock);
  const auto [path, query] = parted(target);
  for (int i = 0; i < 2; ++i) service.call(method, path, query, body);
  static_cast<void>(service.describe());
}

void ask_livekit(std::string_view target, std::string_view body, const Clock& clock) {
  LiveKitService service({.rtmp_url = "rtmp://h/live",
                          .composite_url = "rtmp://h/composite",
                          .mux_url = "rtmp://h/app",
                          .files = "/f",
                          .random = counting()},
                         clock);
  const RoomGrants grants{.room_create = true,
                          .room_list = true,
                          .room_record = true,
                          .room_admin = true,
                          .ingress_admin = true,
                          .room = "r"};
  service.call("RoomService", "CreateRoom", R"({"name":"r"})", grants);
  const auto ingress =
      Json::parse(service
                      .call("Ingress", "CreateIngress",
                            R"({"room_name":"r","participant_identity":"p"})", grants)
                      .body);
  const StreamInfo stream{.has_video = true, .has_audio = true, .width = 320, .height = 180};
  if (service.publish_begins(ingress.value("stream_key", ""), 1).ok()) {
    service.publish_described(1, stream);
  }
  const auto slash = target.find('/', 1);
  if (slash == std::string_view::npos || target.empty()) return;
  for (int i = 0; i < 2; ++i) {
    service.call(target.substr(1, slash - 1), target.substr(slash + 1), body, grants);
  }
  service.tick();
  // A composite that was asked for comes back, and breaks.
  for (const auto& effect : service.take_effects()) {
    const auto* start = std::get_if<CompositeStart>(&effect);
    if (start == nullptr) continue;
    const auto& format = start->format;
    for (const auto& tile : arrange_composite(start->view, format.width, format.height, 1)) {
      if (tile.width < 2 || tile.height < 2 || tile.x + tile.width > format.width ||
          tile.y + tile.height > format.height) {
        std::abort();
      }
    }
    const auto address = start->url.reveal();
    if (!service.composite_begins(address.substr(address.rfind('/') + 1), 2).ok()) std::abort();
    service.publish_described(2, stream);
    service.publish_ended(2, "");
    service.composite_over(start->composite, "broken", true);
  }
  static_cast<void>(service.describe());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  const auto head = text.substr(0, line);
  const auto body = line == std::string_view::npos ? std::string_view() : text.substr(line + 1);
  const auto blank = head.find(' ');
  if (blank == std::string_view::npos) return 0;
  const auto method = head.substr(0, blank);
  const auto target = head.substr(blank + 1);
  const test::FakeClock clock;
  ask_cloudflare(method, target, body, clock);
  ask_mux(method, target, body, clock);
  ask_livekit(target, body, clock);
  const auto name = file_name(std::string(target), {.room_name = "a{time}"}, ".mp4");
  if (name.empty() || name.front() == '/' || name.find("/../") != std::string::npos ||
      name.starts_with("../")) {
    std::abort();
  }
  return 0;
}
