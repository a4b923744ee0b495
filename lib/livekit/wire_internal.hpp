// SPDX-License-Identifier: Apache-2.0
#pragma once

// How LiveKit's protobuf JSON is read and written: each message lists its fields once
// (Fields<T>::visit), and a Writer or a Reader walks that list.

#include "core/json.hpp"
#include "core/secret.hpp"
#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "livekit/wire.hpp"
#include "livekit/wire_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ts::livekit::wire {

/// `template <typename V, typename M> static void visit(V& v, M& m)` names every field of T in
/// snake_case; M is T or const T.
template <typename T>
struct Fields;

template <typename T>
concept Message = requires {
  sizeof(Fields<T>);
};

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <typename T>
inline constexpr bool kIsOpenEnum = false;
template <typename E>
inline constexpr bool kIsOpenEnum<OpenEnum<E>> = true;
using Text = std::map<std::string, std::string>;

inline std::string camel_case(std::string_view snake) {
  std::string out;
  bool upper = false;
  for (const char c : snake) {
    if (c == '_') {
      upper = true;
    } else {
      out.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
      upper = false;
    }
  }
  return out;
}

/// Bytes of protobuf JSON: standard or URL-safe alphabet, padding optional.
inline Result<std::string> decode_bytes(std::string text) {
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return crypto::base64_decode(text, crypto::Alphabet::kStandard, crypto::Padding::kForbidden);
}

enum class Secrets : std::uint8_t { kReveal, kRedact };

class Writer {
 public:
  Writer(WireStyle style, Secrets secrets) : style_(style), secrets_(secrets) {}

  template <typename T>
  static Json write(const T& message, WireStyle style, Secrets secrets) {
    Writer writer(style, secrets);
    Fields<T>::visit(writer, message);
    return std::move(writer.out_);
  }

  /// A plain field, a list, a map, a message (optional), or one with explicit presence.
  template <typename T>
  void field(std::string_view name, const T& value) {
    if constexpr (kIsOptional<T>) {
      if (value) {
        put(name, value_json(*value));
      } else if (Message<typename T::value_type> && style_ == WireStyle::kAnswer) {
        put(name, nullptr);
      }
    } else {
      if (style_ != WireStyle::kCompact || !is_default(value)) put(name, value_json(value));
    }
  }
  /// Only for reading.
  void exclusive(std::initializer_list<std::string_view> /*names*/) {}
  /// A oneof member: absent when unset, in both styles.
  template <typename T>
  void oneof(std::string_view name, const std::optional<T>& value) {
    if (value) put(name, value_json(*value));
  }
  /// A oneof member that the official clients leave out of their requests when it is zero.
  template <typename E>
  void oneof_nonzero(std::string_view name, const std::optional<OpenEnum<E>>& value) {
    if (value && (style_ == WireStyle::kFull || !value->is_default())) {
      put(name, value_json(*value));
    }
  }
  void bytes(std::string_view name, const std::string& value) {
    if (style_ != WireStyle::kCompact || !value.empty()) put(name, crypto::base64_encode(value));
  }
  /// An enum kept as text, whose zero is called `zero`.
  void enum_text(std::string_view name, const std::string& value, std::string_view zero) {
    if (!value.empty() && value != zero) {
      put(name, value);
    } else if (style_ != WireStyle::kCompact) {
      put(name, std::string(zero));
    }
  }
  /// The members of an embedded struct at this message's own level.
  template <typename T>
  void flat(const T& value) {
    Fields<T>::visit(*this, value);
  }
  /// Only for reading.
  template <typename T, typename Function>
  void scrub(const T& /*message*/, const Function& /*function*/) {}
  /// A deprecated single output: never written.
  template <typename T>
  void folded(std::string_view /*name*/, const std::vector<T>& /*list*/) {}

  void put(std::string_view name, Json value) {
    out_[style_ == WireStyle::kAnswer ? std::string(name) : camel_case(name)] = std::move(value);
  }
  [[nodiscard]] WireStyle style() const noexcept { return style_; }

 private:
  template <typename T>
  static bool is_default(const T& value) {
    if constexpr (kIsVector<T> || std::is_same_v<T, Text> || std::is_same_v<T, std::string> ||
                  std::is_same_v<T, Secret>) {
      return value.empty();
    } else if constexpr (kIsOpenEnum<T>) {
      return value.is_default();
    } else {
      return value == T{};
    }
  }

