// SPDX-License-Identifier: Apache-2.0
#include "doctor_checks.hpp"

#include "doctor_turn.hpp"
#include "service_checks.hpp"

#include "cloudflare/client.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "mux/client.hpp"
#include "net/probe.hpp"
#include "net/url.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <future>
#include <set>

namespace ts::cli {
namespace {

using State = CheckLine::State;
using Lines = std::vector<CheckLine>;

constexpr milliseconds kDoctorPatience{5000};

CheckLine failed_line(std::string_view area, std::string name, const Error& error) {
  return {.name = std::move(name),
          .state = State::kFailed,
          .message = error.message,
          .hint = error.hint,
          .area = std::string(area)};
}

CheckLine unset(std::string_view area, std::string name, std::string message,
                std::string hint = {}) {
  return {.name = std::move(name),
          .state = State::kUnset,
          .message = std::move(message),
          .hint = std::move(hint),
          .area = std::string(area)};
}

/// The areas that were asked for.
class Wish {
 public:
  explicit Wish(const std::vector<std::string>& areas) : areas_(areas.begin(), areas.end()) {}
  [[nodiscard]] bool has(std::string_view area) const { return areas_.empty() || names(area); }
  [[nodiscard]] bool names(std::string_view area) const {
    return areas_.contains(std::string(area));
  }

