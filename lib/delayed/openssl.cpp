// SPDX-License-Identifier: Apache-2.0
// OpenSSL, loaded when the first of its functions is called: its relocations cost 3 ms at every
// start, and ts token, ts env and ts webhook verify need neither TLS nor RSA. The functions here
// have OpenSSL's own names and hand on to OpenSSL's own, so that callers (Boost.Asio, too) are
// written as ever; a call of one that is not here fails to link. Without the library they answer 0,
// which is OpenSSL's failure, and the error says what to install.
#include "delayed/library.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <string>

namespace {

std::string file_name(const char* name) {
  return std::string(name) + ".so." + std::to_string(OPENSSL_SHLIB_VERSION);
}

/// Loading libssl loads libcrypto beside it; who needs RSA only does not pay for TLS.
void* libcrypto() noexcept {
  static void* const library = ts::delayed::load(file_name("libcrypto"));
  return library;
}

void* libssl() noexcept {
  static void* const library = ts::delayed::load(file_name("libssl"));
  return library;
}

}  // namespace

extern "C" {

#define TS_DELAYED(name, ...) TS_HAND_ON(libssl(), 0, name, __VA_ARGS__)
TS_DELAYED(SSL_accept, (SSL * a), a)
TS_DELAYED(SSL_connect, (SSL * a), a)
TS_DELAYED(SSL_ctrl, (SSL * a, int b, long c, void* d), a, b, c, d)
TS_DELAYED(SSL_CTX_check_private_key, (const SSL_CTX* a), a)
TS_DELAYED(SSL_CTX_ctrl, (SSL_CTX * a, int b, long c, void* d), a, b, c, d)
TS_DELAYED(SSL_CTX_free, (SSL_CTX * a), a)
TS_DELAYED(SSL_CTX_get_default_passwd_cb_userdata, (SSL_CTX * a), a)
TS_DELAYED(SSL_CTX_get_ex_data, (const SSL_CTX* a, int b), a, b)
TS_DELAYED(SSL_CTX_new, (const SSL_METHOD* a), a)
TS_DELAYED(SSL_CTX_set_default_passwd_cb, (SSL_CTX * a, pem_password_cb* b), a, b)
TS_DELAYED(SSL_CTX_set_default_passwd_cb_userdata, (SSL_CTX * a, void* b), a, b)
TS_DELAYED(SSL_CTX_set_ex_data, (SSL_CTX * a, int b, void* c), a, b, c)
TS_DELAYED(SSL_CTX_set_options, (SSL_CTX * a, uint64_t b), a, b)
TS_DELAYED(SSL_CTX_use_certificate_chain_file, (SSL_CTX * a, const char* b), a, b)
TS_DELAYED(SSL_CTX_use_PrivateKey_file, (SSL_CTX * a, const char* b, int c), a, b, c)
TS_DELAYED(SSL_free, (SSL * a), a)
TS_DELAYED(SSL_get_error, (const SSL* a, int b), a, b)
TS_DELAYED(SSL_get_ex_data, (const SSL* a, int b), a, b)
TS_DELAYED(SSL_get_shutdown, (const SSL* a), a)
TS_DELAYED(SSL_new, (SSL_CTX * a), a)
TS_DELAYED(SSL_read, (SSL * a, void* b, int c), a, b, c)
TS_DELAYED(SSL_set_bio, (SSL * a, BIO* b, BIO* c), a, b, c)
TS_DELAYED(SSL_set_ex_data, (SSL * a, int b, void* c), a, b, c)
TS_DELAYED(SSL_shutdown, (SSL * a), a)
TS_DELAYED(SSL_write, (SSL * a, const void* b, int c), a, b, c)
TS_DELAYED(TLS_client_method, ())
TS_DELAYED(TLS_method, ())
TS_DELAYED(TLS_server_method, ())
#undef TS_DELAYED

#define TS_DELAYED(name, ...) TS_HAND_ON(libcrypto(), 0, name, __VA_ARGS__)
TS_DELAYED(BIO_ctrl, (BIO * a, int b, long c, void* d), a, b, c, d)
TS_DELAYED(BIO_ctrl_pending, (BIO * a), a)
TS_DELAYED(BIO_free, (BIO * a), a)
TS_DELAYED(BIO_new_bio_pair, (BIO * *a, size_t b, BIO** c, size_t d), a, b, c, d)
TS_DELAYED(BIO_new_mem_buf, (const void* a, int b), a, b)
TS_DELAYED(BIO_read, (BIO * a, void* b, int c), a, b, c)
TS_DELAYED(BIO_write, (BIO * a, const void* b, int c), a, b, c)
TS_DELAYED(BN_bn2bin, (const BIGNUM* a, unsigned char* b), a, b)
TS_DELAYED(BN_clear_free, (BIGNUM * a), a)
TS_DELAYED(BN_num_bits, (const BIGNUM* a), a)
TS_DELAYED(CRYPTO_clear_free, (void* a, size_t b, const char* c, int d), a, b, c, d)
TS_DELAYED(ERR_clear_error, ())
TS_DELAYED(EVP_DigestSign,
           (EVP_MD_CTX * a, unsigned char* b, size_t* c, const unsigned char* d, size_t e), a, b, c,
           d, e)
TS_DELAYED(EVP_DigestSignInit_ex,
           (EVP_MD_CTX * a, EVP_PKEY_CTX** b, const char* c, OSSL_LIB_CTX* d, const char* e,
            EVP_PKEY* f, const OSSL_PARAM* g),
           a, b, c, d, e, f, g)
TS_DELAYED(EVP_DigestVerify,
           (EVP_MD_CTX * a, const unsigned char* b, size_t c, const unsigned char* d, size_t e), a,
           b, c, d, e)
TS_DELAYED(EVP_DigestVerifyInit_ex,
           (EVP_MD_CTX * a, EVP_PKEY_CTX** b, const char* c, OSSL_LIB_CTX* d, const char* e,
            EVP_PKEY* f, const OSSL_PARAM* g),
           a, b, c, d, e, f, g)
TS_DELAYED(EVP_MD_CTX_free, (EVP_MD_CTX * a), a)
TS_DELAYED(EVP_MD_CTX_new, ())
TS_DELAYED(EVP_PKEY_CTX_free, (EVP_PKEY_CTX * a), a)
TS_DELAYED(EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX * a, const char* b, const char* c), a, b, c)
TS_DELAYED(EVP_PKEY_CTX_set_rsa_keygen_bits, (EVP_PKEY_CTX * a, int b), a, b)
TS_DELAYED(EVP_PKEY_free, (EVP_PKEY * a), a)
TS_DELAYED(EVP_PKEY_generate, (EVP_PKEY_CTX * a, EVP_PKEY** b), a, b)
TS_DELAYED(EVP_PKEY_get_bits, (const EVP_PKEY* a), a)
TS_DELAYED(EVP_PKEY_get_bn_param, (const EVP_PKEY* a, const char* b, BIGNUM** c), a, b, c)
TS_DELAYED(EVP_PKEY_get_size, (const EVP_PKEY* a), a)
TS_DELAYED(EVP_PKEY_keygen_init, (EVP_PKEY_CTX * a), a)
TS_DELAYED(OSSL_DECODER_CTX_free, (OSSL_DECODER_CTX * a), a)
TS_DELAYED(OSSL_DECODER_CTX_new_for_pkey,
           (EVP_PKEY * *a, const char* b, const char* c, const char* d, int e, OSSL_LIB_CTX* f,
            const char* g),
           a, b, c, d, e, f, g)
