// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor_internal.hpp"
#include "compose/text_painter.hpp"
#include "core/assert.hpp"
#include "core/thread_name.hpp"
#include "media/filter_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ts::compose {
namespace {

using std::chrono::steady_clock;

constexpr milliseconds kPreroll{3000};
constexpr milliseconds kOfflinePatience{20'000};
constexpr milliseconds kStandstill{2000};
constexpr milliseconds kSlateCalm{1000};
/// For outputs to write what is queued.
constexpr milliseconds kLastWords{8000};
constexpr milliseconds kLastWordsOffline{120'000};

}  // namespace

Compositor::Impl::Impl(scene::Show show, RunOptions options)
    : show_(std::move(show)),
      options_(std::move(options)),
      clock_(*options_.clock),
      program_(show_),
      listeners_(options_.log),
      slates_(show_.canvas, options_.offline),
      live_text_(show_, options_.offline),
      desk_(show_),
      guards_(show_.guards, [this](milliseconds time) { return program_.ticks_of(time); }),
      auto_slate_(show_, program_.ticks_of(kSlateCalm)),
      filter_(show_, options_.offline, options_.log, [this](Picture picture, std::uint64_t tick) {
        return send(std::move(picture), tick);
      }) {
  if (options_.duration) show_.duration = options_.duration;
}

Status Compositor::Impl::prepare() {
  for (const scene::Source& source : show_.sources) {
    TS_CHECK(media::check_filter(source.filter)
                 .with_context(fmt::format("at $.sources.{}.filter", source.name)));
  }
  TS_CHECK(media::check_filter(show_.filter).with_context("at $.filter"));
  TS_CHECK(check_program_filter(show_).with_context("at $.filter"));
  TS_TRY(renderer_, make_renderer(options_.engine, show_.canvas));
  if (!options_.offline) scene_compiler_ = std::make_unique<SceneCompiler>(*renderer_);
  for (const scene::Scene& scene : show_.scenes) plans_.push_back(plan_of(scene));
  load_overlays();
  zero_.store(clock_.steady_now().time_since_epoch().count(), std::memory_order_relaxed);
  SourceContext context = source_context();
  context.go_on = !options_.offline;
  for (std::size_t i = 0; i < show_.sources.size(); ++i) {
    const scene::Source& source = show_.sources[i];
    context.wanted = shows(show_.program, i);
    TS_TRY(auto runner, SourceRunner::start(source, context, ProgramTime{}));
    sources_.push_back(std::move(runner));
  }
  TS_CHECK(check_any_source());
  pictures_.resize(sources_.size());
  generations_.resize(sources_.size());
  slates_.resize(sources_.size());
  TS_TRY(encoders_, EncoderBank::start(show_, {.baseline = options_.baseline,
                                               .patient = options_.offline,
                                               .log = options_.log}));
  OutputSet::Options outputs{.patient = options_.offline, .log = options_.log};
  for (const scene::Source& source : show_.sources) {
    const auto* media = std::get_if<scene::MediaInput>(&source.input);
    if (media != nullptr && media->is_file) outputs.sources.push_back(media->url);
  }
  outputs_ = std::make_unique<OutputSet>(*encoders_, std::move(outputs));
  for (const media::MuxTarget& target : options_.outputs) TS_CHECK(outputs_->attach(target));
  publish(0, {}, 0);
  return ok_status();
}

/// One bad file is no reason for a black screen; a program of nothing but cards is.
Status Compositor::Impl::check_any_source() const {
  const auto in_trouble = [](const auto& source) { return source->trouble() != nullptr; };
  if (!sources_.empty() && std::all_of(sources_.begin(), sources_.end(), in_trouble)) {
    return *sources_.front()->trouble();
  }
  for (const auto& source : sources_) {
    if (source->trouble() == nullptr || options_.log == nullptr) continue;
    options_.log->error("compose", "{}; {}; the program goes on without it",
                        source->trouble()->message, source->trouble()->hint);
  }
  return ok_status();
}

void Compositor::Impl::load_overlays() {
  for (const scene::Overlay& overlay : show_.overlays) {
    auto drawn = draw_overlay(overlay, show_.canvas, "00:00");
    if (!drawn.ok()) {
      // One overlay that cannot be drawn is no reason for a black screen.
      overlay_errors_[overlay.name] = drawn.error();
      if (options_.log != nullptr) {
        options_.log->error("compose", "overlay '{}' stays away: {}; {}", overlay.name,
                            drawn.error().message, drawn.error().hint);
      }
      overlays_.emplace_back();
      continue;
    }
    warn_letters(overlay.name, drawn.value());
    overlays_.push_back({std::move(drawn).value(), ++overlay_serial_});
  }
}

void Compositor::Impl::warn_letters(const std::string& overlay, const DrawnOverlay& drawn) const {
  if (drawn.unknown.empty() || options_.log == nullptr) return;
  options_.log->warning("compose", "overlay '{}': {}; {}", overlay, missing_letters(drawn.unknown),
                        kFontsHint);
}

SourceContext Compositor::Impl::source_context() {
  return {.canvas = show_.canvas,
          .offline = options_.offline,
          .ca_file = options_.ca_file,
          .now = [this] { return now(); },
          .log = options_.log,
          .listeners = &listeners_,
          .iso = options_.iso};
}

ProgramTime Compositor::Impl::now() const {
  const auto since =
      clock_.steady_now().time_since_epoch().count() - zero_.load(std::memory_order_relaxed);
  return ProgramTime{since};
}

ProgramTime Compositor::Impl::time_of(std::uint64_t tick) const {
  const auto& rate = show_.canvas.rate;
  return ProgramTime{
      av_rescale(static_cast<std::int64_t>(tick), 1'000'000'000 * rate.den, rate.num)};
}

std::int64_t Compositor::Impl::sample_at(std::uint64_t tick) const {
  return sample_of(tick, show_.canvas.rate.num, show_.canvas.rate.den);
}

const ScenePlan* Compositor::Impl::plan(std::string_view name) const {
  for (const ScenePlan& candidate : plans_) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

ScenePlan Compositor::Impl::plan_of(const scene::Scene& scene) {
  ScenePlan plan{.id = ++plan_ids_, .name = scene.name};
  for (const scene::Layer& layer : scene.layers) {
    const auto* source = show_.find_source(layer.source);
    plan.layers.push_back({static_cast<std::size_t>(source - show_.sources.data()), layer});
  }
  return plan;
}

void Compositor::Impl::preroll(const std::stop_token& stop) {
  const SteadyTime deadline = clock_.steady_now() + kPreroll;
  for (const auto& source : sources_) {
    if (!source->prompt()) continue;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock_.steady_now());
    if (left > milliseconds{0}) (void)source->feed().wait_first(left, stop);
  }
}

bool Compositor::Impl::wait_for_tick(std::uint64_t tick, const std::stop_token& stop) {
  if (options_.offline) {
    for (const auto& source : sources_) {
      const bool ready =
          source->feed().wait_ready(time_of(tick), sample_at(tick + 1), kOfflinePatience, stop);
      if (stop.stop_requested()) return false;
      if (!ready && options_.log != nullptr) {
        options_.log->warning("compose", "source '{}' gave nothing for {} s; its slate is shown",
                              source->source().name, kOfflinePatience.count() / 1000);
        source->feed().set_lost("no data in time");
      }
    }
    return !stop.stop_requested();
  }
  const auto zero = SteadyTime{steady_clock::duration{zero_.load(std::memory_order_relaxed)}};
  return clock_.wait_until(zero + time_of(tick), stop);
}

bool Compositor::Impl::is_lagging(std::uint64_t tick) {
  if (options_.offline) return false;
  const ProgramTime late = now() - time_of(tick);
  if (late > ProgramTime{kStandstill}) {
    // The process stood still: go on from now instead of rushing after the clock.
    zero_.fetch_add(late.count(), std::memory_order_relaxed);
    ++jumps_;
    if (options_.log != nullptr) {
      options_.log->warning("compose", "the program stood still for {:.1f} s; it goes on from now",
                            std::chrono::duration<double>(late).count());
    }
    return false;
  }
  return late >= time_of(tick + 1) - time_of(tick) && last_canvas_ != nullptr;
}

Result<Compositor::Report> Compositor::Impl::run(const std::stop_token& stop,
                                                 const std::stop_token& abort) {
  name_this_thread("clock");
  std::optional<std::int64_t> total;
  if (show_.duration) {
    total =
        std::max<std::int64_t>(1, static_cast<std::int64_t>(program_.ticks_of(*show_.duration)));
  }
  const auto goes_on = [&](std::uint64_t tick) {
    return !total || !program_.begin() ||
           static_cast<std::int64_t>(tick) < *program_.begin() + *total;
  };
  preroll(stop);
  wall_start_ = clock_.now();
  abort_ = abort;
  started_ = clock_.steady_now();
  fps_since_ = started_;
  zero_.store(started_.time_since_epoch().count(), std::memory_order_relaxed);
  {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_.running = true;
  }
  bool stopped = false;
  std::optional<Error> trouble;
  if (options_.hold) program_.hold();
  for (std::uint64_t tick = 0; goes_on(tick); ++tick) {
    if (!wait_for_tick(tick, stop)) {
      stopped = true;
      break;
    }
    const SteadyTime begin = clock_.steady_now();
    const bool lagging = is_lagging(tick);
    run_commands(tick);
    program_.advance(tick);
    send_events();
    const Program::State state = program_.state(tick);
    if (state.stop) break;
    want_sources(tick, state);
    pick_sources(tick);
    prepare_next(tick);
    Picture picture;
    if (lagging) {
      ++lagged_;
      // A hiccup passes; what goes on for seconds is too much for this machine.
      const auto second = std::chrono::floor<seconds>(now());
      if (second != lag_second_) lag_run_ = second == lag_second_ + seconds{1} ? lag_run_ + 1 : 0;
      lag_second_ = second;
      if (lag_run_ >= 2) encoders_->note_late();
      picture = last_canvas_;
    } else {
      picture = compose(tick, state);
    }
    const double took =
        std::chrono::duration<double, std::milli>(clock_.steady_now() - begin).count();
    picture = filter_.push(std::move(picture), tick);
    {
      const std::lock_guard lock(snapshot_mutex_);
      shown_ = picture;
    }
    mix(tick, state.black, abort);
    watch(tick, picture, state);
    publish(tick + 1, state, took);
    answer_commands();
    if (auto broken = encoders_->trouble()) {
      trouble = std::move(broken);
      break;
    }
    if (tick % 8 == 0) {
      trouble = outputs_->trouble();
      if (trouble) break;
    }
  }
  return end(stopped, std::move(trouble), abort);
}

Result<Compositor::Report> Compositor::Impl::end(bool stopped, std::optional<Error> trouble,
                                                 const std::stop_token& abort) {
  answer_commands();
  commands_.close();
  while (auto command = held_ ? std::exchange(held_, std::nullopt) : commands_.try_pop()) {
    command->answer->set_value(Error{.kind = ErrorKind::kConflict,
                                     .message = "the program has ended",
                                     .hint = "start it again"});
  }
  filter_.finish();
  encoders_->push_samples(desk_.finish(), abort);
  encoders_->finish();
  outputs_->finish(clock_, options_.offline ? kLastWordsOffline : kLastWords, abort);
  {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_.running = false;
  }
  Report report{.last = snapshot(), .stopped = stopped};
  if (!trouble) trouble = encoders_->rendition_trouble();
  if (trouble) return *trouble;
  for (const auto& source : sources_) {
    const Feed::Status status = source->feed().status();
    const bool came = status.pictures > 0 || source->feed().next_sample();
    if (source->trouble() != nullptr && !came) report.failed_sources.push_back(*source->trouble());
  }
  for (const OutputRunner::Status& status : report.last.outputs) {
    if (status.state != OutputState::kFinished) report.failed_outputs.push_back(status.name);
  }
  return report;
}

Compositor::Compositor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Compositor::~Compositor() = default;

Result<std::unique_ptr<Compositor>> Compositor::create(scene::Show show, RunOptions options) {
  TS_ASSERT(options.clock != nullptr);
  if (options.outputs.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the program goes nowhere: there is no output",
                 .hint = "add --out file:program.mp4, or outputs to the show"};
  }
  if (options.offline && !options.duration && !show.duration) {
    const bool stops = std::any_of(show.cues.begin(), show.cues.end(), [](const scene::Cue& cue) {
      return std::any_of(cue.actions.begin(), cue.actions.end(), [](const scene::Action& action) {
        return std::holds_alternative<scene::StopAction>(action);
      });
    });
    if (!stops) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "an offline run needs an end",
                   .hint = R"(add --duration 30s, a "duration" or a "stop" cue to the show)"};
    }
  }
  auto impl = std::make_unique<Impl>(std::move(show), std::move(options));
  TS_CHECK(impl->prepare());
  return std::unique_ptr<Compositor>(new Compositor(std::move(impl)));
}

Result<Compositor::Report> Compositor::run(std::stop_token stop, std::stop_token abort) {
  return impl_->run(stop, abort);
}
std::future<Result<std::uint64_t>> Compositor::post(std::vector<scene::Action> actions,
                                                    std::vector<std::string>* warnings) {
  return impl_->post(std::move(actions), warnings);
}
Status Compositor::add_output(const media::MuxTarget& target) {
  return impl_->outputs().add(target);
}
Status Compositor::remove_output(const std::string& name) { return impl_->outputs().remove(name); }
Status Compositor::add_source(const scene::Source& source) { return impl_->add_source(source); }
Status Compositor::set_scene(const std::string& name, std::string_view json) {
  return impl_->set_scene(name, json);
}
Status Compositor::remove_source(const std::string& name) { return impl_->remove_source(name); }
Status Compositor::restart_source(const std::string& name) { return impl_->restart_source(name); }
Snapshot Compositor::snapshot() const { return impl_->snapshot(); }
Picture Compositor::program_picture() const { return impl_->program_picture(); }
Picture Compositor::source_picture(const std::string& name) { return impl_->source_picture(name); }
Picture Compositor::preview_picture() const { return impl_->preview_picture(); }
Picture Compositor::source_glimpse(const std::string& name) { return impl_->source_glimpse(name); }
Picture Compositor::multiview_picture() { return impl_->multiview_picture(); }
const scene::Show& Compositor::show() const noexcept { return impl_->show(); }

}  // namespace ts::compose
