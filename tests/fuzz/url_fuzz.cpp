// SPDX-License-Identifier: Apache-2.0
// Addresses: what is accepted is a fixed point of writing and reading, never shows its secrets
// when redacted, and percent coding goes both ways.
#include "fuzz/fuzz.hpp"

#include "net/url.hpp"

#include <algorithm>

namespace {

using ts::fuzz::require;

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ts::fuzz::as_text(data, size);
  if (const auto decoded = ts::net::percent_decode(ts::net::percent_encode(text)); true) {
    require(decoded.ok() && decoded.value() == text);
  }
  static_cast<void>(ts::net::percent_decode(text));
  if (const auto segment = ts::net::path_segment(text, "id"); segment.ok()) {
    require(segment.value().find('/') == std::string::npos && !has_control(segment.value()));
    require(segment.value() != "." && segment.value() != "..");
  }
  if (const auto segment = ts::net::lenient_path_segment(text, "id"); segment.ok()) {
    require(segment.value().find('/') == std::string::npos && !has_control(segment.value()));
    require(segment.value() != "." && segment.value() != "..");
  }
  const auto url = ts::net::Url::parse(text);
  if (!url.ok()) {
    require(url.error().kind == ts::ErrorKind::kUsage);
    return 0;
  }
  const auto written = url.value().text();
  require(!has_control(written));
  const auto again = ts::net::Url::parse(written);
  require(again.ok());
  require(again.value().text() == written);
  require(again.value().host == url.value().host && again.value().port == url.value().port);

  const auto redacted = url.value().redacted();
  const auto& userinfo = url.value().userinfo;
  // Short texts may be elsewhere in the address by chance.
  if (userinfo.size() >= 4 && url.value().host.find(userinfo) == std::string::npos &&
      url.value().path.find(userinfo) == std::string::npos &&
      url.value().query.find(userinfo) == std::string::npos &&
      url.value().fragment.find(userinfo) == std::string::npos &&
      url.value().scheme.find(userinfo) == std::string::npos) {
    require(redacted.find(userinfo + "@") == std::string::npos);
  }
  return 0;
}
