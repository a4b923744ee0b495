// SPDX-License-Identifier: Apache-2.0
#include "scene/lint.hpp"

#include "core/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace ts::scene {
namespace {

/// Where a listening source waits: "rtmp", "0.0.0.0", "1935", "live/key".
struct Listen {
  std::string_view scheme{};
  std::string_view host{};
  std::string_view port{};
  std::string_view path{};

  /// Of an address that was accepted.
  static Listen of(std::string_view url) {
    Listen out;
    const auto separator = url.find("://");
    out.scheme = url.substr(0, separator);
    url.remove_prefix(separator + 3);
    url = url.substr(0, url.find('?'));
    const auto slash = std::min(url.find('/'), url.size());
    out.path = url.substr(slash);
    out.host = url.substr(0, slash);
    const auto colon = out.host.rfind(':');
    const bool has_port = colon != std::string_view::npos && !out.host.ends_with(']');
    out.port = has_port ? out.host.substr(colon + 1) : "1935";
    if (has_port) out.host = out.host.substr(0, colon);
    return out;
  }
  /// Every address of the machine.
  [[nodiscard]] bool is_any() const {
    return host.empty() || host == "0.0.0.0" || host == "[::]" || host == "::";
  }
};

/// Walks the cue list in time and remembers what a viewer would see.
class Linter {
 public:
  explicit Linter(const Show& show) : show_(show) {}

  std::vector<Finding> run() {
    scenes();
    cues();
    sound();
    guards();
    unused();
    encoding();
    listeners();
    return std::move(findings_);
  }

 private:
  void add(bool serious, std::string where, std::string message, std::string hint) {
    findings_.push_back({serious, std::move(where), std::move(message), std::move(hint)});
  }

  void scenes() {
    for (const Scene& scene : show_.scenes) {
      if (!scene.idle.empty()) {
        add(false, "$.scenes." + scene.name,
            fmt::format("\"{}\" {} nothing in the layout {}", fmt::join(scene.idle, "\", \""),
                        scene.idle.size() == 1 ? "does" : "do", to_string(scene.layout)),
            "leave it out, or choose another layout (ts help show-file)");
      }
      for (std::size_t i = 0; i < scene.layers.size(); ++i) {
        border(scene, scene.layers[i]);
        const Rect inside = even_inside(scene.layers[i].cell, show_.canvas.size);
        for (std::size_t above = i + 1; above < scene.layers.size(); ++above) {
          const Layer& cover = scene.layers[above];
          const bool opaque = cover.opacity >= 1 && cover.fit != Fit::kContain;
          if (!opaque || !cover.cell.covers(inside)) continue;
          add(true, "$.scenes." + scene.name,
              fmt::format("'{}' is completely behind '{}'", scene.layers[i].source, cover.source),
              "change the order (z), the size or the opacity");
          break;
        }
        overlap(scene, i);
        const Rect& cell = scene.layers[i].cell;
        if (inside != cell) {
          add(false, "$.scenes." + scene.name,
              fmt::format("'{}' goes beyond the picture: {} x {} of {} x {} are seen",
                          scene.layers[i].source, inside.width, inside.height, cell.width,
                          cell.height),
              "if that is not meant, keep the item inside the canvas");
        }
        if (scene.layers[i].opacity <= 0) {
          add(true, "$.scenes." + scene.name,
              fmt::format("'{}' has opacity 0: nobody sees it", scene.layers[i].source),
              "leave it out, or give it an opacity");
        }
      }
    }
  }

  void border(const Scene& scene, const Layer& layer) {
    if (layer.border == 0 || layer.inner_border() > 0) return;
    add(false, "$.scenes." + scene.name,
        fmt::format("a border of {} has no room around '{}', {} x {}", layer.border, layer.source,
                    layer.cell.width, layer.cell.height),
        "make it thinner: it is left out");
  }

  /// Free items that hide most of another one; the other layouts mean it.
  void overlap(const Scene& scene, std::size_t index) {
    if (scene.layout != LayoutKind::kItems) return;
    const Rect& below = scene.layers[index].cell;
    for (std::size_t above = index + 1; above < scene.layers.size(); ++above) {
      const Layer& cover = scene.layers[above];
      if (cover.opacity < 1 || cover.cell.covers(below)) continue;
      const int width = std::min(below.x + below.width, cover.cell.x + cover.cell.width) -
                        std::max(below.x, cover.cell.x);
      const int height = std::min(below.y + below.height, cover.cell.y + cover.cell.height) -
                         std::max(below.y, cover.cell.y);
      if (width <= 0 || height <= 0) continue;
      const double part =
          static_cast<double>(width) * height / (static_cast<double>(below.width) * below.height);
      if (part < 0.5) continue;
      add(false, "$.scenes." + scene.name,
          fmt::format("'{}' covers {:.0f} % of '{}'", cover.source, part * 100,
                      scene.layers[index].source),
          "change place or size if that is not meant");
    }
  }

