// SPDX-License-Identifier: Apache-2.0
#include "sandbox/media_host.hpp"

#include "sandbox/media_file_writer.hpp"
#include "sandbox/media_recorder.hpp"
#include "sandbox/media_relay.hpp"

#include <utility>

namespace ts::sandbox {
namespace {

/// So many are remembered.
constexpr std::size_t kTroubles = 8;

}  // namespace

MediaHost::MediaHost(Options options, Hooks hooks, Log& log)
    : options_(std::move(options)), hooks_(std::move(hooks)), log_(log) {}

MediaHost::~MediaHost() {
  std::map<PublishId, std::shared_ptr<Publication>> publications;
  decltype(recorders_) recorders;
  decltype(relays_) relays;
  decltype(writers_) writers;
  {
    const std::lock_guard lock(mutex_);
    publications.swap(publications_);
    recorders.swap(recorders_);
    relays.swap(relays_);
    writers.swap(writers_);
  }
  for (auto& [id, publication] : publications) publication->close();
  for (auto& [id, relay] : relays) relay->stop();
}

std::filesystem::path MediaHost::folder(std::string_view asset) const {
  return options_.recordings / asset;
}

std::shared_ptr<Publication> MediaHost::open(PublishId publish) {
  auto publication = std::make_shared<Publication>();
  const std::lock_guard lock(mutex_);
  publications_[publish] = publication;
  return publication;
}

std::shared_ptr<Publication> MediaHost::publication(PublishId publish) const {
  const std::lock_guard lock(mutex_);
  return find(publish);
}

void MediaHost::close(PublishId publish) {
  const std::lock_guard lock(mutex_);
  publications_.erase(publish);
}

std::shared_ptr<Publication> MediaHost::find(PublishId publish) const {
  const auto found = publications_.find(publish);
  return found == publications_.end() ? nullptr : found->second;
}

/// Lets go of what has ended. Threads that have ended are joined without waiting.
void MediaHost::sweep() {
  std::erase_if(recorders_, [](const auto& entry) { return entry.second->done(); });
  std::erase_if(relays_, [](const auto& entry) { return entry.second->done(); });
  std::erase_if(writers_, [](const auto& writer) { return writer->done(); });
}

std::unique_ptr<MediaRecorder> MediaHost::make_recorder(const std::string& asset) {
  return std::make_unique<MediaRecorder>(
      options_, hooks_, [this](std::string trouble) { note(std::move(trouble)); }, log_, asset,
      folder(asset));
}

void MediaHost::note(std::string trouble) {
  const std::lock_guard lock(troubles_mutex_);
  if (troubles_.size() >= kTroubles) troubles_.erase(troubles_.begin());
  troubles_.push_back(std::move(trouble));
}

std::vector<std::string> MediaHost::troubles() const {
  const std::lock_guard lock(troubles_mutex_);
  return troubles_;
}

void MediaHost::apply(AssetImport import) {
  const std::lock_guard lock(mutex_);
  sweep();
  auto& recorder = recorders_[import.asset];
  if (recorder == nullptr) recorder = make_recorder(import.asset);
  recorder->order(std::move(import));
}

void MediaHost::apply(RecordingStart start) {
  const std::lock_guard lock(mutex_);
  sweep();
  auto publication = find(start.publish);
  if (publication == nullptr) return;
  auto& recorder = recorders_[start.asset];
  if (recorder == nullptr) {
    recorder = make_recorder(start.asset);
  }
  recorder->order(MediaRecorder::Connect{.publication = std::move(publication),
                                         .resume = start.resume,
                                         .audio_only = start.audio_only});
}

void MediaHost::apply(const RecordingEnd& end) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = recorders_.find(end.asset);
    if (found != recorders_.end()) {
      found->second->order(MediaRecorder::End{});
      return;
    }
  }
  hooks_.completed(end.asset, {}, "no media was received");
}

void MediaHost::apply(const RecordingDelete& gone) {
  std::unique_ptr<MediaRecorder> recorder;
  {
    const std::lock_guard lock(mutex_);
    const auto found = recorders_.find(gone.asset);
    if (found != recorders_.end()) {
      recorder = std::move(found->second);
      recorders_.erase(found);
    }
  }
  recorder.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder(gone.asset), ignored);
}

void MediaHost::apply(FileMake make) {
  const std::lock_guard lock(mutex_);
  sweep();
  auto at = folder(make.asset);
  writers_.push_back(
      std::make_unique<MediaFileWriter>(options_, hooks_, std::move(make), std::move(at)));
}

void MediaHost::apply(RelayStart start) {
  const std::lock_guard lock(mutex_);
  sweep();
  auto publication = find(start.publish);
  const auto relay = start.relay;
  relays_[relay] =
      std::make_unique<MediaRelay>(options_, hooks_, std::move(start), std::move(publication));
}

void MediaHost::apply(const RelayStop& stop) {
  const std::lock_guard lock(mutex_);
  const auto found = relays_.find(stop.relay);
  if (found != relays_.end()) found->second->stop();
}

void MediaHost::apply(const TrackMute& mute) {
  const std::lock_guard lock(mutex_);
  if (auto publication = find(mute.publish)) publication->mute(mute.video, mute.muted);
}

MediaHost::Figures MediaHost::figures() const {
  const std::lock_guard lock(mutex_);
  Figures figures{.publications = publications_.size()};
  for (const auto& [id, recorder] : recorders_) {
    if (!recorder->done()) ++figures.recordings;
  }
  for (const auto& [id, relay] : relays_) {
    if (!relay->done()) ++figures.relays;
  }
  return figures;
}

}  // namespace ts::sandbox