  template <typename T>
  Json value_json(const T& value) const {
    if constexpr (kIsVector<T>) {
      Json list = Json::array();
      for (const auto& item : value) list.push_back(value_json(item));
      return list;
    } else if constexpr (std::is_same_v<T, Text>) {
      Json object = Json::object();
      for (const auto& [key, text] : value) object[key] = text;
      return object;
    } else if constexpr (std::is_same_v<T, Secret>) {
      return secrets_ == Secrets::kReveal ? std::string(value.reveal())
                                          : redact_stream_url(value.reveal());
    } else if constexpr (kIsOpenEnum<T>) {
      // An unknown number came as a number and leaves as one.
      if (!value.is_known()) {
        if (const auto number = parse_u64(value.text())) return *number;
      }
      return value.text();
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      return std::to_string(value);
    } else if constexpr (std::is_same_v<T, double>) {
      if (std::floor(value) == value && std::abs(value) < 1e15) {
        return static_cast<std::int64_t>(value);
      }
      return value;
    } else if constexpr (Message<T>) {
      return write(value, style_, secrets_);
    } else {
      return Json(value);
    }
  }

  WireStyle style_;
  Secrets secrets_;
  Json out_ = Json::object();
};

class Reader {
 public:
  Reader(const JsonReader& in, UnknownFields unknown) : in_(in), unknown_(unknown) {}

  template <typename T>
  static Status read(const JsonReader& in, UnknownFields unknown, T& out) {
    if (!in.is_object()) return in.expected("an object");
    Reader reader(in, unknown);
    Fields<T>::visit(reader, out);
    return reader.finish();
  }

  template <typename T>
  void field(std::string_view name, T& out) {
    take(name, [&](const JsonReader& member) { return read_value(member, out); });
  }
  /// The members of one oneof, of which at most one may be given. Called before they are read, and
  /// after the rest: a scan that has found its member asks no more.
  void exclusive(std::initializer_list<std::string_view> names) {
    const auto is_given = [&](const std::string& name) {
      const auto found = in_.json().find(name);
      return found != in_.json().end() && !found->is_null();
    };
    std::string first;
    for (const std::string_view name : names) {
      std::string camel = camel_case(name);
      if (failed_ || (!is_given(camel) && !is_given(std::string(name)))) continue;
      if (!first.empty()) {
        failed_ = in_.error(fmt::format("'{}' and '{}' exclude each other", first, camel));
        failed_->hint = "leave one of them out";
      }
      first = std::move(camel);
    }
  }
  template <typename T>
  void oneof(std::string_view name, std::optional<T>& out) {
    field(name, out);
  }
  template <typename E>
  void oneof_nonzero(std::string_view name, std::optional<OpenEnum<E>>& out) {
    field(name, out);
  }
  void bytes(std::string_view name, std::string& out) {
    take(name, [&](const JsonReader& member) -> Status {
      TS_TRY(const auto text, member.as_string());
      auto decoded = decode_bytes(text);
      if (!decoded.ok()) return member.error("expected base64");
      out = std::move(decoded).value();
      return ok_status();
    });
  }
  void enum_text(std::string_view name, std::string& out, std::string_view zero) {
    take(name, [&](const JsonReader& member) -> Status {
      if (member.json().is_number_integer()) {
        out = member.json().dump();
        return ok_status();
      }
      TS_TRY(out, member.as_string());
      if (out == zero) out.clear();
      return ok_status();
    });
  }
  template <typename T>
  void flat(T& out) {
    Fields<T>::visit(*this, out);
  }
  /// Takes stream keys out of what was read.
  template <typename T, typename Function>
  void scrub(T& message, const Function& function) {
    function(message);
  }
  /// The deprecated single output counts only when the list is empty: clients send both.
  template <typename T>
  void folded(std::string_view name, std::vector<T>& list) {
    take(name, [&](const JsonReader& member) -> Status {
      T single{};
      TS_CHECK(read_value(member, single));
      if (list.empty()) list.push_back(std::move(single));
      return ok_status();
    });
  }

  template <typename Function>
  void take(std::string_view name, Function&& function) {
    const std::string camel = camel_case(name);
    known_.push_back(camel);
    if (camel != name) known_.emplace_back(name);
    if (failed_) return;
    if (unknown_ == UnknownFields::kRefuse && camel != name && in_.is_object() &&
        in_.json().contains(camel) && in_.json().contains(name)) {
      failed_ = in_.error(fmt::format("'{}' and '{}' are one field, given twice", camel, name));
      return;
    }
    auto member = in_.find_any({camel, name});
    if (!member.ok()) {
      failed_ = std::move(member).error();
    } else if (member.value()) {
      Status status = function(*member.value());
      if (!status.ok()) failed_ = std::move(status).error();
    }
  }
  [[nodiscard]] UnknownFields unknown() const noexcept { return unknown_; }