  /// What nobody will hear though it is there.
  void sound() {
    std::set<std::string> unmuted;
    for (const Cue& cue : show_.cues) {
      for (const Action& action : cue.actions) {
        const auto* mute = std::get_if<MuteAction>(&action);
        if (mute != nullptr && !mute->muted) unmuted.insert(mute->source);
      }
    }
    for (const Source& source : show_.sources) {
      const std::string where = "$.sources." + source.name;
      const auto* test = std::get_if<TestInput>(&source.input);
      const bool sounds = std::holds_alternative<MediaInput>(source.input) ||
                          std::holds_alternative<RoomInput>(source.input) ||
                          (test != nullptr && test->tone_hz > 0);
      if (sounds && source.muted && !unmuted.contains(source.name)) {
        add(false, where, "is muted from the start and no cue unmutes it",
            "add an unmute cue; an operator may do it, too");
      }
      if (sounds && !source.muted && source.gain_db <= -60) {
        add(false, where, fmt::format("a gain of {} dB is as good as muted", source.gain_db),
            "give it a gain above -60, or say \"muted\": true");
      }
      const bool shown = std::any_of(show_.scenes.begin(), show_.scenes.end(), [&](const auto& s) {
        return std::any_of(s.layers.begin(), s.layers.end(),
                           [&](const Layer& layer) { return layer.source == source.name; });
      });
      if (source.follow && !shown) {
        add(true, where, "follows the picture, but no scene shows it: it is never heard",
            "put it into a scene, or remove \"follow\"");
      }
      if (!source.duck) continue;
      for (const std::string& name : source.duck->under) {
        const Source* under = show_.find_source(name);
        if (under == nullptr || !under->muted || unmuted.contains(name)) continue;
        add(false, where + ".duck", fmt::format("'{}' is always muted: it never ducks", name),
            "unmute it in a cue, or name another source");
      }
    }
  }

  void guards() {
    const Guards& guards = show_.guards;
    for (const auto& [name, after] : {std::pair{"black", guards.black},
                                      {"frozen", guards.frozen},
                                      {"silent", guards.silent},
                                      {"clipped", guards.clipped},
                                      {"quiet", guards.quiet}}) {
      if (!after || !show_.duration || *after < *show_.duration) continue;
      add(false, fmt::format("$.guards.{}", name),
          fmt::format("after {} the show is over", format_duration(*after)),
          "make the time shorter");
    }
    const Scene* slate = guards.slate.empty() ? nullptr : show_.find_scene(guards.slate);
    if (slate == nullptr) return;
    used_scenes_.insert(slate->name);
    for (const Layer& layer : slate->layers) {
      const Source* source = show_.find_source(layer.source);
      const auto* media = std::get_if<MediaInput>(&source->input);
      if (media == nullptr || media->is_file) continue;
      add(true, "$.guards.slate",
          fmt::format("its source '{}' comes over the network and may be lost, too", source->name),
          "build the slate from files, patterns or colors");
    }
  }

  void take(const TakeAction& action, const Cue& cue) {
    used_scenes_.insert(action.scene);
    if (action.scene == on_air_) {
      add(false, cue.where, fmt::format("scene '{}' is on air already", action.scene),
          "remove the cue");
    }
    if (transition_end_ && cue.at < *transition_end_) {
      add(true, cue.where,
          fmt::format("begins at {}, in the middle of the transition before (until {})",
                      format_duration(cue.at), format_duration(*transition_end_)),
          "move the cue, or make the transition before it shorter");
    }
    if (last_take_ && *last_take_ == cue.at) {
      add(true, cue.where, fmt::format("two takes at {}", format_duration(cue.at)),
          "only the second one would stay on air; remove one");
    }
    last_take_ = cue.at;
    transition_end_ = cue.at + action.transition.duration;
    on_air_ = action.scene;
  }

