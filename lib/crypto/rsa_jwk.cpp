// SPDX-License-Identifier: Apache-2.0
#include "crypto/rsa_jwk.hpp"

#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/openssl_internal.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <array>
#include <utility>

namespace ts::crypto {

Result<Secret> private_jwk(const RsaPrivateKey& key, std::string_view key_id) {
  static constexpr std::array<std::pair<const char*, const char*>, 8> kMembers{
      {{"n", OSSL_PKEY_PARAM_RSA_N},
       {"e", OSSL_PKEY_PARAM_RSA_E},
       {"d", OSSL_PKEY_PARAM_RSA_D},
       {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
       {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
       {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
       {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
       {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}};
  TS_TRY(const auto pem, key.private_pem());
  const Bio source(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
  const Key read(source ? PEM_read_bio_PrivateKey_ex(source.get(), nullptr, nullptr, nullptr,
                                                     library_context(), nullptr)
                        : nullptr);
  Json jwk{{"use", "sig"}, {"kty", "RSA"}, {"kid", key_id}, {"alg", "RS256"}};
  for (const auto& [name, parameter] : kMembers) {
    BIGNUM* raw = nullptr;
    if (!read || EVP_PKEY_get_bn_param(read.get(), parameter, &raw) != 1) {
      return Error{.message = "the RSA key cannot be written: " + last_openssl_error()};
    }
    const std::unique_ptr<BIGNUM, Free<BN_clear_free>> number(raw);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
    BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
    jwk[name] = base64url_encode(bytes);
  }
  return Secret(dump_json(jwk));
}

}  // namespace ts::crypto
