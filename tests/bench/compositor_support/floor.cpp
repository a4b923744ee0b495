// SPDX-License-Identifier: Apache-2.0
// The least any compositor can do with these codecs: decode the visible sources, decode and mix all
// sound, encode pictures that were composed before. The benchmark's "floor"; no product code.
// usage: floor SECONDS VISIBLE COMPOSED.yuv OUT.mp4 SOURCE.mp4...
// With FLOOR_LIVE in the environment each picture waits for its time, as on air.
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
}
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kWidth = 1280;
constexpr int kHeight = 720;
constexpr int kBlock = 1024;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "floor: %s\n", what.c_str());
  std::exit(1);
}

struct Source {
  AVFormatContext* format = nullptr;
  AVCodecContext* video = nullptr;
  AVCodecContext* audio = nullptr;
  SwrContext* resampler = nullptr;
  int video_index = -1;
  int audio_index = -1;
  bool visible = true;
  bool ended = false;
  double position = -1;
  std::vector<float> sound[2];
  std::size_t used = 0;
  AVFrame* frame = av_frame_alloc();
  AVPacket* packet = av_packet_alloc();

  AVCodecContext* decoder(AVMediaType type, int& index) {
    const AVCodec* codec = nullptr;
    index = av_find_best_stream(format, type, -1, -1, &codec, 0);
    if (index < 0) die("a stream is missing");
    AVCodecContext* context = avcodec_alloc_context3(codec);
    avcodec_parameters_to_context(context, format->streams[index]->codecpar);
    context->thread_count = 1;
    if (avcodec_open2(context, codec, nullptr) < 0) die("a decoder does not open");
    return context;
  }
  void open(const char* path) {
    if (avformat_open_input(&format, path, nullptr, nullptr) < 0) die(path);
    avformat_find_stream_info(format, nullptr);
    video = decoder(AVMEDIA_TYPE_VIDEO, video_index);
    audio = decoder(AVMEDIA_TYPE_AUDIO, audio_index);
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
    swr_alloc_set_opts2(&resampler, &stereo, AV_SAMPLE_FMT_FLTP, 48000, &audio->ch_layout,
                        audio->sample_fmt, audio->sample_rate, 0, nullptr);
    swr_init(resampler);
  }
  void hear() {
    const int room = swr_get_out_samples(resampler, frame->nb_samples);
    const std::size_t old = sound[0].size();
    for (auto& channel : sound) channel.resize(old + static_cast<std::size_t>(room));
    std::uint8_t* out[2] = {reinterpret_cast<std::uint8_t*>(&sound[0][old]),
                            reinterpret_cast<std::uint8_t*>(&sound[1][old])};
    const int got =
        swr_convert(resampler, out, room, const_cast<const std::uint8_t**>(frame->extended_data),
                    frame->nb_samples);
    for (auto& channel : sound) channel.resize(old + static_cast<std::size_t>(std::max(0, got)));
  }
  void advance(double time) {
    while (!ended && position < time) {
      if (av_read_frame(format, packet) < 0) {
        ended = true;
        return;
      }
      if (packet->stream_index == video_index) {
        position =
            static_cast<double>(packet->dts) * av_q2d(format->streams[video_index]->time_base);
        if (visible) {
          avcodec_send_packet(video, packet);
          while (avcodec_receive_frame(video, frame) == 0) av_frame_unref(frame);
        }
      } else if (packet->stream_index == audio_index) {
        avcodec_send_packet(audio, packet);
        while (avcodec_receive_frame(audio, frame) == 0) {
          hear();
          av_frame_unref(frame);
        }
      }
      av_packet_unref(packet);
    }
  }
};

struct Output {
  AVFormatContext* format = nullptr;
  AVCodecContext* codecs[2] = {};
  AVPacket* packet = av_packet_alloc();
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<AVFrame*> queue;
  bool done = false;
  std::thread thread;

