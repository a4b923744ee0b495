// SPDX-License-Identifier: Apache-2.0
#include "sandbox/media_worker.hpp"

namespace ts::sandbox {

Json parse_line(const std::string& line) {
  auto json = Json::parse(line, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string word(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

}  // namespace ts::sandbox
