// SPDX-License-Identifier: Apache-2.0
#include "rtmp/tag_ring.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <string>
#include <string_view>
#include <thread>

namespace ts::rtmp {
namespace {

/// Script data that describes the stream, as opposed to cue points and captions.
bool is_metadata(const Tag& tag) {
  if (tag.type != TagType::kScript) return false;
  const std::string_view start(reinterpret_cast<const char*>(tag.payload.data()),
                               std::min<std::size_t>(tag.payload.size(), 48));
  return start.find("onMetaData") != std::string_view::npos;
}

}  // namespace

void GopCache::push(const TagPointer& tag) {
  const auto view = tag->view();
  if (is_metadata(*tag)) {
    metadata_ = tag;
    return;
  }
  if (tag->type == TagType::kVideo) has_video_ = true;
  if (tag->type == TagType::kAudio) has_audio_ = true;
  if (is_sequence_header(view)) {
    (tag->type == TagType::kVideo ? video_header_ : audio_header_) = tag;
    if (tag->type == TagType::kVideo) {  // The group so far belongs to the old one.
      group_.clear();
      group_bytes_ = 0;
    }
    return;
  }
  const bool begins = has_video_ ? is_key_frame(view) : tag->type == TagType::kAudio;
  if (begins) {
    group_.clear();
    group_bytes_ = 0;
  } else if (group_.empty()) {
    return;
  }
  group_bytes_ += tag->payload.size();
  group_.push_back(tag);
  if (group_bytes_ > max_bytes_) {
    group_.clear();
    group_bytes_ = 0;
  }
}

std::vector<TagPointer> GopCache::headers() const {
  std::vector<TagPointer> out;
  for (const auto& tag : {metadata_, video_header_, audio_header_}) {
    if (tag) out.push_back(tag);
  }
  return out;
}

struct TagRing::Reader::Queue {
  std::deque<TagPointer> tags;
  std::size_t bytes = 0;
  std::uint64_t dropped = 0;
  bool waits_for_key_frame = false;
  bool lagged = false;  ///< It waits because it was slow, not because it has yet to begin.
};

struct TagRing::State {
  explicit State(Limits ring_limits) : limits(ring_limits), cache(ring_limits.cache_bytes) {}

  void put(Reader::Queue& queue, const TagPointer& tag);

  const Limits limits;
  mutable std::mutex mutex;
  std::condition_variable_any readable;
  GopCache cache;
  std::vector<std::shared_ptr<Reader::Queue>> queues;
  bool closed = false;
};

/// One tag for one reader. The cache has seen the tag already.
void TagRing::State::put(Reader::Queue& queue, const TagPointer& tag) {
  const auto view = tag->view();
  const bool header = is_sequence_header(view) || is_metadata(*tag);
  if (queue.waits_for_key_frame) {
    const bool begins =
        !header && (cache.has_video() ? is_key_frame(view) : tag->type == TagType::kAudio);
    if (!begins) {
      if (!header && queue.lagged) ++queue.dropped;
      return;
    }
    queue.waits_for_key_frame = false;
    queue.lagged = false;
    for (auto& one : cache.headers()) {
      queue.bytes += one->payload.size();
      queue.tags.push_back(std::move(one));
    }
  }
  queue.bytes += tag->payload.size();
  queue.tags.push_back(tag);
  if (queue.bytes > limits.reader_bytes) {
    queue.dropped += queue.tags.size();
    queue.tags.clear();
    queue.bytes = 0;
    queue.waits_for_key_frame = true;
    queue.lagged = true;
  }
}

TagRing::TagRing(Limits limits) : state_(std::make_shared<State>(limits)) {}

TagRing::~TagRing() { close(); }

void TagRing::push(const TagView& tag) {
  const auto shared = std::make_shared<const Tag>(
      Tag{tag.type, tag.timestamp_ms, {tag.payload.begin(), tag.payload.end()}});
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->closed) return;
    state_->cache.push(shared);
    for (const auto& queue : state_->queues) state_->put(*queue, shared);
  }
  state_->readable.notify_all();
}

void TagRing::close() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }
  state_->readable.notify_all();
}

std::unique_ptr<TagRing::Reader> TagRing::subscribe() {
  auto queue = std::make_shared<Reader::Queue>();
  const std::lock_guard lock(state_->mutex);
  for (const auto& tags : {state_->cache.headers(), state_->cache.group()}) {
    for (const auto& tag : tags) {
      queue->bytes += tag->payload.size();
      queue->tags.push_back(tag);
    }
  }
  // In the middle of a group that the cache has forgotten.
  queue->waits_for_key_frame = state_->cache.group().empty();
  if (queue->waits_for_key_frame) {
    queue->tags.clear();  // They come again, fresh, before the key frame.
    queue->bytes = 0;
  }
  state_->queues.push_back(queue);
  return std::unique_ptr<Reader>(new Reader(state_, std::move(queue)));
}

