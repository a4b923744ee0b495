// SPDX-License-Identifier: Apache-2.0
#include "doctor_turn.hpp"

#include "core/text.hpp"
#include "crypto/random.hpp"
#include "livekit/access_token.hpp"
#include "livekit/signal_join.hpp"
#include "net/probe.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ts::cli {
namespace {

using State = CheckLine::State;

constexpr std::size_t kMaxAnswerBytes = std::size_t{2} << 20U;

CheckLine failed_turn(std::string name, const Error& error) {
  return {.name = std::move(name),
          .state = State::kFailed,
          .message = error.message,
          .hint = error.hint,
          .area = "turn"};
}

CheckLine unset(std::string message, std::string hint) {
  return {.name = "LiveKit",
          .state = State::kUnset,
          .message = std::move(message),
          .hint = std::move(hint),
          .area = "turn"};
}

/// What the server says to a participant that joins and leaves at once.
Result<livekit::JoinAnswer> join_once(Context& context, const std::string& ca_file,
                                      std::chrono::milliseconds timeout,
                                      const std::stop_token& stop) {
  TS_TRY(const auto text, context.settings().livekit_url());
  TS_TRY(const auto url, net::Url::parse(text));
  TS_TRY(const auto key, context.livekit_key());
  livekit::TokenRequest wanted{.ttl = std::chrono::minutes{1}};
  wanted.claims.identity = "ts-doctor-" + crypto::random_alphanumeric(8);
  auto& grant = wanted.claims.video.emplace();
  grant.room = "ts-doctor";
  grant.room_join = true;
  grant.hidden = true;
  grant.can_publish = false;
  TS_TRY(const auto token, livekit::sign_token(wanted, key.id, key.secret, context.clock().now()));
  std::string prefix = url.path;
  while (prefix.ends_with('/')) prefix.pop_back();
  TS_TRY(const auto probe,
         net::probe_connection(
             {.host = url.host,
              .port = url.effective_port(),
              .tls = url.scheme == "https" || url.scheme == "wss",
              .ca_file = ca_file,
              .send = livekit::join_request(url.authority(), prefix, Secret(token.jwt)),
              .receive_bytes = kMaxAnswerBytes,
              .enough =
                  [](std::string_view received) {
                    const auto answer = livekit::read_join_answer(received);
                    return !answer.ok() || answer.value().has_value();
                  },
              .timeout = timeout},
             stop));
  TS_TRY(auto answer, livekit::read_join_answer(probe.received));
  if (!answer) {
    return Error{.kind = ErrorKind::kRemote, .message = "the join answer never ends"};
  }
  return std::move(*answer);
}

}  // namespace

double ms_of(std::chrono::microseconds time) {
  return std::round(static_cast<double>(time.count()) / 100.0) / 10.0;
}

Result<TurnServer> parse_turn(const std::string& text) {
  const auto wrong = [&] {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("'{}' is no TURN address", shorten(text, 80)),
                 .hint = "write turn:host:3478, turns:host:443?transport=tcp or stun:host:3478"};
  };
  TurnServer out{.text = text};
  const auto colon = text.find(':');
  const std::string scheme = text.substr(0, colon);
  if (colon == std::string::npos || (scheme != "turn" && scheme != "turns" && scheme != "stun")) {
    return wrong();
  }
  if (scheme == "stun") out.method = net::StunMethod::kBinding;
  out.tls = scheme == "turns";
  out.tcp = out.tls;
  if (out.tls) out.port = 5349;
  std::string rest = text.substr(colon + 1);
  if (const auto question = rest.find('?'); question != std::string::npos) {
    const std::string query = rest.substr(question + 1);
    if (query == "transport=tcp") {
      out.tcp = true;
    } else if (query != "transport=udp") {
      return wrong();
    }
    rest.resize(question);
  }
  // The authority is written as a URL's.
  const auto parsed = net::Url::parse("stun://" + rest);
  if (!parsed.ok() || parsed.value().host.empty() || !parsed.value().path.empty()) return wrong();
  out.host = parsed.value().host;
  if (parsed.value().port != 0) out.port = parsed.value().port;
  return out;
}

CheckLine look_at_turn(const TurnServer& server, const std::string& ca_file,
                       std::chrono::milliseconds timeout, const std::stop_token& stop) {
  CheckLine line{.name = server.text, .area = "turn"};
  const auto start = std::chrono::steady_clock::now();
  Result<net::StunAnswer> answer = Error{};
  if (server.tcp) {
    const net::StunId id{'t', 's', '-', 'd', 'o', 'c', 't', 'o', 'r', '-', '0', '1'};
    const auto probe = net::probe_connection({.host = server.host,
                                              .port = server.port,
                                              .tls = server.tls,
                                              .ca_file = ca_file,
                                              .send = net::stun_request(server.method, id),
                                              .receive_bytes = 20,
                                              .timeout = timeout},
                                             stop);
    if (!probe.ok()) return failed_turn(server.text, probe.error());
    // The header alone: which message it is, its length put to nothing.
    std::vector<std::uint8_t> header(probe.value().received.begin(), probe.value().received.end());
    header[2] = 0;
    header[3] = 0;
    answer = net::read_stun_answer(header, server.method, id);
  } else {
    answer = net::probe_stun(server.host, server.port, server.method, timeout);
  }
  if (!answer.ok()) return failed_turn(server.text, answer.error());
  line.value = ms_of(std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start));
  line.unit = "ms";
  line.message = fmt::format("answers in {:.1f} ms", *line.value);
  const net::StunAnswer& told = answer.value();
  if (!told.mapped.empty()) line.message += fmt::format(", sees this machine at {}", told.mapped);
  if (!told.realm.empty()) {
    line.message += fmt::format(", relays for realm '{}'", shorten(told.realm, 40));
  }
  return line;
}

std::vector<CheckLine> look_at_livekit_turn(Context& context, const std::string& ca_file,
                                            std::chrono::milliseconds timeout,
                                            const std::stop_token& stop) {
  constexpr const char* kByHand = "name a server: ts doctor turn --turn turn:host:3478";
  if (context.settings().find("LIVEKIT_URL") == nullptr) {
    return {unset("LiveKit names its TURN servers, and LIVEKIT_URL is not set", kByHand)};
  }
  const auto answer = join_once(context, ca_file, timeout, stop);
  if (!answer.ok()) {
    const Error& error = answer.error();
    // The sandbox without a livekit-server takes no participants: nothing is wrong with it.
    if (error.kind == ErrorKind::kNotFound) return {unset(error.message, kByHand)};
    return {failed_turn("LiveKit", error)};
  }
  std::vector<CheckLine> out;
  std::size_t stun = 0;
  for (const std::string& text : answer.value().ice_urls) {
    const auto server = parse_turn(text);
    if (!server.ok()) {
      out.push_back(failed_turn(shorten(text, 80), server.error()));
    } else if (server.value().method == net::StunMethod::kBinding) {
      ++stun;
    } else {
      out.push_back(look_at_turn(server.value(), ca_file, timeout, stop));
    }
  }
  CheckLine line{
      .name = "LiveKit",
      .message = fmt::format("gives participants {} TURN and {} STUN servers", out.size(), stun),
      .area = "turn",
      .value = static_cast<double>(out.size()),
      .unit = "servers"};
  if (out.empty()) {
    line.state = State::kWarning;
    line.hint =
        "phones behind strict firewalls need TURN: configure turn: in the server's livekit.yaml";
  }
  out.insert(out.begin(), std::move(line));
  return out;
}

}  // namespace ts::cli
