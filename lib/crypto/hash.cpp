// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.hpp"

#include <nettle/memops.h>
#include <nettle/sha2.h>

#include <algorithm>
#include <cstring>

namespace ts::crypto {

namespace {

/// A state that is wiped: it holds what a key became.
class Sha256State {
 public:
  Sha256State() noexcept { sha256_init(&state_); }
  ~Sha256State() { explicit_bzero(&state_, sizeof state_); }
  Sha256State(const Sha256State&) = delete;
  Sha256State& operator=(const Sha256State&) = delete;

  void update(const void* data, std::size_t size) noexcept {
    sha256_update(&state_, size, static_cast<const std::uint8_t*>(data));
  }
  /// Begins anew afterwards.
  Digest finish() noexcept {
    Digest digest{};
    sha256_digest(&state_, digest.size(), digest.data());
    return digest;
  }

 private:
  sha256_ctx state_{};
};

}  // namespace

Digest sha256(std::string_view bytes) {
  Sha256State state;
  state.update(bytes.data(), bytes.size());
  return state.finish();
}

// RFC 2104.
Digest hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  std::array<std::uint8_t, SHA256_BLOCK_SIZE> pad{};
  if (key.size() > pad.size()) {
    auto shorter = sha256(key);
    std::copy(shorter.begin(), shorter.end(), pad.begin());
    explicit_bzero(shorter.data(), shorter.size());
  } else {
    std::copy(key.begin(), key.end(), pad.begin());
  }
  Sha256State state;
  for (auto& byte : pad) byte ^= 0x36U;
  state.update(pad.data(), pad.size());
  for (const auto part : parts) state.update(part.data(), part.size());
  const Digest inner = state.finish();
  for (auto& byte : pad) byte ^= 0x36U ^ 0x5CU;
  state.update(pad.data(), pad.size());
  state.update(inner.data(), inner.size());
  explicit_bzero(pad.data(), pad.size());
  return state.finish();
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && memeql_sec(a.data(), b.data(), a.size()) != 0;
}

struct Sha256::Impl {
  Sha256State state{};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) { impl_->state.update(bytes.data(), bytes.size()); }
Digest Sha256::finish() { return impl_->state.finish(); }

}  // namespace ts::crypto
