// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"
#include "tui/terminal.hpp"
#include "tui/view.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/encoding.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ts::cli {
namespace in_compose_tui {

using tui::Key;

constexpr milliseconds kPeriod{100};
constexpr milliseconds kAnswer{2000};
/// A program that crashed is begun anew within seconds, and an egress after it.
constexpr milliseconds kComesBack{20'000};
constexpr milliseconds kSocketGone{3'000};

struct Options {
  ControlFlags control;
  std::string print;
  bool no_picture = false;
};

/// The operator's side of the control socket.
class Desk {
 public:
  struct Options {
    bool pictures = true;
    bool patient = true;  ///< What does not answer in time is waited for.
  };
  Desk(control::Client client, Clock& clock, std::stop_token stop, Options options)
      : client_(std::move(client)), clock_(clock), stop_(std::move(stop)), options_(options) {}

  /// Asks for everything the screen shows. A program that is slow to answer is shown as it was.
  /// @return what ends the screen: the program's own end, or ours.
  Status refresh(int columns, int rows) {
    model_.forget_message(clock_.steady_now());
    TS_TRY(const bool told, refresh_status());
    if (!told) return ok_status();
    const tui::PictureSize size = tui::picture_size(columns, rows);
    if (!options_.pictures || size.width == 0) return ok_status();
    const auto picture = client_.request(
        Json{{"command", "picture"}, {"width", size.width}, {"height", size.height}}, kAnswer,
        stop_);
    if (!picture.ok()) return bear(picture.error());
    const JsonReader reader(picture.value());
    TS_TRY(const std::string text, reader.string_or("rgb"));
    TS_TRY(model_.picture, crypto::base64_decode(text));
    model_.picture_width = size.width;
    model_.picture_height = size.height;
    return refresh_thumbnail(columns, rows);
  }

  /// @return false when nothing was told this time.
  Result<bool> refresh_status() {
    const auto reply = client_.request(Json{{"command", "status"}}, kAnswer, stop_);
    if (!reply.ok()) {
      TS_CHECK(bear(reply.error()));
      return false;
    }
    const auto status = reply.value().find("status");
    if (status != reply.value().end()) model_.take_status(*status);
    return true;
  }

  /// All of them, for a screen that is printed once.
  Status refresh_thumbnails(int columns, int rows) {
    for (int i = 0; i < 2 * tui::thumbnails_shown(model_, columns, rows); ++i) {
      TS_CHECK(refresh_thumbnail(columns, rows));
    }
    return ok_status();
  }

  /// @return false to leave.
  Result<bool> press(const Key& key) {
    switch (key.kind) {
      case Key::Kind::kInterrupt:
        return false;
      case Key::Kind::kUp:
        if (model_.selected > 0) --model_.selected;
        return true;
      case Key::Kind::kDown:
        if (model_.selected + 1 < model_.sources.size()) ++model_.selected;
        return true;
      case Key::Kind::kLeft:
        return preview_beside(-1);
      case Key::Kind::kRight:
        return preview_beside(1);
      case Key::Kind::kEnter:
        return send(Json{{"command", "take"}, {"transition", "fade"}}, "fade to " + preview_name());
      case Key::Kind::kFunction:
        return overlay(static_cast<std::size_t>(key.number - 1));
      case Key::Kind::kLetter:
        return letter(key.letter);
      case Key::Kind::kSuspend:
      case Key::Kind::kRedraw:
        break;
    }
    return true;
  }
  /// After the connection broke: one look whether the program is back. One that ended in good order
  /// has taken its socket away; a crashed one is begun anew by ts live.
  /// @return the error once it is not to be expected any more.
  Status look_for_program(const Error& broken) {
    const SteadyTime now = clock_.steady_now();
    if (!gone_since_) gone_since_ = now;
    std::error_code ignored;
    const bool there = std::filesystem::exists(client_.socket(), ignored);
    if (now - *gone_since_ > (there ? kComesBack : kSocketGone)) return broken;
    auto again = control::Client::connect(client_.socket(), kAnswer, stop_);
    if (!again.ok()) {
      model_.say("the program is gone; looking whether it comes back (q leaves)", true, now);
      return ok_status();
    }
    client_ = std::move(again).value();
    gone_since_.reset();
    model_.say("the program is back: see what is on air", false, now);
    return ok_status();
  }
  [[nodiscard]] const tui::Model& model() const { return model_; }

 private:
  /// Says what could not be had now; the next look may have it.
  Status bear(const Error& error) {
    // Before the first frame there is no picture.
    if (error.kind == ErrorKind::kNotFound) return ok_status();
    const bool over = error.kind == ErrorKind::kInterrupted || error.code == "closed";
    if (over || !options_.patient) return error;
    model_.say(error.message, true, clock_.steady_now());
    return ok_status();
  }

  /// One source's small picture at a time, in turn; nothing is decoded for it but a key frame.
  Status refresh_thumbnail(int columns, int rows) {
    const int shown = tui::thumbnails_shown(model_, columns, rows);
    if (shown == 0) return ok_status();
    const std::string& name =
        model_.sources[next_thumbnail_++ % static_cast<std::size_t>(shown)].name;
    const auto picture = client_.request(Json{{"command", "picture"},
                                              {"source", name},
                                              {"glimpse", true},
                                              {"width", tui::kThumbnail.width},
                                              {"height", tui::kThumbnail.height}},
                                         kAnswer, stop_);
    if (!picture.ok()) return bear(picture.error());
    const JsonReader reader(picture.value());
    TS_TRY(const std::string text, reader.string_or("rgb"));
    TS_TRY(model_.thumbnails[name], crypto::base64_decode(text));
    return ok_status();
  }

  /// As it was last seen: another desk may have changed it.
  [[nodiscard]] std::string preview_name() const {
    return model_.preview.empty() ? "the preview" : model_.preview;
  }

  Result<bool> letter(char letter) {
    if (letter == 'q') return false;
    if (letter == 'c') return send(Json{{"command", "cut"}}, "cut to " + preview_name());
    if (letter == 'b') {
      return send(Json{{"command", "black"}, {"on", !model_.black}},
                  model_.black ? "from black" : "to black");
    }
    if (letter == 'g' && model_.holding) return send(Json{{"command", "go"}}, "the show began");
    if (letter >= '1' && letter <= '9') return preview(static_cast<std::size_t>(letter - '1'));
    if (model_.selected >= model_.sources.size()) return true;
    const tui::Model::Source& source = model_.sources[model_.selected];
    Json request{{"command", "audio"}, {"source", source.name}};
    if (letter == 'm') {
      request["mute"] = !source.muted;
      return send(std::move(request), (source.muted ? "unmute " : "mute ") + source.name);
    }
    if (letter == 's') {
      request["solo"] = !source.solo;
      return send(std::move(request), "solo " + source.name);
    }
    if (letter == 'f') {
      request["follow"] = !source.follow;
      return send(std::move(request), "follow " + source.name);
    }
    if (letter == '+' || letter == '=' || letter == '-') {
      const double gain = std::clamp(source.gain_db + (letter == '-' ? -1.0 : 1.0), -120.0, 24.0);
      request["gain_db"] = gain;
      return send(std::move(request), fmt::format("{} {:+.1f} dB", source.name, gain));
    }
    return true;
  }

  Result<bool> preview(std::size_t index) {
    if (index >= model_.scenes.size()) return true;
    const std::string& scene = model_.scenes[index];
    return send(Json{{"command", "preview"}, {"scene", scene}}, "preview " + scene);
  }

  /// The scene before or after the one in preview, so that every one is in reach of a key.
  Result<bool> preview_beside(int step) {
    const auto& scenes = model_.scenes;
    if (scenes.empty()) return true;
    const std::string& from = model_.preview.empty() ? model_.program : model_.preview;
    const auto found = std::find(scenes.begin(), scenes.end(), from);
    const auto count = static_cast<int>(scenes.size());
    const int at = found == scenes.end() ? 0 : static_cast<int>(found - scenes.begin());
    return preview(static_cast<std::size_t>((at + step + count) % count));
  }

  Result<bool> overlay(std::size_t index) {
    if (index >= model_.overlays.size()) return true;
    const tui::Model::Overlay& overlay = model_.overlays[index];
    return send(Json{{"command", overlay.on_air ? "overlay_hide" : "overlay_show"},
                     {"overlay", overlay.name}},
                fmt::format("{} {}", overlay.on_air ? "hide" : "show", overlay.name));
  }

  /// What the program refuses is shown, not the end of the screen.
  Result<bool> send(const Json& request, const std::string& what) {
    const auto reply = client_.request(request, kAnswer, stop_);
    const SteadyTime now = clock_.steady_now();
    if (reply.ok()) {
      const auto tick = reply.value().find("tick");
      model_.say(
          fmt::format("{} at frame {}", what, tick == reply.value().end() ? "?" : dump_json(*tick)),
          false, now);
      return true;
    }
    const Error& error = reply.error();
    model_.say(error.message + (error.hint.empty() ? "" : "; " + error.hint), true, now);
    const bool gone = error.kind == ErrorKind::kInterrupted || error.code == "closed";
    if (gone) return error;
    return true;
  }

  control::Client client_;
  Clock& clock_;
  std::stop_token stop_;
  Options options_;
  std::optional<SteadyTime> gone_since_;
  std::size_t next_thumbnail_ = 0;
  tui::Model model_{};
};

Result<tui::Terminal::Size> parse_size(const std::string& text) {
  const auto cross = text.find('x');
  const auto number = [](std::string_view digits) { return parse_u64(digits); };
  const auto columns = number(std::string_view(text).substr(0, cross));
  const auto rows = cross == std::string::npos ? std::optional<std::uint64_t>()
                                               : number(std::string_view(text).substr(cross + 1));
  if (!columns || !rows || *columns < 20 || *columns > 500 || *rows < 8 || *rows > 200) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("--print: no size of a screen: {}", shorten(text, 40)),
                 .hint = "write for example --print 120x40"};
  }
  return tui::Terminal::Size{static_cast<int>(*columns), static_cast<int>(*rows)};
}

Status print_once(Desk& desk, const tui::Terminal::Size& size, Context& context) {
  TS_CHECK(desk.refresh(size.columns, size.rows));
  TS_CHECK(desk.refresh_thumbnails(size.columns, size.rows));
  const tui::Screen screen = tui::draw(desk.model(), size.columns, size.rows);
  if (context.options().color != "always") return context.out().print(tui::plain_text(screen));
  return context.out().print(tui::difference(nullptr, screen, tui::Colors::kTrue) +
                             fmt::format("\x1b[{};1H\n", size.rows));
}

/// The loop. @return why it ended.
Status operate(Desk& desk, tui::Terminal& terminal, const std::stop_token& stop) {
  const auto stay_for = [&](Status status) {
    const bool broken = !status.ok() && status.error().code == "closed";
    return broken ? desk.look_for_program(status.error()) : status;
  };
  while (!stop.stop_requested()) {
    const tui::Terminal::Size size = terminal.size();
    TS_CHECK(stay_for(desk.refresh(size.columns, size.rows)));
    TS_CHECK(terminal.show(tui::draw(desk.model(), size.columns, size.rows)));
    TS_TRY(const std::vector<Key> keys, terminal.keys(kPeriod));
    for (const Key& key : keys) {
      // Typed faster than the screen is drawn: each key changes what the one before it has made.
      if (&key != &keys.front()) {
        auto told = desk.refresh_status();
        TS_CHECK(stay_for(told.ok() ? ok_status() : Status(std::move(told).error())));
      }
      if (key.kind == Key::Kind::kSuspend) terminal.suspend();
      if (key.kind == Key::Kind::kRedraw) terminal.forget();
      const auto stay = desk.press(key);
      if (!stay.ok()) {
        TS_CHECK(stay_for(stay.error()));
      } else if (!stay.value()) {
        return ok_status();
      }
    }
  }
  return Error{.kind = ErrorKind::kInterrupted, .message = "stopped; the program goes on"};
}

Status run(const Options& options, Context& context) {
  std::optional<tui::Terminal::Size> print;
  if (!options.print.empty()) {
    TS_TRY(print, parse_size(options.print));
  }
  TS_TRY(auto client, connect_compositor(context, options.control));
  Desk desk(std::move(client), context.clock(), context.stop(),
            {.pictures = !options.no_picture, .patient = !print});
  if (print) return print_once(desk, *print, context);
  const bool color = context.environment("NO_COLOR").empty() && context.options().color != "never";
  Status ended = ok_status();
  {
    TS_TRY(const auto terminal,
           tui::Terminal::open(tui::colors_of(context.environment("TERM"),
                                              context.environment("COLORTERM"), color)));
    ended = operate(desk, *terminal, context.stop());
  }
  const bool over =
      !ended.ok() && (ended.error().code == "closed" || ended.error().kind == ErrorKind::kRemote);
  if (!over) return ended;
  context.out().status("the program has ended");
  return ok_status();
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_control_options(app, options->control);
  app.add_option("--print", options->print,
                 "Print one screen of this size as text instead, and leave")
      ->type_name("COLSxROWS");
  app.add_flag("--no-picture", options->no_picture, "Without the picture, for slow lines");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_tui

Command compose_tui() {
  return {
      .path = "compose tui",
      .summary = "Operate a running program from the terminal",
      .example = "ts compose tui\nts compose tui --show rehearsal\nts compose tui --print 120x40",
      .bind = in_compose_tui::bind,
      .details =
          "Program and preview, the picture on air, sound with loudness, sources with their "
          "health, overlays, outputs with bit rate and drops, alarms, and what the show does "
          "next by itself. Keys: 1-9 put a scene into the preview, left and right the one beside "
          "it, Enter fades to it, c cuts, b goes to black and back, F1-F12 show "
          "or hide overlays; the arrows choose a source, m mutes, s solos, f follows, + and - "
          "change its gain; g begins a show on hold. q leaves; the program goes on. 24-bit color "
          "where COLORTERM says "
          "so, 256 colors elsewhere, none and the picture in shades with NO_COLOR. A program that "
          "crashed is waited for: ts live begins it anew."};
}

}  // namespace ts::cli
