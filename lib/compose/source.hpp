// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/feed.hpp"
#include "compose/picture.hpp"
#include "core/log.hpp"
#include "media/filter_graph.hpp"
#include "media/reader.hpp"
#include "media/rtmp_listener.hpp"
#include "scene/show.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace ts::compose {

/// What all sources of a program share.
struct SourceContext {
  scene::Canvas canvas{};
  bool offline = false;
  std::string ca_file{};
  bool wanted = true;  ///< Seen, or about to be, from the beginning.
  /// Where the program is now; called from any thread.
  std::function<ProgramTime()> now{};
  Log* log = nullptr;
  /// Where sources that listen wait for their cameras; null: they cannot.
  media::RtmpListeners* listeners = nullptr;
  std::string iso{};  ///< Folder for clean recordings of what comes over a network; empty for none.
  /// A file that does not open is lost, as an address would be, and tried again: for a program
  /// that must go on the air. False: it is an error of SourceRunner::start.
  bool go_on = false;
};

/// The most pictures that a filter wants to see before it gives one, with one to spare (tmix).
inline constexpr std::int64_t kMostRemembered = 1025;

/// Makes any decoded picture yuv420p, limited range, BT.709, upright, even in size: through a small
/// graph of its own when it is not so already. For one thread.
///
/// A filter may remember pictures: what goes in comes out later, or twice. So that its sound stays
/// with it, each picture has the time that the filter gives it.
class PictureConverter {
 public:
  /// @param filter  a libavfilter chain put before the conversion; empty for none.
  PictureConverter(std::string filter, int rotation)
      : filter_(std::move(filter)), rotation_(rotation) {}
  /// Takes the next picture, its `pts` in its `time_base`. A step in the times is an end before it.
  Status push(media::AvFrame frame);
  /// Nothing follows, of this round at least: what the filter still holds is ready. What is pushed
  /// after that is the first one again.
  Status finish();
  /// The next converted picture, its `pts` in its own `time_base`; null when none is ready.
  media::AvFrame pull();
  [[nodiscard]] bool ready() const noexcept { return !ready_.empty(); }
  /// What follows is from elsewhere: what is held is dropped.
  void clear();
  /// One picture that stays, pushed as often as the filter wants to see it; null when it gives
  /// none. Forgets all others.
  Result<media::AvFrame> still(const AVFrame& frame);
  /// The filters of the last conversion; empty when the picture was right as it came.
  [[nodiscard]] const std::string& chain() const noexcept { return chain_; }

 private:
  [[nodiscard]] bool passes(const AVFrame& frame) const noexcept;
  [[nodiscard]] bool remembers() const noexcept { return interlaced_ || !filter_.empty(); }
  /// Gives a picture without a time the next one. @return whether it comes after a step.
  bool follow(AVFrame& frame);
  Status make_graph(const AVFrame& frame, bool untold);
  /// What the graph gives is ready.
  Status drain();
  /// The graph's end, if it holds anything.
  Status flush();
  std::string filter_;
  int rotation_ = 0;
  std::optional<media::FilterGraph> graph_{};
  std::string chain_{};
  std::optional<media::FilterInput> shape_{};  // of the last picture, as are the next two
  int range_ = -1;
  int matrix_ = -1;
  bool interlaced_ = false;  // since it came in this shape
  std::int64_t last_pts_ = AV_NOPTS_VALUE;
  std::int64_t step_ = 0;
  std::deque<media::AvFrame> ready_{};
};

/// One source of the program: its feed and, when it needs one, the thread that fills it.
class SourceRunner {
 public:
  /// Opens what can be opened at once: a file that does not exist or is no media is an error here,
  /// unless the program is to go on without it (then `trouble` tells); an address that does not
  /// answer is retried for ever.
  /// @param origin  program time at which its own time 0 is.
  static Result<std::unique_ptr<SourceRunner>> start(const scene::Source& source,
                                                     const SourceContext& context,
                                                     ProgramTime origin);
  /// The place of a source that was removed: its card, and silence.
  static Result<std::unique_ptr<SourceRunner>> nothing(const scene::Source& source);
  SourceRunner(const SourceRunner&) = delete;
  SourceRunner& operator=(const SourceRunner&) = delete;
  virtual ~SourceRunner() = default;

  [[nodiscard]] const scene::Source& source() const noexcept { return source_; }
  [[nodiscard]] Feed& feed() noexcept { return feed_; }
  /// True when its sound comes from the feed; a tone is made by the mixer itself.
  [[nodiscard]] double tone_hz() const noexcept { return tone_hz_; }
  /// Whether its picture is (about to be) seen. Nobody looking, a live source may keep its packets
  /// since the last key frame instead of decoding them. The tick thread's.
  virtual void set_wanted(bool) {}
  /// How carefully its pictures are decoded: where they are much reduced a cheaper way does not
  /// show. The tick thread's.
  virtual void set_loop_filter(media::LoopFilter) {}
  /// Asks a source that is not decoded just now for the picture of its newest key frame, which
  /// costs one picture's decoding; glimpse() is that of an earlier call until it is there. Any
  /// thread.
  virtual void ask_glimpse() {}
  [[nodiscard]] virtual Picture glimpse() const { return nullptr; }
  /// False while a source that was not wanted catches up; any thread.
  [[nodiscard]] virtual bool ready() const noexcept { return true; }
  /// What kept a file from opening when the program began; nullptr when nothing did.
  [[nodiscard]] const Error* trouble() const noexcept { return trouble_ ? &*trouble_ : nullptr; }
  /// True when the program waits for its first picture before it starts.
  [[nodiscard]] bool prompt() const noexcept { return prompt_; }

 protected:
  SourceRunner(const scene::Source& source, Feed::Limits limits) : source_(source), feed_(limits) {}
  scene::Source source_;
  Feed feed_;
  double tone_hz_ = 0;
  bool prompt_ = true;
  std::optional<Error> trouble_{};
};

}  // namespace ts::compose
