// SPDX-License-Identifier: Apache-2.0
#include "livekit/ingress_client.hpp"

#include "core/text.hpp"
#include "livekit/client_internal.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <set>

namespace ts::livekit {
namespace {

const CallGrant kIngressGrant{.kind = CallGrant::Kind::kIngressAdmin};

Status check(const CreateIngressRequest& request) {
  TS_CHECK(check_name(request.room_name, "room name"));
  TS_CHECK(check_name(request.participant_identity, "participant identity"));
  TS_CHECK(check_metadata(request.participant_metadata, "participant metadata"));
  const bool pulls = request.input_type == IngressInput::kUrl;
  if (pulls && (!request.url || request.url->empty())) {
    return Error{.kind = ErrorKind::kUsage, .message = "an ingress that pulls needs a URL"};
  }
  if (!pulls && request.url) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "a URL belongs to an ingress that pulls, not to RTMP or WHIP"};
  }
  if (pulls) {
    if (!has_usable_port(request.url->reveal())) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "the port of the ingress URL is not 1 to 65535"};
    }
    const auto url = net::Url::parse(request.url->reveal());
    if (!url.ok() || (url.value().scheme != "http" && url.value().scheme != "https" &&
                      url.value().scheme != "srt")) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "the ingress URL is not http, https or srt",
                   .hint = "LiveKit pulls from http(s):// and srt:// only"};
    }
  }
  if (request.input_type != IngressInput::kWhip &&
      request.enable_transcoding == std::optional<bool>(false)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "transcoding can be switched off for WHIP only"};
  }
  return ok_status();
}

}  // namespace

Result<IngressInfo> IngressClient::create(const CreateIngressRequest& request,
                                          std::stop_token stop) {
  TS_CHECK(check(request));
  Secrets secrets;
  if (request.url) secrets.push_back(request.url->reveal());
  constexpr std::string_view kMethod = "Ingress/CreateIngress";
  auto info =
      typed_call<IngressInfo>(*service_, kMethod, request, kIngressGrant, secrets, std::move(stop));
  if (info.ok() && info.value().ingress_id.empty()) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("the answer of {} holds no ingress id", kMethod),
                 .hint = may_be_there(kMethod),
                 .code = "bad_answer"};
  }
  return info;
}

Result<std::vector<IngressInfo>> IngressClient::list(const ListIngressRequest& request,
                                                     std::stop_token stop) {
  if (!request.room_name.empty()) TS_CHECK(check_name(request.room_name, "room name"));
  if (!request.ingress_id.empty()) TS_CHECK(check_id(request.ingress_id, "ingress id"));
  ListIngressRequest page = request;
  std::vector<IngressInfo> all;
  std::set<std::string> seen;
  for (;;) {
    TS_TRY(auto answer, typed_call<ListIngressResponse>(*service_, "Ingress/ListIngress", page,
                                                        kIngressGrant, {}, stop));
    for (IngressInfo& item : answer.items) {
      // A list that grows, or a page told twice, shows items again.
      if (seen.insert(item.ingress_id).second) all.push_back(std::move(item));
    }
    // A server that repeats its token would keep us here for ever.
    const std::string before = page.page_token ? page.page_token->token : "";
    if (!answer.next_page_token || answer.next_page_token->token.empty() ||
        answer.next_page_token->token == before) {
      return all;
    }
    page.page_token = answer.next_page_token;
  }
}

Result<IngressInfo> IngressClient::get(std::string_view ingress_id, std::stop_token stop) {
  TS_CHECK(check_id(ingress_id, "ingress id"));
  TS_TRY(auto all, list({.ingress_id = std::string(ingress_id)}, std::move(stop)));
  for (IngressInfo& item : all) {
    if (item.ingress_id == ingress_id) return std::move(item);
  }
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("there is no ingress '{}'", ingress_id),
               .hint = "list them with ts ingress list"};
}

Result<IngressInfo> IngressClient::update(const UpdateIngressRequest& request,
                                          std::stop_token stop) {
  TS_CHECK(check_id(request.ingress_id, "ingress id"));
  if (!request.room_name.empty()) TS_CHECK(check_name(request.room_name, "room name"));
  if (!request.participant_identity.empty()) {
    TS_CHECK(check_name(request.participant_identity, "participant identity"));
  }
  TS_CHECK(check_metadata(request.participant_metadata, "participant metadata"));
  return typed_call<IngressInfo>(*service_, "Ingress/UpdateIngress", request, kIngressGrant, {},
                                 std::move(stop));
}

Result<IngressInfo> IngressClient::remove(std::string_view ingress_id, std::stop_token stop) {
  TS_CHECK(check_id(ingress_id, "ingress id"));
  return typed_call<IngressInfo>(*service_, "Ingress/DeleteIngress",
                                 DeleteIngressRequest{.ingress_id = std::string(ingress_id)},
                                 kIngressGrant, {}, std::move(stop));
}

Result<IngressInfo> IngressClient::wait_for(std::string_view ingress_id, IngressStatus wanted,
                                            std::chrono::milliseconds timeout, std::stop_token stop,
                                            const Progress& progress) {
  Clock& clock = service_->clock();
  const SteadyTime deadline = clock.steady_now() + timeout;
  PollPause pause;
  std::string last;
  for (;;) {
    auto info = get(ingress_id, stop);
    if (info.ok()) {
      const auto status =
          info.value().state ? info.value().state->status : OpenEnum<IngressStatus>{};
      const std::string word = ingress_state_word(status);
      if (word != last && progress) progress(info.value());
      last = word;
      if (status == wanted) return info;
      if (status == IngressStatus::kError) {
        return Error{
            .kind = ErrorKind::kMedia,
            .message = fmt::format("ingress {} failed: {}", ingress_id,
                                   info.value().state->error.empty()
                                       ? "no reason given"
                                       : shorten(scrub_stream_keys(info.value().state->error))),
            .hint = "check what the publisher sends: H.264 and AAC for RTMP",
            .code = "ingress_error"};
      }
      if (status == IngressStatus::kComplete) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("ingress {} is complete", ingress_id),
                     .code = "already_ended"};
      }
    } else if (info.error().kind != ErrorKind::kRemote || !info.error().retryable) {
      return info;
    }
    if (clock.steady_now() >= deadline) {
      if (last.empty() && !info.ok()) return info;
      return Error{.kind = ErrorKind::kDeadline,
                   .message = fmt::format("ingress {} is still {} after {} s", ingress_id, last,
                                          std::chrono::ceil<seconds>(timeout).count()),
                   .hint = "check that the publisher is running and uses this ingress's address"};
    }
    if (!pause.wait(clock, deadline, stop)) {
      return Error{.kind = ErrorKind::kInterrupted,
                   .message = fmt::format("waiting for ingress {} was interrupted", ingress_id)};
    }
  }
}

}  // namespace ts::livekit
