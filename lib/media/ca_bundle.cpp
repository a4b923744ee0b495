// SPDX-License-Identifier: Apache-2.0
#include "media/ca_bundle.hpp"

#include "core/file.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ts::media {
namespace {

constexpr const char* kSystemBundle = "/etc/ssl/certs/ca-certificates.crt";

}  // namespace

Result<CaBundle> CaBundle::open(const std::string& extra) {
  CaBundle bundle;
  if (extra.empty()) {
    if (::access(kSystemBundle, R_OK) == 0) bundle.path_ = kSystemBundle;
    return bundle;
  }
  auto own = read_file(extra, std::size_t{4} << 20U);
  if (!own.ok() || own.value().find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("TS_CA_FILE ({}) holds no certificate", extra),
                 .hint = "name a PEM file with a CA certificate"};
  }
  std::string joined = std::move(own).value();
  // A machine without a system bundle trusts the extra file alone.
  if (const auto system = read_file(kSystemBundle, std::size_t{16} << 20U); system.ok()) {
    joined += "\n" + system.value();
  }
  bundle.fd_.reset(::memfd_create("ts-ca", MFD_CLOEXEC));
  std::size_t written = 0;
  while (bundle.fd_ && written < joined.size()) {
    const ssize_t n = ::write(bundle.fd_.get(), joined.data() + written, joined.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  if (!bundle.fd_ || written != joined.size()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "no memory for the trusted certificates",
                 .hint = "free some memory and start again"};
  }
  bundle.path_ = fmt::format("/proc/self/fd/{}", bundle.fd_.get());
  return bundle;
}

}  // namespace ts::media
