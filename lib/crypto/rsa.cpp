// SPDX-License-Identifier: Apache-2.0
#include "crypto/rsa.hpp"

#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "crypto/openssl_internal.hpp"

#include <fmt/format.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>

namespace ts::crypto {
namespace {

constexpr int kSmallestKeyBits = 2048;
constexpr std::size_t kMaxKeyText = std::size_t{64} << 10U;

Error bad_key(std::string message, std::string hint) {
  return {.kind = ErrorKind::kConfig, .message = std::move(message), .hint = std::move(hint)};
}

/// Base64 as people store it: in one line or in many.
Secret without_white_space(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept),
               [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; });
  Secret secret(kept);
  std::fill(kept.begin(), kept.end(), '\0');
  return secret;
}

/// Gives a PEM whose line ends became blanks, or were lost, its three parts back.
void restore_lines(std::string& pem) {
  constexpr std::string_view kDashes = "-----";
  const auto head = pem.find(kDashes, pem.find("-----BEGIN") + kDashes.size());
  const auto tail = pem.find("-----END");
  if (head == std::string::npos || tail == std::string::npos || tail < head) return;
  const std::size_t body = head + kDashes.size();
  Secret base64 = without_white_space(std::string_view(pem).substr(body, tail - body));
  std::string out = pem.substr(0, body) + "\n";
  constexpr std::size_t kLine = 64;
  const std::string_view all = base64.reveal();
  for (std::size_t at = 0; at < all.size(); at += kLine) out.append(all.substr(at, kLine)) += '\n';
  out += pem.substr(tail);
  out += '\n';
  pem.swap(out);
  std::fill(out.begin(), out.end(), '\0');
}

/// The PEM inside `text`, which is a PEM or base64 of one.
Result<Secret> pem_of(std::string_view text, std::string_view kind) {
  text = trim(text);
  if (text.empty()) return bad_key(fmt::format("the {} key is empty", kind), "");
  if (text.size() > kMaxKeyText) {
    return bad_key(fmt::format("the {} key is larger than 64 KiB", kind), "");
  }
  if (text.find("-----BEGIN") != std::string_view::npos) {
    // A PEM that came through an environment variable often has \n as two characters.
    std::string pem;
    pem.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == 'n') {
        pem.push_back('\n');
        ++at;
      } else {
        pem.push_back(text[at]);
      }
    }
    if (pem.find('\n') == std::string::npos) restore_lines(pem);
    Secret secret(pem);
    std::fill(pem.begin(), pem.end(), '\0');
    return secret;
  }
  // Either alphabet, padded or not, as the vendor's SDK takes it.
  std::string digits(without_white_space(text).reveal());
  std::replace(digits.begin(), digits.end(), '-', '+');
  std::replace(digits.begin(), digits.end(), '_', '/');
  while (digits.ends_with('=')) digits.pop_back();
  auto decoded = base64_decode(digits, Alphabet::kStandard, Padding::kForbidden);
  std::fill(digits.begin(), digits.end(), '\0');
  if (!decoded.ok()) {
    return bad_key(fmt::format("the {} key is neither PEM nor base64 of PEM", kind),
                   "pass the key exactly as it was handed out");
  }
  Secret pem(decoded.value());
  std::fill(decoded.value().begin(), decoded.value().end(), '\0');
  if (pem.reveal().find("-----BEGIN") == std::string_view::npos) {
    return bad_key(fmt::format("the {} key is base64, but not of a PEM", kind),
                   "base64 of DER is not a key form that Mux hands out: use the PEM");
  }
  return pem;
}

int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

Result<Key> read_key(std::string_view pem, int selection, std::string_view kind) {
  TS_CHECK(openssl_ready());
  EVP_PKEY* raw = nullptr;
  using Decoder = std::unique_ptr<OSSL_DECODER_CTX, Free<OSSL_DECODER_CTX_free>>;
  const Decoder decoder(OSSL_DECODER_CTX_new_for_pkey(&raw, "PEM", nullptr, "RSA", selection,
                                                      library_context(), nullptr));
  if (!decoder) openssl_failed("OSSL_DECODER_CTX_new_for_pkey");
  OSSL_DECODER_CTX_set_pem_password_cb(decoder.get(), no_passphrase, nullptr);
  const auto* data = reinterpret_cast<const unsigned char*>(pem.data());
  std::size_t size = pem.size();
  const bool read = OSSL_DECODER_from_data(decoder.get(), &data, &size) == 1;
  ERR_clear_error();
  Key key(raw);
  if (!read || !key) {
    if (pem.find("ENCRYPTED") != std::string_view::npos) {
      return bad_key(fmt::format("the {} key is encrypted with a passphrase", kind),
                     "store it without one: openssl rsa -in KEY.pem -out PLAIN.pem");
    }
    return bad_key(fmt::format("the {} key is no readable RSA {} key in PEM", kind, kind),
                   "pass the key exactly as it was handed out");
  }
  if (EVP_PKEY_get_bits(key.get()) < kSmallestKeyBits) {
    return bad_key(fmt::format("the RSA key has {} bits, below 2048", EVP_PKEY_get_bits(key.get())),
                   "make a key of at least 2048 bits");
  }
  return key;
}