  Status finish() {
    if (failed_) return std::move(*failed_);
    if (unknown_ == UnknownFields::kIgnore) return ok_status();
    TS_TRY(const auto members, in_.members());
    for (const auto& [key, member] : members) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      Error error = in_.error(fmt::format("unknown field '{}'", shorten(key, 60)));
      if (const auto suggestion = nearest(key, known_)) {
        error.hint = fmt::format("did you mean '{}'?", *suggestion);
      } else {
        std::vector<std::string> camel;
        for (const std::string& name : known_) {
          if (name.find('_') == std::string::npos) camel.push_back(name);
        }
        error.hint = fmt::format("known fields: {}", fmt::join(camel, ", "));
      }
      return error;
    }
    return ok_status();
  }

 private:
  template <typename T>
  Status read_value(const JsonReader& member, T& out) const {
    if constexpr (kIsOptional<T>) {
      typename T::value_type value{};
      TS_CHECK(read_value(member, value));
      out = std::move(value);
      return ok_status();
    } else if constexpr (kIsVector<T>) {
      TS_TRY(const auto items, member.items());
      out.clear();
      for (const JsonReader& item : items) {
        typename T::value_type value{};
        TS_CHECK(read_value(item, value));
        out.push_back(std::move(value));
      }
      return ok_status();
    } else if constexpr (std::is_same_v<T, Text>) {
      TS_TRY(const auto members, member.members());
      out.clear();
      for (const auto& [key, item] : members) {
        TS_TRY(out[key], item.as_string());
      }
      return ok_status();
    } else if constexpr (std::is_same_v<T, Secret>) {
      TS_TRY(const auto text, member.as_string());
      out = Secret(text);
      return ok_status();
    } else if constexpr (kIsOpenEnum<T>) {
      return read_enum(member, out);
    } else if constexpr (std::is_same_v<T, std::string>) {
      TS_TRY(out, member.as_string());
      return ok_status();
    } else if constexpr (std::is_same_v<T, bool>) {
      TS_TRY(out, member.as_bool());
      return ok_status();
    } else if constexpr (std::is_same_v<T, double>) {
      TS_TRY(out, member.as_number());
      return ok_status();
    } else if constexpr (std::is_integral_v<T>) {
      TS_TRY(const auto number, member.as_int());
      if (!std::in_range<T>(number)) {
        return member.error(fmt::format("expected a whole number from {} to {}",
                                        std::numeric_limits<T>::min(),
                                        std::numeric_limits<T>::max()));
      }
      out = static_cast<T>(number);
      return ok_status();
    } else {
      static_assert(Message<T>);
      return read(member, unknown_, out);
    }
  }

  template <typename E>
  Status read_enum(const JsonReader& member, OpenEnum<E>& out) const {
    if (member.json().is_number_integer()) {
      TS_TRY(const auto number, member.as_int());
      if (!std::in_range<int>(number)) return member.error("enum number is out of range");
      out = OpenEnum<E>::from_number(static_cast<int>(number));
    } else {
      TS_TRY(const auto text, member.as_string());
      out = OpenEnum<E>::from_text(text);
    }
    if (unknown_ == UnknownFields::kIgnore || out.is_known()) return ok_status();
    std::vector<std::string> names;
    for (const EnumName& row : enum_names(E{})) names.emplace_back(row.name);
    Error error = member.error(fmt::format("unknown value '{}'", shorten(out.text(), 60)));
    const auto suggestion = nearest(out.text(), names);
    error.hint = suggestion ? fmt::format("did you mean '{}'?", *suggestion)
                            : fmt::format("one of: {}", fmt::join(names, ", "));
    return error;
  }

  const JsonReader& in_;
  UnknownFields unknown_;
  std::vector<std::string> known_;
  std::optional<Error> failed_;
};

/// Whether a text has the types that Reader wants, found while it is scanned.
class Shape {
 public:
  template <typename T>
  static bool check(JsonScanner& in) {
    static const T kNames{};
    Groups groups{};
    for (in.enter_object(); in.next_member();) {
      Shape shape(in, groups);
      Fields<T>::visit(shape, kNames);
      if (!shape.taken_) in.skip();
    }
    return in.ok();
  }

