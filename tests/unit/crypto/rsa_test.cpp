// SPDX-License-Identifier: Apache-2.0
#include "crypto/rsa.hpp"

#include "crypto/encoding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ts::crypto {
namespace {

std::string fresh_pem() {
  return std::string(RsaPrivateKey::generate().value().private_pem().value().reveal());
}

TEST(RsaPrivateKey, ReadsPemAndBase64OfPem) {
  const std::string pem = fresh_pem();
  std::string escaped = pem;
  for (std::size_t at = 0; (at = escaped.find('\n', at)) != std::string::npos;) {
    escaped.replace(at, 1, "\\n");
  }
  const std::string encoded = base64_encode(pem);
  const std::string wrapped = encoded.substr(0, 76) + "\n" + encoded.substr(76) + "\n";

  const auto expected = RsaPrivateKey::parse(Secret(pem)).value().sign("text").value();

  std::string blanks = pem;
  std::replace(blanks.begin(), blanks.end(), '\n', ' ');
  std::string joined = pem;
  std::erase(joined, '\n');
  for (const auto& form :
       {escaped, encoded, wrapped, "\n" + pem + "\n", blanks, joined, base64url_encode(pem)}) {
    const auto key = RsaPrivateKey::parse(Secret(form));
    ASSERT_TRUE(key.ok()) << key.error().message;
    EXPECT_EQ(key.value().sign("text").value(), expected);
  }
}

TEST(RsaPrivateKey, RefusesWhatIsNoPrivateKeyAndSaysWhy) {
  const std::string pem = fresh_pem();
  const std::string public_pem = RsaPrivateKey::parse(Secret(pem)).value().public_pem().value();
  std::string body = pem.substr(pem.find('\n') + 1);
  body = body.substr(0, body.find("-----"));
  body.erase(std::remove(body.begin(), body.end(), '\n'), body.end());
  const std::pair<std::string, const char*> cases[] = {
      {"", "empty"},
      {"hello", "neither PEM nor base64 of PEM"},
      {body, "not of a PEM"},
      {public_pem, "no readable RSA private key"},
      {"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
       "no readable RSA private key"},
      {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
       "encrypted"},
      {std::string(100000, 'A'), "larger than 64 KiB"},
  };
  for (const auto& [text, reason] : cases) {
    const auto key = RsaPrivateKey::parse(Secret(text));
    ASSERT_FALSE(key.ok()) << reason;
    EXPECT_EQ(key.error().kind, ErrorKind::kConfig);
    EXPECT_NE(key.error().message.find(reason), std::string::npos) << key.error().message;
  }
}

TEST(RsaPrivateKey, RefusesWeakSizes) {
  EXPECT_FALSE(RsaPrivateKey::generate(1024).ok());
  EXPECT_FALSE(RsaPrivateKey::generate(100000).ok());
}

TEST(RsaPublicKey, TellsSignaturesApart) {
  const auto key = RsaPrivateKey::generate().value().public_pem();
  const auto pem = fresh_pem();
  const auto signer = RsaPrivateKey::parse(Secret(pem));
  const auto own = RsaPublicKey::parse(signer.value().public_pem().value());
  const auto other = RsaPublicKey::parse(key.value());

  const auto signature = signer.value().sign("text").value();

  EXPECT_TRUE(own.value().verify("text", signature));
  EXPECT_FALSE(own.value().verify("texT", signature));
  EXPECT_FALSE(own.value().verify("text", signature.substr(1)));
  EXPECT_FALSE(own.value().verify("text", ""));
  EXPECT_FALSE(other.value().verify("text", signature));
}

}  // namespace
}  // namespace ts::crypto
