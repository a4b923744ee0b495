// SPDX-License-Identifier: Apache-2.0
#include "database.hpp"

#include "common/context.hpp"

namespace ts::cli {

Result<std::string> database_url(Context& context, const std::string& flag) {
  if (!flag.empty()) return flag;
  TS_TRY(auto url, context.settings().text("TS_DATABASE_URL"));
  if (!url.empty()) return url;
  url = "sqlite://";
  for (const char letter : (context.state_dir() / "ts.sqlite").string()) {
    if (letter == '%') {
      url += "%25";
    } else {
      url += letter;
    }
  }
  return url;
}

}  // namespace ts::cli
