// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/context.hpp"
#include "core/result.hpp"
#include "livekit/service.hpp"
#include "mux/client.hpp"
#include "store/database.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace CLI {  // NOLINT(readability-identifier-naming): of CLI11
class App;
class Option;
}  // namespace CLI

namespace ts::cli {

/// The LiveKit server of the settings. @return kConfig naming what is missing.
Result<livekit::Service> livekit_service(Context& context);

/// Whether the first Ctrl-C ends a client's calls. Whoever must undo what it began, with the same
/// client, has its calls go on and asks for the stop between them.
enum class OnSignal : std::uint8_t { kEndCalls, kGoOn };

/// The Mux environment of the settings. @return kConfig naming what is missing.
Result<std::unique_ptr<mux::MuxClient>> mux_client(Context& context,
                                                   OnSignal on_signal = OnSignal::kEndCalls);

/// What says on stderr why a call is waiting: "Mux asks to wait 30 s (429)".
std::function<void(std::chrono::milliseconds wait, int status)> wait_teller(
    Context& context, std::string_view vendor);

/// Registers for scrubbing what an address carries in secret: user and password, and a passphrase,
/// token, key or stream id (Mux's is the stream key) of its query. SRT has no other place for them.
void scrub_address(std::string_view url, Log& log);
/// Refuses an address of the command line that carries any of that, but for a user alone.
/// @param instead  what takes it from a file: "--url-file FILE".
Status check_address_in_the_open(std::string_view url, std::string_view instead);

/// A stream key from a file that others cannot read ("-": stdin): the key and nothing else.
Result<Secret> stream_key_from(const std::string& path_or_dash, Context& context);
/// An address that is a secret itself, from a file that others cannot read ("-": stdin).
Result<std::string> address_from(const std::string& path_or_dash, Context& context);

/// The database of TS_DATABASE_URL, or the default file under the state folder.
Result<store::Database> open_database(Context& context);

}  // namespace ts::cli
