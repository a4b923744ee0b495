// SPDX-License-Identifier: Apache-2.0
// Webhook deliveries: a raw request, taken apart and verified for every provider; signature
// headers; bodies as events. Only a signature of ours is ever accepted.
#include "fuzz/fuzz.hpp"

#include "core/json.hpp"
#include "webhook/event.hpp"
#include "webhook/webhook.hpp"

#include <array>
#include <string>

using ts::webhook::Provider;

namespace {

constexpr ts::WallTime kNow{std::chrono::seconds{1760000000}};

const ts::webhook::Credentials& credentials() {
  static const ts::webhook::Credentials kCredentials = [] {
    ts::webhook::Credentials made{.livekit_key = "APIkey"};
    made.secrets.emplace_back("fuzzing secret of thirty-two bytes");
    return made;
  }();
  return kCredentials;
}

/// Nobody guesses a tag; the secret is not in the corpus either.
void from_strangers(Provider provider, std::string_view text) {
  if (const auto request = ts::webhook::parse_raw_request(text); request.ok()) {
    const auto verdict = ts::webhook::verify(
        provider, {.headers = request.value().headers, .body = request.value().body}, credentials(),
        kNow, {.diagnose = true});
    ts::fuzz::require(!verdict.accepted && !verdict.reason.empty());
  }
  const ts::webhook::Headers headers{{"mux-signature", std::string(text)},
                                     {"webhook-signature", std::string(text)},
                                     {"authorization", std::string(text)}};
  ts::fuzz::require(
      !ts::webhook::verify(provider, {.headers = headers, .body = text}, credentials(), kNow)
           .accepted);
}

void rightly_signed(Provider provider, std::string_view text) {
  const auto event = ts::webhook::parse_event(provider, text);
  if (event.ok()) ts::fuzz::require(!event.value().dedupe_key.empty());
  // Mux bodies are read without a document where that can be: both ways say the same.
  const auto document = ts::parse_json(text, "the webhook body", ts::ErrorKind::kRemote,
                                       {.max_bytes = ts::webhook::kMaxBodyBytes, .max_depth = 64});
  const auto by_document = document.ok()
                               ? ts::webhook::parse_event(provider, document.value(), text)
                               : ts::Result<ts::webhook::Event>(document.error());
  ts::fuzz::require(event.ok() == by_document.ok());
  ts::fuzz::require(event.ok() ? event.value() == by_document.value()
                               : event.error().message == by_document.error().message);

  const auto headers = ts::webhook::sign(provider, text, credentials(), kNow);
  const auto verdict = ts::webhook::verify(provider, {.headers = headers.value(), .body = text},
                                           credentials(), kNow);
  // LiveKit bodies must be events, and its SDKs read none after a byte order mark; the others may
  // be any bytes. The verdict comes without a document where it can: this holds both ways of
  // reading against each other.
  const bool marked = text.starts_with("\xEF\xBB\xBF");
  ts::fuzz::require(verdict.accepted ==
                    (provider != Provider::kLivekit || (event.ok() && !text.empty() && !marked)));
}

}  // namespace

/// One provider and one way in for an input, so that many inputs are tried; the length says which.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ts::fuzz::as_text(data, size);
  constexpr std::array kProviders{Provider::kLivekit, Provider::kMux, Provider::kCloudflare};
  const auto provider = kProviders[size % kProviders.size()];
  if (size / kProviders.size() % 2 == 0) {
    from_strangers(provider, text);
  } else {
    rightly_signed(provider, text);
  }
  return 0;
}
