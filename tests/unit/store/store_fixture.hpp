// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/process.hpp"
#include "store/database.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace ts::store {

/// A database in its own folder, and a clock that stands still.
class StoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "state" / "ts.db"; }
  [[nodiscard]] std::string url() const { return "sqlite://" + path().string(); }

  Database open(OpenOptions options = {}) {
    auto database = Database::open(url(), clock_, options);
    if (!database) throw std::runtime_error(database.error().message);
    return std::move(database).value();
  }

  /// Runs SQL as an outside program would.
  static void run_sql(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    if (sqlite3_open(path.c_str(), &handle) != SQLITE_OK ||
        sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(handle));
    }
    sqlite3_close(handle);
  }

  test::TempDir folder_;
  test::FakeClock clock_;
};

}  // namespace ts::store
