// SPDX-License-Identifier: Apache-2.0
#include "media/import.hpp"

#include "core/text.hpp"
#include "core/unique_fd.hpp"
#include "media/av_handles.hpp"
#include "media/interrupt.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <utility>

namespace ts::media {
namespace {

constexpr int kBuffer = 64 * 1024;

using Open = int (*)(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**);

/// "http://127.0.0.1:8080/…", and the other names of this machine.
bool is_on_this_machine(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!to_lower(url.substr(0, kScheme.size())).starts_with(kScheme)) return false;
  url.remove_prefix(kScheme.size());
  auto host = url.substr(0, url.find_first_of("/?#"));
  if (host.find('@') != std::string_view::npos) return false;
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host == "127.0.0.1";
}

/// What every open of the input goes through: playlists name further addresses.
struct Gate {
  std::string path{};  ///< The file that may be opened; empty: addresses of this machine may.
  Open open = nullptr;
  static int pass(AVFormatContext* context, AVIOContext** io, const char* url, int flags,
                  AVDictionary** settings) {
    const auto& gate = *static_cast<Gate*>(context->opaque);
    const bool allowed = gate.path.empty() ? is_on_this_machine(url) : url == "file:" + gate.path;
    return allowed ? gate.open(context, io, url, flags, settings) : AVERROR(EACCES);
  }
};

/// The output's bytes on their way into a descriptor.
class Pipe {
 public:
  explicit Pipe(int out) : out_(out) {}
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    if (io_ == nullptr) return;
    av_freep(&io_->buffer);
    avio_context_free(&io_);
  }
  AVIOContext* open() {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
    if (buffer == nullptr) return nullptr;
    io_ = avio_alloc_context(buffer, kBuffer, 1, this, nullptr, &Pipe::write, nullptr);
    if (io_ == nullptr) av_free(buffer);
    if (io_ != nullptr) io_->seekable = 0;
    return io_;
  }

 private:
  static int write(void* self, std::uint8_t* bytes, int size) {
    const auto& pipe = *static_cast<Pipe*>(self);
    int left = size;
    while (left > 0) {
      const auto put = ::write(pipe.out_, bytes, static_cast<std::size_t>(left));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return AVERROR(errno);
      bytes += put;
      left -= static_cast<int>(put);
    }
    return size;
  }

  int out_;
  AVIOContext* io_ = nullptr;
};

/// A file that nobody else sees, gone with this process.
class OwnFile {
 public:
  OwnFile() {
    std::error_code failure;
    path_ = (std::filesystem::temp_directory_path(failure) / "ts-import-XXXXXX").string();
    if (!failure) fd_.reset(::mkstemp(path_.data()));
  }
  OwnFile(const OwnFile&) = delete;
  OwnFile& operator=(const OwnFile&) = delete;
  ~OwnFile() {
    if (fd_) ::unlink(path_.c_str());
  }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Fetches all of `url`. @return an FFmpeg code.
  int fill(const std::string& url, std::uint64_t most, AVIOInterruptCB interrupt) {
    AVIOContext* io = nullptr;
    AvDictionary settings;
    settings.set("protocol_whitelist", std::string("http,tcp"));
    int code = avio_open2(&io, url.c_str(), AVIO_FLAG_READ, &interrupt, settings.address());
    if (code < 0) return code;
    std::array<unsigned char, kBuffer> bytes{};
    std::uint64_t total = 0;
    while (total <= most && (code = avio_read(io, bytes.data(), kBuffer)) > 0) {
      total += static_cast<std::uint64_t>(code);
      if (::write(fd_.get(), bytes.data(), static_cast<std::size_t>(code)) != code) {
        code = AVERROR(ENOSPC);
        break;
      }
    }
    avio_closep(&io);
    if (total > most) return AVERROR(EFBIG);
    return code == AVERROR_EOF ? 0 : code;
  }

 private:
  std::string path_;
  UniqueFd fd_;
};

using Output = std::unique_ptr<AVFormatContext, FreeByPointer<avformat_free_context>>;

Error cannot_fetch(int code) {
  return {.kind = ErrorKind::kRemote,
          .message = code == AVERROR(EACCES)
                         ? std::string("the input leads to another machine")
                         : "the input cannot be fetched: " + av_error(code, "open").message,
          .hint = "name a file or playlist that this machine serves"};
}

