// SPDX-License-Identifier: Apache-2.0
// SQLite, loaded when the first of its functions is called: most commands keep no state, and each
// library costs every start its relocations (delayed/openssl.cpp says more). Without the library
// opening a database fails with a text that says what to install.
#include "delayed/library.hpp"

#include <sqlite3.h>

#include <cstdarg>

namespace {

constexpr const char* kMissing = "SQLite is not installed (apt-get install libsqlite3-0)";

void* libsqlite() noexcept {
  static void* const library = ts::delayed::load("libsqlite3.so.0");
  return library;
}

}  // namespace

extern "C" {

#define TS_DELAYED(name, ...) TS_HAND_ON(libsqlite(), SQLITE_MISUSE, name, __VA_ARGS__)
TS_DELAYED(sqlite3_backup_finish, (sqlite3_backup * a), a)
TS_DELAYED(sqlite3_backup_init, (sqlite3 * a, const char* b, sqlite3* c, const char* d), a, b, c, d)
TS_DELAYED(sqlite3_backup_step, (sqlite3_backup * a, int b), a, b)
TS_DELAYED(sqlite3_bind_blob64,
           (sqlite3_stmt * a, int b, const void* c, sqlite3_uint64 d, void (*e)(void*)), a, b, c, d,
           e)
TS_DELAYED(sqlite3_bind_int64, (sqlite3_stmt * a, int b, sqlite3_int64 c), a, b, c)
TS_DELAYED(sqlite3_bind_null, (sqlite3_stmt * a, int b), a, b)
TS_DELAYED(sqlite3_bind_text64,
           (sqlite3_stmt * a, int b, const char* c, sqlite3_uint64 d, void (*e)(void*),
            unsigned char f),
           a, b, c, d, e, f)
TS_DELAYED(sqlite3_busy_timeout, (sqlite3 * a, int b), a, b)
TS_DELAYED(sqlite3_changes, (sqlite3 * a), a)
TS_DELAYED(sqlite3_clear_bindings, (sqlite3_stmt * a), a)
TS_DELAYED(sqlite3_close_v2, (sqlite3 * a), a)
TS_DELAYED(sqlite3_column_blob, (sqlite3_stmt * a, int b), a, b)
TS_DELAYED(sqlite3_column_bytes, (sqlite3_stmt * a, int b), a, b)
TS_DELAYED(sqlite3_column_count, (sqlite3_stmt * a), a)
TS_DELAYED(sqlite3_column_int64, (sqlite3_stmt * a, int b), a, b)
TS_DELAYED(sqlite3_column_type, (sqlite3_stmt * a, int b), a, b)
TS_DELAYED(sqlite3_exec,
           (sqlite3 * a, const char* b, int (*c)(void*, int, char**, char**), void* d, char** e), a,
           b, c, d, e)
TS_DELAYED(sqlite3_extended_errcode, (sqlite3 * a), a)
TS_DELAYED(sqlite3_finalize, (sqlite3_stmt * a), a)
TS_DELAYED(sqlite3_get_autocommit, (sqlite3 * a), a)
TS_DELAYED(sqlite3_prepare_v3,
           (sqlite3 * a, const char* b, int c, unsigned int d, sqlite3_stmt** e, const char** f), a,
           b, c, d, e, f)
TS_DELAYED(sqlite3_reset, (sqlite3_stmt * a), a)
TS_DELAYED(sqlite3_step, (sqlite3_stmt * a), a)
TS_DELAYED(sqlite3_wal_checkpoint_v2, (sqlite3 * a, const char* b, int c, int* d, int* e), a, b, c,
           d, e)
TS_DELAYED(sqlite3_wal_hook, (sqlite3 * a, int (*b)(void*, sqlite3*, const char*, int), void* c), a,
           b, c)
#undef TS_DELAYED

TS_HIDDEN int sqlite3_open_v2(const char* name, sqlite3** database, int flags, const char* vfs) {
  static const auto real =
      ts::delayed::find<decltype(&sqlite3_open_v2)>(libsqlite(), "sqlite3_open_v2");
  if (real != nullptr) return real(name, database, flags, vfs);
  *database = nullptr;
  return SQLITE_CANTOPEN;
}

TS_HIDDEN const char* sqlite3_errmsg(sqlite3* database) {
  static const auto real =
      ts::delayed::find<decltype(&sqlite3_errmsg)>(libsqlite(), "sqlite3_errmsg");
  return real != nullptr ? real(database) : kMissing;
}

TS_HIDDEN const char* sqlite3_errstr(int code) {
  static const auto real =
      ts::delayed::find<decltype(&sqlite3_errstr)>(libsqlite(), "sqlite3_errstr");
  return real != nullptr ? real(code) : kMissing;
}

/// The one with variable arguments: every switch that is set here takes an int and an int*.
TS_HIDDEN int sqlite3_db_config(sqlite3* database, int option, ...) {
  static const auto real =
      ts::delayed::find<decltype(&sqlite3_db_config)>(libsqlite(), "sqlite3_db_config");
  std::va_list arguments;
  va_start(arguments, option);
  const int value = va_arg(arguments, int);
  int* const previous = va_arg(arguments, int*);
  va_end(arguments);
  return real != nullptr ? real(database, option, value, previous) : SQLITE_MISUSE;
}

}  // extern "C"
