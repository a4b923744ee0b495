// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/file.hpp"
#include "core/json.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace ts::test {

/// A file of golden vectors under tests/conformance/vectors/.
inline Json read_vectors(const std::string& name) {
  const auto text = read_file(std::string(TS_TEST_DIR) + "/conformance/vectors/" + name);
  if (!text.ok()) {
    ADD_FAILURE() << text.error().message;
    return Json::object();
  }
  auto json = parse_json(text.value(), name, ErrorKind::kUsage,
                         {.max_bytes = std::size_t{64} << 20U, .max_depth = 64});
  if (!json.ok()) {
    ADD_FAILURE() << json.error().message;
    return Json::object();
  }
  return std::move(json).value();
}

/// Seconds since 1970 as the clock gives them.
inline WallTime at_second(std::int64_t seconds_since_epoch) {
  return WallTime{std::chrono::seconds{seconds_since_epoch}};
}

}  // namespace ts::test
