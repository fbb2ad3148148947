#pragma once
// A job around file sinks, without the runtime: writers, one target, and a manifest in memory that survives.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/file_system.h"
#include "tests/connectors/virtual_clock.h"
#include "weir/file.h"

namespace weir::test {

/// What is durable between attempts.
struct SinkManifest {
  TargetProgress progress;
  uint64_t attempt = 0;
  uint64_t next_epoch = 1;
  std::string incarnation = "0123456789abcdef0123456789abcdef";
};

/// One attempt. After a failed call it is as dead as its process: destroy it and start another one.
class SinkAttempt {
 public:
  SinkAttempt(const Sink<std::string>& sink, SinkManifest& manifest, FileSystem& files, int workers = 2)
      : sink_(sink), manifest_(manifest), files_(files), workers_(workers) {}

  /// As the runtime does: recover, send what is decided, clean, open writers.
  absl::Status start() {
    const bool first_start = manifest_.progress.chain.empty() && !manifest_.progress.has_base;
    ++manifest_.attempt;
    const std::shared_ptr<const TargetFactory> factory = sink_.factory()->target();
    const TargetFactory* const sinks[] = {factory.get()};
    TargetContext context;
    context.job = "job";
    context.incarnation = manifest_.incarnation;
    context.files = &files_;
    auto target = factory->open(std::move(context), sinks);
    if (!target.ok()) return target.status();
    target_ = *std::move(target);
    const absl::StatusOr<size_t> out = target_->recover(manifest_.progress, first_start);
    if (!out.ok()) return out.status();
    forget(*out);
    if (absl::Status status = commit(); !status.ok()) return status;
    if (absl::Status status = target_->clean(listed()); !status.ok()) return status;
    for (int worker = 0; worker < workers_; ++worker) {
      SinkContext sink_context{
          .id = "out", .job = "job", .worker = worker, .workers = workers_, .clock = clock_};
      sink_context.attempt = manifest_.attempt;
      sink_context.incarnation = manifest_.incarnation;
      sink_context.files = &files_;
      writers_.push_back(sink_.factory()->make());
      if (absl::Status status = writers_.back()->open(std::move(sink_context)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status write(int worker, const std::vector<std::string>& lines) {
    Batch<std::string> batch;
    for (const std::string& line : lines) batch.push_back(line, kMinTimestamp);
    return writers_[static_cast<size_t>(worker)]->write(batch);
  }

  /// Barrier and acknowledgements; the segments wait for decide.
  absl::Status seal() {
    for (auto& writer : writers_) {
      auto segments = writer->seal(Epoch{manifest_.next_epoch})();
      if (!segments.ok()) return segments.status();
      sealed_.insert(sealed_.end(), segments->begin(), segments->end());
    }
    return absl::OkStatus();
  }
  /// The manifest is there.
  void decide() {
    manifest_.progress.chain.push_back(
        {Epoch{manifest_.next_epoch}, Cut{manifest_.next_epoch, 1}, std::move(sealed_)});
    sealed_.clear();
    ++manifest_.next_epoch;
  }
  absl::Status commit() {
    if (manifest_.progress.chain.empty()) return absl::OkStatus();
    const absl::StatusOr<bool> out = target_->commit(manifest_.progress.chain);
    if (out.ok()) forget(manifest_.progress.chain.size());
    return out.status();
  }

  const std::vector<Segment>& sealed() const { return sealed_; }
  SinkTarget& target() { return *target_; }

 private:
  void forget(size_t epochs) {
    auto& chain = manifest_.progress.chain;
    for (; epochs > 0; --epochs) {
      manifest_.progress.base_epoch = chain.front().epoch;
      manifest_.progress.base_cut = chain.front().cut;
      manifest_.progress.has_base = true;
      chain.erase(chain.begin());
    }
  }
  std::vector<Segment> listed() const {
    std::vector<Segment> all;
    for (const EpochOutput& epoch : manifest_.progress.chain) {
      all.insert(all.end(), epoch.segments.begin(), epoch.segments.end());
    }
    return all;
  }

  Sink<std::string> sink_;
  SinkManifest& manifest_;
  FileSystem& files_;
  int workers_;
  VirtualClock clock_;
  std::unique_ptr<SinkTarget> target_;
  std::vector<std::unique_ptr<SinkWriter<std::string>>> writers_;
  std::vector<Segment> sealed_;
};

/// Names in the directory, sorted; visible: those that readers look at.
inline std::vector<std::string> names_in(const std::string& directory, bool visible) {
  std::vector<std::string> names;
  std::vector<std::string> all = real_file_system().list(directory).value();
  for (std::string& name : all) {
    if ((name.front() != '.') == visible) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace weir::test
