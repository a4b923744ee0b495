// SPDX-License-Identifier: Apache-2.0
#include "media/flv_to_hls.hpp"

#include "media/fd_reader.hpp"

#include <array>
#include <utility>

namespace ts::media {
namespace {

/// One run: parser, demuxer, writer and the figures.
class Ingest {
 public:
  Ingest(HlsWriter& writer, const IngestEvents& events) : writer_(writer), events_(events) {}

  Status feed(std::span<const std::uint8_t> bytes) {
    parser_.feed(bytes);
    while (true) {
      TS_TRY(auto tag, parser_.next());
      if (!tag) return ok_status();
      TS_TRY(auto demuxed, demuxer_.push(*tag));
      TS_CHECK(take(std::move(demuxed)));
    }
  }

  Status end() {
    TS_TRY(auto demuxed, demuxer_.finish());
    return take(std::move(demuxed));
  }

  [[nodiscard]] bool began() const noexcept { return began_; }
  [[nodiscard]] const FlvParser& parser() const noexcept { return parser_; }

 private:
  Status take(std::vector<DemuxEvent> demuxed) {
    for (auto& event : demuxed) {
      if (auto* tracks = std::get_if<Tracks>(&event)) {
        began_ = true;
        if (events_.on_tracks) events_.on_tracks(*tracks);
        TS_CHECK(writer_.begin(std::move(*tracks)));
      } else {
        TS_CHECK(writer_.write(std::get<CodedPacket>(event)));
      }
    }
    return ok_status();
  }

  HlsWriter& writer_;
  const IngestEvents& events_;
  FlvParser parser_;
  FlvDemuxer demuxer_;
  bool began_ = false;
};

Status pump(int input, Ingest& ingest, const std::stop_token& stop) {
  std::array<std::uint8_t, std::size_t{64} << 10U> buffer{};
  while (true) {
    auto count = read_some(input, buffer, stop);
    if (!count.ok() && count.error().kind == ErrorKind::kInterrupted) break;
    if (!count.ok()) return std::move(count).error();
    if (count.value() == 0) break;
    TS_CHECK(ingest.feed(std::span(buffer).first(count.value())));
  }
  return ingest.end();
}

}  // namespace

Result<IngestTotals> flv_to_hls(int input, HlsOptions options, const Clock& clock,
                                const IngestEvents& events, std::stop_token stop) {
  std::uint64_t segments = 0;
  TS_TRY(const auto writer,
         HlsWriter::open(std::move(options), clock, [&](const HlsWritten& written) {
           ++segments;
           if (events.on_segment) events.on_segment(written);
         }));
  Ingest ingest(*writer, events);
  const auto pumped = pump(input, ingest, stop);
  // What came before a damaged tag is kept; after a full disk this fails too, and the first
  // failure is the one to tell.
  const auto finished = writer->finish();
  TS_CHECK(pumped);
  TS_CHECK(finished);
  if (!ingest.began() && !stop.stop_requested()) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "the stream ended before any picture or sound could be used",
                 .hint = "publish H.264 and AAC"};
  }
  return IngestTotals{.bytes = ingest.parser().bytes_fed(),
                      .video_packets = writer->video_packets(),
                      .audio_packets = writer->audio_packets(),
                      .segments = segments,
                      .recorded = writer->recorded(),
                      .truncated = ingest.parser().mid_tag()};
}

}  // namespace ts::media
