// SPDX-License-Identifier: Apache-2.0
#include "media/stream_picture.hpp"

#include "core/file.hpp"
#include "core/text.hpp"
#include "media/av_handles.hpp"
#include "media/filter_graph.hpp"
#include "media/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace ts::media {
namespace {

constexpr int kMaxSide = 4096;
constexpr std::size_t kTiles = 50;
constexpr int kColumns = 5;
constexpr int kTileWidth = 256;
constexpr milliseconds kTileDistance{2000};
constexpr AVRational kMilliseconds{1, 1000};

struct Part {
  std::filesystem::path file;
  milliseconds start{};
  milliseconds length{};
};

/// The segments of recording.m3u8, each with its place in the whole.
Result<std::vector<Part>> parts_of(const std::filesystem::path& folder) {
  TS_TRY(const auto text, read_file(folder / "recording.m3u8"));
  std::vector<Part> parts;
  milliseconds at{};
  milliseconds length{};
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    constexpr std::string_view kLength = "#EXTINF:";
    if (line.starts_with(kLength)) {
      const auto number = std::string(line.substr(kLength.size()));
      length = milliseconds{static_cast<std::int64_t>(std::strtod(number.c_str(), nullptr) * 1000)};
    } else if (!line.empty() && line.front() != '#') {
      parts.push_back({.file = folder / line, .start = at, .length = length});
      at += length;
    }
  }
  if (parts.empty()) {
    return Error{.kind = ErrorKind::kNotFound, .message = "the recording has no pictures yet"};
  }
  return parts;
}

using Take = std::function<Status(const AVFrame& frame, milliseconds at)>;

/// Every picture of one segment, in order. `take` may end it by an error.
Status decode(const Part& part, const Take& take, const std::stop_token& stop) {
  TS_TRY(const auto reader, Reader::open({.url = part.file.string()}, stop));
  std::optional<std::int64_t> first;
  const auto drain = [&]() -> Status {
    while (const auto frame = reader->receive(true)) {
      if (!first) first = frame->pts;
      const auto at = av_rescale_q(frame->pts - *first, reader->time_base(true), kMilliseconds);
      TS_CHECK(take(*frame, part.start + milliseconds{at}));
    }
    return ok_status();
  };
  for (;;) {
    TS_TRY(const auto packet, reader->read());
    if (!packet) break;
    if (!packet->video) continue;
    reader->send(true, packet->packet.get());
    TS_CHECK(drain());
  }
  reader->send(true, nullptr);
  return drain();
}

/// For each wanted time (rising) the picture that is shown then.
Status pictures_at(const std::vector<Part>& parts, const std::vector<milliseconds>& times,
                   const Take& take, const std::stop_token& stop) {
  std::size_t next = 0;
  for (const auto& part : parts) {
    const bool last = &part == &parts.back();
    if (next == times.size()) break;
    if (!last && times[next] >= part.start + part.length) continue;
    AvFrame shown;
    milliseconds shown_at{};
    const auto up_to = [&](std::optional<milliseconds> limit) -> Status {
      while (shown && next < times.size() && (!limit || times[next] < *limit)) {
        TS_CHECK(take(*shown, shown_at));
        ++next;
      }
      return ok_status();
    };
    const auto see = [&](const AVFrame& frame, milliseconds at) -> Status {
      TS_CHECK(up_to(at));
      shown = reference(frame);
      shown_at = at;
      return ok_status();
    };
    TS_CHECK(decode(part, see, stop));
    TS_CHECK(up_to(last ? std::nullopt : std::optional(part.start + part.length)));
  }
  return ok_status();
}

struct Format {
  AVCodecID codec;
  const char* encoder;
  const char* muxer;  ///< Of an animation; null: there is none.
  AVPixelFormat pixels;
};

Result<Format> format_of(const std::filesystem::path& path, bool animated) {
  const auto ending = to_lower(path.extension().string());
  if (ending == ".png" && !animated) {
    return Format{AV_CODEC_ID_PNG, "png", nullptr, AV_PIX_FMT_RGB24};
  }
  if ((ending == ".jpg" || ending == ".jpeg") && !animated) {
    return Format{AV_CODEC_ID_MJPEG, "mjpeg", nullptr, AV_PIX_FMT_YUVJ420P};
  }
  if (ending == ".webp") {
    return Format{AV_CODEC_ID_WEBP, animated ? "libwebp_anim" : "libwebp", "webp",
                  AV_PIX_FMT_YUV420P};
  }
  if (ending == ".gif" && animated) {
    return Format{AV_CODEC_ID_GIF, "gif", "gif", AV_PIX_FMT_PAL8};
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("a {} cannot be written as '{}'",
                                      animated ? "moving picture" : "picture", ending),
               .hint = animated ? "use gif or webp" : "use png, jpg or webp"};
}

