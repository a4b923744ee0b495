// SPDX-License-Identifier: Apache-2.0
#include "ref_note.hpp"

#include "services.hpp"

#include "store/refs.hpp"

#include <fmt/format.h>

namespace ts::cli {

Result<RefNote> RefNote::take(Context& context, std::string scope, std::string key) {
  TS_TRY(auto lock, RefLock::take(context, scope, key));
  RefNote out(context, std::move(scope), context.dry_run() ? std::string() : std::move(key),
              std::move(lock));
  if (out.key_.empty()) return out;
  TS_TRY(auto database, open_database(context));
  TS_TRY(const auto known, store::find_ref(database, out.scope_, out.key_));
  if (known) out.made_ = known->object_id;
  return out;
}

void RefNote::note(std::string_view id) {
  if (key_.empty() || made_ == id) return;
  const Status written = write(id);
  if (written.ok()) {
    made_ = id;
    return;
  }
  context_->out().warn(
      fmt::format("what --ref {} stands for was not noted: {}", key_, written.error().message));
}

Status RefNote::write(std::string_view id) {
  TS_TRY(auto database, open_database(*context_));
  // What the key stood for is gone.
  if (!made_.empty()) TS_CHECK(store::release_ref(database, scope_, key_));
  TS_TRY([[maybe_unused]] const auto claim,
         store::claim_ref(database, scope_, key_, "", context_->clock().now()));
  return store::complete_ref(database, scope_, key_, id, "{}");
}

void RefNote::tell_found() const {
  context_->out().status(fmt::format("found by --ref {}: nothing was made", key_));
}

Error RefNote::mismatch(std::string_view what) const {
  return Error{.kind = ErrorKind::kConflict,
               .message = fmt::format("ref '{}' belongs to another one: {}", key_, what),
               .hint = "choose another --ref",
               .code = "ref_mismatch"};
}

}  // namespace ts::cli
