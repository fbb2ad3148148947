#pragma once
// The records of the pipeline benchmarks: made once, read from memory by Weir's source and by the
// hand-written loops.

#include <memory>
#include <string>
#include <vector>

#include "weir/weir.h"

namespace weir::bench {

struct Event {
  int64_t key = 0;
  Timestamp at{};
};

/// `count` events, uniformly over `keys`, 100 in a millisecond.
inline std::vector<Event> make_events(size_t count, int64_t keys) {
  std::vector<Event> events;
  events.reserve(count);
  uint64_t x = 88172645463325252ULL;
  for (size_t i = 0; i < count; ++i) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    events.push_back(
        {static_cast<int64_t>(x % static_cast<uint64_t>(keys)), from_millis(static_cast<int64_t>(i / 100))});
  }
  return events;
}

class EventReader final : public SourceReader<Event> {
 public:
  explicit EventReader(std::shared_ptr<const std::vector<Event>> events) : events_(std::move(events)) {}

  absl::Status open(SourceContext context) override {
    step_ = static_cast<size_t>(context.workers);
    next_ = static_cast<size_t>(context.worker);
    name_ = "part-" + std::to_string(context.worker);
    return absl::OkStatus();
  }
  absl::StatusOr<Poll> poll(size_t max_records, Batch<Event>& batch) override {
    // Workers take turns by blocks, so that each reads memory in order.
    const size_t begin = next_ * kMaxBatchSize;
    if (begin >= events_->size()) return Poll::kEnd;
    const size_t end = std::min(begin + std::min(max_records, kMaxBatchSize), events_->size());
    batch.split = &name_;
    batch.values.assign(events_->begin() + static_cast<ptrdiff_t>(begin),
                        events_->begin() + static_cast<ptrdiff_t>(end));
    next_ += step_;
    return Poll::kMore;
  }
  std::vector<SplitPosition> positions() const override { return {{name_, std::to_string(next_)}}; }

 private:
  std::shared_ptr<const std::vector<Event>> events_;
  size_t step_ = 1;
  size_t next_ = 0;
  std::string name_;
};

class EventSource final : public SourceFactory<Event> {
 public:
  explicit EventSource(std::shared_ptr<const std::vector<Event>> events) : events_(std::move(events)) {}
  std::string describe() const override { return "events in memory"; }
  std::unique_ptr<SourceReader<Event>> make() const override {
    return std::make_unique<EventReader>(events_);
  }

 private:
  std::shared_ptr<const std::vector<Event>> events_;
};

/// Adds what arrives to a sum, so that nothing can be left out.
template <class T>
class SummingWriter final : public SinkWriter<T> {
 public:
  explicit SummingWriter(std::atomic<int64_t>* sum) : sum_(sum) {}
  absl::Status open(SinkContext) override { return absl::OkStatus(); }
  absl::Status write(const Batch<T>& batch) override {
    int64_t sum = 0;
    for (const T& result : batch.values) sum += result.value;
    sum_->fetch_add(sum, std::memory_order_relaxed);
    return absl::OkStatus();
  }
  SealJob seal(Epoch) override {
    return [] { return std::vector<Segment>{}; };
  }

 private:
  std::atomic<int64_t>* sum_;
};

template <class T>
class SummingSink final : public SinkFactory<T> {
 public:
  explicit SummingSink(std::atomic<int64_t>* sum) : sum_(sum) {}
  std::string describe() const override { return "sum"; }
  std::unique_ptr<SinkWriter<T>> make() const override { return std::make_unique<SummingWriter<T>>(sum_); }

 private:
  std::atomic<int64_t>* sum_;
};

}  // namespace weir::bench
