// SPDX-License-Identifier: Apache-2.0
#include "sandbox/livekit_outputs.hpp"

#include "core/secret.hpp"
#include "core/text.hpp"
#include "net/url.hpp"

#include <array>
#include <filesystem>

namespace ts::sandbox {
namespace {

constexpr std::string_view kMuxLive = "rtmps://global-live.mux.com:443/app/";

/// A file output that is to be uploaded: nobody does that here.
bool is_uploaded(const Json& output) {
  static constexpr std::array<const char*, 5> kClouds{"s3", "gcp", "azure", "ali_oss", "aliOSS"};
  for (const auto* cloud : kClouds) {
    if (output.contains(cloud)) return true;
  }
  return false;
}

}  // namespace

std::string scheme_of(std::string_view url) {
  const auto colon = url.find("://");
  return colon == std::string_view::npos ? std::string() : to_lower(url.substr(0, colon));
}

std::string redact_url(const std::string& url) {
  const auto scheme = scheme_of(url);
  if (scheme == "mux" || scheme == "twitch") {
    return scheme + "://" + redact_identifier(std::string_view(url).substr(scheme.size() + 3));
  }
  if (scheme == "rtmp" || scheme == "rtmps") {
    auto end = url.size();
    constexpr std::string_view kLive = " live=1";
    if (url.ends_with(kLive)) end -= kLive.size();
    const auto slash = url.rfind('/', end - 1);
    return url.substr(0, slash + 1) +
           redact_identifier(std::string_view(url).substr(slash + 1, end - slash - 1)) +
           url.substr(end);
  }
  const auto question = url.find('?');
  return question == std::string::npos ? url : url.substr(0, question) + "?{...}";
}

std::string expand_url(const std::string& url) {
  if (scheme_of(url) != "mux") return url;
  auto key = std::string_view(url).substr(6);
  key = key.substr(0, key.find_first_of("/?"));
  return std::string(kMuxLive) + std::string(key);
}

bool is_rtmp_target(const std::string& url) {
  const auto parsed = net::Url::parse(url.substr(0, url.find(' ')));
  if (!parsed) return false;
  const auto& path = parsed.value().path;
  const auto app = path.find('/', 1);
  return path.size() > 1 && app != std::string::npos && app > 1;
}

bool is_rtmp_scheme(std::string_view url) {
  const auto scheme = scheme_of(url);
  return scheme == "rtmp" || scheme == "rtmps" || scheme == "mux";
}

void redact_streams(Json& request) {
  const auto redact = [](Json& output) {
    if (!output.contains("urls")) return;
    for (auto& url : output["urls"]) url = redact_url(url.get<std::string>());
  };
  if (request.contains("stream")) redact(request["stream"]);
  if (request.contains("stream_outputs")) {
    for (auto& output : request["stream_outputs"]) redact(output);
  }
  if (request.contains("outputs")) {
    for (auto& output : request["outputs"]) {
      if (output.contains("stream")) redact(output["stream"]);
    }
  }
}

WantedOutputs outputs_of(const Json& request) {
  WantedOutputs out;
  const auto stream = [&](const Json& output) {
    ++out.streams;
    for (const auto& url : output.value("urls", Json::array())) {
      out.urls.push_back(url.get<std::string>());
    }
  };
  const auto file = [&](const Json& output) {
    if (is_uploaded(output) || output.value("file_type", "") == "OGG") out.needs_worker = true;
    out.files.push_back(output);
  };
  const auto segments = [&](const Json& output) {
    if (is_uploaded(output)) out.needs_worker = true;
    out.segments.push_back(output);
  };
  // The deprecated single members count only where their list is empty.
  const auto listed = [&](const char* list, const char* single, const auto& take) {
    const auto many = request.value(list, Json::array());
    for (const auto& one : many) take(one);
    if (many.empty() && request.contains(single)) take(request[single]);
  };
  listed("stream_outputs", "stream", stream);
  listed("file_outputs", "file", file);
  listed("segment_outputs", "segments", segments);
  const auto images = [&](const Json& output) {
    if (is_uploaded(output)) out.needs_worker = true;
    out.images.push_back(output);
  };
  for (const auto& output : request.value("image_outputs", Json::array())) images(output);
  if (request.contains("websocket_url")) out.needs_worker = true;
  for (const auto& output : request.value("outputs", Json::array())) {
    if (output.contains("stream")) {
      stream(output["stream"]);
    } else if (output.contains("file") && !output.contains("storage")) {
      file(output["file"]);
    } else if (output.contains("segments") && !output.contains("storage")) {
      segments(output["segments"]);
    } else if (output.contains("images") && !output.contains("storage")) {
      images(output["images"]);
    } else {
      out.needs_worker = true;
    }
  }
  if (request.contains("storage")) out.needs_worker = true;
  return out;
}

std::string file_name(std::string wanted, const NameParts& parts, std::string_view ending) {
  if (wanted.empty() || wanted.back() == '/') wanted += "{room_name}-{time}";
  const std::array<std::pair<std::string_view, const std::string&>, 5> values{
      {{"{room_name}", parts.room_name},
       {"{room_id}", parts.room_id},
       {"{time}", parts.time},
       {"{publisher_identity}", parts.publisher},
       {"{track_id}", parts.track_id}}};
  for (const auto& [name, value] : values) {
    for (auto at = wanted.find(name); at != std::string::npos;
         at = wanted.find(name, at + value.size())) {
      wanted.replace(at, name.size(), value);
    }
  }
  std::filesystem::path clean;
  for (const auto part : split(wanted, '/')) {
    if (!part.empty() && part != "." && part != "..") clean /= part;
  }
  if (clean.empty()) clean = "recording";
  if (clean.extension().empty()) clean += ending;
  return clean.string();
}

}  // namespace ts::sandbox
