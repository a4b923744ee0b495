// SPDX-License-Identifier: Apache-2.0
#include "sandbox/wire_schema.hpp"

#include "core/assert.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace ts::sandbox {
namespace {

std::string camel_case(std::string_view snake) {
  std::string out;
  bool upper = false;
  for (const char c : snake) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out.push_back(upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c);
    upper = false;
  }
  return out;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  for (const auto word : split(line, ' ')) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

Error wrong(const std::string& path, std::string_view what) {
  return {.kind = ErrorKind::kUsage, .message = "at " + path + ": expected " + std::string(what)};
}

/// A whole number written as a number, as 1.0 or as a string, in [low, high].
std::optional<std::int64_t> whole_number(const Json& input, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  if (input.is_number_unsigned()) {
    const auto big = input.get<std::uint64_t>();
    if (big > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return std::nullopt;
    }
    value = static_cast<std::int64_t>(big);
  } else if (input.is_number_integer()) {
    value = input.get<std::int64_t>();
  } else if (input.is_number_float()) {
    const auto number = input.get<double>();
    if (std::floor(number) != number || std::abs(number) > 9e15) return std::nullopt;
    value = static_cast<std::int64_t>(number);
  } else if (input.is_string()) {
    const auto& text = input.get_ref<const std::string&>();
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (value < low || value > high) return std::nullopt;
  return value;
}

bool is_base64(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  return text.size() % 4 != 1 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '+' || c == '/' || c == '-' || c == '_';
         });
}

}  // namespace

WireSchema::WireSchema(std::string_view text) {
  std::vector<Field>* message = nullptr;
  Enum* enumeration = nullptr;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) parse_line(line, message, enumeration);
  }
  resolve();
}

void WireSchema::parse_line(std::string_view line, std::vector<Field>*& message,
                            Enum*& enumeration) {
  auto parts = words(line);
  std::size_t next = 0;
  if (parts[0] == "message") {
    message = &messages_[std::string(parts.at(1))];
    enumeration = nullptr;
    return;
  }
  if (parts[0] == "enum") {
    enumeration = &enums_[std::string(parts.at(1))];
    message = nullptr;
    next = 2;
  }
  if (enumeration != nullptr) {
    for (; next < parts.size(); ++next) {
      const auto equals = parts[next].find('=');
      auto number = enumeration->values.empty() ? 0 : enumeration->values.back().second + 1;
      if (equals != std::string_view::npos) {
        number = static_cast<std::int64_t>(parse_u64(parts[next].substr(equals + 1)).value());
      }
      enumeration->values.emplace_back(std::string(parts[next].substr(0, equals)), number);
    }
    return;
  }
  TS_ASSERT(message != nullptr);
  Field field;
  if (parts[0] == "repeated") field.repeated = true;
  if (parts[0] == "optional") field.optional = true;
  if (parts[0].starts_with("oneof:")) field.group = parts[0].substr(6);
  if (field.repeated || field.optional || !field.group.empty()) next = 1;
  field.type = parts.at(next);
  field.name = parts.at(next + 1);
  field.camel = camel_case(field.name);
  message->push_back(std::move(field));
}

void WireSchema::resolve() {
  static const std::map<std::string_view, Kind> kPrimitive{
      {"string", Kind::kString}, {"bool", Kind::kBool},   {"int32", Kind::kInt32},
      {"uint32", Kind::kInt32},  {"int64", Kind::kInt64}, {"uint64", Kind::kInt64},
      {"double", Kind::kDouble}, {"bytes", Kind::kBytes}, {"map", Kind::kMap}};
  for (auto& [name, fields] : messages_) {
    for (auto& field : fields) {
      if (const auto found = kPrimitive.find(field.type); found != kPrimitive.end()) {
        field.kind = found->second;
        field.is_unsigned = field.type.front() == 'u';
      } else if (enums_.contains(field.type)) {
        field.kind = Kind::kEnum;
      } else {
        TS_ASSERT(messages_.contains(field.type));
        field.kind = Kind::kMessage;
      }
    }
  }
}

const std::vector<WireSchema::Field>& WireSchema::fields(std::string_view message) const {
  const auto found = messages_.find(message);
  TS_ASSERT(found != messages_.end());
  return found->second;
}

Result<Json> WireSchema::read(std::string_view message, const Json& input) const {
  return read_message(message, input, "$");
}

