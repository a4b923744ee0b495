// SPDX-License-Identifier: Apache-2.0
#include "compose/wire.hpp"

#include "core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <variant>

namespace ts::compose {
namespace {

/// `per` steps to one: 100 keeps two decimals.
double rounded(double value, double per) { return std::round(value * per) / per; }

/// -120 for silence.
double decibels(double level) { return rounded(to_db(level), 10); }

std::string clock_text(milliseconds time) {
  const auto total = time.count() / 1000;
  return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
}

Json latency_json(const Latency& latency) {
  return {{"median_ms", rounded(latency.median_ms, 100)},
          {"p99_ms", rounded(latency.p99_ms, 100)},
          {"worst_ms", rounded(latency.worst_ms, 100)}};
}

}  // namespace

std::string short_name(std::string_view name) {
  const auto from = name.find('\'');
  const auto to = name.find('\'', from == std::string_view::npos ? from : from + 1);
  if (from == std::string_view::npos || to == std::string_view::npos) return std::string(name);
  return std::string(name.substr(from + 1, to - from - 1));
}

Json meters_json(const Snapshot& snapshot) {
  const ProgramSound& sound = snapshot.sound;
  Json meters;
  meters["peak_db"] = decibels(sound.level.peak);
  meters["rms_db"] = decibels(sound.level.rms);
  meters["true_peak_db"] = decibels(sound.true_peak);
  meters["true_peak_max_db"] = decibels(sound.true_peak_max);
  meters["momentary_lufs"] = rounded(sound.loudness.momentary, 10);
  meters["short_term_lufs"] = rounded(sound.loudness.short_term, 10);
  meters["integrated_lufs"] = rounded(sound.loudness.integrated, 10);
  meters["limited_db"] = rounded(sound.reduction_db, 10);
  return meters;
}

Json compose_line(std::string_view event) {
  Json line;
  line["schema"] = "ts.compose/1";
  line["event"] = event;
  return line;
}

void add_snapshot(Json& into, const Snapshot& snapshot) {
  into["show"] = snapshot.show;
  into["state"] = snapshot.running ? "running" : "ended";
  into["engine"] = snapshot.engine;
  into["tick"] = snapshot.tick;
  into["time_ms"] = snapshot.elapsed.count();
  into["frames"] = snapshot.frames;
  into["samples"] = snapshot.samples;
  into["fps"] = rounded(snapshot.fps, 100);
  into["speed"] = rounded(snapshot.speed, 1000);
  into["lagged"] = snapshot.lagged;
  into["skipped"] = snapshot.skipped;
  into["gaps"] = snapshot.gaps;
  into["filter_late"] = snapshot.filter_late;
  into["quality"] = to_string(snapshot.quality);
  into["clock_jumps"] = snapshot.clock_jumps;
  into["worst_tick_ms"] = rounded(snapshot.worst_tick_ms, 1000);
  into["encode_latency"] = latency_json(snapshot.encode);
  into["program"] = snapshot.scene;
  into["preview"] = snapshot.preview.empty() ? Json(nullptr) : Json(snapshot.preview);
  into["audio_peak_db"] = decibels(snapshot.sound.sum_peak);
  into["sound"] = meters_json(snapshot);
  into["alarms"] = snapshot.alarms;
  if (!snapshot.slate_for.empty()) into["slate_for"] = snapshot.slate_for;
  into["black"] = snapshot.black;
  into["holding"] = snapshot.holding;
  if (!snapshot.next_cue.empty()) {
    into["next_cue"] = {{"does", snapshot.next_cue}, {"in_ms", snapshot.next_cue_in.count()}};
  }
  if (snapshot.ends_in) into["ends_in_ms"] = snapshot.ends_in->count();
  into["scenes"] = snapshot.scenes;
  Json overlays = Json::array();
  for (const auto& overlay : snapshot.overlays) {
    Json entry{{"name", overlay.name}, {"on_air", overlay.on_air}};
    if (!overlay.trouble.empty()) entry["trouble"] = overlay.trouble;
    overlays.push_back(std::move(entry));
  }
  into["overlays"] = std::move(overlays);
  Json sources = Json::array();
  for (const auto& source : snapshot.sources) {
    Json entry;
    entry["name"] = source.name;
    entry["state"] = to_string(source.feed.state);
    entry["on_air"] = source.on_air;
    if (source.economy) entry["economy"] = true;
    entry["gain_db"] = source.gain_db;
    entry["muted"] = source.muted;
    entry["solo"] = source.solo;
    entry["left_out"] = source.left_out;
    entry["delay_ms"] = source.delay.count();
    entry["follow"] = source.follow;
    entry["ducked_db"] = rounded(source.ducked_db, 10);
    entry["level_db"] = decibels(source.level.peak);
    entry["rms_db"] = decibels(source.level.rms);
    entry["has_sound"] = source.feed.has_sound;
    entry["frames"] = source.feed.pictures;
    entry["dropped"] = source.feed.dropped;
    entry["late"] = source.feed.late;
    entry["losses"] = source.feed.losses;
    entry["peak_db"] = decibels(static_cast<double>(source.feed.peak));
    entry["latency"] = latency_json(source.latency);
    if (!source.feed.reason.empty()) entry["reason"] = source.feed.reason;
    if (!source.feed.recording.empty()) entry["recording_trouble"] = source.feed.recording;
    sources.push_back(std::move(entry));
  }
  into["sources"] = std::move(sources);
  Json outputs = Json::array();
  for (const auto& output : snapshot.outputs) {
    Json entry;
    entry["name"] = short_name(output.name);
    if (!output.rendition.empty()) entry["rendition"] = output.rendition;
    entry["state"] = to_string(output.state);
    entry["bytes"] = output.bytes;
    entry["frames"] = output.frames;
    entry["dropped"] = output.dropped;
    entry["reconnects"] = output.reconnects;
    entry["queued_ms"] = output.queued.count();
    if (!output.reason.empty()) entry["reason"] = output.reason;
    outputs.push_back(std::move(entry));
  }
  into["outputs"] = std::move(outputs);
  Json renditions = Json::array();
  for (const EncoderBank::Info& rendition : snapshot.renditions) {
    Json entry;
    entry["name"] = rendition.name;
    entry["width"] = rendition.size.width;
    entry["height"] = rendition.size.height;
    entry["frames"] = rendition.counters.frames;
    entry["skipped"] = rendition.counters.skipped;
    entry["gaps"] = rendition.counters.gaps;
    entry["quality"] = to_string(rendition.counters.quality);
    if (!rendition.trouble.empty()) entry["reason"] = rendition.trouble;
    renditions.push_back(std::move(entry));
  }
  into["renditions"] = std::move(renditions);
}

Json event_line(const ProgramEvent& event) {
  using Kind = ProgramEvent::Kind;
  Json line = compose_line(to_string(event.kind));
  line["tick"] = event.tick;
  switch (event.kind) {
    case Kind::kProgram:
      line["scene"] = event.name;
      line["transition"] = event.detail;
      break;
    case Kind::kTransitionEnd:
    case Kind::kPreview:
      line["scene"] = event.name;
      break;
    case Kind::kOverlayShow:
      line["overlay"] = event.name;
      if (event.length) line["for_ms"] = event.length->count();
      break;
    case Kind::kOverlayHide:
      line["overlay"] = event.name;
      break;
    case Kind::kOverlayText:
      line["overlay"] = event.name;
      if (const auto* words = std::get_if<scene::OverlayTextAction>(&event.words)) {
        line[words->is_text ? "text" : "title"] = words->title;
        if (!words->subtitle.empty()) line["subtitle"] = words->subtitle;
      } else if (const auto* moment = std::get_if<scene::CountdownAction>(&event.words);
                 moment != nullptr && moment->to) {
        line["to"] = format_rfc3339(*moment->to);
      }
      break;
    case Kind::kGain:
      line["source"] = event.name;
      line["gain_db"] = std::strtod(event.detail.c_str(), nullptr);
      break;
    case Kind::kMute:
    case Kind::kUnmute:
      line["source"] = event.name;
      break;
    case Kind::kSolo:
      line["source"] = event.name;
      line["solo"] = event.detail == "on";
      break;
    case Kind::kDelay:
      line["source"] = event.name;
      line["delay_ms"] = std::strtoll(event.detail.c_str(), nullptr, 10);
      break;
    case Kind::kFollow:
      line["source"] = event.name;
      line["follow"] = event.detail == "on";
      break;
    case Kind::kGuard:
      line["guard"] = event.name;
      line["active"] = event.detail == "on";
      break;
    case Kind::kQuality:
      line["quality"] = event.name;
      break;
    case Kind::kBlack:
      line["on"] = event.name == "on";
      break;
    case Kind::kSceneSet:
      line["scene"] = event.name;
      line["sources"] = event.sources;
      break;
    case Kind::kGo:
      line["at_ms"] = event.length.value_or(milliseconds{0}).count();
      break;
    case Kind::kStop:
      break;
  }
  return line;
}

std::string progress_text(const Snapshot& snapshot) {
  std::string text =
      fmt::format("{}  {}  {:.1f} fps", clock_text(snapshot.elapsed), snapshot.scene, snapshot.fps);
  if (snapshot.offline) text += fmt::format("  {:.1f}x", snapshot.speed);
  if (const auto dropped = snapshot.lagged + snapshot.skipped + snapshot.gaps; dropped > 0) {
    text += fmt::format("  {} repeated", dropped);
  }
  if (snapshot.quality != Quality::kFull) {
    text += fmt::format("  QUALITY {}: too little CPU", to_string(snapshot.quality));
  }
  for (const auto& source : snapshot.sources) {
    if (source.feed.state == SourceState::kLost) {
      text += fmt::format("  [{} lost]", source.name);
    }
  }
  for (const std::string_view alarm : snapshot.alarms) text += fmt::format("  [{}]", alarm);
  for (const auto& output : snapshot.outputs) {
    text += fmt::format("  {} {}", short_name(output.name), to_string(output.state));
    if (output.bytes > 0)
      text += fmt::format(" {:.1f} MB", static_cast<double>(output.bytes) / 1e6);
    if (output.dropped > 0) text += fmt::format(" ({} dropped)", output.dropped);
  }
  return text;
}

std::string stats_text(const Snapshot& snapshot) {
  std::string text = fmt::format(
      "ticks {}  frames {}  samples {}\n"
      "late: compositor {}  encoder {}  missing {}  standstills {}\n"
      "slowest tick {:.1f} ms, {:.2f} of real time\n"
      "tick to packet: half within {:.1f} ms, 99 % within {:.1f} ms, slowest {:.1f} ms\n",
      snapshot.tick, snapshot.frames, snapshot.samples, snapshot.lagged, snapshot.skipped,
      snapshot.gaps, snapshot.clock_jumps, snapshot.worst_tick_ms, snapshot.speed,
      snapshot.encode.median_ms, snapshot.encode.p99_ms, snapshot.encode.worst_ms);
  for (const EncoderBank::Info& rendition : snapshot.renditions) {
    text += fmt::format("rendition {}: {}x{}, {} frames, {} late, {} missing\n", rendition.name,
                        rendition.size.width, rendition.size.height, rendition.counters.frames,
                        rendition.counters.skipped, rendition.counters.gaps);
  }
  for (const auto& source : snapshot.sources) {
    text += fmt::format("source {}: {}, {} frames, {} dropped, {} late, lost {} times\n",
                        source.name, to_string(source.feed.state), source.feed.pictures,
                        source.feed.dropped, source.feed.late, source.feed.losses);
  }
  for (const auto& output : snapshot.outputs) {
    text += fmt::format("output {}: {}, {} bytes, {} frames, {} dropped, {} reconnects\n",
                        short_name(output.name), to_string(output.state), output.bytes,
                        output.frames, output.dropped, output.reconnects);
  }
  return text;
}

}  // namespace ts::compose