  void overlay(const OverlayAction& action, const Cue& cue) {
    used_overlays_.insert(action.overlay);
    bool& visible = visible_[action.overlay];
    const auto gone = hides_at_.find(action.overlay);
    if (gone != hides_at_.end() && gone->second <= cue.at) visible = false;
    hides_at_.erase(action.overlay);
    const Overlay* item = show_.find_overlay(action.overlay);
    if (action.show && item != nullptr && item->length) {
      hides_at_[action.overlay] = cue.at + *item->length;
    }
    if (visible == action.show) {
      add(false, cue.where,
          fmt::format("overlay '{}' is {} already", action.overlay, visible ? "visible" : "hidden"),
          "remove the cue");
    }
    visible = action.show;
  }

  /// The first cue that stops the program: its frame is not shown any more.
  [[nodiscard]] const Cue* stopping_cue() const {
    const auto found = std::find_if(show_.cues.begin(), show_.cues.end(), [](const Cue& cue) {
      return std::any_of(cue.actions.begin(), cue.actions.end(), [](const Action& action) {
        return std::holds_alternative<StopAction>(action);
      });
    });
    return found == show_.cues.end() ? nullptr : &*found;
  }

  void cues() {
    on_air_ = show_.program;
    used_scenes_.insert(show_.program);
    for (const Overlay& item : show_.overlays) {
      visible_[item.name] = item.visible;
      if (item.visible) used_overlays_.insert(item.name);
      if (item.visible && item.length) hides_at_[item.name] = *item.length;
    }
    for (const Source& source : show_.sources) muted_[source.name] = source.muted;
    bool black = false;
    const Cue* const stop = stopping_cue();
    for (const Cue& cue : show_.cues) {
      if (show_.duration && cue.at >= *show_.duration) {
        add(true, cue.where,
            fmt::format("at {} the show has ended (duration {})", format_duration(cue.at),
                        format_duration(*show_.duration)),
            "move the cue, or make the show longer");
      } else if (stop != nullptr && &cue != stop && cue.at >= stop->at) {
        add(true, cue.where,
            fmt::format("at {} it never runs: {} stops the program at {}", format_duration(cue.at),
                        stop->where, format_duration(stop->at)),
            "move the cue before the stop, or remove it");
      }
      for (const Action& action : cue.actions) {
        if (const auto* taken = std::get_if<TakeAction>(&action)) take(*taken, cue);
        if (const auto* shown = std::get_if<OverlayAction>(&action)) overlay(*shown, cue);
        if (const auto* preview = std::get_if<PreviewAction>(&action)) {
          used_scenes_.insert(preview->scene);
        }
        if (const auto* mute = std::get_if<MuteAction>(&action)) {
          muted_[mute->source] = mute->muted;
          if (mute->muted) muted_at_[mute->source] = cue.where;
        }
        if (const auto* to_black = std::get_if<BlackAction>(&action)) black = to_black->black;
      }
    }
    for (const auto& [source, where] : muted_at_) {
      if (muted_[source]) {
        add(false, where, fmt::format("source '{}' is never unmuted again", source),
            "add an unmute cue if that is not meant");
      }
    }
    if (black) {
      add(false, "$.cues", "the show stays black at its end",
          "fine for an ending; add {\"black\": false} otherwise");
    }
  }

  void unused() {
    // A show without a single cue has an operator.
    const bool by_hand = show_.cues.empty();
    std::set<std::string> used_sources;
    for (const Scene& scene : show_.scenes) {
      if (!by_hand && !used_scenes_.contains(scene.name)) {
        add(false, "$.scenes." + scene.name, "no cue takes this scene",
            "an operator may still take it; otherwise remove it");
      }
      for (const Layer& layer : scene.layers) used_sources.insert(layer.source);
    }
    for (const Source& source : show_.sources) {
      if (used_sources.contains(source.name)) continue;
      const auto* test = std::get_if<TestInput>(&source.input);
      const bool heard = (std::holds_alternative<MediaInput>(source.input) ||
                          (test != nullptr && test->tone_hz > 0)) &&
                         !source.muted;
      add(false, "$.sources." + source.name,
          heard ? "no scene shows this source; it is only heard" : "no scene shows this source",
          heard ? "fine for music; otherwise put it into a scene"
                : "put it into a scene, or remove it");
    }
    for (const Overlay& item : show_.overlays) {
      if (by_hand || used_overlays_.contains(item.name)) continue;
      add(false, "$.overlays." + item.name, "no cue shows this overlay",
          "an operator may still show it; otherwise remove it");
    }
  }

