// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor_internal.hpp"
#include "frame/frame_code.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ts::compose {
namespace {

/// Cues' sources are made ready this long before, and a source stays so for a while.
constexpr milliseconds kCueLead{1000};
constexpr milliseconds kLinger{2000};

void burn_frame_code(Picture& picture, std::uint64_t tick) {
  media::AvFrame own = copy_pixels(*picture);
  const frame::FrameCodeArea area = frame::frame_code_area(own->width);
  fill_rect(*own, {0, 0, std::min(area.width, own->width), std::min(area.height, own->height)},
            0x000000);
  frame::draw_frame_code({own->data[0], own->linesize[0], own->width, own->height}, tick);
  picture = share(std::move(own));
}

}  // namespace

bool Compositor::Impl::shows(std::string_view scene, std::size_t source) const {
  const ScenePlan* found = plan(scene);
  return found != nullptr && std::any_of(found->layers.begin(), found->layers.end(),
                                         [&](const auto& layer) { return layer.source == source; });
}

void Compositor::Impl::want_sources(std::uint64_t tick, const Program::State& state) {
  if (options_.offline) return;
  last_wanted_.resize(sources_.size());
  const auto want = [&](std::string_view scene) {
    const ScenePlan* shown = scene.empty() ? nullptr : plan(scene);
    if (shown == nullptr) return;
    for (const auto& layer : shown->layers) last_wanted_[layer.source] = tick;
  };
  want(state.scene);
  want(state.outgoing);
  want(program_.preview());
  want(auto_slate_.before());
  for (const std::string_view scene : program_.scenes_before(tick + program_.ticks_of(kCueLead))) {
    want(scene);
  }
  const std::uint64_t linger = program_.ticks_of(kLinger);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const bool seen = last_wanted_[i] && tick - *last_wanted_[i] <= linger;
    sources_[i]->set_wanted(seen || options_.hot || sources_[i]->source().hot);
  }
  choose_economy(tick, state);
}

void Compositor::Impl::choose_economy(std::uint64_t tick, const Program::State& state) {
  const Quality quality = encoders_->counters().quality;
  const bool wanted = options_.economy || quality >= Quality::kEconomy;
  bool possible = false;
  economical_.resize(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const bool small = only_small(i, state);
    possible = possible || small;
    // Nobody sees the finest smoothing in a quarter of the pixels (SSIM 0.9985 against 0.9988).
    sources_[i]->set_loop_filter(!small   ? media::LoopFilter::kAll
                                 : wanted ? media::LoopFilter::kNone
                                          : media::LoopFilter::kReferences);
    economical_[i] = wanted && small;
  }
  // Where it is on already it can give nothing more.
  encoders_->offer_economy(possible && !options_.economy);
  if (quality == std::exchange(quality_, quality)) return;
  if (options_.on_event) {
    options_.on_event({ProgramEvent::Kind::kQuality, tick, std::string(to_string(quality)), {}});
  }
}

bool Compositor::Impl::only_small(std::size_t source, const Program::State& state) const {
  const Picture& picture = pictures_[source].picture;
  if (!picture) return false;
  bool seen = false;
  for (const std::string_view scene :
       {state.scene, state.outgoing, std::string_view(program_.preview())}) {
    const ScenePlan* shown = scene.empty() ? nullptr : plan(scene);
    if (shown == nullptr) continue;
    for (const auto& layer : shown->layers) {
      if (layer.source != source) continue;
      seen = true;
      const scene::Crop& crop = layer.layer.crop;
      const double width = picture->width * (1 - crop.left - crop.right);
      const double height = picture->height * (1 - crop.top - crop.bottom);
      // At half the size a quarter of the pixels are left: no block's edge is seen any more.
      if (2 * layer.layer.cell.width > width || 2 * layer.layer.cell.height > height) return false;
    }
  }
  return seen;
}

void Compositor::Impl::prepare_next(std::uint64_t tick) {
  if (!scene_compiler_) return;
  const auto ask = [&](std::string_view scene) {
    const ScenePlan* next = scene.empty() ? nullptr : plan(scene);
    if (next != nullptr) scene_compiler_->ask(*next, pictures_);
  };
  ask(program_.preview());
  for (const std::string_view scene : program_.scenes_before(tick + program_.ticks_of(kCueLead))) {
    ask(scene);
  }
}

void Compositor::Impl::send_events() {
  for (const ProgramEvent& event : program_.take_events()) {
    if (options_.on_event) options_.on_event(event);
  }
  for (const ProgramEvent& event : guards_.take_events()) {
    if (options_.log != nullptr && event.detail == "on") {
      options_.log->warning("compose", "the program is {}", event.name);
    }
    if (options_.on_event) options_.on_event(event);
  }
}

void Compositor::Impl::pick_sources(std::uint64_t tick) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Feed::Pick pick = sources_[i]->feed().pick(time_of(tick));
    // A slate is a picture of its own: odd serials are slates.
    pictures_[i].picture =
        pick.picture ? pick.picture : slates_.card(i, sources_[i]->source().name);
    const std::uint64_t generation = generations_[i] + slates_.version(i);
    pictures_[i].serial = (generation << 40U) + pick.serial * 2 + (pick.picture ? 0 : 1);
  }
}

