// SPDX-License-Identifier: Apache-2.0
#include "control/protocol.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

namespace ts::control {
namespace {

/// The single command of a line; throws when there is none.
template <typename T>
T command_of(std::string_view line) {
  auto parsed = parse_line(line);
  if (!parsed.request) throw std::runtime_error(parsed.request.error().message);
  return std::get<T>(std::get<Command>(parsed.request.value()));
}

/// The single action of a line.
template <typename T>
T action_of(std::string_view line) {
  const auto act = command_of<ActCommand>(line);
  if (act.steps.size() != 1) throw std::runtime_error("not one step");
  return std::get<T>(std::get<scene::Action>(act.steps.front()));
}

Error error_of(std::string_view line) {
  auto parsed = parse_line(line);
  if (parsed.request) throw std::runtime_error("accepted");
  return parsed.request.error();
}

TEST(ControlLine, ReadsATakeWithItsTransition) {
  const auto take = action_of<scene::TakeAction>(
      R"({"id":1,"command":"take","scene":"two","transition":"fade","duration_ms":700})");

  EXPECT_EQ(take.scene, "two");
  EXPECT_EQ(take.transition.kind, scene::TransitionKind::kFade);
  EXPECT_EQ(take.transition.duration, milliseconds{700});
}

TEST(ControlLine, TakesThePreviewByACutWhenNothingIsSaid) {
  const auto take = action_of<scene::TakeAction>(R"({"command":"take"})");

  EXPECT_EQ(take.scene, "");
  EXPECT_EQ(take.transition, scene::Transition{});
  EXPECT_EQ(action_of<scene::TakeAction>(R"({"command":"cut"})").transition, scene::Transition{});
}

TEST(ControlLine, MeansAFadeByADurationAloneAndHalfASecondByATransitionAlone) {
  EXPECT_EQ(action_of<scene::TakeAction>(R"({"command":"take","duration_ms":20})").transition.kind,
            scene::TransitionKind::kFade);
  EXPECT_EQ(
      action_of<scene::TakeAction>(R"({"command":"take","transition":"wipe"})").transition.duration,
      milliseconds{500});
}

TEST(ControlLine, GivesACountdownAnotherMoment) {
  const auto in = action_of<scene::CountdownAction>(
      R"({"command":"overlay_set","overlay":"left","in_ms":300000})");
  EXPECT_EQ(in.overlay, "left");
  EXPECT_EQ(in.in, milliseconds{300'000});
  EXPECT_EQ(in.to, std::nullopt);

  const auto to = action_of<scene::CountdownAction>(
      R"({"command":"overlay_set","overlay":"left","to":"2026-11-20T19:00:00Z"})");
  EXPECT_EQ(to.to, parse_rfc3339("2026-11-20T19:00:00Z").value());

  for (const char* bad : {R"({"command":"overlay_set","overlay":"l","in_ms":1,"title":"x"})",
                          R"({"command":"overlay_set","overlay":"l","in_ms":-1})",
                          R"({"command":"overlay_set","overlay":"l","to":"tomorrow"})"}) {
    EXPECT_EQ(error_of(bad).kind, ErrorKind::kUsage) << bad;
  }
}

TEST(ControlLine, RefusesADurationForACut) {
  EXPECT_EQ(error_of(R"({"command":"take","transition":"cut","duration_ms":1})").message,
            "at $.duration_ms: a cut has no duration");
  EXPECT_EQ(error_of(R"({"command":"cut","duration_ms":1})").kind, ErrorKind::kUsage);
}

TEST(ControlLine, ReadsOverlays) {
  EXPECT_TRUE(
      action_of<scene::OverlayAction>(R"({"command":"overlay_show","overlay":"name"})").show);
  EXPECT_FALSE(
      action_of<scene::OverlayAction>(R"({"command":"overlay_hide","overlay":"name"})").show);
  const auto set = action_of<scene::OverlayTextAction>(
      R"({"command":"overlay_set","overlay":"name","title":"Ana","subtitle":""})");
  EXPECT_EQ(set.title, "Ana");
  EXPECT_FALSE(set.is_text);
  const auto text = action_of<scene::OverlayTextAction>(
      R"({"command":"overlay_set","overlay":"t","text":"one\ntwo"})");
  EXPECT_EQ(text.title, "one\ntwo");
  EXPECT_TRUE(text.is_text);
}

TEST(ControlLine, SaysWhichTextIsEmptyOrTooLong) {
  const auto empty = error_of(R"({"command":"cut","scene":""})");
  EXPECT_EQ(empty.kind, ErrorKind::kUsage);
  EXPECT_EQ(empty.message, "the scene's name is empty");
  EXPECT_EQ(empty.hint, "name a scene: ts compose status lists them");
  EXPECT_EQ(error_of(R"({"command":"audio","source":"","mute":true})").message,
            "the source's name is empty");
  EXPECT_EQ(error_of(R"({"command":"overlay_show","overlay":""})").message,
            "the overlay's name is empty");
  EXPECT_EQ(error_of(R"({"command":"output_remove","name":""})").message, "the name is empty");
  EXPECT_EQ(error_of(R"({"command":"output_add","output":""})").message, "the output is empty");
  EXPECT_EQ(error_of(R"({"command":"shot","path":""})").message, "the path is empty");
  EXPECT_EQ(error_of(R"({"command":"batch","commands":[{"command":"cut","scene":""}]})").message,
            "at $.commands[0].scene: the scene's name is empty");

  const std::string many(300, 'x');
  EXPECT_EQ(error_of(R"({"command":"cut","scene":")" + many + "\"}").message,
            "the scene's name has 300 bytes, 200 at most");
  EXPECT_EQ(error_of(R"({"command":"overlay_set","overlay":"n","subtitle":")" +
                     std::string(2001, 'x') + R"(","title":"a"})")
                .message,
            "the subtitle has 2001 bytes, 2000 at most");
}

TEST(ControlRequest, SpeaksOfTheValueThatIsTooLongNotOfALine) {
  const std::string many(kMaxLine, 'x');

  const auto title =
      check_request(Json{{"command", "overlay_set"}, {"overlay", "n"}, {"title", many}});
  const auto filter =
      check_request(Json{{"command", "scene_set"}, {"name", "n"}, {"scene", {{"layout", many}}}});

  EXPECT_EQ(title.error().message, "the title has 65536 bytes, 2000 at most");
  EXPECT_EQ(title.error().hint, "make it shorter: it has to fit on the picture");
  EXPECT_EQ(filter.error().message, "the command has 65592 bytes, 65536 at most");
  EXPECT_EQ(filter.error().hint, "make it shorter, or send it in several parts");
}

TEST(ControlLine, WantsEitherATitleOrAText) {
  EXPECT_EQ(error_of(R"({"command":"overlay_set","overlay":"n"})").message,
            "at $: expected either title or text");
  EXPECT_FALSE(
      parse_line(R"({"command":"overlay_set","overlay":"n","title":"a","text":"b"})").request.ok());
  EXPECT_EQ(
      error_of(R"({"command":"overlay_set","overlay":"n","text":"a","subtitle":"b"})").message,
      "at $: a text has no subtitle");
}

TEST(ControlLine, ReadsSound) {
  const auto act = command_of<ActCommand>(
      R"({"command":"audio","source":"wide","gain_db":-3.5,"mute":false,"solo":true,"delay_ms":40})");
  const auto audio = std::get<AudioCommand>(act.steps.at(0));

  EXPECT_EQ(audio.source, "wide");
  EXPECT_EQ(audio.gain_db, -3.5);
  EXPECT_EQ(audio.mute, false);
  EXPECT_EQ(audio.solo, true);
  EXPECT_EQ(audio.delay, milliseconds{40});
}

TEST(ControlLine, RefusesSoundBeyondItsLimits) {
  EXPECT_EQ(error_of(R"({"command":"audio","source":"a","gain_db":25})").message,
            "at $.gain_db: expected -120 to 24 dB");
  EXPECT_FALSE(parse_line(R"({"command":"audio","source":"a","delay_ms":10001})").request.ok());
  EXPECT_FALSE(parse_line(R"({"command":"audio","source":"a","delay_ms":-1})").request.ok());
  EXPECT_EQ(error_of(R"({"command":"audio","source":"a"})").hint,
            "give gain_db, mute, solo, delay_ms or follow");
}

TEST(ControlLine, ReadsABatchAsOneCommand) {
  const auto act = command_of<ActCommand>(
      R"({"command":"batch","commands":[{"command":"cut","scene":"a"},
          {"command":"overlay_show","overlay":"o"},{"command":"audio","source":"s","mute":true}]})");

  ASSERT_EQ(act.steps.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<AudioCommand>(act.steps[2]));
}

