// SPDX-License-Identifier: Apache-2.0
#include "control/protocol.hpp"

#include "core/assert.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace ts::control {
namespace {

using AnyRequest = std::variant<Command, EventsRequest, PingRequest>;

constexpr milliseconds kMaxTransition{60'000};
constexpr milliseconds kMaxDelay{10'000};
constexpr milliseconds kMaxLength{std::chrono::hours{24 * 7}};
constexpr double kMinGain = -120;
constexpr double kMaxGain = 24;
constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxWords = 2000;
constexpr std::size_t kMaxPath = 4096;
constexpr JsonLimits kLimits{.max_bytes = kMaxLine, .max_depth = 16, .unique_names = true};

constexpr std::array<std::string_view, 12> kEventKinds{"go",    "scene",   "tally",  "overlay",
                                                       "audio", "black",   "source", "output",
                                                       "guard", "quality", "meters", "stop"};

/// What a member with a text is, in the words of whoever typed it into ts compose.
struct TextWords {
  std::string_view key;
  std::string_view what;
  std::string_view hint;  ///< What to give.
};
constexpr std::array<TextWords, 9> kTextWords{{
    {"scene", "the scene's name", "name a scene: ts compose status lists them"},
    {"source", "the source's name", "name a source: ts compose status lists them"},
    {"overlay", "the overlay's name", "name an overlay: ts compose status --json lists them"},
    {"name", "the name", "give a name of 1 to 64 letters (a to z), digits, spaces and _ . -"},
    {"output", "the output", "write file:F, hls:DIR, rtmp-url-file:F or srt-url-file:F"},
    {"path", "the path", "name the file to write"},
    {"title", "the title", "make it shorter: it has to fit on the picture"},
    {"text", "the text", "make it shorter: it has to fit on the picture"},
    {"subtitle", "the subtitle", "make it shorter: it has to fit on the picture"},
}};

/// A text that is empty or too long. Where it stands is said of a part of a batch; a command of its
/// own has only one such member.
Error text_error(const JsonReader& member, std::string_view key, std::string_view problem) {
  const auto words = std::find_if(kTextWords.begin(), kTextWords.end(),
                                  [&](const TextWords& known) { return known.key == key; });
  TS_ASSERT(words != kTextWords.end());
  const bool own = member.path() == fmt::format("$.{}", key);
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("{}{} {}", own ? "" : fmt::format("at {}: ", member.path()),
                                      words->what, problem),
               .hint = std::string(words->hint)};
}

Error too_long(const JsonReader& member, std::string_view key, std::size_t size, std::size_t most) {
  return text_error(member, key, fmt::format("has {} bytes, {} at most", size, most));
}

Result<std::string> text_member(const JsonReader& object, std::string_view key, std::size_t most) {
  TS_TRY(const auto member, object.at(key));
  TS_TRY(auto value, member.as_string());
  if (value.empty()) return text_error(member, key, "is empty");
  if (value.size() > most) return too_long(member, key, value.size(), most);
  return value;
}

Result<std::string> optional_text(const JsonReader& object, std::string_view key,
                                  std::size_t most) {
  TS_TRY(const auto member, object.find(key));
  if (!member) return std::string();
  return text_member(object, key, most);
}

/// Words for an overlay: may be empty.
Result<std::string> words_member(const JsonReader& object, std::string_view key) {
  TS_TRY(auto value, object.string_or(key));
  if (value.size() <= kMaxWords) return value;
  TS_TRY(const auto member, object.at(key));
  return too_long(member, key, value.size(), kMaxWords);
}

Result<milliseconds> duration_member(const JsonReader& object, std::string_view key,
                                     milliseconds fallback, milliseconds most) {
  TS_TRY(const auto member, object.find(key));
  if (!member) return fallback;
  TS_TRY(const auto value, member->as_int());
  if (value < 0 || value > most.count()) {
    return member->error(fmt::format("expected 0 to {} milliseconds", most.count()));
  }
  return milliseconds{value};
}

Result<Step> parse_take(const JsonReader& object) {
  TS_CHECK(object.only({"id", "command", "scene", "transition", "duration_ms"}));
  scene::TakeAction take;
  TS_TRY(take.scene, optional_text(object, "scene", kMaxName));
  TS_TRY(const auto transition, object.find("transition"));
  TS_TRY(const auto duration, object.find("duration_ms"));
  if (transition) {
    TS_TRY(const auto word, transition->as_string());
    TS_TRY(take.transition.kind, scene::parse_transition(word));
  } else if (duration) {
    take.transition.kind = scene::TransitionKind::kFade;
  }
  if (take.transition.kind != scene::TransitionKind::kCut) {
    TS_TRY(take.transition.duration,
           duration_member(object, "duration_ms", milliseconds{500}, kMaxTransition));
  } else if (duration) {
    return duration->error("a cut has no duration");
  }
  return Step{scene::Action{take}};
}

Result<Step> parse_audio(const JsonReader& object) {
  TS_CHECK(
      object.only({"id", "command", "source", "gain_db", "mute", "solo", "delay_ms", "follow"}));
  AudioCommand audio;
  TS_TRY(audio.source, text_member(object, "source", kMaxName));
  TS_TRY(const auto gain, object.find("gain_db"));
  if (gain) {
    TS_TRY(audio.gain_db, gain->as_number());
    if (!(*audio.gain_db >= kMinGain && *audio.gain_db <= kMaxGain)) {
      return gain->error(fmt::format("expected {} to {} dB", kMinGain, kMaxGain));
    }
  }
  TS_TRY(const auto mute, object.find("mute"));
  if (mute) {
    TS_TRY(audio.mute, mute->as_bool());
  }
  TS_TRY(const auto solo, object.find("solo"));
  if (solo) {
    TS_TRY(audio.solo, solo->as_bool());
  }
  TS_TRY(const auto delay, object.find("delay_ms"));
  if (delay) {
    TS_TRY(audio.delay, duration_member(object, "delay_ms", milliseconds{0}, kMaxDelay));
  }
  TS_TRY(const auto follow, object.find("follow"));
  if (follow) {
    TS_TRY(audio.follow, follow->as_bool());
  }
  if (!gain && !mute && !solo && !delay && !follow) {
    Error error = object.error("nothing to change");
    error.hint = "give gain_db, mute, solo, delay_ms or follow";
    return error;
  }
  return Step{audio};
}

Result<Step> parse_countdown(const JsonReader& object, const std::optional<JsonReader>& to,
                             const std::optional<JsonReader>& in) {
  for (const char* key : {"title", "text", "subtitle"}) {
    TS_TRY(const auto words, object.find(key));
    if (words) return words->error("new words or another moment, not both");
  }
  if (to && in) return object.error("expected either to or in_ms");
  scene::CountdownAction set;
  TS_TRY(set.overlay, text_member(object, "overlay", kMaxName));
  if (to) {
    TS_TRY(const auto text, to->as_string());
    TS_TRY(set.to, parse_rfc3339(text));
  } else {
    TS_TRY(set.in, duration_member(object, "in_ms", milliseconds{0}, kMaxLength));
  }
  return Step{scene::Action{set}};
}

Result<Step> parse_overlay(const JsonReader& object, std::string_view word) {
  if (word != "overlay_set") {
    scene::OverlayAction action{.show = word == "overlay_show"};
    if (action.show) {
      TS_CHECK(object.only({"id", "command", "overlay", "for_ms"}));
    } else {
      TS_CHECK(object.only({"id", "command", "overlay"}));
    }
    TS_TRY(action.overlay, text_member(object, "overlay", kMaxName));
    TS_TRY(const auto length, object.find("for_ms"));
    if (length) {
      TS_TRY(action.length, duration_member(object, "for_ms", milliseconds{0}, kMaxLength));
      if (*action.length <= milliseconds{0}) return length->error("longer than nothing");
    }
    return Step{scene::Action{action}};
  }
  TS_CHECK(object.only({"id", "command", "overlay", "title", "text", "subtitle", "to", "in_ms"}));
  TS_TRY(const auto to, object.find("to"));
  TS_TRY(const auto in, object.find("in_ms"));
  if (to || in) return parse_countdown(object, to, in);
  scene::OverlayTextAction set;
  TS_TRY(set.overlay, text_member(object, "overlay", kMaxName));
  TS_TRY(const auto title, object.find("title"));
  TS_TRY(const auto text, object.find("text"));
  if (title.has_value() == text.has_value()) return object.error("expected either title or text");
  TS_TRY(set.title, words_member(object, title ? "title" : "text"));
  TS_TRY(set.subtitle, words_member(object, "subtitle"));
  set.is_text = text.has_value();
  if (set.is_text && !set.subtitle.empty()) return object.error("a text has no subtitle");
  return Step{scene::Action{set}};
}

/// A command that may be part of a batch; nullopt when `word` is none of them.
Result<std::optional<Step>> parse_step(const JsonReader& object, std::string_view word) {
  std::optional<Step> step;
  if (word == "preview") {
    TS_CHECK(object.only({"id", "command", "scene"}));
    TS_TRY(auto scene, text_member(object, "scene", kMaxName));
    step = scene::Action{scene::PreviewAction{std::move(scene)}};
  } else if (word == "take") {
    TS_TRY(step, parse_take(object));
  } else if (word == "cut") {
    TS_CHECK(object.only({"id", "command", "scene"}));
    TS_TRY(auto scene, optional_text(object, "scene", kMaxName));
    step = scene::Action{scene::TakeAction{.scene = std::move(scene), .transition = {}}};
  } else if (word == "black") {
    TS_CHECK(object.only({"id", "command", "on", "duration_ms"}));
    scene::BlackAction black;
    TS_TRY(black.black, object.bool_or("on", true));
    TS_TRY(black.duration,
           duration_member(object, "duration_ms", milliseconds{500}, kMaxTransition));
    step = scene::Action{black};
  } else if (word == "go") {
    TS_CHECK(object.only({"id", "command", "at_ms", "done_ms"}));
    scene::GoAction go;
    TS_TRY(go.at, duration_member(object, "at_ms", milliseconds{0}, kMaxLength));
    TS_TRY(go.done, duration_member(object, "done_ms", go.at, kMaxLength));
    step = scene::Action{go};
  } else if (word == "overlay_show" || word == "overlay_hide" || word == "overlay_set") {
    TS_TRY(step, parse_overlay(object, word));
  } else if (word == "audio") {
    TS_TRY(step, parse_audio(object));
  }
  return step;
}

Result<AnyRequest> parse_batch(const JsonReader& object) {
  TS_CHECK(object.only({"id", "command", "commands"}));
  TS_TRY(const auto commands, object.at("commands"));
  TS_TRY(const auto items, commands.items());
  if (items.empty() || items.size() > kMaxBatch) {
    return commands.error(fmt::format("expected 1 to {} commands", kMaxBatch));
  }
  ActCommand act;
  for (const auto& item : items) {
    TS_TRY(const auto member, item.at("command"));
    TS_TRY(const auto word, member.as_string());
    TS_TRY(auto step, parse_step(item, word));
    if (!step) {
      Error error = member.error(fmt::format("'{}' cannot be part of a batch", shorten(word, 60)));
      error.hint =
          "known: preview, take, cut, black, go, overlay_show, overlay_hide, overlay_set, audio";
      return error;
    }
    act.steps.push_back(std::move(*step));
  }
  return AnyRequest{Command{std::move(act)}};
}

Result<AnyRequest> parse_source_add(const JsonReader& object) {
  TS_CHECK(object.only({"id", "command", "name", "source"}));
  TS_TRY(const auto name, text_member(object, "name", kMaxName));
  TS_TRY(const auto definition, object.at("source"));
  if (!definition.is_object()) return definition.expected("an object");
  auto source = scene::parse_source(name, dump_json(definition.json()), {});
  if (!source) return std::move(source).error().with_context("source");
  const auto* media = std::get_if<scene::MediaInput>(&source.value().input);
  if (media != nullptr && media->is_file && !std::filesystem::path(media->url).is_absolute()) {
    return definition.error("expected an absolute path");
  }
  return AnyRequest{Command{SourceAddCommand{std::move(source).value()}}};
}

Result<AnyRequest> parse_scene_set(const JsonReader& object) {
  TS_CHECK(object.only({"id", "command", "name", "scene"}));
  SceneSetCommand set;
  TS_TRY(set.name, text_member(object, "name", kMaxName));
  TS_TRY(const auto scene, object.at("scene"));
  if (!scene.is_object()) return scene.expected("an object");
  set.scene = dump_json(scene.json());
  return AnyRequest{Command{std::move(set)}};
}

Result<AnyRequest> parse_output_add(const JsonReader& object) {
  TS_CHECK(object.only({"id", "command", "output", "name"}));
  TS_TRY(const auto member, object.at("output"));
  TS_TRY(const auto text, text_member(object, "output", kMaxPath));
  TS_TRY(auto output, scene::parse_output(text));
  const std::string* path = nullptr;
  if (const auto* file = std::get_if<scene::FileOutput>(&output.target)) path = &file->path;
  if (const auto* key = std::get_if<scene::RtmpUrlFileOutput>(&output.target)) path = &key->path;
  if (const auto* key = std::get_if<scene::SrtUrlFileOutput>(&output.target)) path = &key->path;
  if (const auto* hls = std::get_if<scene::HlsOutput>(&output.target)) path = &hls->folder;
  if (path != nullptr && !std::filesystem::path(*path).is_absolute()) {
    return member.error("expected an absolute path");
  }
  TS_TRY(auto name, optional_text(object, "name", 64));
  if (!name.empty()) output.name = std::move(name);
  return AnyRequest{Command{OutputAddCommand{std::move(output)}}};
}

/// Which picture a shot or a picture is of.
Result<View> parse_view(const JsonReader& object, std::string& source) {
  TS_TRY(source, optional_text(object, "source", kMaxName));
  TS_TRY(const bool preview, object.bool_or("preview", false));
  TS_TRY(const bool multiview, object.bool_or("multiview", false));
  if ((source.empty() ? 0 : 1) + (preview ? 1 : 0) + (multiview ? 1 : 0) > 1) {
    return object.error("one picture only: source, preview or multiview");
  }
  if (preview) return View::kPreview;
  if (multiview) return View::kMultiview;
  return source.empty() ? View::kProgram : View::kSource;
}

Result<AnyRequest> parse_shot(const JsonReader& object) {
  TS_CHECK(object.only({"id", "command", "path", "source", "preview", "multiview"}));
  ShotCommand shot;
  TS_TRY(shot.path, text_member(object, "path", kMaxPath));
  TS_TRY(shot.view, parse_view(object, shot.source));
  if (std::filesystem::path(shot.path).is_absolute()) return AnyRequest{Command{std::move(shot)}};
  TS_TRY(const auto member, object.at("path"));
  return member.error("expected an absolute path");
}

Result<AnyRequest> parse_picture(const JsonReader& object) {
  TS_CHECK(object.only(
      {"id", "command", "source", "preview", "multiview", "glimpse", "width", "height"}));
  PictureCommand picture;
  TS_TRY(picture.view, parse_view(object, picture.source));
  TS_TRY(picture.glimpse, object.bool_or("glimpse", false));
  for (const auto& [key, value] :
       {std::pair{"width", &picture.width}, {"height", &picture.height}}) {
    TS_TRY(const auto member, object.at(key));
    TS_TRY(const auto number, member.as_int());
    if (number < 1 || number > kMaxPicture) {
      return member.error(fmt::format("expected 1 to {}", kMaxPicture));
    }
    *value = static_cast<int>(number);
  }
  return AnyRequest{Command{std::move(picture)}};
}

Result<AnyRequest> parse_events(const JsonReader& object) {
  TS_CHECK(object.only({"id", "command", "kinds"}));
  EventsRequest events;
  TS_TRY(const auto kinds, object.find("kinds"));
  if (!kinds) return AnyRequest{events};
  TS_TRY(const auto items, kinds->items());
  for (const auto& item : items) {
    TS_TRY(auto kind, item.as_string());
    if (std::find(kEventKinds.begin(), kEventKinds.end(), kind) == kEventKinds.end()) {
      Error error = item.error(fmt::format("unknown event '{}'", shorten(kind, 60)));
      error.hint = fmt::format("known: {}", fmt::join(kEventKinds, ", "));
      return error;
    }
    events.kinds.push_back(std::move(kind));
  }
  return AnyRequest{std::move(events)};
}

/// A command whose only member is the name of something.
template <typename T>
Result<AnyRequest> parse_named(const JsonReader& object) {
  TS_CHECK(object.only({"id", "command", "name"}));
  TS_TRY(auto name, text_member(object, "name", kMaxName));
  return AnyRequest{Command{T{std::move(name)}}};
}

/// A command without members.
Result<AnyRequest> parse_bare(const JsonReader& object, AnyRequest request) {
  TS_CHECK(object.only({"id", "command"}));
  return request;
}

Error unknown_command(const JsonReader& member, const std::string& word) {
  Error error = member.error(fmt::format("unknown command '{}'", shorten(word, 60)));
  if (const auto near = nearest(word, {"go",
                                       "preview",
                                       "take",
                                       "cut",
                                       "black",
                                       "overlay_show",
                                       "overlay_hide",
                                       "overlay_set",
                                       "audio",
                                       "batch",
                                       "source_add",
                                       "source_remove",
                                       "source_restart",
                                       "scene_set",
                                       "output_add",
                                       "output_remove",
                                       "output_list",
                                       "status",
                                       "shot",
                                       "picture",
                                       "stop",
                                       "events",
                                       "ping"})) {
    error.hint = fmt::format("did you mean '{}'?", *near);
  } else {
    error.hint = "ts help control describes the protocol";
  }
  return error;
}

Result<AnyRequest> parse_request(const JsonReader& object) {
  TS_TRY(const auto member, object.at("command"));
  TS_TRY(const auto word, member.as_string());
  TS_TRY(auto step, parse_step(object, word));
  if (step) return AnyRequest{Command{ActCommand{.steps = {std::move(*step)}}}};
  if (word == "batch") return parse_batch(object);
  if (word == "source_add") return parse_source_add(object);
  if (word == "source_remove") return parse_named<SourceRemoveCommand>(object);
  if (word == "source_restart") return parse_named<SourceRestartCommand>(object);
  if (word == "scene_set") return parse_scene_set(object);
  if (word == "output_add") return parse_output_add(object);
  if (word == "output_remove") return parse_named<OutputRemoveCommand>(object);
  if (word == "output_list") return parse_bare(object, Command{OutputListCommand{}});
  if (word == "status") return parse_bare(object, Command{StatusCommand{}});
  if (word == "shot") return parse_shot(object);
  if (word == "picture") return parse_picture(object);
  if (word == "events") return parse_events(object);
  if (word == "ping") return parse_bare(object, PingRequest{});
  if (word == "stop") {
    return parse_bare(object, Command{ActCommand{.steps = {scene::Action{scene::StopAction{}}}}});
  }
  return unknown_command(member, word);
}

}  // namespace

ClientLine parse_line(std::string_view line) {
  ClientLine out{.id = "null"};
  if (line.size() > kMaxLine) {
    out.request = Error{.kind = ErrorKind::kUsage,
                        .message = fmt::format("a line is longer than {} bytes", kMaxLine),
                        .hint = "send one JSON object per line"};
    return out;
  }
  const auto json = parse_json(line, "the command", ErrorKind::kUsage, kLimits);
  if (!json) {
    out.request = json.error();
    return out;
  }
  const JsonReader object(json.value(), ErrorKind::kUsage);
  if (!object.is_object()) {
    out.request = object.expected(R"(an object such as {"command": "status"})");
    return out;
  }
  if (const auto id = json.value().find("id"); id != json.value().end() && !id->is_null()) {
    const bool good =
        id->is_number() || (id->is_string() && !id->get_ref<const std::string&>().empty());
    const auto text = dump_json(*id);
    if (!good || text.size() > 200) {
      out.request = Error{.kind = ErrorKind::kUsage,
                          .message = "at $.id: expected a number or a short string"};
      return out;
    }
    out.id = text;
  }
  out.request = parse_request(object);
  return out;
}

Json error_json(const Error& error) {
  Json json{{"kind", to_string(error.kind)},
            {"code", error.code.empty() ? std::string(to_string(error.kind)) : error.code},
            {"message", error.message}};
  if (!error.hint.empty()) json["hint"] = error.hint;
  json["retryable"] = error.retryable;
  return json;
}

Error error_from_json(const Json& json) {
  Error error{.kind = ErrorKind::kRemote, .message = "the compositor refused the command"};
  if (!json.is_object()) return error;
  const auto text = [&](const char* key) {
    const auto member = json.find(key);
    return member != json.end() && member->is_string() ? member->get<std::string>() : std::string();
  };
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::kTerminated); ++kind) {
    if (to_string(static_cast<ErrorKind>(kind)) == text("kind")) {
      error.kind = static_cast<ErrorKind>(kind);
    }
  }
  if (auto message = text("message"); !message.empty()) error.message = std::move(message);
  error.hint = text("hint");
  error.code = text("code");
  const auto retryable = json.find("retryable");
  error.retryable = retryable != json.end() && retryable->is_boolean() && retryable->get<bool>();
  return error;
}

Status check_request(const Json& request) {
  const std::string text = dump_json(request);
  if (text.size() > kMaxLine) {
    // Whoever asks has written no line: which of the values is too long is what they can use.
    const auto parsed = parse_request(JsonReader(request, ErrorKind::kUsage));
    if (!parsed) return parsed.error();
    return Error{
        .kind = ErrorKind::kUsage,
        .message = fmt::format("the command has {} bytes, {} at most", text.size(), kMaxLine),
        .hint = "make it shorter, or send it in several parts"};
  }
  const auto line = parse_line(text);
  if (!line.request) return line.request.error();
  return ok_status();
}

}  // namespace ts::control
