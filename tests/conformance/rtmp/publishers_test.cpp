// SPDX-License-Identifier: Apache-2.0
// Foreign publishers are the judges: the ffmpeg command and GStreamer's rtmp2sink.
#include "rtmp/server.hpp"
#include "rtmp/tag_ring.hpp"
#include "support/command.hpp"
#include "support/rtmp_client.hpp"
#include "support/tcp_client.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace ts::rtmp {
namespace {

using test::Command;
using test::RtmpBytes;
using test::TcpClient;

/// What became of one publish.
struct Record {
  SessionId session = 0;
  std::string app;
  std::string query;
  bool tls = false;
  std::uint64_t video = 0;
  std::uint64_t audio = 0;
  std::uint64_t key_frames = 0;
  bool monotonic = true;
  std::int64_t first = -1;
  std::int64_t last = 0;
  bool ended = false;
  EndReason reason{};
};

/// Lets the keys good1, good2 … in, and writes what they send to an FLV file each.
class Studio : public PublishHandler {
 public:
  explicit Studio(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<std::unique_ptr<MediaSink>> accept(PublishRequest request) override {
    const std::string key(request.key.reveal());
    if (!key.starts_with("good")) {
      return Error{.kind = ErrorKind::kAuth, .message = "unknown stream key"};
    }
    const std::lock_guard lock(mutex_);
    auto& record = records_[key];
    record = Record{.session = request.session,
                    .app = request.app,
                    .query = std::string(request.query.reveal()),
                    .tls = request.tls};
    changed_.notify_all();
    return std::unique_ptr<MediaSink>(new Sink(*this, key));
  }
  void on_connect(std::string_view, std::uint16_t) override { count(connects_); }
  void on_disconnect(std::string_view, std::uint16_t) override { count(disconnects_); }

  /// Waits (ten seconds at most) until `done` says so of this key's record.
  Record wait(const std::string& key, const std::function<bool(const Record&)>& done) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, seconds{10}, [&] { return done(records_[key]); })) << key;
    return records_[key];
  }
  Record wait_end(const std::string& key) {
    return wait(key, [](const Record& record) { return record.ended; });
  }
  Record record(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return records_[key];
  }
  void wait_disconnects(int wanted) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, seconds{10}, [&] { return disconnects_ >= wanted; }));
  }
  /// After its end: waits until all of it is in the file.
  bool wait_file(const std::string& key) { return pipes_[key]->wait(seconds{10}); }
  [[nodiscard]] int connects() const { return connects_; }
  [[nodiscard]] std::string file(const std::string& key) const {
    return (folder_ / (key + ".flv")).string();
  }

 private:
  class Sink : public MediaSink {
   public:
    Sink(Studio& studio, std::string key) : studio_(studio), key_(std::move(key)) {
      UniqueFd file(
          ::open(studio.file(key_).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      studio_.pipes_[key_] = std::make_unique<FlvPipe>(ring_.subscribe(), std::move(file));
    }
    void on_tag(const TagView& tag) override {
      ring_.push(tag);
      const std::lock_guard lock(studio_.mutex_);
      auto& record = studio_.records_[key_];
      if (is_picture(tag)) {
        ++record.video;
        if (is_key_frame(tag)) ++record.key_frames;
        if (tag.timestamp_ms < record.last) record.monotonic = false;
        if (record.first < 0) record.first = tag.timestamp_ms;
        record.last = tag.timestamp_ms;
      }
      if (tag.type == TagType::kAudio && !is_sequence_header(tag)) ++record.audio;
      studio_.changed_.notify_all();
    }
    void on_end(EndReason reason, std::string_view) noexcept override {
      ring_.close();
      const std::lock_guard lock(studio_.mutex_);
      auto& record = studio_.records_[key_];
      record.ended = true;
      record.reason = reason;
      studio_.changed_.notify_all();
    }

   private:
    Studio& studio_;
    std::string key_;
    TagRing ring_;
  };

  void count(int& counter) {
    const std::lock_guard lock(mutex_);
    ++counter;
    changed_.notify_all();
  }

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Record> records_;
  std::map<std::string, std::unique_ptr<FlvPipe>> pipes_;
  int connects_ = 0;
  int disconnects_ = 0;
};

class Publishers : public testing::Test {
 protected:
  void start(RtmpOptions options = {}) {
    auto server = RtmpServer::start(std::move(options), studio_);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
  }
  [[nodiscard]] std::string url(const std::string& key) const {
    return "rtmp://127.0.0.1:" + std::to_string(server_->port()) + "/live/" + key;
  }
  /// `frames` at 30 per second, as fast as possible (or paced with `more` = {"-re"}).
  static std::vector<std::string> ffmpeg(const std::string& to, int frames,
                                         const std::vector<std::string>& before = {},
                                         const std::vector<std::string>& after = {}) {
    std::vector<std::string> words{"ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin"};
    words.insert(words.end(), before.begin(), before.end());
    for (const auto* word : {"-f",       "lavfi",       "-i",      "testsrc2=size=160x90:rate=30",
                             "-f",       "lavfi",       "-i",      "sine=sample_rate=44100",
                             "-c:v",     "libx264",     "-preset", "ultrafast",
                             "-tune",    "zerolatency", "-g",      "30",
                             "-pix_fmt", "yuv420p",     "-c:a",    "aac",
                             "-shortest"}) {
      words.emplace_back(word);
    }
    words.insert(words.end(), {"-frames:v", std::to_string(frames)});
    words.insert(words.end(), after.begin(), after.end());
    words.insert(words.end(), {"-f", "flv", to});
    return words;
  }
  /// Frames that a decoder finds in what was recorded.
  [[nodiscard]] std::string decoded_frames(const std::string& key) const {
    Command probe({"ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0",
                   "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", studio_.file(key)});
    EXPECT_EQ(probe.wait(), 0) << probe.text();
    return probe.text().substr(0, probe.text().find('\n'));
  }

  test::TempDir dir_;
  Studio studio_{dir_.path()};
  std::unique_ptr<RtmpServer> server_;
};

TEST_F(Publishers, FfmpegArrivesWhole) {
  start();

  Command ffmpeg_command(ffmpeg(url("good1?token=x"), 90));
  EXPECT_EQ(ffmpeg_command.wait(), 0) << ffmpeg_command.text();

  const auto record = studio_.wait_end("good1");
  EXPECT_EQ(record.reason, EndReason::kUnpublished);
  EXPECT_EQ(record.app, "live");
  EXPECT_EQ(record.query, "token=x");
  EXPECT_EQ(record.video, 90U);
  EXPECT_EQ(record.key_frames, 3U);
  EXPECT_TRUE(record.monotonic);
  EXPECT_NEAR(double(record.last - record.first), 89 * 1000.0 / 30, 2);
  EXPECT_GE(record.audio, 120U);
  EXPECT_TRUE(studio_.wait_file("good1"));
  EXPECT_EQ(decoded_frames("good1"), "90");
}

TEST_F(Publishers, FourPublishAtOnceAndStrangersAreRefused) {
  start();
  std::vector<std::unique_ptr<Command>> commands;

  for (const auto* key : {"good1", "good2", "good3", "good4"}) {
    commands.push_back(std::make_unique<Command>(ffmpeg(url(key), 60)));
  }
  Command stranger(ffmpeg(url("bad"), 60));

  EXPECT_NE(stranger.wait(), 0);
  EXPECT_NE(stranger.text().find("unknown stream key"), std::string::npos) << stranger.text();
  for (auto& command : commands) EXPECT_EQ(command->wait(), 0) << command->text();
  for (const auto* key : {"good1", "good2", "good3", "good4"}) {
    EXPECT_EQ(studio_.wait_end(key).video, 60U) << key;
  }
  EXPECT_EQ(server_->stats().publishes_refused, 1U);
  studio_.wait_disconnects(5);
  EXPECT_EQ(studio_.connects(), 5);
}

TEST_F(Publishers, GStreamerArrivesWhole) {
  start();

  Command gst({"gst-launch-1.0", "-q", "-e", "videotestsrc", "num-buffers=60", "!",
               "video/x-raw,width=160,height=90,framerate=30/1", "!", "x264enc", "tune=zerolatency",
               "speed-preset=ultrafast", "key-int-max=30", "!", "flvmux", "streamable=true",
               "name=m", "!", "rtmp2sink", "location=" + url("good1")});

  EXPECT_EQ(gst.wait(), 0) << gst.text();
  EXPECT_EQ(studio_.wait_end("good1").video, 60U);
  EXPECT_TRUE(studio_.wait_file("good1"));
  EXPECT_EQ(decoded_frames("good1"), "60");
}

TEST_F(Publishers, GStreamerIsRefusedWithTheReason) {
  start();

  Command gst({"gst-launch-1.0", "-q", "videotestsrc", "num-buffers=60", "!", "x264enc",
               "speed-preset=ultrafast", "!", "flvmux", "streamable=true", "!", "rtmp2sink",
               "location=" + url("bad")});

  EXPECT_NE(gst.wait(), 0);
  EXPECT_NE(gst.text().find("unknown stream key"), std::string::npos) << gst.text();
}

TEST_F(Publishers, ASecondPublisherOfTheSameKeyIsRefused) {
  start();
  TcpClient first(server_->port());
  first.send(RtmpBytes::whole("live", "good1"));
  studio_.wait("good1", [](const Record& record) { return record.session != 0; });

  Command second(ffmpeg(url("good1"), 30));

  EXPECT_NE(second.wait(), 0);
  EXPECT_NE(second.text().find("already publishing"), std::string::npos) << second.text();
  EXPECT_EQ(server_->publishers().size(), 1U);
}

TEST_F(Publishers, AKickedPublisherFails) {
  start();
  Command live(ffmpeg(url("good1"), 3000, {"-re"}));
  const auto record = studio_.wait("good1", [](const Record& r) { return r.video > 5; });

  EXPECT_TRUE(server_->kick(record.session, "the operator ended it"));

  EXPECT_NE(live.wait(), 0);
  EXPECT_EQ(studio_.wait_end("good1").reason, EndReason::kKicked);
  EXPECT_FALSE(server_->kick(record.session, "again"));
}

TEST_F(Publishers, AKilledPublisherIsNoticedAndMayReturn) {
  start();
  Command live(ffmpeg(url("good1"), 3000, {"-re"}));
  studio_.wait("good1", [](const Record& r) { return r.video > 5; });

  live.signal(SIGKILL);

  EXPECT_EQ(studio_.wait_end("good1").reason, EndReason::kDisconnected);
  Command again(ffmpeg(url("good1"), 30));
  EXPECT_EQ(again.wait(), 0) << again.text();
}

TEST_F(Publishers, AnIdlePublisherIsSentAway) {
  start({.idle_timeout = milliseconds{100}});
  TcpClient client(server_->port());
  client.send(RtmpBytes::whole("live", "good1") + RtmpBytes::video("\x17\x01v"));

  const auto answer = client.receive_all();

  EXPECT_EQ(studio_.wait_end("good1").reason, EndReason::kIdle);
  EXPECT_EQ(test::rtmp_codes(answer.substr(3073)).back(), "NetStream.Publish.Rejected");
}

TEST_F(Publishers, OneThatNeverPublishesIsClosed) {
  start({.handshake_timeout = milliseconds{100}});
  TcpClient client(server_->port());
  client.send("\x03");

  EXPECT_EQ(client.receive_all(), "");
}

TEST_F(Publishers, ABrokenOneIsClosedAndCounted) {
  start();
  TcpClient client(server_->port());
  client.send(RtmpBytes::whole("live", "good1") + "\xc9");

  client.receive_all();

  EXPECT_EQ(studio_.wait_end("good1").reason, EndReason::kProtocolError);
  EXPECT_EQ(server_->stats().protocol_errors, 1U);
}

TEST_F(Publishers, OneTooManyIsClosed) {
  start({.max_connections = 1});
  TcpClient first(server_->port());
  first.send(RtmpBytes::whole("live", "good1"));
  studio_.wait("good1", [](const Record& record) { return record.session != 0; });

  TcpClient second(server_->port());

  EXPECT_EQ(second.receive_all(), "");
  EXPECT_EQ(server_->stats().connections_refused, 1U);
}

TEST_F(Publishers, StopEndsThemAllInHalfASecond) {
  start();
  TcpClient client(server_->port());
  client.send(RtmpBytes::whole("live", "good1"));
  studio_.wait("good1", [](const Record& record) { return record.session != 0; });
  const auto begin = std::chrono::steady_clock::now();

  server_->stop();

  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{500});
  EXPECT_EQ(studio_.record("good1").reason, EndReason::kServerStopped);
  EXPECT_TRUE(studio_.record("good1").ended);
}