/// Size, turn and mirror as filters.
std::string shape(const PictureRequest& request) {
  std::string out;
  const auto add = [&](std::string filter) { out += (out.empty() ? "" : ",") + std::move(filter); };
  if (request.rotate == 90) add("transpose=clock");
  if (request.rotate == 180) add("hflip,vflip");
  if (request.rotate == 270) add("transpose=cclock");
  if (request.flip_h) add("hflip");
  if (request.flip_v) add("vflip");
  const int w = request.width;
  const int h = request.height;
  if (w > 0 && h > 0) {
    switch (request.fit) {
      case PictureRequest::Fit::kStretch:
        add(fmt::format("scale={}:{}", w, h));
        break;
      case PictureRequest::Fit::kCrop:
        add(fmt::format("scale={0}:{1}:force_original_aspect_ratio=increase,crop={0}:{1}", w, h));
        break;
      case PictureRequest::Fit::kPad:
        add(
            fmt::format("scale={0}:{1}:force_original_aspect_ratio=decrease,"
                        "pad={0}:{1}:(ow-iw)/2:(oh-ih)/2",
                        w, h));
        break;
      case PictureRequest::Fit::kPreserve:
        add(fmt::format("scale={}:{}:force_original_aspect_ratio=decrease", w, h));
        break;
    }
  } else if (w > 0) {
    add(fmt::format("scale={}:-2", w));
  } else if (h > 0) {
    add(fmt::format("scale=-2:{}", h));
  }
  return out.empty() ? "null" : out;
}

std::string whole_graph(const PictureRequest& request, std::size_t tiles) {
  if (request.kind == PictureRequest::Kind::kStoryboard) {
    const auto rows = (tiles + kColumns - 1) / kColumns;
    return fmt::format("[in0]scale={}:-2,tile={}x{}:nb_frames={}[out]", kTileWidth, kColumns, rows,
                       tiles);
  }
  const auto shaped = shape(request);
  if (to_lower(request.out.extension().string()) == ".gif") {
    return fmt::format("[in0]{},split[a][b];[a]palettegen[p];[b][p]paletteuse[out]", shaped);
  }
  return fmt::format("[in0]{}[out]", shaped);
}

/// Encodes pictures of one size; times in milliseconds.
Result<std::string> encode(const std::vector<AvFrame>& frames, const Format& format,
                           std::vector<AvPacket>& packets, AvCodecParameters& parameters) {
  const AVCodec* codec = avcodec_find_encoder_by_name(format.encoder);
  if (codec == nullptr) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("FFmpeg was built without its {} encoder", format.encoder)};
  }
  const AvCodecContext encoder(avcodec_alloc_context3(codec));
  if (!encoder) return av_no_memory();
  encoder->width = frames.front()->width;
  encoder->height = frames.front()->height;
  encoder->pix_fmt = format.pixels;
  encoder->time_base = kMilliseconds;
  if (format.codec == AV_CODEC_ID_GIF) encoder->time_base = AVRational{1, 100};
  encoder->flags |= AV_CODEC_FLAG_QSCALE;
  encoder->global_quality = 3 * FF_QP2LAMBDA;
  if (int code = avcodec_open2(encoder.get(), codec, nullptr); code < 0) {
    return av_error(code, "encode the picture");
  }
  parameters.reset(avcodec_parameters_alloc());
  avcodec_parameters_from_context(parameters.get(), encoder.get());
  std::string bytes;
  const auto drain = [&]() -> Status {
    for (;;) {
      auto packet = make_packet();
      const int code = avcodec_receive_packet(encoder.get(), packet.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return ok_status();
      if (code < 0) return av_error(code, "encode the picture");
      bytes.append(reinterpret_cast<const char*>(packet->data),
                   static_cast<std::size_t>(packet->size));
      av_packet_rescale_ts(packet.get(), encoder->time_base, kMilliseconds);
      packets.push_back(std::move(packet));
    }
  };
  for (const auto& frame : frames) {
    const auto timed = reference(*frame);
    timed->pts = av_rescale_q(frame->pts, kMilliseconds, encoder->time_base);
    timed->quality = encoder->global_quality;
    if (const int code = avcodec_send_frame(encoder.get(), timed.get()); code < 0) {
      return av_error(code, "encode the picture");
    }
    TS_CHECK(drain());
  }
  avcodec_send_frame(encoder.get(), nullptr);
  TS_CHECK(drain());
  return bytes;
}

