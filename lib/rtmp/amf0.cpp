// SPDX-License-Identifier: Apache-2.0
#include "rtmp/amf0.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace ts::rtmp::amf0 {
namespace {

enum Marker : std::uint8_t {
  kNumberMarker = 0x00,
  kBooleanMarker = 0x01,
  kStringMarker = 0x02,
  kObjectMarker = 0x03,
  kNullMarker = 0x05,
  kUndefinedMarker = 0x06,
  kEcmaArrayMarker = 0x08,
  kObjectEndMarker = 0x09,
  kStrictArrayMarker = 0x0a,
  kDateMarker = 0x0b,
  kLongStringMarker = 0x0c,
  kUnsupportedMarker = 0x0d,
};

Error malformed(std::string what) {
  return Error{.kind = ErrorKind::kCheckFailed, .message = "AMF0: " + std::move(what)};
}

class Decoder {
 public:
  Decoder(std::span<const std::uint8_t> bytes, Limits limits) : bytes_(bytes), limits_(limits) {}

  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

  Result<Value> value(std::size_t depth) {
    if (++count_ > limits_.values) return malformed("too many values");
    if (depth > limits_.depth) return malformed("nested too deeply");
    TS_TRY(const auto marker, unsigned_number(1));
    Value out;
    switch (marker) {
      case kNumberMarker: {
        out.kind = Kind::kNumber;
        TS_TRY(const auto bits, unsigned_number(8));
        out.number = std::bit_cast<double>(bits);
        return out;
      }
      case kBooleanMarker: {
        out.kind = Kind::kBoolean;
        TS_TRY(const auto byte, unsigned_number(1));
        out.boolean = byte != 0;
        return out;
      }
      case kStringMarker:
      case kLongStringMarker: {
        out.kind = Kind::kString;
        TS_TRY(const auto size, unsigned_number(marker == kStringMarker ? 2 : 4));
        TS_TRY(out.text, text(size));
        return out;
      }
      case kEcmaArrayMarker: {
        TS_TRY(const auto ignored, unsigned_number(4));  // A hint only; encoders write 0.
        static_cast<void>(ignored);
        return object(depth);
      }
      case kObjectMarker:
        return object(depth);
      case kStrictArrayMarker:
        return array(depth);
      case kNullMarker:
      case kUndefinedMarker:
      case kUnsupportedMarker:
        return out;
      case kDateMarker: {
        out.kind = Kind::kDate;
        TS_TRY(const auto bits, unsigned_number(8));
        out.number = std::bit_cast<double>(bits);
        TS_TRY(const auto zone, unsigned_number(2));
        static_cast<void>(zone);
        return out;
      }
      default:
        return malformed("unexpected marker");
    }
  }

 private:
  Result<std::uint64_t> unsigned_number(std::size_t size) {
    if (bytes_.size() - at_ < size) return malformed("cut off");
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i) out = out << 8U | bytes_[at_++];
    return out;
  }

  Result<std::string> text(std::uint64_t size) {
    if (bytes_.size() - at_ < size) return malformed("cut off");
    const auto part = bytes_.subspan(at_, size);
    at_ += part.size();
    return std::string(part.begin(), part.end());
  }

  Result<Value> object(std::size_t depth) {
    Value out;
    out.kind = Kind::kObject;
    for (;;) {
      TS_TRY(const auto size, unsigned_number(2));
      TS_TRY(auto name, text(size));
      if (at_end()) return malformed("cut off");
      if (name.empty() && bytes_[at_] == kObjectEndMarker) {
        ++at_;
        return out;
      }
      TS_TRY(auto item, value(depth + 1));
      out.names.push_back(std::move(name));
      out.items.push_back(std::move(item));
    }
  }

  Result<Value> array(std::size_t depth) {
    Value out;
    out.kind = Kind::kArray;
    TS_TRY(const auto size, unsigned_number(4));
    for (std::uint64_t i = 0; i < size; ++i) {  // Bounded by the bytes: every value takes one.
      TS_TRY(auto item, value(depth + 1));
      out.items.push_back(std::move(item));
    }
    return out;
  }

  std::span<const std::uint8_t> bytes_;
  Limits limits_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
};

void append_be(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8U * i) & 0xffU);
}

}  // namespace

const Value* Value::find(std::string_view name) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return &items[i];
  }
  return nullptr;
}

std::string_view Value::text_or_empty() const {
  return kind == Kind::kString ? std::string_view(text) : std::string_view{};
}

Result<std::vector<Value>> decode(std::span<const std::uint8_t> bytes, Limits limits) {
  Decoder decoder(bytes, limits);
  std::vector<Value> out;
  while (!decoder.at_end()) {
    TS_TRY(auto value, decoder.value(0));
    out.push_back(std::move(value));
  }
  return out;
}

Writer& Writer::number(double value) {
  out_ += static_cast<char>(kNumberMarker);
  append_be(out_, std::bit_cast<std::uint64_t>(value), 8);
  return *this;
}

Writer& Writer::boolean(bool value) {
  out_ += static_cast<char>(kBooleanMarker);
  out_ += value ? '\x01' : '\0';
  return *this;
}

Writer& Writer::string(std::string_view value) {
  out_ += static_cast<char>(kStringMarker);
  raw_string(value);
  return *this;
}

Writer& Writer::null() {
  out_ += static_cast<char>(kNullMarker);
  return *this;
}

Writer& Writer::begin_object() {
  out_ += static_cast<char>(kObjectMarker);
  return *this;
}

Writer& Writer::key(std::string_view name) {
  raw_string(name);
  return *this;
}

Writer& Writer::end_object() {
  raw_string("");
  out_ += static_cast<char>(kObjectEndMarker);
  return *this;
}

Writer& Writer::value(const Value& value) {
  switch (value.kind) {
    case Kind::kNumber:
      return number(value.number);
    case Kind::kBoolean:
      return boolean(value.boolean);
    case Kind::kString:
      return string(value.text);
    case Kind::kNull:
      return null();
    case Kind::kObject:
      begin_object();
      for (std::size_t i = 0; i < value.items.size(); ++i)
        key(value.names[i]).value(value.items[i]);
      return end_object();
    case Kind::kArray:
      out_ += static_cast<char>(kStrictArrayMarker);
      append_be(out_, value.items.size(), 4);
      for (const auto& item : value.items) this->value(item);
      return *this;
    case Kind::kDate:
      out_ += static_cast<char>(kDateMarker);
      append_be(out_, std::bit_cast<std::uint64_t>(value.number), 8);
      append_be(out_, 0, 2);
      return *this;
  }
  return *this;
}

void Writer::raw_string(std::string_view value) {
  value = value.substr(0, std::numeric_limits<std::uint16_t>::max());
  append_be(out_, value.size(), 2);
  out_ += value;
}

}  // namespace ts::rtmp::amf0