 private:
  std::set<std::string> areas_;
};

/// What everybody looks with.
struct Tools {
  Context& context;
  std::stop_token stop{};
  std::string ca_file{};
  WallTime now{};
};

/// One address and what is behind it.
struct Place {
  std::string name;
  net::Url url;
  bool speaks_rtmp = false;
};

CheckLine certificate_line(const Place& place, const net::Probe& probe, const Tools& tools) {
  CheckLine line{.name = place.name,
                 .message = fmt::format("{} secured in {:.1f} ms", place.url.authority(),
                                        ms_of(probe.secured)),
                 .area = "tls",
                 .value = ms_of(probe.secured),
                 .unit = "ms"};
  if (!probe.certificate_expires) return line;
  const auto days =
      std::chrono::duration_cast<std::chrono::hours>(*probe.certificate_expires - tools.now)
          .count() /
      24;
  line.message += fmt::format(", certificate good for {} days", days);
  line.value = static_cast<double>(days);
  line.unit = "days";
  if (days < 3) {
    line.state = State::kFailed;
    line.hint = "renew the certificate";
  } else if (days < 14) {
    line.state = State::kWarning;
    line.hint = "renew the certificate soon";
  }
  return line;
}

CheckLine plain_line(const Place& place, const net::Probe& probe) {
  CheckLine line{.name = place.name,
                 .message = fmt::format("{} connected in {:.1f} ms, without TLS",
                                        place.url.authority(), ms_of(probe.connected)),
                 .area = "tls",
                 .value = ms_of(probe.connected),
                 .unit = "ms"};
  if (!place.url.is_loopback()) {
    line.state = State::kWarning;
    line.hint = "use the encrypted form of the address outside this machine";
  }
  return line;
}

/// Name, connection and certificate of one place, then RTMP's greeting. `reachable` tells whether
/// what lies behind is worth asking.
Lines look_at(const Place& place, const Tools& tools, bool& reachable) {
  Lines out;
  reachable = false;
  if (!place.url.is_loopback()) {
    const auto start = std::chrono::steady_clock::now();
    const auto addresses = net::resolve_host(place.url.host, kDoctorPatience);
    const double took = ms_of(std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - start));
    if (!addresses.ok()) {
      out.push_back(failed_line("dns", place.name, addresses.error()));
      out.push_back(unset("tls", place.name, "not tried: the name has no address"));
      if (place.speaks_rtmp) {
        out.push_back(unset("rtmps", place.name, "not tried: the name has no address"));
      }
      return out;
    }
    out.push_back({.name = place.name,
                   .message = fmt::format("{} is {} in {:.1f} ms", place.url.host,
                                          addresses.value().front(), took),
                   .area = "dns",
                   .value = took,
                   .unit = "ms"});
  } else {
    out.push_back({.name = place.name,
                   .message = fmt::format("{} is this machine", place.url.host),
                   .area = "dns",
                   .value = 0.0,
                   .unit = "ms"});
  }
  const bool tls =
      place.url.scheme == "https" || place.url.scheme == "wss" || place.url.scheme == "rtmps";
  net::ProbeRequest request{.host = place.url.host,
                            .port = place.url.effective_port(),
                            .tls = tls,
                            .ca_file = tools.ca_file,
                            .timeout = kDoctorPatience};
  if (place.speaks_rtmp) {
    request.send = net::rtmp_hello();
    request.receive_bytes = net::kRtmpHelloAnswerBytes;
  }
  const auto probe = net::probe_connection(request, tools.stop);
  if (!probe.ok()) {
    const bool greeting = probe.error().code == "receive" || probe.error().code == "timeout" ||
                          probe.error().code == "send";
    if (place.speaks_rtmp && greeting) {
      Error error = probe.error();
      error.hint = "check MUX_INGEST_URL: no RTMP server answers there";
      out.push_back(failed_line("rtmps", place.name, error));
    } else {
      out.push_back(failed_line("tls", place.name, probe.error()));
      if (place.speaks_rtmp) {
        out.push_back(unset("rtmps", place.name, "not tried: there is no connection"));
      }
    }
    return out;
  }
  reachable = true;
  out.push_back(tls ? certificate_line(place, probe.value(), tools)
                    : plain_line(place, probe.value()));
  if (!place.speaks_rtmp) return out;
  CheckLine greeting{.name = place.name,
                     .message = fmt::format("{} greets as RTMP {:.1f} ms after the first byte",
                                            place.url.authority(), ms_of(probe.value().answered)),
                     .area = "rtmps",
                     .value = ms_of(probe.value().answered),
                     .unit = "ms"};
  if (probe.value().received.front() != '\x03') {
    greeting.state = State::kFailed;
    greeting.message = fmt::format("{} answers, but not as RTMP", place.url.authority());
    greeting.hint = "check MUX_INGEST_URL";
  }
  out.push_back(std::move(greeting));
  return out;
}

CheckLine clock_line(std::string name, const std::optional<milliseconds>& ahead) {
  CheckLine line{.name = std::move(name), .area = "clock"};
  if (!ahead) {
    line.state = State::kUnset;
    line.message = "no Date header came";
    return line;
  }
  line.value = static_cast<double>(ahead->count()) / 1000.0;
  line.unit = "s";
  const std::string far = clock_text(ahead);
  if (far.empty()) {
    line.message = fmt::format("{:+.1f} s against its Date header", *line.value);
    return line;
  }
  line.message = far;
  line.state = std::chrono::abs(*ahead) >= seconds{30} ? State::kFailed : State::kWarning;
  line.hint = "set the clock: timedatectl set-ntp true";
  return line;
}

using Ask = ServiceAnswer (*)(Context&, const std::stop_token&);

/// Name, connection, clock and API of one service.
Lines look_at_service(const Place& place, std::string_view area, Ask ask, const Wish& wish,
                      const Tools& tools) {
  bool reachable = false;
  Lines out = look_at(place, tools, reachable);
  if (!wish.has(area) && !wish.has("clock")) return out;
  if (!reachable) {
    out.push_back(unset("clock", place.name, "not read: there is no connection"));
    out.push_back(unset(area, place.name, "not asked: there is no connection"));
    return out;
  }
  ServiceAnswer answer = ask(tools.context, tools.stop);
  out.push_back(clock_line(place.name, answer.clock_ahead));
  answer.line.area = std::string(area);
  out.push_back(std::move(answer.line));
  return out;
}

/// What an unsigned webhook is answered: a receiver that verifies refuses it.
/// @param alone  no other receiver needs to be told from this one.
CheckLine look_at_webhook(const std::string& url, bool alone, const Tools& tools) {
  const auto parsed = net::Url::parse(url);
  // What is no URL may hold anything.
  const std::string shown = parsed.ok() ? parsed.value().redacted() : "an address that is no URL";
  const std::string name = alone ? "receiver" : "receiver " + shown;
  CheckLine line{.name = name, .area = "webhook"};
  const auto response =
      tools.context.transport().send({.method = "POST",
                                      .url = url,
                                      .headers = {{"content-type", "application/json"}},
                                      .has_body = true,
                                      .body = R"({"type":"ts.doctor","data":{}})",
                                      .timeout = kDoctorPatience},
                                     tools.stop);
  if (!response.ok()) {
    line = failed_line("webhook", name, response.error());
    if (alone) line.message = shown + ": " + line.message;
    return line;
  }
  const int status = response.value().status;
  line.value = static_cast<double>(response.value().elapsed.count());
  line.unit = "ms";
  line.message =
      fmt::format("{} answered {} in {} ms", shown, status, response.value().elapsed.count());
  if (status == 404 || status == 405 || status >= 500 || (status >= 300 && status < 400)) {
    line.state = State::kFailed;
    line.hint = "correct the path, and look at what answers behind that address";
  } else if (response.value().ok()) {
    line.state = State::kWarning;
    line.message += " to a webhook without a signature";
    line.hint = "verify webhooks before they are taken: ts webhook listen does";
  } else {
    line.message += ": it refuses what is not signed";
  }
  return line;
}

/// The receivers the vendors know, and those named.
Lines look_at_webhooks(const DoctorOptions& options, const Tools& tools) {
  Context& context = tools.context;
  std::vector<std::string> urls = options.webhook_urls;
  Lines out;
  auto token = context.settings().mux_token();
  auto base = context.settings().base_url("MUX_BASE_URL");
  if (context.settings().find("MUX_TOKEN_ID") != nullptr && token.ok() && base.ok()) {
    mux::ClientOptions client_options{.base_url = std::move(base).value(),
                                      .timeout = kDoctorPatience};
    client_options.retry.max_retries = 0;
    mux::MuxClient client(
        context.transport(), context.clock(),
        {.token_id = std::move(token.value().id), .token_secret = std::move(token.value().secret)},
        std::move(client_options));
    const auto endpoints = client.list_webhooks(tools.stop);
    if (endpoints.ok()) {
      for (const auto& endpoint : endpoints.value()) {
        if (endpoint.enabled) urls.push_back(endpoint.address);
      }
    } else if (urls.empty()) {
      out.push_back(unset("webhook", "Mux",
                          "its endpoints cannot be listed: " + endpoints.error().message,
                          "name the receiver: ts doctor webhook --webhook-url URL"));
    }
  }
  for (const std::string& url : urls) {
    out.push_back(look_at_webhook(url, urls.size() == 1, tools));
  }
  if (out.empty()) {
    out.push_back(unset("webhook", "receiver", "no address is known",
                        "name one with --webhook-url, or make one with ts webhook endpoint add"));
  }
  return out;
}

Lines look_at_ffmpeg(const Tools& tools) {
  const auto media = tools.context.media_program();
  if (!media.ok()) return {failed_line("ffmpeg", "ts-media", media.error())};
  auto child = ChildProcess::spawn({.program = media.value(),
                                    .arguments = {"probe", "--json"},
                                    .environment = tools.context.environment_lines(),
                                    .standard_output = StreamMode::kPipe,
                                    .standard_error = StreamMode::kNull});
  if (!child.ok()) return {failed_line("ffmpeg", "ts-media", child.error())};
  LineReader lines(child.value().take_stdout(), 4096);
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + 4 * kDoctorPatience;
  while (std::chrono::steady_clock::now() < deadline && !tools.stop.stop_requested()) {
    const auto line = lines.next(milliseconds{200}, tools.stop);
    if (line) {
      text += *line + "\n";
    } else if (lines.ended()) {
      break;
    }
  }
  const auto json = parse_json(text, "the answer of ts-media probe");
  const Json document = json.ok() ? json.value() : Json(nullptr);
  const JsonReader reader(document);
  const auto version =
      reader.is_object() ? reader.string_or("ffmpeg") : Result<std::string>(Error{});
  if (!json.ok() || !version.ok()) {
    return {failed_line("ffmpeg", "ts-media",
                        Error{.kind = ErrorKind::kConfig,
                              .message = fmt::format("{} does not run", media.value().string()),
                              .hint = "run it with probe --json to see why"})};
  }
  const Json parts = document.value("components", Json::array());
  const auto there = std::count_if(parts.begin(), parts.end(), [](const Json& part) {
    return part.is_object() && part.value("present", false);
  });
  CheckLine line{.name = "FFmpeg",
                 .message = fmt::format("{}: {} of {} parts that ts uses", version.value(), there,
                                        parts.size()),
                 .area = "ffmpeg",
                 .value = static_cast<double>(there),
                 .unit = "parts"};
  if (static_cast<std::size_t>(there) < parts.size()) {
    line.state = State::kFailed;
    std::vector<std::string> missing;
    for (const Json& part : parts) {
      if (!part.value("present", false)) missing.push_back(part.value("name", ""));
    }
    line.message += fmt::format("; missing: {}", fmt::join(missing, ", "));
    line.hint = "install the distribution's full FFmpeg libraries";
  }
  return {line};
}

CheckLine look_at_disk(std::string name, std::filesystem::path folder) {
  std::error_code ignored;
  while (!std::filesystem::exists(folder, ignored) && folder.has_parent_path() &&
         folder != folder.parent_path()) {
    folder = folder.parent_path();
  }
  CheckLine line{.name = std::move(name), .area = "disk"};
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) {
    return failed_line(
        "disk", line.name,
        Error{.kind = ErrorKind::kConfig,
              .message = fmt::format("{} cannot be read", folder.string()),
              .hint = "make the folder, or set XDG_STATE_HOME to one that is there"});
  }
  const double gigabytes =
      static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize) / 1e9;
  line.value = std::round(gigabytes * 10) / 10;
  line.unit = "GB";
  // A program of 4.5 Mb/s picture and 192 kb/s sound.
  constexpr double kGigabytesAnHour = 4.692e6 / 8 * 3600 / 1e9;
  line.message = fmt::format("{:.1f} GB free at {}: {:.0f} h of a 1080p recording", gigabytes,
                             folder.string(), gigabytes / kGigabytesAnHour);
  if (::access(folder.c_str(), W_OK) != 0) {
    line.state = State::kFailed;
    line.message = fmt::format("{} cannot be written", folder.string());
    line.hint = "choose a folder of your own with XDG_STATE_HOME";
  } else if (gigabytes < 1) {
    line.state = State::kFailed;
    line.hint = "make room before a show";
  } else if (gigabytes < 10) {
    line.state = State::kWarning;
    line.hint = "make room before a long show";
  }
  return line;
}

