// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ref_lock.hpp"

#include "common/context.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>

namespace ts::cli {

/// What a `--ref` made, noted in the state database: for what the vendor keeps no word of ours with
/// (a playback id, an output, a webhook address). Holds the key's lock while it lives. Without a
/// key, or in a dry run, it notes nothing and knows nothing.
class RefNote {
 public:
  /// @param scope  what is made, and where: keys of one service say nothing of another's.
  /// @return kInterrupted when stopped while another process holds the key.
  static Result<RefNote> take(Context& context, std::string scope, std::string key);

  /// The id that the key stands for; empty when it made nothing that was noted.
  [[nodiscard]] const std::string& made() const noexcept { return made_; }
  /// From now on the key stands for `id`. It is there already, so a database that cannot be written
  /// is a warning, not a failure that would hide the id.
  void note(std::string_view id);
  /// Says that nothing is made because the key found it.
  void tell_found() const;
  /// kConflict: the key stands for something else, `what`.
  [[nodiscard]] Error mismatch(std::string_view what) const;

 private:
  Status write(std::string_view id);
  RefNote(Context& context, std::string scope, std::string key, RefLock lock)
      : context_(&context),
        scope_(std::move(scope)),
        key_(std::move(key)),
        lock_(std::move(lock)) {}

  Context* context_;
  std::string scope_;
  std::string key_;
  std::string made_;
  RefLock lock_;
};

}  // namespace ts::cli