Status write_animation(const std::filesystem::path& out, const Format& format,
                       std::vector<AvPacket>& packets, const AVCodecParameters& parameters) {
  AVFormatContext* context = nullptr;
  const auto part = out.string() + ".part";
  int code = avformat_alloc_output_context2(&context, nullptr, format.muxer, part.c_str());
  if (code < 0) return av_error(code, "write the moving picture");
  const std::unique_ptr<AVFormatContext, FreeByPointer<avformat_free_context>> owner(context);
  auto* stream = avformat_new_stream(context, nullptr);
  if (stream == nullptr) return av_no_memory();
  avcodec_parameters_copy(stream->codecpar, &parameters);
  stream->time_base = kMilliseconds;
  AvDictionary settings;
  settings.set("loop", 0);
  code = avio_open(&context->pb, part.c_str(), AVIO_FLAG_WRITE);
  if (code >= 0) code = avformat_write_header(context, settings.address());
  for (const auto& packet : packets) {
    if (code < 0) break;
    packet->stream_index = 0;
    av_packet_rescale_ts(packet.get(), kMilliseconds, stream->time_base);
    code = av_write_frame(context, packet.get());
  }
  if (code >= 0) code = av_write_trailer(context);
  avio_closep(&context->pb);
  std::error_code failure;
  if (code >= 0) std::filesystem::rename(part, out, failure);
  if (code < 0 || failure) {
    std::filesystem::remove(part, failure);
    return av_error(code < 0 ? code : AVERROR(EIO), "write the moving picture");
  }
  return ok_status();
}

Status check(const PictureRequest& request) {
  const bool turned =
      request.rotate == 0 || request.rotate == 90 || request.rotate == 180 || request.rotate == 270;
  const auto side = [](int value) { return value == 0 || (value >= 2 && value <= kMaxSide); };
  if (turned && side(request.width) && side(request.height) && request.fps >= 1 &&
      request.fps <= 30 && request.length > milliseconds{0} && request.length <= seconds{10}) {
    return ok_status();
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = "a picture of that size, turn, rate or length cannot be made",
               .hint =
                   "sides from 2 to 4096, rotate 90, 180 or 270, 1 to 30 frames a second, at "
                   "most 10 seconds"};
}

/// The times the request is about, rising.
std::vector<milliseconds> times_of(const PictureRequest& request, milliseconds duration) {
  std::vector<milliseconds> times;
  if (request.kind == PictureRequest::Kind::kStill) {
    times.push_back(request.time.value_or(duration));
  } else if (request.kind == PictureRequest::Kind::kAnimation) {
    const auto start = request.time.value_or(milliseconds{0});
    const auto end = std::min(start + request.length, duration);
    for (int i = 0; start + milliseconds{1000 * i / request.fps} < end; ++i) {
      times.push_back(start + milliseconds{1000 * i / request.fps});
    }
  } else {
    const auto distance =
        std::max(kTileDistance, (duration + milliseconds{kTiles - 1}) / std::int64_t{kTiles});
    for (milliseconds at{}; at < duration; at += distance) times.push_back(at);
  }
  return times;
}

}  // namespace

Result<PictureMade> make_picture(const PictureRequest& request, const std::stop_token& stop) {
  TS_CHECK(check(request));
  const bool animated = request.kind == PictureRequest::Kind::kAnimation;
  TS_TRY(const auto format, format_of(request.out, animated));
  TS_TRY(const auto parts, parts_of(request.folder));
  PictureMade made{.duration = parts.back().start + parts.back().length};
  const auto times = times_of(request, made.duration);
  if (times.empty() || times.front() > made.duration) {
    return Error{.kind = ErrorKind::kNotFound, .message = "the recording does not reach that far"};
  }
  std::optional<FilterGraph> graph;
  std::vector<AvFrame> frames;
  const auto collect = [&]() -> Status {
    for (;;) {
      TS_TRY(auto frame, graph->pull());
      if (!frame) return ok_status();
      frames.push_back(std::move(frame));
    }
  };
  std::size_t count = 0;
  const auto use = [&](const AVFrame& frame, milliseconds) -> Status {
    if (!graph) {
      TS_TRY(graph, FilterGraph::create(whole_graph(request, times.size()),
                                        {filter_input(frame, kMilliseconds)}, format.pixels));
    }
    // A stream that changes its size in between: those pictures are left out.
    if (!graph->inputs().front().matches(frame)) return ok_status();
    const auto at = static_cast<std::int64_t>(count++) * 1000 / request.fps;
    TS_CHECK(graph->push(0, frame, at));
    return collect();
  };
  TS_CHECK(pictures_at(parts, times, use, stop));
  if (!graph) {
    return Error{.kind = ErrorKind::kNotFound, .message = "the recording has no picture there"};
  }
  TS_CHECK(graph->finish(0));
  TS_CHECK(collect());
  if (frames.empty()) {
    return Error{.kind = ErrorKind::kMedia, .message = "no picture came out"};
  }
  std::vector<AvPacket> packets;
  AvCodecParameters parameters;
  TS_TRY(const auto bytes, encode(frames, format, packets, parameters));
  if (animated) {
    TS_CHECK(write_animation(request.out, format, packets, *parameters));
  } else {
    TS_CHECK(write_file_atomic(request.out, bytes));
  }
  made.width = frames.front()->width;
  made.height = frames.front()->height;
  made.pictures = count;
  if (request.kind == PictureRequest::Kind::kStoryboard) {
    made.tiles = times;
    made.columns = kColumns;
    const auto rows = static_cast<int>((times.size() + kColumns - 1) / kColumns);
    made.tile_width = made.width / kColumns;
    made.tile_height = made.height / rows;
  }
  return made;
}

}  // namespace ts::media