Lines look_at_disks(const Tools& tools) {
  std::error_code ignored;
  return {look_at_disk("state", tools.context.state_dir()),
          look_at_disk("here", std::filesystem::current_path(ignored))};
}

Lines settings_lines(Context& context) {
  Lines out = check_settings(context);
  for (CheckLine& line : out) line.area = "env";
  return out;
}

Status check_areas(const std::vector<std::string>& areas) {
  for (const std::string& area : areas) {
    if (std::find(kDoctorAreas.begin(), kDoctorAreas.end(), area) != kDoctorAreas.end()) continue;
    const auto near =
        nearest(area, std::vector<std::string>(kDoctorAreas.begin(), kDoctorAreas.end()));
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("there is no area '{}'", shorten(area, 60)),
                 .hint = near ? fmt::format("did you mean {}?", *near)
                              : fmt::format("choose from {}", fmt::join(kDoctorAreas, ", "))};
  }
  return ok_status();
}

}  // namespace

Result<std::vector<CheckLine>> run_doctor(const DoctorOptions& options, Context& context) {
  TS_CHECK(check_areas(options.areas));
  std::vector<TurnServer> turn_servers;
  for (const std::string& text : options.turn) {
    TS_TRY(auto server, parse_turn(text));
    turn_servers.push_back(std::move(server));
  }
  for (const std::string& url : options.webhook_urls) {
    TS_TRY([[maybe_unused]] const auto checked, net::Url::parse(url));
  }
  const Wish wish(options.areas);
  const config::Settings& settings = context.settings();
  Tools tools{.context = context, .stop = context.stop(), .now = context.clock().now()};
  TS_TRY(tools.ca_file, settings.text("TS_CA_FILE"));
  static_cast<void>(context.transport());  // Made before there are threads.

  std::vector<std::future<Lines>> running;
  const auto begin = [&running](auto work) {
    running.push_back(std::async(std::launch::async, std::move(work)));
  };
  const auto place_of = [&](std::string name, const Result<std::string>& url,
                            bool speaks_rtmp = false) -> std::optional<Place> {
    if (!url.ok()) return std::nullopt;  // The env area tells.
    auto parsed = net::Url::parse(url.value());
    if (!parsed.ok()) return std::nullopt;
    return Place{
        .name = std::move(name), .url = std::move(parsed).value(), .speaks_rtmp = speaks_rtmp};
  };
  Lines out;
  const bool roads = wish.has("dns") || wish.has("tls") || wish.has("clock");
  const auto service = [&](std::string_view area, std::string name, bool is_set,
                           const Result<std::string>& url, Ask ask) {
    if (!wish.has(area) && !roads) return;
    const auto place = place_of(name, url);
    if (!is_set || !place) {
      out.push_back(unset(area, std::move(name), is_set ? "its address is unusable" : "not set",
                          "ts env check tells what is missing"));
      return;
    }
    begin([place = *place, area, ask, &wish, &tools] {
      return look_at_service(place, area, ask, wish, tools);
    });
  };
  service("livekit", "LiveKit", settings.find("LIVEKIT_URL") != nullptr, settings.livekit_url(),
          &ask_livekit);
  const bool has_mux = settings.find("MUX_TOKEN_ID") != nullptr;
  service("mux", "Mux", has_mux, settings.base_url("MUX_BASE_URL"), &ask_mux);
  service("cloudflare", "Cloudflare", settings.find("CLOUDFLARE_ACCOUNT_ID") != nullptr,
          settings.base_url("CLOUDFLARE_BASE_URL"), &ask_cloudflare);
  if (has_mux && wish.has("mux")) {
    begin([&tools] {
      CheckLine line = ask_mux_signing_key(tools.context, tools.stop);
      line.area = "mux";
      return Lines{std::move(line)};
    });
  }
  // The public ingest matters to those who use Mux.
  const auto* ingest = settings.find("MUX_INGEST_URL");
  const bool uses_ingest = has_mux || wish.names("rtmps") ||
                           (ingest != nullptr && ingest->origin != config::Origin::kDefault);
  if ((wish.has("rtmps") || roads) && uses_ingest) {
    if (const auto place = place_of("Mux ingest", settings.text("MUX_INGEST_URL"), true)) {
      begin([place = *place, &tools] {
        bool reachable = false;
        return look_at(place, tools, reachable);
      });
    }
    if (const auto place = place_of("Mux playback", settings.base_url("MUX_STREAM_BASE_URL"));
        place && roads) {
      begin([place = *place, &tools] {
        bool reachable = false;
        return look_at(place, tools, reachable);
      });
    }
  }
  if (wish.has("webhook")) begin([&] { return look_at_webhooks(options, tools); });
  if (wish.has("ffmpeg")) begin([&] { return look_at_ffmpeg(tools); });
  for (const TurnServer& server : turn_servers) {
    begin([&server, &tools] {
      return Lines{look_at_turn(server, tools.ca_file, kDoctorPatience, tools.stop)};
    });
  }
  if (turn_servers.empty() && wish.has("turn")) {
    begin([&tools] {
      return look_at_livekit_turn(tools.context, tools.ca_file, kDoctorPatience, tools.stop);
    });
  }
  if (wish.has("env")) {
    for (CheckLine& line : settings_lines(context)) out.push_back(std::move(line));
  }
  if (wish.has("disk")) {
    for (CheckLine& line : look_at_disks(tools)) out.push_back(std::move(line));
  }
  for (std::future<Lines>& work : running) {
    for (CheckLine& line : work.get()) out.push_back(std::move(line));
  }
  if (tools.stop.stop_requested()) {
    return Error{.kind = ErrorKind::kInterrupted, .message = "the examination was interrupted"};
  }
  std::erase_if(out, [&](const CheckLine& line) { return !wish.has(line.area); });
  for (const std::string_view area : kDoctorAreas) {
    const bool told = std::any_of(out.begin(), out.end(),
                                  [&](const CheckLine& line) { return line.area == area; });
    if (wish.has(area) && !told) {
      out.push_back(
          unset(area, "nothing", "no setting needs it", "ts env check tells what is set"));
    }
  }
  const auto rank = [](const CheckLine& line) {
    return std::find(kDoctorAreas.begin(), kDoctorAreas.end(), line.area) - kDoctorAreas.begin();
  };
  std::stable_sort(out.begin(), out.end(), [&](const CheckLine& left, const CheckLine& right) {
    return rank(left) < rank(right);
  });
  return out;
}

}  // namespace ts::cli