  template <typename T>
  void field(std::string_view name, const T& /*value*/) {
    if (take(name)) value<T>();
  }
  void exclusive(std::initializer_list<std::string_view> names) {
    const std::size_t group = group_++;
    if (taken_) return;  // by a member named before, and the key is no more
    bool& given = groups_.at(group);
    for (const std::string_view name : names) {
      if (is_spelling(in_.key(), name) && std::exchange(given, true)) in_.give_up();
    }
  }
  template <typename T>
  void oneof(std::string_view name, const std::optional<T>& /*value*/) {
    if (take(name)) value<T>();
  }
  template <typename E>
  void oneof_nonzero(std::string_view name, const std::optional<OpenEnum<E>>& /*value*/) {
    if (take(name)) value<OpenEnum<E>>();
  }
  /// A member that is a message of which nothing is kept by itself.
  template <typename T>
  void message(std::string_view name) {
    if (take(name)) check<T>(in_);
  }
  void bytes(std::string_view name, const std::string& /*value*/) {
    if (take(name)) in_.give_up();
  }
  void enum_text(std::string_view name, const std::string& /*value*/, std::string_view /*zero*/) {
    if (take(name)) text();
  }
  template <typename T>
  void flat(const T& value) {
    Fields<T>::visit(*this, value);
  }
  template <typename T, typename Function>
  void scrub(const T& /*message*/, const Function& /*function*/) {}
  template <typename T>
  void folded(std::string_view name, const std::vector<T>& /*list*/) {
    if (take(name)) value<T>();
  }

 private:
  /// Of each oneof of a message whether a member was seen; no message has more.
  using Groups = std::array<bool, 4>;
  Shape(JsonScanner& in, Groups& groups) : in_(in), groups_(groups) {}

  /// Whether the member at hand is this field and has a value to look at.
  bool take(std::string_view name) {
    if (taken_ || !is_spelling(in_.key(), name)) return false;
    taken_ = true;
    return !in_.take_null();
  }
  /// "room_name" and "roomName" are spellings of room_name.
  static bool is_spelling(std::string_view key, std::string_view snake) noexcept {
    if (key.empty() || key[0] != snake[0]) return false;
    if (key == snake) return true;
    std::size_t at = 0;
    bool upper = false;
    for (const char c : snake) {
      if (c == '_') {
        upper = true;
        continue;
      }
      if (at == key.size()) return false;
      if (key[at++] != (upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c)) {
        return false;
      }
      upper = false;
    }
    return at == key.size();
  }

  void text() {
    if (in_.next() == '"') {
      in_.skip();
    } else {
      in_.give_up();
    }
  }
  std::optional<std::int64_t> integer() {
    std::int64_t number = 0;
    if (in_.next() != '"') return in_.read_integer(number) ? std::optional(number) : std::nullopt;
    std::string digits;
    in_.read_string(digits);
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
  }

  template <typename T>
  void value() {
    if constexpr (kIsOptional<T>) {
      value<typename T::value_type>();
    } else if constexpr (kIsVector<T>) {
      for (in_.enter_array(); in_.next_item();) value<typename T::value_type>();
    } else if constexpr (std::is_same_v<T, Text>) {
      for (in_.enter_object(); in_.next_member();) text();
    } else if constexpr (std::is_same_v<T, Secret> || std::is_same_v<T, std::string>) {
      text();
    } else if constexpr (kIsOpenEnum<T>) {
      std::int64_t number = 0;
      if (in_.next() == '"') {
        in_.skip();
      } else if (!in_.read_integer(number) || !std::in_range<int>(number)) {
        in_.give_up();
      }
    } else if constexpr (std::is_same_v<T, bool>) {
      bool ignored = false;
      in_.read_bool(ignored);
    } else if constexpr (std::is_same_v<T, double>) {
      double ignored = 0;
      in_.read_number(ignored);
    } else if constexpr (std::is_integral_v<T>) {
      const auto number = integer();
      if (!number || !std::in_range<T>(*number)) in_.give_up();
    } else {
      static_assert(Message<T>);
      check<T>(in_);
    }
  }

  JsonScanner& in_;
  Groups& groups_;
  std::size_t group_ = 0;
  bool taken_ = false;
};

}  // namespace ts::livekit::wire

namespace ts::livekit {

template <typename T>
Json to_json(const T& message, WireStyle style) {
  return wire::Writer::write(message, style, wire::Secrets::kReveal);
}

template <typename T>
Json to_redacted_json(const T& message) {
  return wire::Writer::write(message, WireStyle::kCompact, wire::Secrets::kRedact);
}

template <typename T>
Result<T> from_json(const Json& json, UnknownFields unknown, ErrorKind kind) {
  T out{};
  TS_CHECK(wire::Reader::read(JsonReader(json, kind), unknown, out));
  return out;
}

template <typename T>
bool scans_as(JsonScanner& in) {
  return wire::Shape::check<T>(in);
}

}  // namespace ts::livekit

/// Instantiates the three public templates for a message with a field list.
#define TS_WIRE_MESSAGE(T)                       \
  template Json to_json<T>(const T&, WireStyle); \
  template Json to_redacted_json<T>(const T&);   \
  template Result<T> from_json<T>(const Json&, UnknownFields, ErrorKind)
