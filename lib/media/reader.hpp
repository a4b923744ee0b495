// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "media/address_policy.hpp"
#include "media/av_handles.hpp"
#include "media/encoder.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/interrupt.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace ts::media {

/// Clockwise degrees a still must be turned by its EXIF orientation; 0 when it says nothing.
int exif_rotation(const AVFrame& frame) noexcept;

/// What an input turned out to be.
struct InputInfo {
  std::string format{};
  bool has_video = false;
  bool has_audio = false;
  bool is_still = false;  ///< One picture: PNG, JPEG …
  bool jumps = false;     ///< The format lets its clock jump: MPEG-TS, Ogg …
  int width = 0;
  int height = 0;
  AVRational rate{0, 1};  ///< Average frame rate, 0 when unknown.
  int rotation = 0;       ///< Clockwise degrees the picture must be turned: 0, 90, 180, 270.
  std::string video_codec{};
  std::string audio_codec{};
  int audio_rate = 0;
  int audio_channels = 0;
  std::optional<milliseconds> duration{};
};

/// The decoder's loop filter, which smooths the edges of blocks. Nothing is made from pictures that
/// no other one refers to, so leaving it out there never adds up.
enum class LoopFilter : std::uint8_t {
  kAll,
  kReferences,  ///< Only on pictures that others are made from: about 7 % less to decode.
  kNone,        ///< A quarter less; edges show where a picture is large.
};

struct OpenOptions {
  std::string url{};  ///< A path, or an address with an allowed protocol.
  bool is_file = true;
  std::string name{};     ///< For messages, instead of the address.
  std::string ca_file{};  ///< Trusted certificates for TLS.
  milliseconds open_timeout{5000};
  milliseconds read_timeout{5000};
  bool low_latency = false;  ///< RTMP, SRT, RTSP: little is read ahead to find out what it is.
  int flv_fd = -1;       ///< Borrowed: an FLV stream is read from it, and `url` does not matter.
  std::string device{};  ///< FFmpeg's name of a capture device ("v4l2", "alsa"); `url` is its node.
  std::map<std::string, std::string> device_options{};
};

/// One input with its best video and audio stream and their decoders. For one thread.
///
/// The caller alternates read() and decode: packets may be kept and decoded later, so that a file
/// whose sound lies far from its pictures still plays.
class Reader {
 public:
  struct Packet {
    AvPacket packet{};
    bool video = false;
    /// Its stream was not there when the input was opened (RTMP, MPEG-TS), or is another one since.
    bool late = false;
    /// The input's streams are other ones from here on; with `late` only, this one follows another.
    bool anew = false;
  };

  /// Connections go to public addresses and to the host of `url`; a playlist or redirect that leads
  /// anywhere else is an error.
  ///
  /// Opens and probes within the limits (5 MiB, 5 s, 64 streams, 4096 x 2304, a still 52
  /// megapixels).
  /// @return kMedia with a hint; retryable for the network's moods.
  static Result<std::unique_ptr<Reader>> open(const OpenOptions& options, std::stop_token stop);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  [[nodiscard]] const InputInfo& info() const noexcept { return info_; }
  /// What a muxer must know to record a stream as it comes; only for one that there is.
  [[nodiscard]] StreamFormat format(bool video) const;
  /// The next packet of the two streams; nullopt at the end.
  Result<std::optional<Packet>> read();
  /// Reading goes on at `position` (or the key frame before it). The decoders keep what they hold:
  /// drain them and restart() each before its first packet from there.
  /// @return kMedia when the input cannot seek.
  Status seek(milliseconds position);
  /// Empties a decoder that was drained, so that it takes packets again.
  void restart(bool video);

