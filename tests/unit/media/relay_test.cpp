// SPDX-License-Identifier: Apache-2.0
#include "media/relay.hpp"

#include "core/bounded_queue.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/flv.hpp"
#include "media/relay_control.hpp"
#include "rtmp/server.hpp"
#include "support/media.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ts::media {
namespace {

/// Takes publishes of the key "good" and keeps every tag.
class Receiver final : public rtmp::PublishHandler {
 public:
  Result<std::unique_ptr<rtmp::MediaSink>> accept(rtmp::PublishRequest request) override {
    if (request.key.reveal() != "good") {
      return Error{.kind = ErrorKind::kAuth, .message = "no such stream"};
    }
    const std::lock_guard lock(mutex_);
    session_ = request.session;
    ++publishes_;
    return std::unique_ptr<rtmp::MediaSink>(std::make_unique<Sink>(*this));
  }

  std::vector<rtmp::Tag> wait_until_ended() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_; });
    return tags_;
  }
  rtmp::SessionId wait_for_tags(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return tags_.size() >= count; });
    return session_;
  }
  [[nodiscard]] int publishes() const {
    const std::lock_guard lock(mutex_);
    return publishes_;
  }

 private:
  class Sink final : public rtmp::MediaSink {
   public:
    explicit Sink(Receiver& owner) : owner_(owner) {}
    void on_tag(const rtmp::TagView& tag) override {
      {
        const std::lock_guard lock(owner_.mutex_);
        owner_.tags_.push_back(
            {tag.type, tag.timestamp_ms, {tag.payload.begin(), tag.payload.end()}});
      }
      owner_.changed_.notify_all();
    }
    void on_end(rtmp::EndReason reason, std::string_view /*detail*/) noexcept override {
      {
        const std::lock_guard lock(owner_.mutex_);
        owner_.ended_ = reason == rtmp::EndReason::kUnpublished;
      }
      owner_.changed_.notify_all();
    }

   private:
    Receiver& owner_;
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<rtmp::Tag> tags_;
  rtmp::SessionId session_ = 0;
  int publishes_ = 0;
  bool ended_ = false;
};