TEST_F(Publishers, ReportsThemWithoutTheirKeys) {
  start();
  TcpClient client(server_->port());
  client.send(RtmpBytes::whole("live", "good1-secret") + RtmpBytes::video("\x17\x01v", 7));
  studio_.wait("good1-secret", [](const Record& record) { return record.video == 1; });

  const auto all = server_->publishers();

  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].app, "live");
  EXPECT_EQ(all[0].key.find("good1-secret"), std::string::npos);
  EXPECT_EQ(all[0].peer, "127.0.0.1");
  EXPECT_EQ(all[0].encoder, "test/1");
  EXPECT_EQ(all[0].video_tags, 1U);
  EXPECT_EQ(all[0].key_frames, 1U);
  EXPECT_EQ(all[0].last_timestamp_ms, 7);
  EXPECT_GT(all[0].bytes, 3073U);
}

TEST_F(Publishers, APortInUseIsRefused) {
  start();

  const auto second = RtmpServer::start({.port = server_->port()}, studio_);

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(second.error().hint, "choose another port, or stop the program that listens there");
}

/// 4 h 39 min: where timestamps stop fitting in 24 bits and every chunk carries them in full.
TEST_F(Publishers, CrossesTheExtendedTimestamp) {
  start();

  Command ffmpeg_command(ffmpeg(url("good1"), 150, {}, {"-output_ts_offset", "16775"}));

  EXPECT_EQ(ffmpeg_command.wait(), 0) << ffmpeg_command.text();
  const auto record = studio_.wait_end("good1");
  EXPECT_EQ(record.video, 150U);
  EXPECT_LT(record.first, 0xffffff);
  EXPECT_GT(record.last, 0xffffff);
  EXPECT_TRUE(record.monotonic);
  EXPECT_NEAR(double(record.last - record.first), 149 * 1000.0 / 30, 2);
}

