// SPDX-License-Identifier: Apache-2.0
// Signed tokens, byte for byte those of the vendor's SDK.
#include "crypto/encoding.hpp"
#include "crypto/rsa.hpp"
#include "mux/playback.hpp"
#include "support/api_vectors.hpp"

#include <cmath>

namespace ts::mux {
namespace {

class MuxJwt : public testing::TestWithParam<test::VectorCase> {};

std::string key_text(const Json& file, const Json& vector) {
  std::string form = vector["key_form"].get<std::string>();
  for (const Json& key : file["keys"]) {
    if (key["id"] != vector["key"]) continue;
    const bool encoded = form.starts_with("base64-");
    if (encoded) form.erase(0, 7);
    const bool pkcs8 = form.starts_with("pkcs8");
    std::string pem = key[pkcs8 ? "pkcs8_pem" : "pkcs1_pem"];
    if (form.ends_with("-der")) {
      // The lines between the markers are base64 of DER.
      std::string der;
      for (std::size_t at = 0; at < pem.size();) {
        const auto end = std::min(pem.find('\n', at), pem.size());
        if (pem[at] != '-') der += pem.substr(at, end - at);
        at = end + 1;
      }
      return der;
    }
    if (!form.ends_with("-pem")) break;
    return encoded ? crypto::base64_encode(pem) : pem;
  }
  return "not a key";
}

Result<std::chrono::seconds> lifetime_of(const Json& expiration) {
  if (expiration.is_null()) return std::chrono::seconds(std::chrono::hours(24 * 7));
  if (expiration.is_string()) return parse_lifetime(expiration.get<std::string>());
  const double seconds = expiration.get<double>();
  if (seconds != std::floor(seconds)) {
    return Error{.kind = ErrorKind::kUsage, .message = "a fraction of a second"};
  }
  return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

/// The SDK's type names of one call.
Result<TokenType> type_of(const std::string& call, const Json& type) {
  if (call == "jwt.signViewerCounts") {
    const std::string name = type.is_null() ? "video" : type.get<std::string>();
    if (name == "video") return TokenType::kVideoId;
    if (name == "playback") return TokenType::kStats;
    if (name == "asset" || name == "live_stream") return parse_token_type(name);
    return Error{.kind = ErrorKind::kUsage, .message = "unknown type"};
  }
  const std::string name = type.is_null() ? (call == "jwt.signDrmLicense" ? "drm_license" : "video")
                                          : type.get<std::string>();
  TS_TRY(const auto parsed, parse_token_type(name));
  if (parsed == TokenType::kAsset || parsed == TokenType::kLiveStream ||
      parsed == TokenType::kVideoId) {
    return Error{.kind = ErrorKind::kUsage, .message = "no playback type"};
  }
  return parsed;
}

Result<std::string> sign(const Json& file, const Json& vector, const Json& type,
                         const Json& params) {
  const double now = vector["now"].get<double>();
  const test::FakeClock clock(WallTime{milliseconds(static_cast<std::int64_t>(now * 1000))});
  TS_TRY(const auto token_type, type_of(vector["call"].get<std::string>(), type));
  TS_TRY(const auto lifetime, lifetime_of(vector["expiration"]));
  const SigningKey key{
      .id = vector["key_id"].is_string() ? vector["key_id"].get<std::string>() : "",
      .private_key = Secret(key_text(file, vector))};
  return sign_token({.type = token_type,
                     .subject = vector["subject"].get<std::string>(),
                     .lifetime = lifetime,
                     .params = &params,
                     .allow_reserved_params = vector.value("recommended", "") != "refuse"},
                    key, clock);
}

TEST(MuxJwtNumbers, AreWrittenAsJavaScriptWritesThem) {
  const test::FakeClock clock(WallTime{std::chrono::seconds{1'700'000'000}});
  const SigningKey key{
      .id = "k", .private_key = crypto::RsaPrivateKey::generate().value().private_pem().value()};
  const Json params = Json::parse(
      R"({"a":1.0,"b":0.000001,"c":1e-7,"d":1.5e300,"e":123456789012345680000,"f":[-0.00001,{"g":1e21}],)"
      R"("h":9007199254740993,"i":12.25,"j":-5,"k":"1e-07"})");

  const auto token = sign_token(
      {.subject = "p", .lifetime = std::chrono::seconds{1}, .params = &params}, key, clock);

  ASSERT_TRUE(token.ok()) << token.error().message;
  const std::string& jwt = token.value();
  const auto first = jwt.find('.') + 1;
  const std::string claims =
      crypto::base64url_decode(jwt.substr(first, jwt.find('.', first) - first)).value();
  EXPECT_EQ(claims.substr(0, claims.find(",\"kid\"")),
            R"({"a":1,"b":0.000001,"c":1e-7,"d":1.5e+300,"e":123456789012345680000,)"
            R"("f":[-0.00001,{"g":1e+21}],"h":9007199254740992,"i":12.25,"j":-5,"k":"1e-07")");
}

TEST_P(MuxJwt, IsTheSdksOrRefused) {
  const Json& vector = GetParam().json;
  const Json& file = GetParam().file;
  const bool refused = vector.contains("error") || vector.value("recommended", "") == "refuse";

  if (vector["type"].is_array()) {
    for (const Json& entry : vector["type"]) {
      const Json type = entry.is_array() ? entry[0] : entry;
      Json params = vector["params"].is_null() ? Json::object() : vector["params"];
      if (entry.is_array()) params.update(entry[1]);
      const auto token = sign(file, vector, type, params);
      ASSERT_EQ(token.ok(), !refused) << vector["id"];
      if (refused) continue;
      const std::string word = type == "drm_license" ? "drm"
                               : type == "video"     ? "playback"
                                                     : type.get<std::string>();
      EXPECT_EQ(token.value(), vector["tokens"][word + "-token"]["jwt"].get<std::string>());
    }
    return;
  }
  const auto token = sign(file, vector, vector["type"], vector["params"]);

  if (refused) {
    EXPECT_FALSE(token.ok());
    return;
  }
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(token.value(), vector["jwt"].get<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Vectors, MuxJwt, testing::ValuesIn(test::load_vectors("mux", "jwt.json")),
                         test::vector_name);

}  // namespace
}  // namespace ts::mux
