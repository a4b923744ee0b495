// SPDX-License-Identifier: Apache-2.0
#include "mux/validate.hpp"

#include "core/json.hpp"
#include "mux/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::mux {
namespace {

using testing::HasSubstr;

struct Wish {
  const char* name;
  const char* json;
  const char* reason;  ///< nullptr: accepted.
};

void PrintTo(const Wish& wish, std::ostream* out) { *out << wish.name; }

class NewLiveStreamWish : public testing::TestWithParam<Wish> {};

TEST_P(NewLiveStreamWish, IsJudgedBeforeItIsSent) {
  const auto wish = read_new_live_stream(Json::parse(GetParam().json));
  const Status status = wish.ok() ? validate(wish.value()) : Status(wish.error());

  if (GetParam().reason == nullptr) {
    EXPECT_TRUE(status.ok()) << status.error().message;
    return;
  }
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(status.error().message + " / " + status.error().hint, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, NewLiveStreamWish,
    testing::Values(
        Wish{"Nothing", "{}", nullptr}, Wish{"TestAlone", R"({"test":true})", nullptr},
        Wish{"TestWithMaximum", R"({"test":true,"max_continuous_duration":60})",
             "test live stream"},
        Wish{"NoTestWithMaximum", R"({"test":false,"max_continuous_duration":60})", nullptr},
        Wish{"MaximumTooShort", R"({"max_continuous_duration":59})", "60 to 43200"},
        Wish{"MaximumTooLong", R"({"max_continuous_duration":43201})", "60 to 43200"},
        Wish{"WindowZero", R"({"reconnect_window":0})", nullptr},
        Wish{"WindowLongest", R"({"reconnect_window":1800})", nullptr},
        Wish{"WindowTooLong", R"({"reconnect_window":1801})", "0 to 1800"},
        Wish{"WindowNegative", R"({"reconnect_window":-1})", "0 to 1800"},
        Wish{"WindowFraction", R"({"reconnect_window":1.5})", "whole seconds"},
        Wish{"WindowText", R"({"reconnect_window":"60"})", "$.reconnect_window"},
        Wish{"Latency", R"({"latency_mode":"reduce"})", "did you mean reduced"},
        Wish{"Policy", R"({"playback_policies":["pubic"]})", "did you mean public"},
        Wish{"PolicyText", R"({"playback_policies":"signed"})", nullptr},
        Wish{"DrmPlain", R"({"playback_policies":["drm"]})", "DRM configuration"},
        Wish{"DrmWithout", R"({"advanced_playback_policies":[{"policy":"drm"}]})",
             "drm_configuration_id"},
        Wish{
            "BothPolicies",
            R"({"playback_policies":["public"],"advanced_playback_policies":[{"policy":"public"}]})",
            "exclude"},
        Wish{"UnknownKey", R"({"latency":"low"})", "latency"},
        Wish{"Slate", R"({"reconnect_slate_url":"ftp://x/y"})", "http"},
        Wish{"SlateCleared", R"({"reconnect_slate_url":""})", nullptr},
        Wish{"Channel",
             R"({"embedded_subtitles":[{"language_channel":"cc5","language_code":"en"}]})", "cc1"},
        Wish{"ChannelTwice",
             R"({"embedded_subtitles":[{"language_channel":"cc1","language_code":"en"},
             {"language_channel":"cc1","language_code":"fr"}]})",
             "twice"},
        Wish{"TwoGenerated",
             R"({"generated_subtitles":[{"language_code":"en"},{"language_code":"fr"}]})",
             "makes one"},
        Wish{"NewLanguage", R"({"generated_subtitles":[{"language_code":"xx"}]})", nullptr},
        Wish{"Rendition", R"({"new_asset_settings":{"static_renditions":[{"resolution":"720"}]}})",
             "720p"},
        Wish{"TargetHttp", R"({"simulcast_targets":[{"url":"https://x/y","stream_key":"k"}]})",
             "https://"},
        Wish{"TargetKeyless", R"({"simulcast_targets":[{"url":"rtmp://x/y"}]})", "no stream key"},
        Wish{"TargetTwice",
             R"({"simulcast_targets":[{"url":"rtmp://x/y","stream_key":"k"},
                 {"url":"rtmp://x/y","stream_key":"l"},{"url":"rtmp://x/y","stream_key":"k"}]})",
             "simulcast targets 1 and 3 are the same"},
        Wish{"TargetSrt", R"({"simulcast_targets":[{"url":"srt://x:1?streamid=a"}]})", nullptr},
        Wish{"SevenTargets",
             R"({"simulcast_targets":[{"url":"srt://a:1"},{"url":"srt://b:1"},{"url":"srt://c:1"},
             {"url":"srt://d:1"},{"url":"srt://e:1"},{"url":"srt://f:1"},{"url":"srt://g:1"}]})",
             "at most 6"}),
    [](const testing::TestParamInfo<Wish>& wish) { return std::string(wish.param.name); });

TEST(ValidatePassthrough, CountsCharactersNotBytes) {
  std::string text;
  for (int i = 0; i < 255; ++i) text += "\xC3\xA9";

  EXPECT_TRUE(validate_passthrough(text).ok());
  EXPECT_FALSE(validate_passthrough(text + "x").ok());
  EXPECT_FALSE(validate_passthrough("\xC3").ok());
}

TEST(ValidateUpdate, RefusesSettingsThatCannotChange) {
  const auto update =
      read_live_stream_update(Json::parse(R"({"new_asset_settings":{"passthrough":"x"}})"));

  ASSERT_FALSE(update.ok());
  EXPECT_EQ(update.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(update.error().message, HasSubstr("$.new_asset_settings.passthrough"));
}

TEST(ValidateUpdate, RefusesAnEmptyListThatCannotChangeEither) {
  const auto update =
      read_live_stream_update(Json::parse(R"({"new_asset_settings":{"static_renditions":[]}})"));

  ASSERT_FALSE(update.ok());
  EXPECT_THAT(update.error().hint, HasSubstr("create a new live stream"));
}

TEST(ToBody, AlwaysSendsTheReconnectWindow) {
  EXPECT_EQ(to_body(NewLiveStream{}).dump(), R"({"reconnect_window":60})");
}

TEST(SimulcastUrl, KnowsThePlatforms) {
  EXPECT_THAT(simulcast_url("twitch").value(), HasSubstr("rtmps://"));
  EXPECT_EQ(simulcast_url("rtmp://h/app").value(), "rtmp://h/app");
  EXPECT_THAT(simulcast_url("twich").error().hint, HasSubstr("twitch"));
}

}  // namespace
}  // namespace ts::mux
