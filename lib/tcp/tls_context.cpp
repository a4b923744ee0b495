// SPDX-License-Identifier: Apache-2.0
#include "tcp/tls_context_internal.hpp"

#include "core/text.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

namespace ts::tcp {
namespace {

namespace ssl = boost::asio::ssl;
using ErrorCode = boost::system::error_code;

Error tls_error(const std::filesystem::path& file, const ErrorCode& error) {
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("TLS file '{}' cannot be used: {}", file.string(),
                                      shorten(error.message())),
               .hint = "give a PEM certificate chain (leaf first) and its unencrypted private key"};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> load_server_tls(const std::filesystem::path& certificate,
                                                      const std::filesystem::path& key) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  // An encrypted key must fail here, not ask on a terminal.
  context->set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); });
  ErrorCode error;
  context->use_certificate_chain_file(certificate.string(), error);
  if (error) return tls_error(certificate, error);
  context->use_private_key_file(key.string(), ssl::context::pem, error);
  if (error) return tls_error(key, error);
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    return tls_error(key, make_error_code(boost::system::errc::invalid_argument));
  }
  return context;
}

}  // namespace ts::tcp