/// The tracks that are copied: where each goes.
Result<std::map<int, AVStream*>> add_tracks(AVFormatContext& input, AVFormatContext& output) {
  std::map<int, AVStream*> tracks;
  for (const auto& [type, codec, name] :
       {std::tuple{AVMEDIA_TYPE_VIDEO, AV_CODEC_ID_H264, "video"},
        std::tuple{AVMEDIA_TYPE_AUDIO, AV_CODEC_ID_AAC, "audio"}}) {
    const int index = av_find_best_stream(&input, type, -1, -1, nullptr, 0);
    if (index < 0) continue;
    const auto& parameters = *input.streams[index]->codecpar;
    if (parameters.codec_id != codec) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("the {} is {}, and nothing is encoded again here", name,
                                          avcodec_get_name(parameters.codec_id)),
                   .hint = "use H.264 and AAC"};
    }
    auto* stream = avformat_new_stream(&output, nullptr);
    if (stream == nullptr) return av_no_memory();
    avcodec_parameters_copy(stream->codecpar, &parameters);
    stream->codecpar->codec_tag = 0;
    tracks[index] = stream;
  }
  if (tracks.empty()) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "the input has neither picture nor sound",
                 .hint = "use H.264 and AAC"};
  }
  return tracks;
}

Status copy(AVFormatContext& input, AVFormatContext& output, const std::map<int, AVStream*>& tracks,
            const ImportOptions& options, const std::stop_token& stop) {
  std::uint64_t bytes = 0;
  while (!stop.stop_requested()) {
    const auto packet = make_packet();
    int code = av_read_frame(&input, packet.get());
    if (code == AVERROR_EOF) return ok_status();
    if (code < 0) return cannot_fetch(code);
    const auto track = tracks.find(packet->stream_index);
    if (track == tracks.end() || packet->dts == AV_NOPTS_VALUE) continue;
    bytes += static_cast<std::uint64_t>(packet->size);
    if (bytes > options.max_bytes) {
      return Error{
          .kind = ErrorKind::kMedia,
          .message = fmt::format("the input is larger than {} MB", options.max_bytes >> 20U),
          .hint = "use a smaller one"};
    }
    av_packet_rescale_ts(packet.get(), input.streams[packet->stream_index]->time_base,
                         track->second->time_base);
    packet->stream_index = track->second->index;
    packet->pos = -1;
    code = av_interleaved_write_frame(&output, packet.get());
    if (code < 0) return av_error(code, "pass the media on");
  }
  return Error{.kind = ErrorKind::kInterrupted, .message = "the import was stopped"};
}

}  // namespace

Status import_as_flv(const ImportOptions& options, int out, std::stop_token stop) {
  Interrupt interrupt(stop);
  interrupt.arm(options.deadline);
  const bool remote = options.path.empty();
  AVFormatContext* input = nullptr;
  Gate gate{.path = options.path};
  const auto try_open = [&](const std::string& address) {
    input = avformat_alloc_context();
    if (input == nullptr) return AVERROR(ENOMEM);
    gate.open = input->io_open;
    input->opaque = &gate;
    input->io_open = &Gate::pass;
    input->interrupt_callback = interrupt.callback();
    AvDictionary settings;
    settings.set("protocol_whitelist", std::string(gate.path.empty() ? "http,tcp,crypto" : "file"));
    return avformat_open_input(&input, address.c_str(), nullptr, settings.address());
  };
  OwnFile own;
  int code = try_open(remote ? options.url : "file:" + options.path);
  // An MP4 may have its index at the end, and not every server can begin in the middle.
  if (code >= 0 && remote && std::string_view(input->iformat->name).starts_with("mov") &&
      (input->pb->seekable & AVIO_SEEKABLE_NORMAL) == 0) {
    avformat_close_input(&input);
    code = own.fill(options.url, options.max_bytes, interrupt.callback());
    gate.path = own.path();
    if (code >= 0) code = try_open("file:" + gate.path);
  }
  if (code < 0) return cannot_fetch(code);
  const std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>> open(input);
  code = avformat_find_stream_info(input, nullptr);
  if (code < 0) return cannot_fetch(code);

  AVFormatContext* made = nullptr;
  code = avformat_alloc_output_context2(&made, nullptr, "flv", nullptr);
  if (code < 0) return av_error(code, "pass the media on");
  const Output output(made);
  Pipe pipe(out);
  made->pb = pipe.open();
  if (made->pb == nullptr) return av_no_memory();
  made->flags |= AVFMT_FLAG_CUSTOM_IO;
  TS_TRY(const auto tracks, add_tracks(*input, *made));
  AvDictionary muxing;
  muxing.set("flvflags", "no_duration_filesize");
  code = avformat_write_header(made, muxing.address());
  if (code < 0) return av_error(code, "pass the media on");
  const auto copied = copy(*input, *made, tracks, options, stop);
  if (interrupt.timed_out()) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = "the input did not come in time",
                 .hint = "use a smaller one, or a faster server"};
  }
  // What came before a failure is passed on; it is the reader's to judge.
  code = av_write_trailer(made);
  avio_flush(made->pb);
  TS_CHECK(copied);
  if (code < 0) return av_error(code, "pass the media on");
  return ok_status();
}

}  // namespace ts::media
