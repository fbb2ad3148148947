#pragma once
// Runs a source without the runtime: as many readers as workers, polled in turns.

#include <memory>
#include <string>
#include <vector>

#include "tests/connectors/virtual_clock.h"
#include "weir/source.h"

namespace weir::test {

template <class T>
class SourceDriver {
 public:
  struct Record {
    std::string split;
    int64_t offset;
    Timestamp time;
    T value;
    friend bool operator==(const Record&, const Record&) = default;
  };

  explicit SourceDriver(const Source<T>& source, int workers = 1) : source_(source), workers_(workers) {}

  std::function<absl::Status(const RawRecord&, const SplitName&, const absl::Status&)> on_bad_record;

  /// restored null: a first start.
  absl::Status open(const std::vector<SplitPosition>* restored = nullptr) {
    readers_.clear();
    for (int worker = 0; worker < workers_; ++worker) {
      SourceContext context{.id = "in", .job = "job", .worker = worker, .workers = workers_, .clock = clock};
      if (restored != nullptr) context.restored = *restored;
      context.is_restored = restored != nullptr;
      context.wake = [] {};
      context.on_bad_record = on_bad_record;
      readers_.push_back(source_.factory()->make());
      if (absl::Status status = readers_.back()->open(std::move(context)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  /// One poll of each reader; kEnd when all are at their end, kIdle when none had anything.
  absl::StatusOr<Poll> step(size_t max_records) {
    size_t ended = 0;
    bool idle = true;
    for (auto& reader : readers_) {
      Batch<T> batch;
      const absl::StatusOr<Poll> poll = reader->poll(max_records, batch);
      if (!poll.ok()) return poll.status();
      if (batch.size() > max_records) return absl::InternalError("more records than asked for");
      if (batch.size() != batch.offsets.size()) return absl::InternalError("not an offset for each record");
      for (size_t i = 0; i < batch.size(); ++i) {
        const Timestamp time = batch.times.empty() ? kMinTimestamp : batch.times.at(i);
        records.push_back({*batch.split, batch.offsets[i], time, std::move(batch.values[i])});
      }
      ended += *poll == Poll::kEnd ? 1 : 0;
      idle = idle && *poll == Poll::kIdle;
    }
    if (ended == readers_.size()) return Poll::kEnd;
    return idle ? Poll::kIdle : Poll::kMore;
  }

  /// Polls until the end or an error.
  absl::Status drain(size_t max_records = 1024) {
    while (true) {
      const absl::StatusOr<Poll> poll = step(max_records);
      if (!poll.ok()) return poll.status();
      if (*poll == Poll::kEnd) return absl::OkStatus();
      if (*poll == Poll::kIdle) clock.advance(Duration{10});
    }
  }

  std::vector<SplitPosition> positions() const {
    std::vector<SplitPosition> all;
    for (const auto& reader : readers_) {
      for (SplitPosition& position : reader->positions()) all.push_back(std::move(position));
    }
    return all;
  }

  std::vector<T> values() const {
    std::vector<T> values;
    for (const Record& record : records) values.push_back(record.value);
    return values;
  }

  VirtualClock clock;
  std::vector<Record> records;

 private:
  Source<T> source_;
  int workers_;
  std::vector<std::unique_ptr<SourceReader<T>>> readers_;
};

}  // namespace weir::test
