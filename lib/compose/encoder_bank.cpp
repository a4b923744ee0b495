// SPDX-License-Identifier: Apache-2.0
#include "compose/encoder_bank.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ts::compose {

EncoderBank::EncoderBank(const scene::Show& show, Options options)
    : canvas_(show.canvas), known_(show.renditions), options_(options) {
  const auto ticks = av_rescale_rnd(show.encode.gop.count(), canvas_.rate.num,
                                    1000 * canvas_.rate.den, AV_ROUND_NEAR_INF);
  gop_ticks_ = static_cast<std::uint64_t>(std::max<std::int64_t>(1, ticks));
}

Result<std::unique_ptr<EncoderBank>> EncoderBank::start(const scene::Show& show, Options options) {
  std::unique_ptr<EncoderBank> bank(new EncoderBank(show, options));
  {
    const std::lock_guard lock(bank->starting_);
    TS_TRY(Member * made, bank->add("", show.canvas.size, show.encode));
    (void)made;
  }
  return bank;
}

EncoderBank::~EncoderBank() { finish(); }

Result<EncoderBank::Member*> EncoderBank::add(std::string name, scene::Size size,
                                              const scene::Encode& encode) {
  auto member = std::make_unique<Member>(std::move(name), size, encode, options_.patient);
  const auto same = std::find_if(members_.begin(), members_.end(), [&](const auto& other) {
    return other->has_own_sound() && other->encode.audio_bitrate == encode.audio_bitrate;
  });
  EncodeStage* shared = same == members_.end() ? nullptr : (*same)->stage.get();
  auto stage = EncodeStage::start({.canvas = canvas_,
                                   .size = size,
                                   .encode = encode,
                                   .baseline = options_.baseline && member->name.empty(),
                                   .patient = options_.patient,
                                   .sound = shared == nullptr,
                                   .name = member->name,
                                   .log = options_.log},
                                  member->fan_out);
  if (!stage.ok()) {
    if (member->name.empty()) return std::move(stage).error();
    return std::move(stage).error().with_context(fmt::format("rendition '{}'", member->name));
  }
  member->stage = std::move(stage).value();
  member->sound = shared == nullptr ? member->stage.get() : shared;
  if (shared != nullptr) shared->share_sound(member->fan_out);
  const std::lock_guard lock(mutex_);
  members_.push_back(std::move(member));
  return members_.back().get();
}

Result<EncoderBank::Feed> EncoderBank::use(const std::string& name) {
  const std::lock_guard lock(starting_);
  Member* member = members_.front().get();
  if (!name.empty() && name != scene::kMainRendition) {
    const auto running = std::find_if(members_.begin(), members_.end(),
                                      [&](const auto& other) { return other->name == name; });
    if (running != members_.end()) {
      member = running->get();
    } else {
      std::vector<std::string> names{std::string(scene::kMainRendition)};
      const scene::Rendition* found = nullptr;
      for (const scene::Rendition& rendition : known_) {
        names.push_back(rendition.name);
        if (rendition.name == name) found = &rendition;
      }
      if (found == nullptr) {
        Error error{.kind = ErrorKind::kNotFound,
                    .message = fmt::format("the show has no rendition '{}'", shorten(name, 70)),
                    .hint = fmt::format("known: {}", fmt::join(names, ", "))};
        if (const auto near = nearest(name, names)) {
          error.hint = fmt::format("did you mean '{}'?", *near);
        }
        return error;
      }
      TS_TRY(member, add(found->name, found->size, found->encode));
    }
  }
  return Feed{.fan_out = &member->fan_out,
              .video = member->stage->video_format(),
              .audio = member->sound->audio_format(),
              .encode = member->encode,
              .size = member->size};
}

std::vector<EncoderBank::Member*> EncoderBank::members() const {
  const std::lock_guard lock(mutex_);
  std::vector<Member*> out;
  for (const auto& member : members_) out.push_back(member.get());
  return out;
}

void EncoderBank::note_late() {
  for (Member* member : members()) member->stage->note_late();
}

void EncoderBank::push_picture(const Picture& picture, std::uint64_t tick,
                               const std::stop_token& stop) {
  const bool asked = key_.exchange(false, std::memory_order_relaxed);
  const bool key = asked || tick % gop_ticks_ == 0;
  for (Member* member : members()) {
    member->stage->push_picture(picture, tick, key, stop);
    if (member->reported || member->name.empty()) continue;
    const auto trouble = member->stage->trouble();
    if (!trouble) continue;
    member->reported = true;
    if (options_.log != nullptr) {
      options_.log->error("compose", "rendition '{}' has ended: {}", member->name,
                          trouble->message);
    }
  }
}

void EncoderBank::push_samples(std::vector<float> samples, const std::stop_token& stop) {
  for (Member* member : members()) {
    if (!member->has_own_sound()) continue;
    if (!member->sounding) member->stage->begin_sound_at(samples_);
    member->sounding = true;
    member->stage->push_samples(samples, stop);
  }
  samples_ += static_cast<std::int64_t>(samples.size() / 2);
}

void EncoderBank::finish() {
  for (Member* member : members()) member->stage->finish();
}

void EncoderBank::offer_economy(bool possible) const {
  const std::lock_guard lock(mutex_);
  members_.front()->stage->offer_economy(possible);
}

EncodeStage::Counters EncoderBank::counters() const {
  const std::lock_guard lock(mutex_);
  return members_.front()->stage->counters();
}

Latency EncoderBank::latency() const {
  const std::lock_guard lock(mutex_);
  return members_.front()->stage->latency();
}

std::optional<Error> EncoderBank::trouble() const {
  const std::lock_guard lock(mutex_);
  return members_.front()->stage->trouble();
}

std::vector<EncoderBank::Info> EncoderBank::renditions() const {
  const std::lock_guard lock(mutex_);
  std::vector<Info> out;
  for (const auto& member : members_) {
    if (member->name.empty()) continue;
    const auto trouble = member->stage->trouble();
    out.push_back({.name = member->name,
                   .size = member->size,
                   .counters = member->stage->counters(),
                   .trouble = trouble ? trouble->message : ""});
  }
  return out;
}

std::optional<Error> EncoderBank::rendition_trouble() const {
  const std::lock_guard lock(mutex_);
  for (const auto& member : members_) {
    if (member->name.empty()) continue;
    if (auto trouble = member->stage->trouble()) {
      return std::move(*trouble).with_context(fmt::format("rendition '{}'", member->name));
    }
  }
  return std::nullopt;
}

}  // namespace ts::compose
