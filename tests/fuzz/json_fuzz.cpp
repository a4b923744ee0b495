// SPDX-License-Identifier: Apache-2.0
// Outside JSON: accepted text is within the limits and survives being written and read again, and
// a reader walks through all of it without a wrong word. What is no Unicode can be made so, once.
#include "fuzz/fuzz.hpp"

#include "core/json.hpp"
#include "core/text.hpp"

namespace {

using ts::fuzz::require;

/// Visits everything; every failure is an error of the reader's kind that begins with its path.
std::size_t walk(const ts::JsonReader& reader, std::size_t depth) {
  require(depth <= 64);
  std::size_t seen = 1;
  const auto whole = reader.as_int();
  if (!whole.ok()) {
    require(whole.error().kind == ts::ErrorKind::kUsage);
    require(whole.error().message.find(reader.path()) != std::string::npos);
  }
  static_cast<void>(reader.as_number());
  static_cast<void>(reader.as_bool());
  if (const auto text = reader.as_string(); text.ok()) require(ts::is_utf8(text.value()));
  if (reader.is_array()) {
    const auto items = reader.items();
    require(items.ok());
    for (const auto& item : items.value()) seen += walk(item, depth + 1);
  }
  if (reader.is_object()) {
    const auto members = reader.members();
    require(members.ok());
    for (const auto& [name, member] : members.value()) {
      require(reader.at(name).ok() || member.json().is_null());  // null is as good as absent
      seen += walk(member, depth + 1);
    }
    static_cast<void>(reader.only({"name", "sources"}));
    static_cast<void>(reader.int_or("name", 1));
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = ts::fuzz::as_text(data, size);
  const auto json = ts::parse_json(input, "input");
  const auto repaired = ts::with_replacement_characters(input);
  require(ts::is_utf8(repaired) && ts::with_replacement_characters(repaired) == repaired);
  if (json.ok()) require(repaired == input);
  if (!json.ok()) {
    require(json.error().kind == ts::ErrorKind::kUsage && !json.error().message.empty());
    return 0;
  }
  const auto text = ts::dump_json(json.value());
  const auto again = ts::parse_json(text, "output", ts::ErrorKind::kInternal,
                                    {.max_bytes = std::size_t{8} << 20U});
  require(again.ok());
  require(ts::dump_json(again.value()) == text);
  require(walk(ts::JsonReader(json.value(), ts::ErrorKind::kUsage), 1) > 0);
  return 0;
}
