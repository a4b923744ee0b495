// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "mux/client.hpp"
#include "net/url.hpp"

#include <string>
#include <utility>

namespace ts::mux {

/// One request to the API.
struct MuxClient::Call {
  std::string method = "GET";
  std::string path{};  ///< Encoded, without the query.
  Query query{};
  const Json* body = nullptr;
  std::string what{};      ///< The object, for messages: "live stream 'abc'".
  bool no_answer = false;  ///< 204, or a body to ignore.
};

struct MuxClient::Answer {
  Json json;  ///< null for an empty body.
  std::optional<WallTime> server_now{};
};

/// "/video/v1/live-streams/" + id + `rest`.
/// @return kUsage for an id that would address something else.
Result<std::string> live_stream_path(std::string_view id, std::string_view rest = {});
Result<std::string> asset_path(std::string_view id, std::string_view rest = {});
/// How many entries a page may hold. @return kUsage outside 1 to 100.
Status check_page_limit(int limit);
std::string live_stream_name(std::string_view id);
std::string asset_name(std::string_view id);

/// `data` as a list of T.
template <typename T>
Result<std::vector<T>> read_list(const Json& data,
                                 Result<T> (*read)(const Json&, std::string_view)) {
  if (!data.is_array()) {
    return JsonReader(data, ErrorKind::kRemote, "$.data").expected("a list");
  }
  std::vector<T> out;
  std::size_t index = 0;
  for (const Json& item : data) {
    TS_TRY(auto value, read(item, "$.data[" + std::to_string(index++) + "]"));
    out.push_back(std::move(value));
  }
  return out;
}

/// What an answer that cannot be read in full says was made: "live stream ID". Empty when it names
/// nothing.
std::string made_by(std::string_view what, const Json& data);

/// True when the call may have been carried out although no usable answer came.
bool outcome_unknown(const Error& error);

template <typename T>
Result<T> MuxClient::create_once(const Call& call, Result<T> (*read)(const Json&, std::string_view),
                                 const std::function<Result<std::optional<T>>()>& look,
                                 const std::stop_token& stop) {
  for (int retries_left = options_.retry.max_retries;; --retries_left) {
    auto data = data_of(call, stop);
    if (data.ok()) {
      auto value = read(data.value(), "$.data");
      if (value.ok()) return value;
      Error unreadable = std::move(value).error();
      // It is there, whatever else the answer says of it.
      if (const std::string made = made_by(call.what, data.value()); !made.empty()) {
        unreadable.code = "bad_answer";
        unreadable.retryable = false;
        unreadable.hint = "it was made all the same: use it, or delete it before you try again";
        unreadable.residue.push_back(made);
        return unreadable;
      }
      // It says done and names nothing: one look, and no second try.
      auto found = look();
      if (found && found.value()) return std::move(*std::move(found).value());
      unreadable.code = "maybe_created";
      unreadable.retryable = false;
      unreadable.hint = call.what == "create live stream"
                            ? "it may have been made all the same: look for it with ts mux list"
                            : "it may have been made all the same: look before you send it again";
      return std::move(unreadable)
          .with_context("the answer of Mux to " + call.method + " " + call.path);
    }
    if (data.error().kind == ErrorKind::kInterrupted) {
      Error error = std::move(data).error();
      error.hint = "it may be there all the same: look before you send it again";
      return error;
    }
    if (!outcome_unknown(data.error())) return std::move(data).error();
    // It may be there: look before sending it again.
    auto found = look();
    if (!found) {
      Error error = std::move(data).error();
      error.code = "maybe_created";
      error.retryable = false;
      error.hint = "see what is there before you send it again" +
                   (error.hint.empty() ? std::string() : ": " + error.hint);
      return error;
    }
    if (found.value()) return std::move(*std::move(found).value());
    if (retries_left <= 0) return std::move(data).error();
  }
}

}  // namespace ts::mux
