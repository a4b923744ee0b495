// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ts::media {

/// True for an address of the public internet; false for loopback, private, link-local (with the
/// clouds' metadata address), shared, documentation, multicast and reserved ones, also when an IPv4
/// address is wrapped in an IPv6 one (mapped, NAT64, 6to4, Teredo). Other families are not public.
bool is_public_address(const sockaddr& address) noexcept;

/// The host of an address such as "https://user@host:1/path": without brackets, empty when there is
/// none.
std::string_view url_host(std::string_view url) noexcept;

/// Where the connections of one source may go: to public addresses, and to those of the host the
/// operator named. What a playlist or a redirect leads to is somebody else's word.
class AddressPolicy {
 public:
  /// Looks the host up, which may take as long as the system's resolver does.
  /// @param url  as the operator wrote it. The host of http_proxy counts as his, too.
  static std::shared_ptr<AddressPolicy> for_url(std::string_view url);

  [[nodiscard]] bool allows(const sockaddr& address) const noexcept;
  /// Remembers what was refused. Any thread.
  void refuse(const sockaddr& address);
  /// The last refused address in text, "127.0.0.1"; empty when none was.
  [[nodiscard]] std::string refused() const;

 private:
  void add_host(std::string_view host);
  std::vector<sockaddr_storage> own_{};
  mutable std::mutex mutex_;
  std::string refused_{};
};

/// `doing` led to an address that policy refused.
Error refused_address(const std::string& doing, const std::string& address, ErrorKind kind);

/// While this lives, connect() on this thread obeys the policy: FFmpeg follows redirects and
/// playlists by itself and tells nobody, so the system call is where the address is known for sure,
/// whatever it was spelled like and whatever the name resolved to. Nests.
class ConnectGuard {
 public:
  /// @param policy  null: no limits.
  explicit ConnectGuard(AddressPolicy* policy) noexcept;
  ConnectGuard(const ConnectGuard&) = delete;
  ConnectGuard& operator=(const ConnectGuard&) = delete;
  ~ConnectGuard();

 private:
  AddressPolicy* before_;
};

}  // namespace ts::media
