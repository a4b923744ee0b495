// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "livekit/wire_internal.hpp"

namespace ts::livekit::wire {

template <>
struct Fields<TokenPagination> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("token", m.token);
  }
};

}  // namespace ts::livekit::wire