TS_DELAYED(OSSL_DECODER_CTX_set_pem_password_cb,
           (OSSL_DECODER_CTX * a, pem_password_cb* b, void* c), a, b, c)
TS_DELAYED(OSSL_DECODER_from_data, (OSSL_DECODER_CTX * a, const unsigned char** b, size_t* c), a, b,
           c)
TS_DELAYED(OSSL_ENCODER_CTX_free, (OSSL_ENCODER_CTX * a), a)
TS_DELAYED(OSSL_ENCODER_CTX_new_for_pkey,
           (const EVP_PKEY* a, int b, const char* c, const char* d, const char* e), a, b, c, d, e)
TS_DELAYED(OSSL_ENCODER_to_data, (OSSL_ENCODER_CTX * a, unsigned char** b, size_t* c), a, b, c)
TS_DELAYED(OSSL_LIB_CTX_new, ())
TS_DELAYED(PEM_read_bio_PrivateKey_ex,
           (BIO * a, EVP_PKEY** b, pem_password_cb* c, void* d, OSSL_LIB_CTX* e, const char* f), a,
           b, c, d, e, f)
TS_DELAYED(RAND_bytes, (unsigned char* a, int b), a, b)
#undef TS_DELAYED

TS_HAND_ON(libcrypto(), 1, ERR_get_error, ())

TS_HIDDEN const char* ERR_reason_error_string(unsigned long code) {
  static const auto real =
      ts::delayed::find<decltype(&ERR_reason_error_string)>(libcrypto(), "ERR_reason_error_string");
  return real != nullptr ? real(code) : "OpenSSL is not installed (apt-get install libssl3)";
}

}  // extern "C"
