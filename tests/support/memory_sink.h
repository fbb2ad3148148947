#pragma once
// An exactly-once sink into memory that outlives jobs, with markers checked as the real targets do.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/base/target_progress.h"
#include "weir/sink.h"

namespace weir::test {

template <class T>
struct MemoryTopic {
  std::string name;
  std::mutex mutex;
  std::map<std::string, std::vector<T>> segments;
  std::vector<T> committed;
  std::vector<uint64_t> markers;
  Cut marker_cut;
  /// Not empty: commits fail as those of a fenced producer.
  std::string fenced_by;
  /// Fails so many commits before they do anything.
  int failing_commits = 0;

  std::vector<T> records() {
    const std::lock_guard lock(mutex);
    return committed;
  }
};

template <class T>
class MemoryWriter final : public SinkWriter<T> {
 public:
  explicit MemoryWriter(std::shared_ptr<MemoryTopic<T>> topic) : topic_(std::move(topic)) {}
  absl::Status open(SinkContext context) override {
    prefix_ = "a" + std::to_string(context.attempt) + "-w" + std::to_string(context.worker) + "-" +
              context.id + "-";
    return absl::OkStatus();
  }
  absl::Status write(const Batch<T>& batch) override {
    current_.insert(current_.end(), batch.values.begin(), batch.values.end());
    return absl::OkStatus();
  }
  SealJob seal(Epoch) override {
    if (current_.empty()) return [] { return std::vector<Segment>{}; };
    const std::string name = prefix_ + std::to_string(counter_++);
    return [topic = topic_, name,
            records = std::exchange(current_, {})]() -> absl::StatusOr<std::vector<Segment>> {
      const std::lock_guard lock(topic->mutex);
      topic->segments[name] = records;
      return std::vector<Segment>{{name, records.size(), records.size(), 0}};
    };
  }

 private:
  std::shared_ptr<MemoryTopic<T>> topic_;
  std::string prefix_;
  int counter_ = 0;
  std::vector<T> current_;
};

template <class T>
class MemoryTarget final : public SinkTarget {
 public:
  explicit MemoryTarget(std::shared_ptr<MemoryTopic<T>> topic) : topic_(std::move(topic)) {}
  absl::StatusOr<size_t> recover(const TargetProgress& progress, bool first_start) override {
    const std::lock_guard lock(topic_->mutex);
    if (topic_->markers.empty()) {
      if (first_start) return size_t{0};
      return absl::FailedPreconditionError("no marker");
    }
    const auto out = delivered_count(progress, Epoch{topic_->markers.back()}, topic_->marker_cut);
    if (!out) return absl::FailedPreconditionError("the marker is of another checkpoint");
    return *out;
  }
  absl::StatusOr<bool> commit(absl::Span<const EpochOutput> epochs) override {
    const std::lock_guard lock(topic_->mutex);
    if (!topic_->fenced_by.empty()) return absl::FailedPreconditionError("fenced by " + topic_->fenced_by);
    if (topic_->failing_commits > 0) {
      --topic_->failing_commits;
      return absl::UnavailableError("the target is away");
    }
    for (const EpochOutput& epoch : epochs) {
      for (const Segment& segment : epoch.segments) {
        const auto found = topic_->segments.find(segment.name);
        if (found == topic_->segments.end() || found->second.size() != segment.records)
          return absl::DataLossError("segment " + segment.name + " is missing");
        topic_->committed.insert(topic_->committed.end(), found->second.begin(), found->second.end());
      }
    }
    if (!topic_->markers.empty() && epochs.back().epoch.number <= topic_->markers.back())
      return absl::InternalError("markers must increase");
    topic_->markers.push_back(epochs.back().epoch.number);
    topic_->marker_cut = epochs.back().cut;
    return true;
  }
  void discard(absl::Span<const Segment> segments) override {
    const std::lock_guard lock(topic_->mutex);
    for (const Segment& segment : segments) topic_->segments.erase(segment.name);
  }
  absl::Status clean(absl::Span<const Segment> listed) override {
    const std::lock_guard lock(topic_->mutex);
    std::map<std::string, std::vector<T>> kept;
    for (const Segment& segment : listed)
      if (auto node = topic_->segments.extract(segment.name)) kept.insert(std::move(node));
    topic_->segments = std::move(kept);
    return absl::OkStatus();
  }

 private:
  std::shared_ptr<MemoryTopic<T>> topic_;
};

template <class T>
class MemorySinkFactory final : public SinkFactory<T>,
                                public TargetFactory,
                                public std::enable_shared_from_this<MemorySinkFactory<T>> {
 public:
  explicit MemorySinkFactory(std::shared_ptr<MemoryTopic<T>> topic) : topic_(std::move(topic)) {}
  std::string describe() const override { return "memory"; }
  std::unique_ptr<SinkWriter<T>> make() const override { return std::make_unique<MemoryWriter<T>>(topic_); }
  std::shared_ptr<const TargetFactory> target() const override { return this->shared_from_this(); }
  absl::StatusOr<std::string> identify() const override { return "memory:" + topic_->name; }
  std::string shared_options() const override { return ""; }
  absl::StatusOr<std::unique_ptr<SinkTarget>> open(TargetContext,
                                                   absl::Span<const TargetFactory* const>) const override {
    return std::make_unique<MemoryTarget<T>>(topic_);
  }

 private:
  std::shared_ptr<MemoryTopic<T>> topic_;
};

template <class T>
Sink<T> memory_sink(std::shared_ptr<MemoryTopic<T>> topic) {
  return Sink<T>(std::make_shared<MemorySinkFactory<T>>(std::move(topic)));
}

}  // namespace weir::test
