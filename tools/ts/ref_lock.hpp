// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/context.hpp"
#include "core/result.hpp"
#include "core/unique_fd.hpp"

#include <string_view>

namespace ts::cli {

/// Held between the look for what a `--ref` made before and the making of it, so that of several
/// `ts` on this machine with one key exactly one makes it and the others find it. (Across machines
/// the vendors offer nothing to hold: there, the look alone decides.)
class RefLock {
 public:
  /// Waits while another process holds the key, and says so. Without a key, or in a dry run,
  /// there is nothing to hold.
  ///
  /// @param scope  what is made, and where: keys of one service say nothing of another's.
  /// @param what   the key in words; "--ref KEY" unless given.
  /// @return kInterrupted when stopped; kConfig when the state folder cannot be written.
  static Result<RefLock> take(Context& context, std::string_view scope, std::string_view key,
                              std::string_view what = {});

 private:
  UniqueFd file_{};
};

}  // namespace ts::cli