Result<Json> WireSchema::read_message(std::string_view message, const Json& input,
                                      const std::string& path) const {
  if (!input.is_object()) return wrong(path, "an object");
  Json plain = Json::object();
  std::string groups = " ";
  for (const auto& field : fields(message)) {
    auto member = input.find(field.camel);
    if (member == input.end()) member = input.find(field.name);
    if (member == input.end() || member->is_null()) continue;
    const auto here = path + "." + field.camel;
    if (!field.group.empty()) {
      if (groups.find(" " + field.group + " ") != std::string::npos) {
        return wrong(here, "one member of " + field.group);
      }
      groups += field.group + " ";
    }
    if (!field.repeated) {
      TS_TRY(auto value, read_value(field, *member, here));
      if (!value.is_discarded()) plain[field.name] = std::move(value);
      continue;
    }
    if (!member->is_array()) return wrong(here, "a list");
    auto& list = plain[field.name] = Json::array();
    for (std::size_t i = 0; i < member->size(); ++i) {
      TS_TRY(auto value, read_value(field, (*member)[i], here + "[" + std::to_string(i) + "]"));
      if (!value.is_discarded()) list.push_back(std::move(value));
    }
  }
  return plain;
}

Result<Json> WireSchema::read_value(const Field& field, const Json& input,
                                    const std::string& path) const {
  switch (field.kind) {
    case Kind::kString:
      if (!input.is_string()) return wrong(path, "a string");
      return input;
    case Kind::kBool:
      if (!input.is_boolean()) return wrong(path, "true or false");
      return input;
    case Kind::kInt32:
    case Kind::kInt64: {
      using Limit32 = std::numeric_limits<std::int32_t>;
      using Limit64 = std::numeric_limits<std::int64_t>;
      const bool wide = field.kind == Kind::kInt64;
      const std::int64_t low = field.is_unsigned ? 0 : (wide ? Limit64::min() : Limit32::min());
      const std::int64_t high = wide                ? Limit64::max()
                                : field.is_unsigned ? std::numeric_limits<std::uint32_t>::max()
                                                    : std::int64_t{Limit32::max()};
      const auto number = whole_number(input, low, high);
      if (!number) return wrong(path, "a whole number");
      return Json(*number);
    }
    case Kind::kDouble:
      if (!input.is_number()) return wrong(path, "a number");
      return Json(input.get<double>());
    case Kind::kBytes:
      if (!input.is_string() || !is_base64(input.get_ref<const std::string&>())) {
        return wrong(path, "base64");
      }
      return input;
    case Kind::kMap: {
      if (!input.is_object()) return wrong(path, "an object");
      for (const auto& [key, value] : input.items()) {
        if (!value.is_string()) return wrong(path + "." + key, "a string");
      }
      return input;
    }
    case Kind::kEnum: {
      const auto& values = enums_.at(field.type).values;
      if (input.is_string()) {
        const auto& name = input.get_ref<const std::string&>();
        const bool known = std::any_of(values.begin(), values.end(),
                                       [&](const auto& value) { return value.first == name; });
        return known ? input : Json(Json::value_t::discarded);
      }
      const auto number = whole_number(input, std::numeric_limits<std::int32_t>::min(),
                                       std::numeric_limits<std::int32_t>::max());
      if (!number) return wrong(path, "a name of " + field.type);
      for (const auto& [name, value] : values) {
        if (value == *number) return Json(name);
      }
      return Json(*number);
    }
    case Kind::kMessage:
      return read_message(field.type, input, path);
  }
  return wrong(path, "a value");
}

Json WireSchema::default_of(const Field& field) const {
  if (field.repeated) return Json::array();
  switch (field.kind) {
    case Kind::kString:
    case Kind::kBytes:
      return "";
    case Kind::kBool:
      return false;
    case Kind::kInt32:
      return 0;
    case Kind::kInt64:
      return "0";
    case Kind::kDouble:
      return 0.0;
    case Kind::kMap:
      return Json::object();
    case Kind::kEnum:
      return enums_.at(field.type).values.front().first;
    case Kind::kMessage:
      break;
  }
  return nullptr;
}

Json WireSchema::write_value(const Field& field, const Json& value, bool defaults) const {
  if (field.kind == Kind::kMessage) return write_message(field.type, value, defaults);
  if (field.kind == Kind::kInt64) return std::to_string(value.get<std::int64_t>());
  return value;
}

Json WireSchema::write_message(std::string_view message, const Json& plain, bool defaults) const {
  Json out = Json::object();
  for (const auto& field : fields(message)) {
    const auto& name = defaults ? field.name : field.camel;
    const auto member = plain.find(field.name);
    const bool presence = field.optional || !field.group.empty();
    if (member == plain.end() || member->is_null()) {
      if (defaults && !presence) out[name] = default_of(field);
      continue;
    }
    Json value;
    if (field.repeated) {
      value = Json::array();
      for (const auto& item : *member) value.push_back(write_value(field, item, defaults));
    } else {
      value = write_value(field, *member, defaults);
    }
    const bool keep = defaults || presence || (field.kind == Kind::kMessage && !field.repeated) ||
                      value != default_of(field);
    if (keep) out[name] = std::move(value);
  }
  return out;
}

Json WireSchema::answer(std::string_view message, const Json& plain) const {
  return write_message(message, plain, true);
}

Json WireSchema::event(std::string_view message, const Json& plain) const {
  return write_message(message, plain, false);
}

}  // namespace ts::sandbox