void Compositor::Impl::refresh(LoadedOverlay& overlay, std::size_t index, std::uint64_t tick) {
  const auto time = std::chrono::duration_cast<milliseconds>(time_of(tick));
  const std::int64_t begin = program_.begin().value_or(static_cast<std::int64_t>(tick));
  const ProgramTime before = begin < 0 ? -time_of(static_cast<std::uint64_t>(-begin))
                                       : time_of(static_cast<std::uint64_t>(begin));
  const auto begun = std::chrono::duration_cast<milliseconds>(time_of(tick) - before);
  DrawnOverlay drawn =
      live_text_.at(index, options_.offline ? wall_start_ + time : clock_.now(), begun);
  if (drawn.picture == overlay.drawn.picture) return;
  overlay = {std::move(drawn), ++overlay_serial_};
}

Picture Compositor::Impl::compose(std::uint64_t tick, const Program::State& state) {
  ProgramPicture program{.tick = tick,
                         .scene = plan(state.scene),
                         .outgoing = state.outgoing.empty() ? nullptr : plan(state.outgoing),
                         .transition = state.transition,
                         .progress = state.progress,
                         .black = state.black};
  std::vector<OverlayPicture> overlays;
  for (const Program::OverlayState& overlay : state.overlays) {
    LoadedOverlay& loaded = overlays_[overlay.index];
    if (live_text_.is_live(overlay.index)) refresh(loaded, overlay.index, tick);
    if (!loaded.drawn.picture) continue;
    overlays.push_back({loaded.drawn.picture, loaded.serial, loaded.drawn.x, loaded.drawn.y,
                        overlay.opacity, loaded.drawn.sprite});
  }
  program.overlays = overlays;
  auto canvas = renderer_->render(program, pictures_);
  Picture picture;
  if (canvas.ok()) {
    picture = std::move(canvas).value();
    last_canvas_ = picture;
  } else {
    if (render_errors_++ == 0 && options_.log != nullptr) {
      options_.log->error("compose", "scene '{}': {}", state.scene, canvas.error().message);
    }
    picture = last_canvas_ ? last_canvas_ : slates_.plain();
  }
  return picture;
}

Picture Compositor::Impl::send(Picture picture, std::uint64_t tick) {
  if (show_.frame_code) burn_frame_code(picture, tick);
  encoders_->push_picture(picture, tick, abort_);
  return picture;
}

void Compositor::Impl::watch(std::uint64_t tick, const Picture& picture,
                             const Program::State& state) {
  if (!show_.guards.any()) return;
  bool still = true;
  for (const std::string_view on_air : {state.scene, state.outgoing}) {
    const ScenePlan* shown = on_air.empty() ? nullptr : plan(on_air);
    if (shown == nullptr) continue;
    for (const auto& layer : shown->layers) {
      still = still && sources_[layer.source]->feed().status().state == SourceState::kStill;
    }
  }
  std::vector<scene::Rect> covered;
  for (const Program::OverlayState& overlay : state.overlays) {
    const DrawnOverlay& drawn = overlays_[overlay.index].drawn;
    if (!drawn.picture) continue;
    covered.push_back({drawn.x, drawn.y, drawn.picture->width, drawn.picture->height});
  }
  const std::string& scene = program_.scene();
  // What stands in for a fault may be as dark and as still as it likes.
  const bool slate = scene == show_.guards.slate;
  guards_.observe(tick, scene, picture, desk_.sound(),
                  {.black = state.black > 0, .still = still || slate, .dark = slate}, covered);
  const auto take =
      auto_slate_.step(scene, guards_.picture_fails(), [this](std::string_view source) {
        const auto index =
            static_cast<std::size_t>(show_.find_source(source) - show_.sources.data());
        const Picture& shown = pictures_[index].picture;
        return slates_.is_card(index, shown) ? Picture{} : shown;
      });
  if (!take) return;
  (void)program_.apply(*take, tick + 1);
  if (options_.log == nullptr) return;
  if (take->scene == show_.guards.slate) {
    options_.log->warning("compose", "the slate '{}' is on air instead of '{}'", take->scene,
                          auto_slate_.before());
  } else {
    options_.log->info("compose", "'{}' is on air again", take->scene);
  }
}

void Compositor::Impl::mix(std::uint64_t tick, double black, const std::stop_token& stop) {
  const std::int64_t start = sample_at(tick);
  const auto frames = static_cast<std::size_t>(sample_at(tick + 1) - start);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const double tone = sources_[i]->tone_hz();
    const std::string& name = sources_[i]->source().name;
    SoundDesk::Strip& strip = desk_.strips()[i];
    strip.samples.clear();
    if (tone <= 0 && !sources_[i]->feed().has_sound()) continue;
    strip.samples.assign(2 * frames, 0.0F);
    if (tone > 0) {
      add_tone(tone, start, strip.samples);
    } else {
      const std::int64_t delay = program_.delay(name).count() * kRate / 1000;
      const std::int64_t before = std::exchange(strip.delay, delay).value_or(delay);
      if (before == delay) {
        sources_[i]->feed().read_samples(start, strip.samples, delay);
      } else {
        sources_[i]->feed().read_samples_moved(start, strip.samples, before, delay);
      }
    }
    const double presence = program_.presence(name, tick);
    const double gliding = program_.gliding_db(name, tick);
    strip.gain = program_.muted(name) ? 0 : from_db(program_.gain_db(name) + gliding) * presence;
    strip.gliding = (presence > 0 && presence < 1) || gliding != 0;
  }
  auto out = desk_.mix(frames, 1 - black);
  if (!out.empty()) encoders_->push_samples(std::move(out), stop);
}

}  // namespace ts::compose
