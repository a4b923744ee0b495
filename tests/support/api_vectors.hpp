// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/file.hpp"
#include "core/json.hpp"
#include "net/http.hpp"
#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ts::test {

/// A case of a vector file, named by its id in test listings.
struct VectorCase {
  std::string id;
  Json json;
  Json file;  ///< The whole file without its cases.
};

inline void PrintTo(const VectorCase& vector, std::ostream* out) { *out << vector.id; }

/// Every case of conformance/vectors/`folder`/*`suffix`, so that a further file needs no change
/// here.
inline std::vector<VectorCase> load_vectors(std::string_view folder, std::string_view suffix) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(TS_TEST_DIR) / "conformance" / "vectors" / folder)) {
    if (entry.path().filename().string().ends_with(suffix)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<VectorCase> out;
  for (const auto& path : paths) {
    Json file = Json::parse(read_file(path).value());
    const Json cases = file["cases"];
    file.erase("cases");
    for (const Json& item : cases) {
      out.push_back({.id = item["id"].get<std::string>(), .json = item, .file = file});
    }
  }
  return out;
}

/// The name gtest shows for a case: letters and digits only.
inline std::string vector_name(const testing::TestParamInfo<VectorCase>& info) {
  std::string name;
  for (const char c : info.param.id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '_';
  }
  return name + "_" + std::to_string(info.index);
}

/// Plays the answers of a behaviour case, the last one again and again, and notes when it was
/// asked.
class VectorTransport final : public net::HttpTransport {
 public:
  VectorTransport(const Json& responses, const FakeClock& clock)
      : responses_(responses), clock_(clock) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override {
    const std::string_view url = request.url;
    requests.push_back(request.method + " " +
                       std::string(url.substr(url.find('/', url.find("://") + 3))));
    times.push_back(clock_.steady_now());
    const Json& next = responses_[std::min(asked_++, responses_.size() - 1)];
    if (next.contains("reset")) {
      return Error{.kind = ErrorKind::kRemote,
                   .message = "connection reset",
                   .retryable = true,
                   .code = "receive"};
    }
    net::HttpResponse response;
    response.status = next["status"].get<int>();
    if (next.contains("headers")) {
      for (const auto& [name, value] : next["headers"].items()) {
        response.headers.emplace_back(name, value.get<std::string>());
      }
    }
    if (next.contains("body")) {
      response.body =
          next["body"].is_string() ? next["body"].get<std::string>() : next["body"].dump();
    }
    return response;
  }

  [[nodiscard]] std::vector<long> waits_ms() const {
    std::vector<long> out;
    for (std::size_t i = 1; i < times.size(); ++i) {
      out.push_back(std::chrono::duration_cast<milliseconds>(times[i] - times[i - 1]).count());
    }
    return out;
  }

  std::vector<std::string> requests;
  std::vector<SteadyTime> times;

 private:
  const Json& responses_;
  const FakeClock& clock_;
  std::size_t asked_ = 0;
};

/// The waits recommended where the SDK's are given: at once because a hint was unreadable becomes
/// the own backoff, and no wait is longer than a minute.
inline std::vector<long> recommended_waits(const Json& sdk_waits) {
  std::vector<long> out;
  long backoff = 500;
  for (const Json& wait : sdk_waits) {
    const double value = wait.is_number() ? wait.get<double>() : -1;
    out.push_back(value < 0 ? backoff : static_cast<long>(std::min(value, 60'000.0)));
    backoff = std::min(backoff * 2, 8000L);
  }
  return out;
}

}  // namespace ts::test
