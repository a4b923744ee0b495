// SPDX-License-Identifier: Apache-2.0
#include "config/settings.hpp"

#include "core/file.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

namespace ts::config {
namespace {

TEST(Settings, TheNearestSourceWins) {
  const auto settings =
      Settings::resolve(Sources{
                            .flags = {{"MUX_BASE_URL", "http://flag"}},
                            .environment = {{"LIVEKIT_URL", "ws://env"}},
                            .env_file_text = "LIVEKIT_URL=ws://file\nMUX_TOKEN_ID=file\n",
                            .env_file_path = ".env",
                            .profile_text = "MUX_TOKEN_ID=profile\nMUX_INGEST_URL=rtmp://p/app\n",
                            .profile_name = "live",
                        })
          .value();

  EXPECT_EQ(settings.text("LIVEKIT_URL").value(), "ws://env");
  EXPECT_EQ(settings.text("MUX_TOKEN_ID").value(), "file");
  EXPECT_EQ(settings.find("MUX_INGEST_URL")->where, "profile 'live'");
  EXPECT_EQ(settings.base_url("MUX_BASE_URL").value(), "http://flag");
  EXPECT_EQ(settings.find("MUX_STREAM_BASE_URL")->origin, Origin::kDefault);
}

TEST(Settings, HalfAPairNamesTheOtherHalf) {
  const auto settings =
      Settings::resolve(Sources{.environment = {{"LIVEKIT_API_KEY", "APIexample"}}}).value();

  const auto key = settings.livekit_key();

  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(key.error().message,
            "LIVEKIT_API_SECRET is not set (LIVEKIT_API_KEY comes from the environment)");
  EXPECT_EQ(key.error().hint, "set LIVEKIT_API_SECRET, or run ts env check");
}

TEST(Settings, SecretsComeFromFiles) {
  const test::TempDir dir;
  const auto path = dir.path() / "secret";
  ASSERT_TRUE(write_file_atomic(path, "from-file\n", 0600).ok());
  const auto settings =
      Settings::resolve(Sources{.environment = {{"LIVEKIT_API_KEY", "k"},
                                                {"LIVEKIT_API_SECRET_FILE", path.string()}}})
          .value();

  EXPECT_EQ(settings.livekit_key().value().secret.reveal(), "from-file");
}

TEST(Settings, NoticesMisspeltNames) {
  const auto settings =
      Settings::resolve(Sources{.environment = {{"LIVEKIT_API_SECERT", "x"}, {"HOME", "/"}}})
          .value();

  EXPECT_EQ(settings.suspicious_names(),
            std::vector<std::string>{"LIVEKIT_API_SECERT (did you mean LIVEKIT_API_SECRET?)"});
}

TEST(Settings, RefusesAUrlThatIsNone) {
  const auto settings =
      Settings::resolve(Sources{.environment = {{"LIVEKIT_URL", "project.livekit.cloud"}}}).value();

  EXPECT_EQ(settings.livekit_url().error().kind, ErrorKind::kConfig);
}

}  // namespace
}  // namespace ts::config
