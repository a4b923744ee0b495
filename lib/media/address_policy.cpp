// SPDX-License-Identifier: Apache-2.0
#include "media/address_policy.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <utility>

namespace ts::media {
namespace {

struct Range4 {
  std::uint32_t network;
  int bits;
};
/// The IANA special-purpose registry: what is not globally reachable.
constexpr std::array<Range4, 15> kNotPublic4{{
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared (carrier NAT; a cloud's metadata)
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local, metadata services
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // protocol assignments
    {0xC0000200, 24},  // documentation
    {0xC0586300, 24},  // 6to4 relays
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarks
    {0xC6336400, 24},  // documentation
    {0xCB007100, 24},  // documentation
    {0xE0000000, 4},   // multicast
    {0xF0000000, 4},   // reserved, broadcast
}};

bool is_public4(std::uint32_t address) noexcept {
  return std::none_of(kNotPublic4.begin(), kNotPublic4.end(), [&](const Range4& range) {
    return ((address ^ range.network) >> static_cast<unsigned>(32 - range.bits)) == 0;
  });
}

std::uint32_t number4(const std::uint8_t* bytes) noexcept {
  return (std::uint32_t{bytes[0]} << 24U) | (std::uint32_t{bytes[1]} << 16U) |
         (std::uint32_t{bytes[2]} << 8U) | bytes[3];
}

bool is_public6(const std::uint8_t* bytes) noexcept {
  const auto starts = [&](std::initializer_list<std::uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes);
  };
  const auto zeros = [&](int from, int to) {
    return std::all_of(bytes + from, bytes + to, [](std::uint8_t byte) { return byte == 0; });
  };
  if (zeros(0, 10) && bytes[10] == 0xFF && bytes[11] == 0xFF)
    return is_public4(number4(bytes + 12));
  if (starts({0x00, 0x64, 0xFF, 0x9B}) && zeros(4, 12)) return is_public4(number4(bytes + 12));
  if (starts({0x20, 0x02})) return is_public4(number4(bytes + 2));  // 6to4
  // Only 2000::/3 is the public internet; of it not Teredo, benchmarks, ORCHID and documentation.
  if ((bytes[0] & 0xE0U) != 0x20) return false;
  if (starts({0x20, 0x01}) && bytes[2] < 2) return false;  // 2001::/23
  if (starts({0x20, 0x01, 0x0D, 0xB8})) return false;
  return !(starts({0x3F, 0xFF}) && bytes[2] < 0x10);
}

/// The address alone, as 16 bytes: an IPv4 one as its mapped form.
bool plain_address(const sockaddr& address, std::array<std::uint8_t, 16>& out) noexcept {
  out.fill(0);
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    out[10] = out[11] = 0xFF;
    std::memcpy(out.data() + 12, &v4.sin_addr, 4);
    return true;
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  std::memcpy(out.data(), &v6.sin6_addr, 16);
  return true;
}

thread_local AddressPolicy* current_policy = nullptr;

}  // namespace

bool is_public_address(const sockaddr& address) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  return plain_address(address, bytes) && is_public6(bytes.data());
}

std::string_view url_host(std::string_view url) noexcept {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) {
    const auto end = url.find(']');
    return end == std::string_view::npos ? std::string_view{} : url.substr(1, end - 1);
  }
  return url.substr(0, url.find(':'));
}

std::shared_ptr<AddressPolicy> AddressPolicy::for_url(std::string_view url) {
  auto policy = std::make_shared<AddressPolicy>();
  policy->add_host(url_host(url));
  // FFmpeg reads its proxy from there itself; this only allows what it will connect to. Nothing in
  // this program changes the environment once threads run.
  const char* proxy = std::getenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
  if (proxy != nullptr) policy->add_host(url_host(proxy));
  return policy;
}

void AddressPolicy::add_host(std::string_view host) {
  if (host.empty()) return;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(std::string(host).c_str(), nullptr, &hints, &found) != 0) return;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    sockaddr_storage kept{};
    std::memcpy(&kept, one->ai_addr, std::min<std::size_t>(one->ai_addrlen, sizeof kept));
    own_.push_back(kept);
  }
}

bool AddressPolicy::allows(const sockaddr& address) const noexcept {
  std::array<std::uint8_t, 16> wanted{};
  // Sockets of this machine alone (the name service's) are no business of a playlist.
  if (!plain_address(address, wanted)) return true;
  if (is_public6(wanted.data())) return true;
  return std::any_of(own_.begin(), own_.end(), [&](const sockaddr_storage& own) {
    std::array<std::uint8_t, 16> known{};
    return plain_address(reinterpret_cast<const sockaddr&>(own), known) && known == wanted;
  });
}

void AddressPolicy::refuse(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  const std::lock_guard lock(mutex_);
  refused_ = text.data();
}

std::string AddressPolicy::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

Error refused_address(const std::string& doing, const std::string& address, ErrorKind kind) {
  return Error{
      .kind = kind,
      .message = fmt::format("{}: it leads to {}, which is no public address", doing, address),
      .hint =
          "a playlist or redirect may lead to public addresses and to its own host only; name "
          "that address as the source if it is yours"};
}

ConnectGuard::ConnectGuard(AddressPolicy* policy) noexcept
    : before_(std::exchange(current_policy, policy)) {}
ConnectGuard::~ConnectGuard() { current_policy = before_; }

}  // namespace ts::media

/// Takes the C library's place for the whole program, FFmpeg's libraries included (the dynamic
/// linker looks into the program first). Without a guard on the thread it is the system call alone.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" __attribute__((visibility("default"), used)) int connect(int fd, const sockaddr* address,
                                                                    socklen_t length) {
  ts::media::AddressPolicy* policy = ts::media::current_policy;
  if (policy != nullptr && address != nullptr && length >= sizeof(sockaddr_in)) {
    if (!policy->allows(*address)) {
      policy->refuse(*address);
      errno = EACCES;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_connect, fd, address, length));
}
