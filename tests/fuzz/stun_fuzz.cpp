// SPDX-License-Identifier: Apache-2.0
// Answers of STUN and TURN servers: whatever comes over UDP is read or refused.
#include "fuzz/fuzz.hpp"

#include "net/stun.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ts::net::StunId id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  for (const auto method : {ts::net::StunMethod::kBinding, ts::net::StunMethod::kAllocate}) {
    const auto answer = ts::net::read_stun_answer({data, size}, method, id);
    if (!answer.ok()) {
      ts::fuzz::require(answer.error().kind == ts::ErrorKind::kRemote);
      continue;
    }
    ts::fuzz::require(answer.value().realm.size() <= size && answer.value().mapped.size() <= 64);
    ts::fuzz::require(answer.value().error_code >= 0 && answer.value().error_code < 1000);
  }
  return 0;
}
