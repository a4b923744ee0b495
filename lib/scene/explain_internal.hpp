// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene/explain.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::scene {

/// Writes a show as one ffmpeg command line: its inputs, its graph, its outputs. For one use.
/// explain_picture.cpp has what makes the picture.
class Explainer {
 public:
  Explainer(const Show& show, const ExplainOptions& options) : show_(show), options_(options) {}
  Result<std::string> run();

 private:
  /// One scene to be built and how it comes on air.
  struct Part {
    const Scene* scene = nullptr;
    milliseconds at{0};
    Transition transition{};
  };

  Status choose_parts();
  [[nodiscard]] bool still(const Source& source) const;
  [[nodiscard]] bool sounds(const Source& source) const;
  [[nodiscard]] bool pictures(const Source& source) const;
  void inputs();
  template <typename... Args>
  void input(fmt::format_string<Args...> format, Args&&... arguments) {
    inputs_ += fmt::format(format, std::forward<Args>(arguments)...);
  }
  void graph(std::string text) { graph_.push_back(std::move(text)); }
  std::string label(std::string_view stem) { return fmt::format("[{}{}]", stem, next_label_++); }
  [[nodiscard]] std::optional<KnownPicture> known_picture(const Source& source) const;
  [[nodiscard]] std::optional<DrawnFile> drawn_file(const Overlay& overlay) const;
  /// The length of a part of a file that is played again and again: ffmpeg's own loop would begin
  /// at the file's beginning. Nullopt for a whole file, and for more than it could keep.
  [[nodiscard]] std::optional<milliseconds> range_of(const Source& source) const;
  [[nodiscard]] std::int64_t frames_of(milliseconds length) const;
  /// The program's tick at or after `time`.
  [[nodiscard]] std::int64_t tick_at(milliseconds time) const;
  /// The time of a tick in seconds, to the microsecond where it is no whole millisecond.
  [[nodiscard]] std::string tick_seconds(double tick) const;
  /// For "enable": from the first tick that is not before `time`.
  [[nodiscard]] std::string at_or_after(milliseconds time) const;
  /// Files and network sources only: a still and a pattern are there from the beginning.
  [[nodiscard]] milliseconds delay_of(const Source& source) const;
  /// A source that is shown several times needs as many copies.
  void split_source(const Source& source);
  /// A layer's picture and the place of its top left corner.
  struct Placed {
    std::string picture{};
    int x = 0;
    int y = 0;
  };
  /// The same numbers as in the program, for a picture whose size is known.
  static std::string exact_fit(const Layer& layer, const KnownPicture& known, Rect& place);
  /// What ffmpeg can find out by itself, for a picture of unknown size.
  static std::string general_fit(const Layer& layer, Rect& place);
  Placed layer_chain(const Layer& layer);
  [[nodiscard]] std::string canvas_size() const;
  /// A span of time, in ticks, in which something changes evenly.
  struct Span {
    double begin = 0;
    double end = 0;
  };
  /// A fade over `span`. One of no length does nothing: "enable" switches.
  [[nodiscard]] std::string fade(std::string_view way, Span span) const;
  /// Black that comes during `in`, and goes, if it does, during `out`.
  std::string black(Span in, std::optional<Span> out);
  /// Builds the part's scene and lays it over what was on air before. @return the new picture.
  std::string add_part(std::size_t number, const std::string& before);
  std::string add_transition(const Part& part, const std::string& before, const std::string& after);
  [[nodiscard]] Span transition_span(const Part& part) const;
  /// The old scene from the moving edge on, over the new one. Not xfade: it would begin the new
  /// scene's sources only now.
  void add_wipe(const Span& span, const std::string& before, const std::string& after,
                const std::string& next);
  /// From a cue that takes everything to black to the one that takes it back.
  struct Dark {
    milliseconds from{};
    milliseconds takes{};
    std::optional<milliseconds> to{};
    milliseconds back{};
  };
  [[nodiscard]] std::vector<Dark> darks() const;
  std::string add_black(std::string picture);
  /// The same black for the sound.
  [[nodiscard]] std::string silences() const;
  std::string add_overlays(std::string picture);
  /// As long as the looped pictures: shorter sound is filled up, longer sound is cut.
  [[nodiscard]] std::string looped_sound(const Source& source) const;
  void add_sound();
  /// Picture and sound once more for every rendition.
  void split_renditions();
  /// When the show ends: after its duration, or by a cue. Nullopt for one that goes on.
  [[nodiscard]] std::optional<milliseconds> end() const;
  /// The options of one encode and its file.
  [[nodiscard]] std::string one_output(const Encode& encode, std::string_view video,
                                       std::string_view audio, std::string_view file) const;
  /// What the show does and this line does not, as comments of the shell.
  [[nodiscard]] std::string left_out() const;
  [[nodiscard]] std::string command() const;

  /// The color of what stands for a source that shows nothing.
  static constexpr std::uint32_t kCard = 0x1A212B;

  const Show& show_;
  const ExplainOptions& options_;
  std::vector<Part> parts_;
  std::map<std::string, int> uses_;
  std::map<std::string, int> index_;
  std::map<std::string, std::vector<std::string>> copies_;
  std::string inputs_;
  std::vector<std::string> graph_;
  int next_label_ = 0;
};

}  // namespace ts::scene