std::vector<rtmp::Tag> read_tags(const std::filesystem::path& flv) {
  FlvParser parser;
  const auto text = read_file(flv).value();
  parser.feed({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  std::vector<rtmp::Tag> tags;
  while (auto tag = parser.next().value()) tags.push_back(std::move(*tag));
  return tags;
}

/// The payloads of one track from the first key picture on.
std::vector<std::vector<std::uint8_t>> media_of(const std::vector<rtmp::Tag>& tags,
                                                rtmp::TagType type) {
  std::vector<std::vector<std::uint8_t>> out;
  const auto first = std::find_if(tags.begin(), tags.end(), is_key_picture);
  for (auto tag = first; tag != tags.end(); ++tag) {
    if (tag->type == type && is_media(*tag)) out.push_back(tag->payload);
  }
  return out;
}

class RelayTest : public testing::Test {
 protected:
  void SetUp() override {
    test::make_media(dir_.path() / "in.flv", {.frames = 90, .gop = 30});
    tags_ = read_tags(dir_.path() / "in.flv");
    server_ = rtmp::RtmpServer::start({}, receiver_).value();
  }
  [[nodiscard]] RelayTarget rtmp_target(const std::string& id, const std::string& key) const {
    return {.id = id,
            .url = Secret(fmt::format("rtmp://127.0.0.1:{}/live/{}", server_->port(), key))};
  }
  Relay& relay(RelayOptions options = {}) {
    relay_ = std::make_unique<Relay>(std::move(options), clock_, [this](const RelayStatus& status) {
      statuses_.push_drop_oldest(status);
    });
    return *relay_;
  }
  void push(std::size_t from, std::size_t to) {
    for (auto i = from; i < to; ++i) relay_->push(tags_.at(i));
  }
  void push_all_and_wait() {
    push(0, tags_.size());
    relay_->close();
    relay_->wait(std::chrono::seconds{20});
  }
  RelayStatus wait_for(const std::string& id, RelayState state) {
    while (auto status = statuses_.pop({})) {
      if (status->id == id && status->state == state) return *status;
    }
    return {};
  }

  test::TempDir dir_;
  SystemClock clock_;
  Log log_;
  FfmpegLog ffmpeg_log_{log_};
  Receiver receiver_;
  std::unique_ptr<rtmp::RtmpServer> server_;
  std::vector<rtmp::Tag> tags_;
  BoundedQueue<RelayStatus> statuses_{1000};
  std::unique_ptr<Relay> relay_;
};

TEST_F(RelayTest, TheReceiverGetsTheVerySameFrames) {
  ASSERT_TRUE(relay().add(rtmp_target("out", "good")).ok());

  push_all_and_wait();

  const auto received = receiver_.wait_until_ended();
  EXPECT_EQ(media_of(received, rtmp::TagType::kVideo), media_of(tags_, rtmp::TagType::kVideo));
  EXPECT_EQ(media_of(received, rtmp::TagType::kAudio), media_of(tags_, rtmp::TagType::kAudio));
  EXPECT_EQ(media_of(received, rtmp::TagType::kVideo).size(), 90U);
  const auto finished = wait_for("out", RelayState::kFinished);
  EXPECT_EQ(finished.retries, 0U);
  EXPECT_GT(finished.bytes, 0U);
}

TEST_F(RelayTest, ARefusedKeyFailsThatOutputAlone) {
  relay();
  ASSERT_TRUE(relay_->add(rtmp_target("bad", "SECRETKEY")).ok());
  ASSERT_TRUE(relay_->add(rtmp_target("out", "good")).ok());

  push_all_and_wait();

  const auto failed = wait_for("bad", RelayState::kFailed);
  ASSERT_TRUE(failed.error.has_value());
  EXPECT_EQ(failed.error->kind, ErrorKind::kAuth);
  EXPECT_NE(failed.error->message.find("no such stream"), std::string::npos)
      << failed.error->message;
  EXPECT_EQ(failed.error->message.find("SECRETKEY"), std::string::npos) << failed.error->message;
  EXPECT_EQ(media_of(receiver_.wait_until_ended(), rtmp::TagType::kVideo).size(), 90U);
}

TEST_F(RelayTest, AnUnreachableServerIsNamedByItsReason) {
  auto target = rtmp_target("out", "good");
  server_.reset();
  ASSERT_TRUE(relay().add(std::move(target)).ok());

  push_all_and_wait();

  const auto failed = wait_for("out", RelayState::kFailed);
  EXPECT_EQ(failed.error->kind, ErrorKind::kRemote);
  EXPECT_EQ(failed.error->message, "connect: connection refused");
}

TEST_F(RelayTest, ALostConnectionIsTakenUpAgainWithAKeyFrame) {
  ASSERT_TRUE(relay().add(rtmp_target("out", "good")).ok());
  const auto half = tags_.size() / 2;
  push(0, half);
  const auto session = receiver_.wait_for_tags(half / 2);

  ASSERT_TRUE(server_->kick(session, "try again"));
  // The loss shows at a write: keep the stream going until it does.
  for (std::size_t i = half; receiver_.publishes() < 2 && i < tags_.size(); ++i) {
    push(i, i + 1);
    clock_.wait_for(std::chrono::milliseconds{10}, {});
  }
  wait_for("out", RelayState::kReconnecting);
  const auto active = wait_for("out", RelayState::kActive);
  relay_->close();
  relay_->wait(std::chrono::seconds{20});

  EXPECT_EQ(active.retries, 1U);
  EXPECT_EQ(receiver_.publishes(), 2);
  EXPECT_EQ(wait_for("out", RelayState::kFinished).retries, 1U);
}

TEST_F(RelayTest, SoundCanBeLeftOut) {
  ASSERT_TRUE(relay({.audio = false}).add(rtmp_target("out", "good")).ok());

  push_all_and_wait();

  const auto received = receiver_.wait_until_ended();
  EXPECT_EQ(media_of(received, rtmp::TagType::kVideo).size(), 90U);
  EXPECT_TRUE(std::none_of(received.begin(), received.end(),
                           [](const rtmp::Tag& tag) { return tag.type == rtmp::TagType::kAudio; }));
}

TEST_F(RelayTest, AnOutputCanJoinLateAndLeaveEarly) {
  relay();
  push(0, tags_.size() / 2);

  ASSERT_TRUE(relay_->add(rtmp_target("out", "good")).ok());
  wait_for("out", RelayState::kActive);
  ASSERT_TRUE(relay_->remove("out").ok());
  wait_for("out", RelayState::kRemoved);

  const auto received = receiver_.wait_until_ended();
  const auto first = std::find_if(received.begin(), received.end(), [](const rtmp::Tag& tag) {
    return tag.type == rtmp::TagType::kVideo && is_media(tag);
  });
  ASSERT_NE(first, received.end());
  EXPECT_TRUE(is_key_picture(*first));
}

TEST_F(RelayTest, RtmpsIsVerified) {
  const auto file = [&](const char* name) { return (dir_.path() / name).string(); };
  test::shell(
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
      "subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout '" +
      file("key.pem") + "' -out '" + file("ca.pem") + "' 2>/dev/null");
  server_ =
      rtmp::RtmpServer::start(
          {.port = std::nullopt,
           .rtmps = rtmp::RtmpsOptions{.certificate = file("ca.pem"), .key = file("key.pem")}},
          receiver_)
          .value();
  const auto url = fmt::format("rtmps://localhost:{}/live/good", server_->rtmps_port());

  ASSERT_TRUE(relay({}).add({.id = "untrusted", .url = Secret(url)}).ok());
  push_all_and_wait();
  const auto refused = wait_for("untrusted", RelayState::kFailed);
  ASSERT_TRUE(relay({.ca_file = file("ca.pem")}).add({.id = "trusted", .url = Secret(url)}).ok());
  push_all_and_wait();

  EXPECT_EQ(refused.error->kind, ErrorKind::kRemote);
  EXPECT_NE(refused.error->message.find("ertificate"), std::string::npos) << refused.error->message;
  EXPECT_EQ(wait_for("trusted", RelayState::kFinished).error, std::nullopt);
  EXPECT_EQ(media_of(receiver_.wait_until_ended(), rtmp::TagType::kVideo).size(), 90U);
}

TEST_F(RelayTest, AFileGetsTheSameFrames) {
  const auto file = dir_.path() / "out.mp4";
  ASSERT_TRUE(relay().add({.id = "file", .kind = RelayTarget::Kind::kFile, .path = file}).ok());

  push_all_and_wait();

  wait_for("file", RelayState::kFinished);
  EXPECT_EQ(test::packet_times(file.string(), "v:0", "pts").size(), 90U);
  const auto hashes = [](const std::string& path) {
    return test::shell("timeout 120 ffmpeg -nostdin -v error -i '" + path +
                       "' -map v -c copy -f hash -");
  };
  EXPECT_EQ(hashes(file.string()), hashes((dir_.path() / "in.flv").string()));
}

/// The number burnt into a still; nothing when it has none.
std::optional<std::uint32_t> number_in(const std::filesystem::path& still) {
  const std::string gray = test::shell("timeout 60 ffmpeg -nostdin -v error -i '" + still.string() +
                                       "' -vf scale=320:180,format=gray -f rawvideo -");
  if (gray.size() != std::size_t{320} * 180) return std::nullopt;
  return frame::read_frame_code(
      {reinterpret_cast<const std::uint8_t*>(gray.data()), 320, 320, 180});
}

TEST_F(RelayTest, StillsAreTakenOnceAnInterval) {
  const auto add = [&](const std::string& line) {
    auto command = parse_relay_command(line);
    ASSERT_TRUE(command.ok()) << command.error().message;
    ASSERT_TRUE(relay_->add(std::move(std::get<RelayAdd>(command.value()).target)).ok());
  };
  relay();
  add(fmt::format(R"({{"op":"add","id":"all","images":"{}","interval_ms":1000}})",
                  (dir_.path() / "still").string()));
  add(fmt::format(R"({{"op":"add","id":"last","images":"{}","interval_ms":500,"width":640,)"
                  R"("naming":"overwrite","manifest":false}})",
                  (dir_.path() / "newest").string()));

  push_all_and_wait();

  EXPECT_EQ(number_in(dir_.path() / "still_00000.jpeg"), 0U);
  EXPECT_EQ(number_in(dir_.path() / "still_00001.jpeg"), 30U);
  EXPECT_EQ(number_in(dir_.path() / "still_00002.jpeg"), 60U);
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "still_00003.jpeg"));
  const auto manifest = parse_json(read_file(dir_.path() / "still.json").value(), "manifest");
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest.value()["images"].size(), 3U);
  EXPECT_EQ(manifest.value()["images"][2]["filename"], "still_00002.jpeg");
  EXPECT_EQ(number_in(dir_.path() / "newest.jpeg"), 75U);
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "newest.json"));
  EXPECT_EQ(test::shell("ffprobe -v error -show_entries stream=width,height -of csv=p=0 '" +
                        (dir_.path() / "newest.jpeg").string() + "'"),
            "640,360\n");
}