class Rtmps : public Publishers {
 protected:
  void SetUp() override {
    const auto path = [&](const char* name) { return (dir_.path() / name).string(); };
    const auto run = [](std::vector<std::string> words) {
      Command command(std::move(words));
      ASSERT_EQ(command.wait(), 0) << command.text();
    };
    run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/CN=test authority", "-keyout", path("ca.key"), "-out",
         path("ca.pem")});
    run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", path("server.key"), "-out", path("server.csr")});
    run({"openssl", "x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"), "-CAkey",
         path("ca.key"), "-CAcreateserial", "-days", "1", "-copy_extensions", "copy", "-out",
         path("server.pem")});
    start({.rtmps = RtmpsOptions{.certificate = path("server.pem"), .key = path("server.key")}});
  }
  [[nodiscard]] std::string secure_url(const std::string& key) const {
    return "rtmps://localhost:" + std::to_string(server_->rtmps_port()) + "/live/" + key;
  }
};

TEST_F(Rtmps, FfmpegArrivesWholeAndVerifiesTheCertificate) {
  const auto authority = (dir_.path() / "ca.pem").string();

  Command ffmpeg_command(
      ffmpeg(secure_url("good1"), 60, {}, {"-tls_verify", "1", "-ca_file", authority}));

  EXPECT_EQ(ffmpeg_command.wait(), 0) << ffmpeg_command.text();
  const auto record = studio_.wait_end("good1");
  EXPECT_EQ(record.video, 60U);
  EXPECT_TRUE(record.tls);
}

TEST_F(Rtmps, PlainRtmpOnTheSecurePortIsClosed) {
  TcpClient client(server_->rtmps_port());
  client.send(RtmpBytes::handshake());

  client.receive_all();

  EXPECT_TRUE(server_->publishers().empty());
}

TEST_F(Rtmps, PlainAndSecureServeTogether) {
  Command plain(ffmpeg(url("good1"), 30));
  Command secure(ffmpeg(secure_url("good2"), 30));

  EXPECT_EQ(plain.wait(), 0) << plain.text();
  EXPECT_EQ(secure.wait(), 0) << secure.text();
  EXPECT_FALSE(studio_.wait_end("good1").tls);
  EXPECT_TRUE(studio_.wait_end("good2").tls);
}

TEST_F(Rtmps, FilesThatDoNotFitAreRefused) {
  const auto server = RtmpServer::start(
      {.rtmps = RtmpsOptions{.certificate = dir_.path() / "ca.pem", .key = dir_.path() / "none"}},
      studio_);

  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(server.error().hint,
            "give a PEM certificate chain (leaf first) and its unencrypted private key");
}

}  // namespace
}  // namespace ts::rtmp
