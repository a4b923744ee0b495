// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::webhook {

enum class Provider : std::uint8_t { kLivekit, kMux, kCloudflare };
std::string_view to_string(Provider provider) noexcept;
/// @return kUsage suggesting the nearest provider.
Result<Provider> parse_provider(std::string_view text);

/// Header lines as received: names in any case, order kept.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// Bodies beyond this are refused before anything is computed.
inline constexpr std::size_t kMaxBodyBytes = std::size_t{16} << 20U;

/// A delivery exactly as it arrived. Views: the owner keeps the bytes.
struct Delivery {
  std::span<const std::pair<std::string, std::string>> headers{};
  std::string_view body{};
};

/// What a provider signs with. Secrets are tried in order, so that two work during a rotation.
struct Credentials {
  std::string livekit_key{};  ///< The API key that `iss` must name; unused for the others.
  std::vector<Secret> secrets{};
};

struct VerifyOptions {
  /// Mux and Cloudflare: how far the signed time may be from now, to either side.
  std::chrono::seconds tolerance{300};
  /// LiveKit: how far clocks may differ beyond the token's own window.
  std::chrono::seconds leeway{60};
  /// Finds out how a body was altered by trying what proxies and frameworks do to bodies: some
  /// seventy hashes, for bodies up to 1 MiB. Servers that face the Internet leave it off.
  bool diagnose = false;
};

/// What was done to a body on its way, where that can be told.
enum class Alteration : std::uint8_t {
  kUnknown,
  kReserialized,    ///< JSON parsed and written again (blanks, escapes).
  kNewlineAdded,    ///< The sender's body had no newline at its end.
  kNewlineRemoved,  ///< The sender's body ended with a newline.
  kLineEndings,     ///< LF became CRLF or the other way round.
  kBomAdded,
  kBomRemoved,
  kCharset,  ///< Decoded and encoded with another character set.
  kGzip,     ///< Still (or again) compressed.
  kBlanks,   ///< Blanks were put before or after it.
  kWrapped,  ///< Made the text of a JSON string.
  kBase64,   ///< Encoded as base64.
  kEmpty,    ///< The body was dropped.
};
std::string_view to_string(Alteration alteration) noexcept;

/// The verdict on one delivery.
struct Verdict {
  bool accepted = false;
  /// Stable word: "ok", or the exact reason ("mismatch", "checksum_mismatch", "too-old",
  /// "too-new", "no-header", "no-v1", "no-sig1", "bad-timestamp", "bad-time", "no-secret",
  /// "expired" …). The words are the providers' own families, see `ts help webhooks`.
  std::string reason{};
  std::string detail{};  ///< One clause for people.
  std::string hint{};    ///< What to do; may be empty.
  Alteration alteration = Alteration::kUnknown;
  std::optional<std::int64_t> signed_at{};    ///< s since 1970, when the header says so.
  std::optional<std::size_t> secret_index{};  ///< Which secret matched.
};

/// Verifies a delivery. Constant time in the secret, never re-serialises, thread-safe.
Verdict verify(Provider provider, const Delivery& delivery, const Credentials& credentials,
               WallTime now, const VerifyOptions& options = {});

/// The header lines that make `body` a genuine delivery at `now`, Content-Type and User-Agent
/// included. Cloudflare: Webhook-Signature; see `sign_cloudflare_live` for the other scheme.
/// @param secret_index  which of the secrets signs.
/// @return kConfig without a secret.
Result<Headers> sign(Provider provider, std::string_view body, const Credentials& credentials,
                     WallTime now, std::size_t secret_index = 0);
/// Cloudflare's live-input notifications: the shared secret itself in cf-webhook-auth.
Result<Headers> sign_cloudflare_live(const Credentials& credentials);

/// "t=1772359200,v1=…": the mux-signature header of a body.
std::string mux_signature(std::string_view body, const Secret& secret, WallTime now);
/// "time=1772359200,sig1=…": the Webhook-Signature header of a body.
std::string cloudflare_signature(std::string_view body, const Secret& secret, WallTime now);

/// The value of a header by its name in any case; empty optional when absent.
std::optional<std::string_view> find_header(
    std::span<const std::pair<std::string, std::string>> headers, std::string_view name) noexcept;

/// Which provider a delivery looks like, by its headers; empty when none.
std::optional<Provider> guess_provider(const Delivery& delivery) noexcept;

/// A raw HTTP request, taken apart.
struct RawRequest {
  std::string method{};
  std::string target{};
  Headers headers{};
  std::string body{};
};
/// Reads a whole HTTP/1 request as captured: Content-Length and chunked bodies, or everything after
/// the blank line when neither is given. LF alone is accepted as a line end in the head.
/// @return kUsage naming what is malformed; bodies beyond kMaxBodyBytes.
Result<RawRequest> parse_raw_request(std::string_view bytes);

}  // namespace ts::webhook