TEST_F(RelayTest, StillsOfSoundAloneFailWithTheReason) {
  relay({.video = false});
  ASSERT_TRUE(relay_
                  ->add({.id = "stills",
                         .kind = RelayTarget::Kind::kImages,
                         .images = {.prefix = dir_.path() / "still"}})
                  .ok());

  push_all_and_wait();

  EXPECT_EQ(wait_for("stills", RelayState::kFailed).error->message,
            "the stream has no picture to take stills of");
}

TEST_F(RelayTest, AFileThatCannotBeMadeFailsWithItsReason) {
  ASSERT_TRUE(relay()
                  .add({.id = "file",
                        .kind = RelayTarget::Kind::kFile,
                        .path = dir_.path() / "missing" / "out.mp4"})
                  .ok());

  push_all_and_wait();

  const auto failed = wait_for("file", RelayState::kFailed);
  EXPECT_EQ(failed.error->kind, ErrorKind::kMedia);
}

TEST(RelayControl, ReadsWhatToAddAndRemove) {
  const auto add = parse_relay_command(R"({"op":"add","id":"a","url":"rtmp://h/app/k"})");
  const auto remove = parse_relay_command(R"({"op":"remove","id":"a"})");

  ASSERT_TRUE(add.ok());
  const auto& target = std::get<RelayAdd>(add.value()).target;
  EXPECT_EQ(target.id, "a");
  EXPECT_EQ(target.url.reveal(), "rtmp://h/app/k");
  EXPECT_EQ(std::get<RelayRemove>(remove.value()).id, "a");
}

TEST(RelayControl, NeverQuotesALineThatMayHoldAKey) {
  for (const char* line :
       {R"({"op":"add","id":"a","url":"rtmp://h/app/SECRET","file":"x"})",
        R"({"op":"add","id":"a","url":"rtmp://h/app/SECRET")", R"({"op":"rtmp://h/app/SECRET"})",
        R"({"op":"add","id":"a","url":"rtmp://h/app/SECRET","images":"x"})",
        R"({"op":"add","id":"a","images":"SECRET","interval_ms":0})",
        R"({"op":"add","id":"a","images":"SECRET","width":-1})",
        R"({"op":"add","id":"a","images":"SECRET","naming":"x"})"}) {
    const auto command = parse_relay_command(line);

    ASSERT_FALSE(command.ok());
    EXPECT_EQ(command.error().kind, ErrorKind::kUsage);
    EXPECT_EQ(command.error().message.find("SECRET"), std::string::npos) << command.error().message;
  }
}

TEST(LineBuffer, JoinsPiecesIntoLines) {
  LineBuffer buffer;

  EXPECT_TRUE(buffer.feed("{\"a\"").value().empty());
  EXPECT_EQ(buffer.feed(":1}\n\n{}\nrest").value(), (std::vector<std::string>{"{\"a\":1}", "{}"}));
}

}  // namespace
}  // namespace ts::media
