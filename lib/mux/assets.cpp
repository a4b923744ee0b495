// SPDX-License-Identifier: Apache-2.0
#include "client_internal.hpp"

#include "core/text.hpp"
#include "mux/validate.hpp"
#include "mux/wire.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::mux {

Result<AssetPage> MuxClient::list_assets(const AssetFilter& filter, std::stop_token stop) {
  TS_CHECK(check_page_limit(filter.limit));
  Call call{.path = "/video/v1/assets", .what = "assets"};
  if (!filter.live_stream_id.empty()) {
    TS_TRY([[maybe_unused]] const auto checked,
           net::path_segment(filter.live_stream_id, "live stream id"));
    call.query.emplace_back("live_stream_id", filter.live_stream_id);
  }
  call.query.emplace_back("limit", std::to_string(filter.limit));
  if (!filter.cursor.empty()) call.query.emplace_back("cursor", filter.cursor);
  AssetPage out;
  if (filter.all) {
    TS_TRY(const auto data, pages(std::move(call), stop));
    TS_TRY(out.assets, read_list(data, &read_asset));
    return out;
  }
  TS_TRY(const auto answer, exchange(call, stop));
  const JsonReader reader(answer.json);
  TS_TRY(const auto data, reader.at("data"));
  TS_TRY(out.assets, read_list(data.json(), &read_asset));
  TS_TRY(out.next_cursor, reader.string_or("next_cursor"));
  return out;
}

Result<Asset> MuxClient::get_asset(std::string_view id, std::stop_token stop) {
  TS_TRY(auto path, asset_path(id));
  TS_TRY(const auto data, data_of({.path = std::move(path), .what = asset_name(id)}, stop));
  return read_asset(data, "$.data");
}

Status MuxClient::delete_asset(std::string_view id, std::stop_token stop) {
  TS_TRY(auto path, asset_path(id));
  return act(
      {.method = "DELETE", .path = std::move(path), .what = asset_name(id), .no_answer = true},
      stop);
}

Result<Asset> MuxClient::wait_asset(std::string_view id, std::string_view state,
                                    std::chrono::milliseconds timeout,
                                    const std::function<void(const Asset&)>& on_change,
                                    std::stop_token stop) {
  if (state != "ready" && state != "final") {
    const auto near = nearest(state, {"ready", "final"});
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("asset state '{}' is unknown", shorten(state, 60)),
                 .hint = near ? fmt::format("did you mean {}?", *near)
                              : "use ready, or final (ready and no longer live)"};
  }
  const SteadyTime deadline = clock_.steady_now() + timeout;
  std::string last;
  for (milliseconds pause{1000};; pause = std::min(pause + milliseconds{500}, milliseconds{5000})) {
    auto polled = get_asset(id, stop);
    if (polled.ok()) {
      const Asset& seen = polled.value();
      std::string now = seen.status_text + (seen.is_live ? ", live" : "");
      if (now != last) {
        last = std::move(now);
        if (on_change) on_change(seen);
      }
      if (seen.final() || (state == "ready" && seen.status == AssetStatus::kReady)) return polled;
      if (seen.status == AssetStatus::kErrored) {
        return Error{.kind = ErrorKind::kMedia,
                     .message = fmt::format(
                         "{} failed: {} {}", asset_name(id), seen.error_type,
                         shorten(fmt::format("{}", fmt::join(seen.error_messages, "; ")))),
                     .hint = "check what the encoder sent, and record again",
                     .code = "asset_errored"};
      }
    } else if (!polled.error().retryable) {
      return std::move(polled).error();
    }
    if (clock_.steady_now() + pause > deadline) {
      return Error{
          .kind = ErrorKind::kDeadline,
          .message = fmt::format("{} is not {} after {} s; last seen {}", asset_name(id), state,
                                 timeout.count() / 1000, last.empty() ? "nothing" : last),
          .hint = "wait longer with --timeout",
          .retryable = true,
          .code = "wait_timeout"};
    }
    if (!clock_.wait_for(pause, stop)) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "waiting was interrupted"};
    }
  }
}

Result<StaticRendition> MuxClient::add_static_rendition(std::string_view asset_id,
                                                        const NewStaticRendition& rendition,
                                                        std::stop_token stop) {
  std::vector<NewStaticRendition> one{rendition};
  TS_CHECK(validate(one));
  TS_TRY(auto path, asset_path(asset_id, "/static-renditions"));
  const Json body = to_body(one).front();
  return create_once<StaticRendition>(
      {.method = "POST", .path = std::move(path), .body = &body, .what = asset_name(asset_id)},
      &read_static_rendition,
      [&]() -> Result<std::optional<StaticRendition>> {
        TS_TRY(auto now, get_asset(asset_id, stop));
        for (StaticRendition& candidate : now.static_renditions) {
          if (candidate.resolution == rendition.resolution && candidate.status != "deleted") {
            return std::optional(std::move(candidate));
          }
        }
        return std::optional<StaticRendition>{};
      },
      stop);
}

Result<Asset> MuxClient::set_master_access(std::string_view asset_id, std::string_view access,
                                           std::stop_token stop) {
  if (access != "temporary" && access != "none") {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("master access '{}' is unknown", shorten(access, 60)),
                 .hint = "use temporary or none"};
  }
  TS_TRY(auto path, asset_path(asset_id, "/master-access"));
  const Json body{{"master_access", std::string(access)}};
  TS_TRY(
      const auto data,
      data_of(
          {.method = "PUT", .path = std::move(path), .body = &body, .what = asset_name(asset_id)},
          stop));
  return read_asset(data, "$.data");
}

}  // namespace ts::mux