  /// Feeds one packet, or null to drain. Damaged data is skipped and counted, never an error.
  void send(bool video, const AVPacket* packet);
  /// To catch up: leaves out pictures that no other one is made from.
  void skip_unreferenced(bool skip) noexcept;
  /// Which pictures are smoothed at the edges of their blocks from now on.
  void set_loop_filter(LoopFilter filter) noexcept;
  /// The next decoded frame, null when the decoder wants more. `pts` is set, in the stream's time
  /// base, AV_NOPTS_VALUE when unknown.
  AvFrame receive(bool video);
  [[nodiscard]] AVRational time_base(bool video) const noexcept;
  /// Where the input's own timeline begins, in microseconds: subtract it from every time.
  [[nodiscard]] std::int64_t start_us() const noexcept;
  [[nodiscard]] std::uint64_t damaged() const noexcept { return damaged_; }
  /// For an input that ended without one decoded picture: kMedia, with the decoder's reason.
  [[nodiscard]] Error no_picture() const;

 private:
  struct Stream {
    int index = -1;
    AvCodecContext codec{};
    bool seen_key = false;
    bool gave = false;          ///< A frame came out of the decoder.
    int failures = 0;           ///< Packets since then that it could not decode.
    std::int64_t sent_us = 0;   ///< Time of the last packet it was given.
    std::int64_t since_us = 0;  ///< Time of the first of `failures`.
    bool renewed = false;       ///< Its next packet is the first one since it was opened anew.
  };
  Reader(const OpenOptions& options, std::stop_token stop);
  Status open_input();
  /// For an input that cannot seek: from its beginning, with the decoders there are.
  Status open_again();
  /// What it holds is still to come out.
  static void keep_decoder(Stream& now, Stream& before);
  Status open_pipe();
  static int read_pipe(void* self, std::uint8_t* buffer, int size);
  void set_probing(AvDictionary& dictionary) const;
  /// Finds out what is in an input that was opened, and opens the best of it.
  Status open_streams(const FfmpegErrors& said);
  Status open_best(AVMediaType type, Stream& out);
  Status open_decoder(int index, const AVCodec& codec, Stream& out);
  /// Whether a stream may begin later than the input.
  [[nodiscard]] bool grows() const noexcept;
  /// Whether a stream that comes late belongs to what is read already, and is no other program.
  [[nodiscard]] bool belongs(int index) const noexcept;
  /// Takes a stream of a kind that there was none of yet. @return whether `packet` is its first.
  bool adopt(const AVPacket& packet);
  /// Carries another codec than it did under the same number: its demuxer goes on with the old one.
  [[nodiscard]] static bool failed(const Stream& stream) noexcept;
  [[nodiscard]] bool is_another() const noexcept;
  /// On the same connection, with demuxer and decoders for what comes now. Its times go on.
  Status probe_again();
  void note_failure(Stream& stream) noexcept;
  void describe();
  /// Raw video tells no times: its pictures come at its own rate, one after the other.
  void give_time(AVPacket& packet);
  /// Of a sound stream that came late FFmpeg does not know how long a block is: it gives a time to
  /// the first one of each of the sender's packets.
  void time_sound(AVPacket& packet);
  Error failure(int code, const std::string& what, const FfmpegErrors& said) const;
  void note_damage(int code, const FfmpegErrors& said);

  OpenOptions options_;
  Interrupt interrupt_;
  std::shared_ptr<AddressPolicy> policy_{};  ///< Null for what is no network.
  AVFormatContext* format_ = nullptr;
  AVIOContext* pipe_ = nullptr;  ///< Reads flv_fd; null without one.
  Stream video_;
  Stream audio_;
  std::uint64_t known_ =
      0;  ///< A bit for each stream there was at the opening, or looked at since.
  std::optional<std::int64_t> start_us_{};  ///< Of the first opening, when it was probed again.
  InputInfo info_;
  bool opened_anew_ = false;                  ///< No packet has told of it yet.
  bool sound_needs_time_ = false;             ///< It came late.
  std::optional<std::int64_t> sound_next_{};  ///< When the next block begins.
  std::int64_t untimed_ = 0;                  ///< Packets of raw video so far.
  std::uint64_t damaged_ = 0;
  std::optional<Error> damage_{};  ///< The first.
};

}  // namespace ts::media