bool TagRing::has_video() const {
  const std::lock_guard lock(state_->mutex);
  return state_->cache.has_video();
}

bool TagRing::has_audio() const {
  const std::lock_guard lock(state_->mutex);
  return state_->cache.has_audio();
}

TagRing::Reader::Reader(std::shared_ptr<State> state, std::shared_ptr<Queue> queue)
    : state_(std::move(state)), queue_(std::move(queue)) {}

TagRing::Reader::~Reader() {
  const std::lock_guard lock(state_->mutex);
  std::erase(state_->queues, queue_);
}

TagPointer TagRing::Reader::pop(std::stop_token stop) {
  std::unique_lock lock(state_->mutex);
  const bool ready = state_->readable.wait(lock, std::move(stop),
                                           [&] { return state_->closed || !queue_->tags.empty(); });
  if (!ready || queue_->tags.empty()) return nullptr;
  auto tag = std::move(queue_->tags.front());
  queue_->tags.pop_front();
  queue_->bytes -= tag->payload.size();
  return tag;
}

TagPointer TagRing::Reader::try_pop() {
  const std::lock_guard lock(state_->mutex);
  if (queue_->tags.empty()) return nullptr;
  auto tag = std::move(queue_->tags.front());
  queue_->tags.pop_front();
  queue_->bytes -= tag->payload.size();
  return tag;
}

std::uint64_t TagRing::Reader::dropped() const {
  const std::lock_guard lock(state_->mutex);
  return queue_->dropped;
}

bool TagRing::Reader::finished() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed && queue_->tags.empty();
}

struct FlvPipe::Impl {
  Impl(std::unique_ptr<TagRing::Reader> tag_reader, UniqueFd descriptor)
      : reader(std::move(tag_reader)),
        out(std::move(descriptor)),
        wake(::eventfd(0, EFD_CLOEXEC)) {}

  void run(const std::stop_token& stop);
  /// @return false when stopped or the other end has gone.
  bool write(std::string_view bytes, const std::stop_token& stop);

  std::unique_ptr<TagRing::Reader> reader;
  UniqueFd out;
  UniqueFd wake;  // Readable once stop was requested, to interrupt a blocked write.
  std::atomic<std::uint64_t> written{0};
  std::mutex mutex;  // Guards `finished`.
  std::condition_variable ended;
  bool finished = false;
  std::jthread thread;
};

bool FlvPipe::Impl::write(std::string_view bytes, const std::stop_token& stop) {
  while (!bytes.empty()) {
    if (stop.stop_requested()) return false;
    const auto put = ::write(out.get(), bytes.data(), bytes.size());
    if (put > 0) {
      written += static_cast<std::uint64_t>(put);
      bytes.remove_prefix(static_cast<std::size_t>(put));
      continue;
    }
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
    pollfd waits[2] = {{out.get(), POLLOUT, 0}, {wake.get(), POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) return false;
  }
  return true;
}

void FlvPipe::Impl::run(const std::stop_token& stop) {
  // A reader that has gone must give EPIPE here, not a signal to the process.
  sigset_t pipe_signal;
  ::sigemptyset(&pipe_signal);
  ::sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);

  std::string buffer;
  FlvWriter::append_header(buffer);
  bool open = write(buffer, stop);
  while (open) {
    const auto tag = reader->pop(stop);
    if (!tag) break;
    buffer.clear();
    FlvWriter::append(buffer, tag->view());
    open = write(buffer, stop);
  }
  out.reset();
  {
    const std::lock_guard lock(mutex);
    finished = true;
  }
  ended.notify_all();
}

FlvPipe::FlvPipe(std::unique_ptr<TagRing::Reader> reader, UniqueFd out)
    : impl_(std::make_unique<Impl>(std::move(reader), std::move(out))) {
  const int flags = ::fcntl(impl_->out.get(), F_GETFL);
  ::fcntl(impl_->out.get(), F_SETFL, flags | O_NONBLOCK);
  impl_->thread = std::jthread([raw = impl_.get()](const std::stop_token& stop) {
    const std::stop_callback wake(stop, [raw] {
      const std::uint64_t one = 1;
      static_cast<void>(!::write(raw->wake.get(), &one, sizeof one));
    });
    raw->run(stop);
  });
}

FlvPipe::~FlvPipe() = default;

bool FlvPipe::finished() const noexcept {
  const std::lock_guard lock(impl_->mutex);
  return impl_->finished;
}

bool FlvPipe::wait(milliseconds limit) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->ended.wait_for(lock, limit, [this] { return impl_->finished; });
}

std::uint64_t FlvPipe::bytes_written() const noexcept { return impl_->written; }

std::uint64_t FlvPipe::dropped_tags() const { return impl_->reader->dropped(); }

}  // namespace ts::rtmp
