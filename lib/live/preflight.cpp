// SPDX-License-Identifier: Apache-2.0
#include "live/go_live.hpp"
#include "livekit/room_client.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace ts::live {
namespace {

/// Files the show needs, and at least one source that can be used at all.
Status check_sources(const scene::Show& show) {
  std::size_t usable = 0;
  for (const scene::Source& source : show.sources) {
    const auto* media = std::get_if<scene::MediaInput>(&source.input);
    if (media != nullptr && media->is_file) {
      std::error_code failure;
      if (!std::filesystem::is_regular_file(media->url, failure)) {
        return Error{
            .kind = ErrorKind::kMedia,
            .message = fmt::format("source '{}' is not there: {}", source.name, media->url),
            .hint =
                "check the path in the show file (scripts/make_example_media.sh makes "
                "the example's)",
            .code = "source_missing"};
      }
    }
    if (!std::holds_alternative<scene::RoomInput>(source.input)) ++usable;
  }
  if (usable == 0) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("show '{}' has no usable source", show.name),
                 .hint = "add a file, a test pattern or an address under \"sources\"",
                 .code = "no_usable_source"};
  }
  return ok_status();
}

}  // namespace

Status preflight(const Services& services, const scene::Show& show, const GoLiveOptions& options,
                 std::stop_token stop) {
  TS_CHECK(check_sources(show));
  std::error_code failure;
  if (!std::filesystem::exists(services.media_program, failure)) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("{} is not there", services.media_program.string()),
                 .hint = "build it with scripts/build.sh"};
  }
  if (!options.direct) {
    livekit::RoomClient rooms(*services.livekit);
    auto listed = rooms.list({}, stop);
    if (!listed.ok()) {
      Error error = std::move(listed).error();
      const bool named = error.message.find("LiveKit") != std::string::npos;
      return named ? error : std::move(error).with_context("LiveKit");
    }
  }
  auto streams = services.mux->list_live_streams({.limit = 1}, stop);
  if (!streams.ok()) return std::move(streams).error().with_context("Mux");
  return ok_status();
}

}  // namespace ts::live