Result<std::string> write_key(EVP_PKEY* key, int selection, const char* structure) {
  using Encoder = std::unique_ptr<OSSL_ENCODER_CTX, Free<OSSL_ENCODER_CTX_free>>;
  const Encoder encoder(OSSL_ENCODER_CTX_new_for_pkey(key, selection, "PEM", structure, nullptr));
  unsigned char* data = nullptr;
  std::size_t size = 0;
  if (!encoder || OSSL_ENCODER_to_data(encoder.get(), &data, &size) != 1) {
    return Error{.message = "the RSA key cannot be written: " + last_openssl_error()};
  }
  std::string pem(reinterpret_cast<const char*>(data), size);
  OPENSSL_clear_free(data, size);
  return pem;
}

}  // namespace

struct RsaPrivateKey::Impl {
  Key key;
};
struct RsaPublicKey::Impl {
  Key key;
};

RsaPrivateKey::RsaPrivateKey(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RsaPrivateKey::RsaPrivateKey(RsaPrivateKey&&) noexcept = default;
RsaPrivateKey& RsaPrivateKey::operator=(RsaPrivateKey&&) noexcept = default;
RsaPrivateKey::~RsaPrivateKey() = default;

Result<RsaPrivateKey> RsaPrivateKey::parse(const Secret& text) {
  TS_TRY(const auto pem, pem_of(text.reveal(), "private"));
  TS_TRY(auto key, read_key(pem.reveal(), OSSL_KEYMGMT_SELECT_KEYPAIR, "private"));
  return RsaPrivateKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

Result<RsaPrivateKey> RsaPrivateKey::generate(int bits) {
  if (bits < kSmallestKeyBits || bits > 4096) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("an RSA key of {} bits is not made", bits),
                 .hint = "ask for 2048 to 4096 bits"};
  }
  TS_CHECK(openssl_ready());
  const KeyContext context(EVP_PKEY_CTX_new_from_name(library_context(), "RSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), bits) != 1 ||
      EVP_PKEY_generate(context.get(), &raw) != 1) {
    return Error{.message = "the RSA key cannot be made: " + last_openssl_error()};
  }
  return RsaPrivateKey(std::make_unique<Impl>(Impl{Key(raw)}));
}

Result<std::string> RsaPrivateKey::sign(std::string_view bytes) const {
  const MdContext context(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get())), '\0');
  std::size_t size = signature.size();
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", library_context(), nullptr,
                            impl_->key.get(), nullptr) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) != 1) {
    return Error{.message = "the RSA signature cannot be made: " + last_openssl_error()};
  }
  signature.resize(size);
  return signature;
}

Result<std::string> RsaPrivateKey::public_pem() const {
  return write_key(impl_->key.get(), OSSL_KEYMGMT_SELECT_PUBLIC_KEY, "SubjectPublicKeyInfo");
}

Result<Secret> RsaPrivateKey::private_pem() const {
  TS_TRY(auto pem, write_key(impl_->key.get(), OSSL_KEYMGMT_SELECT_KEYPAIR, "type-specific"));
  Secret secret(pem);
  std::fill(pem.begin(), pem.end(), '\0');
  return secret;
}

RsaPublicKey::RsaPublicKey(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RsaPublicKey::RsaPublicKey(RsaPublicKey&&) noexcept = default;
RsaPublicKey& RsaPublicKey::operator=(RsaPublicKey&&) noexcept = default;
RsaPublicKey::~RsaPublicKey() = default;

Result<RsaPublicKey> RsaPublicKey::parse(std::string_view text) {
  TS_TRY(const auto pem, pem_of(text, "public"));
  TS_TRY(auto key, read_key(pem.reveal(), OSSL_KEYMGMT_SELECT_PUBLIC_KEY, "public"));
  return RsaPublicKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

bool RsaPublicKey::verify(std::string_view bytes, std::string_view signature) const {
  const MdContext context(EVP_MD_CTX_new());
  const bool matches =
      context &&
      EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", library_context(), nullptr,
                              impl_->key.get(), nullptr) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size()) == 1;
  ERR_clear_error();
  return matches;
}

}  // namespace ts::crypto