TEST(ControlLine, KeepsWhatNeedsTimeOutOfABatch) {
  const auto error =
      error_of(R"({"command":"batch","commands":[{"command":"source_remove","name":"a"}]})");

  EXPECT_EQ(error.message, "at $.commands[0].command: 'source_remove' cannot be part of a batch");
  EXPECT_FALSE(parse_line(R"({"command":"batch","commands":[]})").request.ok());
  EXPECT_FALSE(parse_line(R"({"command":"batch","commands":[{"command":"batch"}]})").request.ok());
}

TEST(ControlLine, LimitsABatch) {
  std::string many = R"({"command":"cut"})";
  for (std::size_t i = 1; i < kMaxBatch; ++i) many += R"(,{"command":"cut"})";

  EXPECT_TRUE(parse_line(R"({"command":"batch","commands":[)" + many + "]}").request.ok());
  EXPECT_FALSE(parse_line(R"({"command":"batch","commands":[)" + many + R"(,{"command":"cut"}]})")
                   .request.ok());
}

TEST(ControlLine, ReadsASourceAsInAShowFile) {
  const auto add = command_of<SourceAddCommand>(
      R"({"command":"source_add","name":"late","source":{"url":"/media/late.mp4","loop":true}})");

  EXPECT_EQ(add.source.name, "late");
  EXPECT_TRUE(std::get<scene::MediaInput>(add.source.input).loop);
}