  void open(const char* path) {
    avformat_alloc_output_context2(&format, nullptr, nullptr, path);
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    AVCodecContext* video = codecs[0] = avcodec_alloc_context3(codec);
    video->width = kWidth;
    video->height = kHeight;
    video->pix_fmt = AV_PIX_FMT_YUV420P;
    video->time_base = {1, 30};
    video->framerate = {30, 1};
    video->bit_rate = video->rc_max_rate = 2'500'000;
    video->rc_buffer_size = 2'500'000;
    video->gop_size = video->keyint_min = 60;
    video->thread_count = 2;
    video->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(video->priv_data, "preset", "veryfast", 0);
    av_opt_set(video->priv_data, "tune", "zerolatency", 0);
    AVDictionary* options = nullptr;
    av_dict_set(&options, "sc_threshold", "0", 0);
    if (avcodec_open2(video, codec, &options) < 0) die("x264 does not open");
    codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    AVCodecContext* audio = codecs[1] = avcodec_alloc_context3(codec);
    audio->sample_rate = 48000;
    audio->ch_layout = AV_CHANNEL_LAYOUT_STEREO;
    audio->sample_fmt = AV_SAMPLE_FMT_FLTP;
    audio->bit_rate = 128'000;
    audio->time_base = {1, 48000};
    audio->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (avcodec_open2(audio, codec, nullptr) < 0) die("aac does not open");
    for (AVCodecContext* context : codecs) {
      AVStream* stream = avformat_new_stream(format, nullptr);
      avcodec_parameters_from_context(stream->codecpar, context);
      stream->time_base = context->time_base;
    }
    avio_open(&format->pb, path, AVIO_FLAG_WRITE);
    if (avformat_write_header(format, nullptr) < 0) die("the output does not open");
    thread = std::thread([this] { run(); });
  }
  void encode(int index, AVFrame* frame) {
    avcodec_send_frame(codecs[index], frame);
    while (avcodec_receive_packet(codecs[index], packet) == 0) {
      packet->stream_index = index;
      av_packet_rescale_ts(packet, codecs[index]->time_base, format->streams[index]->time_base);
      av_interleaved_write_frame(format, packet);
    }
  }
  void run() {
    while (true) {
      AVFrame* frame = nullptr;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return !queue.empty() || done; });
        if (queue.empty()) break;
        frame = queue.front();
        queue.pop_front();
        changed.notify_all();
      }
      encode(frame->nb_samples > 0 ? 1 : 0, frame);
      av_frame_free(&frame);
    }
    encode(0, nullptr);
    encode(1, nullptr);
  }
  void push(AVFrame* frame) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return queue.size() < 8; });
    queue.push_back(frame);
    changed.notify_all();
  }
  void close() {
    {
      const std::lock_guard lock(mutex);
      done = true;
      changed.notify_all();
    }
    thread.join();
    av_write_trailer(format);
    avio_closep(&format->pb);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) die("usage: floor SECONDS VISIBLE COMPOSED.yuv OUT.mp4 SOURCE.mp4...");
  av_log_set_level(AV_LOG_ERROR);
  const int frames = std::atoi(argv[1]) * 30;
  const int visible = std::atoi(argv[2]);
  constexpr std::size_t kSize = std::size_t{kWidth} * kHeight * 3 / 2;
  const int fd = ::open(argv[3], O_RDONLY);
  struct stat about {};
  if (fd < 0 || ::fstat(fd, &about) != 0) die(argv[3]);
  const auto bytes = static_cast<std::size_t>(about.st_size);
  void* mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (mapped == MAP_FAILED || bytes < kSize) die(argv[3]);
  // Mapping the file is no part of the floor: the benchmark takes this off again.
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  std::fprintf(stderr, "setup_cpu=%.4f\n",
               static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
  std::vector<Source> sources(static_cast<std::size_t>(argc - 5));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    sources[i].visible = static_cast<int>(i) < visible;
    sources[i].open(argv[5 + i]);
  }
  const float gain = 1.0F / static_cast<float>(sources.size());
  Output output;
  output.open(argv[4]);
  std::int64_t sent = 0;
  const bool live = std::getenv("FLOOR_LIVE") != nullptr;
  const auto began = std::chrono::steady_clock::now();
  for (int tick = 0; tick < frames; ++tick) {
    if (live) std::this_thread::sleep_until(began + std::chrono::microseconds(tick * 100000LL / 3));
    for (Source& source : sources) source.advance(tick / 30.0);
    AVFrame* picture = av_frame_alloc();
    picture->format = AV_PIX_FMT_YUV420P;
    picture->width = kWidth;
    picture->height = kHeight;
    auto* data = static_cast<std::uint8_t*>(mapped) +
                 kSize * (static_cast<std::size_t>(tick) % (bytes / kSize));
    picture->data[0] = data;
    picture->data[1] = data + kWidth * kHeight;
    picture->data[2] = data + kWidth * kHeight * 5 / 4;
    picture->linesize[0] = kWidth;
    picture->linesize[1] = picture->linesize[2] = kWidth / 2;
    // A buffer that nobody frees: the file's own pages.
    picture->buf[0] = av_buffer_create(
        data, kSize, [](void*, std::uint8_t*) {}, nullptr, AV_BUFFER_FLAG_READONLY);
    picture->pts = tick;
    output.push(picture);
    for (; sent + kBlock <= std::int64_t{tick + 1} * 1600; sent += kBlock) {
      AVFrame* sound = av_frame_alloc();
      sound->nb_samples = kBlock;
      sound->format = AV_SAMPLE_FMT_FLTP;
      sound->sample_rate = 48000;
      sound->ch_layout = AV_CHANNEL_LAYOUT_STEREO;
      av_frame_get_buffer(sound, 0);
      for (int c = 0; c < 2; ++c) {
        auto* out = reinterpret_cast<float*>(sound->data[c]);
        std::fill_n(out, kBlock, 0.0F);
        for (Source& source : sources) {
          const std::vector<float>& in = source.sound[c];
          const std::size_t have = in.size() > source.used ? in.size() - source.used : 0;
          for (std::size_t i = 0; i < std::min<std::size_t>(have, kBlock); ++i) {
            out[i] += in[source.used + i] * gain;
          }
        }
      }
      for (Source& source : sources) {
        source.used += kBlock;
        if (source.used < 48000 || source.used > source.sound[0].size()) continue;
        for (auto& channel : source.sound) {
          channel.erase(channel.begin(),
                        channel.begin() + static_cast<std::ptrdiff_t>(source.used));
        }
        source.used = 0;
      }
      sound->pts = sent;
      output.push(sound);
    }
  }
  output.close();
  return 0;
}