  /// Sources that wait for a call where another one does.
  void listeners() {
    std::vector<std::pair<const Source*, Listen>> waiting;
    for (const Source& source : show_.sources) {
      const auto* media = std::get_if<MediaInput>(&source.input);
      if (media == nullptr || media->access != Access::kListen) continue;
      const Listen own = Listen::of(media->url);
      for (const auto& [other, place] : waiting) {
        if (place.scheme != own.scheme || place.port != own.port) continue;
        const bool same_host = place.host == own.host;
        if (!same_host && !place.is_any() && !own.is_any()) continue;
        const std::string where = "$.sources." + source.name + ".listen";
        if (own.scheme != "rtmp" || !same_host) {
          add(true, where,
              fmt::format("waits at port {}, where '{}' does: only one of them can", own.port,
                          other->name),
              own.scheme == "rtmp"
                  ? "write the same ADDRESS:PORT in both, or give each its own port"
                  : "give each its own port");
        } else if (place.path == own.path) {
          add(true, where, fmt::format("is called by the same address as '{}'", other->name),
              "give each its own key");
        }
      }
      waiting.emplace_back(&source, own);
    }
  }

  void encoding() {
    const double pixels = static_cast<double>(show_.canvas.size.width) * show_.canvas.size.height *
                          show_.canvas.rate.value();
    const double bits = static_cast<double>(show_.encode.video_bitrate) / pixels;
    if (bits < 0.04) {
      add(false, "$.encode.video_bitrate",
          fmt::format("{} kb/s are few for {} x {} at {:.4g} fps",
                      show_.encode.video_bitrate / 1000, show_.canvas.size.width,
                      show_.canvas.size.height, show_.canvas.rate.value()),
          fmt::format("give it at least {} kb/s",
                      static_cast<std::int64_t>(pixels * 0.08 / 1000 / 100) * 100));
    }
    for (const Rendition& rendition : show_.renditions) {
      const bool taken =
          std::any_of(show_.outputs.begin(), show_.outputs.end(), [&](const Output& output) {
            return std::find(output.renditions.begin(), output.renditions.end(), rendition.name) !=
                   output.renditions.end();
          });
      if (taken) continue;
      add(false, "$.renditions." + rendition.name, "no output takes this rendition",
          fmt::format(R"(it costs nothing until one does: "rendition": "{0}", or --out F@{0})",
                      rendition.name));
    }
    std::set<std::string> written;
    for (const Source& source : show_.sources) {
      const auto* media = std::get_if<MediaInput>(&source.input);
      if (media != nullptr && media->is_file) written.insert(media->url);
    }
    for (const Output& output : show_.outputs) {
      const auto* hls = std::get_if<HlsOutput>(&output.target);
      const auto* file = std::get_if<FileOutput>(&output.target);
      std::string path = hls != nullptr ? hls->folder : file != nullptr ? file->path : "";
      while (path.ends_with('/')) path.pop_back();
      if (!path.empty() && !written.insert(path).second) {
        add(true, "$.outputs",
            fmt::format("output '{}' writes over {}", output.name,
                        is_source(path) ? "a source" : "another output"),
            "give it another path");
      }
      if (hls != nullptr && hls->segment < show_.encode.gop) {
        add(false, "$.outputs",
            fmt::format("HLS segments of {} cannot be shorter than the group of pictures ({})",
                        format_duration(hls->segment), format_duration(show_.encode.gop)),
            "give encode.gop the segment's length");
      }
    }
  }

  [[nodiscard]] bool is_source(const std::string& path) const {
    return std::any_of(show_.sources.begin(), show_.sources.end(), [&](const Source& source) {
      const auto* media = std::get_if<MediaInput>(&source.input);
      return media != nullptr && media->is_file && media->url == path;
    });
  }

  const Show& show_;
  std::vector<Finding> findings_;
  std::set<std::string> used_scenes_;
  std::set<std::string> used_overlays_;
  std::map<std::string, bool> visible_;
  std::map<std::string, milliseconds> hides_at_;  ///< Overlays that go by themselves.
  std::map<std::string, bool> muted_;
  std::map<std::string, std::string> muted_at_;
  std::string on_air_;
  std::optional<milliseconds> transition_end_;
  std::optional<milliseconds> last_take_;
};

}  // namespace

std::vector<Finding> lint(const Show& show) { return Linter(show).run(); }

}  // namespace ts::scene
