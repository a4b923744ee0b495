// SPDX-License-Identifier: Apache-2.0
// AMF0 values: whatever is accepted survives being written and read again.
#include "fuzz/fuzz.hpp"

#include "rtmp/amf0.hpp"

namespace {

std::string write(const std::vector<ts::rtmp::amf0::Value>& values) {
  ts::rtmp::amf0::Writer writer;
  for (const auto& value : values) writer.value(value);
  return writer.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace amf0 = ts::rtmp::amf0;
  const auto values = amf0::decode({data, size});
  if (!values.ok()) return 0;
  const auto once = write(values.value());
  const auto again =
      amf0::decode({reinterpret_cast<const std::uint8_t*>(once.data()), once.size()});
  ts::fuzz::require(again.ok());
  ts::fuzz::require(write(again.value()) == once);
  for (const auto& value : values.value()) {
    static_cast<void>(value.find("code"));
    static_cast<void>(value.text_or_empty());
  }
  return 0;
}
