// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "livekit/egress_client.hpp"
#include "livekit/ingress_client.hpp"
#include "livekit/room_client.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"

#include <string>

namespace ts::livekit {

/// A service over a scripted transport and a clock whose waits return at once.
struct Harness {
  explicit Harness(std::string_view url = "ws://127.0.0.1:7880")
      : service(Service::create(url, "APItest", Secret("0123456789abcdef0123456789abcdef"),
                                transport, clock,
                                {.request_id = [] { return std::string("request-1"); }})
                    .value()) {}

  test::FakeTransport transport;
  test::FakeClock clock{WallTime{seconds{1'790'000'000}}, /*auto_advance=*/true};
  Service service;
  RoomClient rooms{service};
  EgressClient egress{service};
  IngressClient ingress{service};
};

inline StreamOutput stream_to(std::initializer_list<std::string_view> urls) {
  StreamOutput out{.protocol = StreamProtocol::kRtmp};
  for (const auto url : urls) out.urls.emplace_back(url);
  return out;
}

inline TrackCompositeEgressRequest video_to(std::string_view url) {
  TrackCompositeEgressRequest request{.room_name = "main", .video_track_id = "TR_VC1"};
  request.outputs.stream_outputs.push_back(stream_to({url}));
  return request;
}

}  // namespace ts::livekit
