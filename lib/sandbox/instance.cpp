// SPDX-License-Identifier: Apache-2.0
#include "sandbox/instance.hpp"

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/process.hpp"

namespace ts::sandbox {
namespace {

constexpr unsigned kPrivate = 0600;

std::filesystem::path file_in(const std::filesystem::path& folder) {
  return folder / "instance.json";
}

std::filesystem::path mark_in(const std::filesystem::path& folder) {
  return folder / ".ts-sandbox";
}

}  // namespace

Result<std::optional<Instance>> find_instance(const std::filesystem::path& folder) {
  const auto path = file_in(folder);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::optional<Instance>();
  TS_TRY(const auto text, read_file(path));
  TS_TRY(const auto json, parse_json(text, path.string(), ErrorKind::kConfig));
  const JsonReader reader(json, ErrorKind::kConfig);
  Instance out;
  TS_TRY(const auto pid, reader.int_or("pid", 0));
  TS_TRY(const auto ticks, reader.int_or("start_ticks", 0));
  TS_TRY(out.url, reader.string_or("url"));
  TS_TRY(out.rtmp_url, reader.string_or("rtmp_url"));
  TS_TRY(out.env_file, reader.string_or("env_file"));
  TS_TRY(const auto token, reader.string_or("control_token"));
  out.pid = static_cast<pid_t>(pid);
  out.start_ticks = static_cast<std::uint64_t>(ticks);
  out.control_token = Secret(token);
  if (!process_is_running(out.pid, out.start_ticks)) return std::optional<Instance>();
  return std::optional<Instance>(std::move(out));
}

Status save_instance(const std::filesystem::path& folder, const Instance& instance) {
  const Json json{{"schema", "ts.sandbox_instance/1"},
                  {"pid", instance.pid},
                  {"start_ticks", instance.start_ticks},
                  {"url", instance.url},
                  {"rtmp_url", instance.rtmp_url},
                  {"env_file", instance.env_file},
                  {"control_token", instance.control_token.reveal()}};
  return write_file_atomic(file_in(folder), dump_json(json, 2) + "\n", kPrivate);
}

Result<std::string> ask_instance(const Instance& instance, net::HttpTransport& transport,
                                 std::string_view verb, std::string body, std::stop_token stop) {
  net::HttpRequest request{.method = verb == "status" ? "GET" : "POST",
                           .url = instance.url + "/_sandbox/" + std::string(verb)};
  request.authorization = net::Authorization{.scheme = net::Authorization::Scheme::kBearer,
                                             .secret = instance.control_token.clone()};
  request.has_body = request.method == "POST";
  request.body = std::move(body);
  TS_TRY(auto answer, transport.send(request, std::move(stop)));
  if (answer.ok()) return std::move(answer.body);
  return Error{.kind = answer.status == 400 ? ErrorKind::kUsage : ErrorKind::kRemote,
               .message = shorten(answer.body),
               .http_status = answer.status};
}

Status mark_folder(const std::filesystem::path& folder) {
  return write_file_atomic(mark_in(folder),
                           "ts sandbox reset deletes the recordings beside this.\n", kPrivate);
}

bool is_sandbox_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::exists(mark_in(folder), ignored)) return true;
  const auto text = read_file(file_in(folder));
  return text.ok() && text.value().find("ts.sandbox_instance/") != std::string::npos;
}

void remove_instance(const std::filesystem::path& folder) noexcept {
  std::error_code ignored;
  std::filesystem::remove(file_in(folder), ignored);
}

}  // namespace ts::sandbox