TEST(ControlLine, RefusesARelativePathAndAForbiddenProtocol) {
  EXPECT_EQ(error_of(R"({"command":"source_add","name":"a","source":{"url":"late.mp4"}})").message,
            "at $.source: expected an absolute path");
  EXPECT_FALSE(
      parse_line(R"({"command":"source_add","name":"a","source":{"url":"file:///etc/passwd"}})")
          .request.ok());
  EXPECT_FALSE(parse_line(R"({"command":"output_add","output":"file:x.mp4"})").request.ok());
  EXPECT_FALSE(parse_line(R"({"command":"shot","path":"x.png"})").request.ok());
}

TEST(ControlLine, ReadsOutputsWithTheNameTheyAreGiven) {
  const auto add = command_of<OutputAddCommand>(
      R"({"command":"output_add","output":"file:/tmp/a.mp4","name":"rec"})");

  EXPECT_EQ(add.output.name, "rec");
  EXPECT_EQ(std::get<scene::FileOutput>(add.output.target).path, "/tmp/a.mp4");
}

TEST(ControlLine, ReadsScenesAsTheyAreInAShowFile) {
  const auto set = command_of<SceneSetCommand>(
      R"({"command":"scene_set","name":"a","scene":{"layout":"full","slots":["x"]}})");

  EXPECT_EQ(set.name, "a");
  EXPECT_EQ(set.scene, R"({"layout":"full","slots":["x"]})");
}

TEST(ControlLine, ReadsTheRest) {
  EXPECT_EQ(command_of<SourceRestartCommand>(R"({"command":"source_restart","name":"a"})").name,
            "a");
  EXPECT_EQ(command_of<OutputRemoveCommand>(R"({"command":"output_remove","name":"a"})").name, "a");
  EXPECT_NO_THROW(command_of<OutputListCommand>(R"({"command":"output_list"})"));
  EXPECT_NO_THROW(command_of<StatusCommand>(R"({"command":"status"})"));
  EXPECT_EQ(command_of<ShotCommand>(R"({"command":"shot","path":"/a.png","source":"s"})").source,
            "s");
  EXPECT_NO_THROW(action_of<scene::StopAction>(R"({"command":"stop"})"));
  EXPECT_NO_THROW(action_of<scene::GoAction>(R"({"command":"go"})"));
  EXPECT_FALSE(action_of<scene::BlackAction>(R"({"command":"black","on":false})").black);
  EXPECT_EQ(action_of<scene::PreviewAction>(R"({"command":"preview","scene":"a"})").scene, "a");
}

TEST(ControlLine, SuggestsWhatWasMeant) {
  EXPECT_EQ(error_of(R"({"command":"overlay_shwo","overlay":"a"})").hint,
            "did you mean 'overlay_show'?");
  EXPECT_NE(error_of(R"({"command":"take","secne":"a"})").hint.find("scene"), std::string::npos);
  EXPECT_NE(error_of(R"({"command":"take","transition":"fdae"})").hint.find("fade"),
            std::string::npos);
}

TEST(ControlLine, KeepsTheIdEvenWhenTheRestIsBad) {
  EXPECT_EQ(parse_line(R"({"id":7,"command":"nope"})").id, "7");
  EXPECT_EQ(parse_line(R"({"id":"a\"b"})").id, R"("a\"b")");
  EXPECT_EQ(parse_line(R"({"command":"status"})").id, "null");
  EXPECT_EQ(parse_line("garbage").id, "null");
}

TEST(ControlLine, RefusesOddIds) {
  for (const auto* line : {R"({"id":{},"command":"ping"})", R"({"id":[1],"command":"ping"})",
                           R"({"id":true,"command":"ping"})", R"({"id":"","command":"ping"})"}) {
    EXPECT_EQ(error_of(line).message, "at $.id: expected a number or a short string") << line;
  }
  EXPECT_FALSE(
      parse_line("{\"id\":\"" + std::string(300, 'x') + "\",\"command\":\"ping\"}").request.ok());
}

TEST(ControlLine, RefusesGarbage) {
  for (const auto* line :
       {"", "{", "[]", "null", "42", "\"take\"", "{\"command\":3}", "\xff\xfe",
        "{\"command\":\"take\"} trailing", "{\"command\":\"take\",\"scene\":3}"}) {
    EXPECT_EQ(error_of(line).kind, ErrorKind::kUsage) << line;
  }
  EXPECT_FALSE(parse_line(std::string(kMaxLine + 1, ' ')).request.ok());
  EXPECT_FALSE(parse_line(std::string(60000, '[')).request.ok());
}

TEST(ControlLine, ReadsSubscriptions) {
  auto all = parse_line(R"({"command":"events"})");
  auto some = parse_line(R"({"command":"events","kinds":["tally","guard"]})");

  EXPECT_TRUE(std::get<EventsRequest>(all.request.value()).kinds.empty());
  EXPECT_EQ(std::get<EventsRequest>(some.request.value()).kinds.size(), 2U);
  EXPECT_FALSE(parse_line(R"({"command":"events","kinds":["nope"]})").request.ok());
}

TEST(ControlErrors, SurviveTheWayThroughJson) {
  const Error error{.kind = ErrorKind::kConflict,
                    .message = "no",
                    .hint = "do this",
                    .retryable = true,
                    .code = "busy"};

  const auto back = error_from_json(error_json(error));

  EXPECT_EQ(back.kind, error.kind);
  EXPECT_EQ(back.message, "no");
  EXPECT_EQ(back.hint, "do this");
  EXPECT_EQ(back.code, "busy");
  EXPECT_TRUE(back.retryable);
  EXPECT_EQ(error_from_json(Json::array()).kind, ErrorKind::kRemote);
}

}  // namespace
}  // namespace ts::control
