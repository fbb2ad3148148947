#pragma once
// What a connector implements to be read from. A SourceReader is one worker's share of a source: it owns the
// splits that fall to this worker, reads them without blocking and knows its position in each.
//
// A connector that delivers bytes derives from RawReader and gets decoding, error policy and types for free
// (decoded_source); one that makes typed records itself derives from SourceReader<T>.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/batch.h"
#include "weir/clock.h"
#include "weir/codec.h"
#include "weir/epoch.h"

namespace weir {

/// A split and where reading goes on, as text that is written into the manifest: {"trades/3", "1042"}.
struct SplitPosition {
  std::string split;
  std::string position;
  friend bool operator==(const SplitPosition&, const SplitPosition&) = default;
};

struct RawRecord;

struct SourceContext {
  /// The source's id, for messages.
  std::string id;
  /// The job's name (a Kafka source's consumer group, for example).
  std::string job;
  int worker = 0;
  int workers = 1;
  const Clock& clock;
  /// Positions of all splits, also those of other workers, at the checkpoint that is restored.
  std::vector<SplitPosition> restored;
  /// False at the first start. When true, a split that is not in `restored` is new: it is read from its
  /// beginning.
  bool is_restored = false;
  /// Any thread: tells the worker that poll() may have something now. Valid until the reader is destroyed.
  std::function<void()> wake;
  /// Worker's thread, inside poll: a record that cannot be decoded, and why. OK: it is skipped; else the
  /// error to fail with. Null: the source fails with a message that names the record.
  std::function<absl::Status(const RawRecord& record, const SplitName& split, const absl::Status& reason)>
      on_bad_record = nullptr;
};

enum class Poll {
  kMore,  ///< call again soon
  kIdle,  ///< nothing now; wake will be called (or, without it, poll again within 10 ms)
  kEnd,   ///< all splits of this worker are read to their end; nothing will come
};

/// Answers of poll: at least what happened; batch is empty or holds records of one split.
template <class T>
class SourceReader {
 public:
  virtual ~SourceReader() = default;

  /// Finds the splits of this worker and resolves where they start. May block; called once, before anything
  /// else, off the worker's thread. The error names what, where and what to do.
  virtual absl::Status open(SourceContext context) = 0;

  /// Appends up to max_records of one split to the (empty) batch: values, offsets, split, and times where the
  /// record brings one (times empty: no record does; the stream's timestamp option gives it). Does not block.
  virtual absl::StatusOr<Poll> poll(size_t max_records, Batch<T>& batch) = 0;

  /// The splits of this worker with the position after the last record that poll gave.
  virtual std::vector<SplitPosition> positions() const = 0;

  /// Worker's thread: the checkpoint that holds these positions is decided. For lag tools; nothing depends on
  /// it.
  virtual void on_checkpoint(const std::vector<SplitPosition>& positions) { (void)positions; }
};

/// A record as bytes. The views are valid until the next poll.
struct RawRecord {
  std::string_view key;
  std::string_view value;
  /// What the transport says (Kafka's timestamp); kMinTimestamp: nothing.
  Timestamp time = kMinTimestamp;
  /// Kafka offset, or line of a file from 1.
  int64_t offset = 0;
  bool has_value = true;  ///< false: a tombstone
};

struct RawBatch {
  const SplitName* split = nullptr;
  std::vector<RawRecord> records;
};

/// As SourceReader, for a connector that delivers bytes.
class RawReader {
 public:
  virtual ~RawReader() = default;
  virtual absl::Status open(SourceContext context) = 0;
  virtual absl::StatusOr<Poll> poll(size_t max_records, RawBatch& batch) = 0;
  virtual std::vector<SplitPosition> positions() const = 0;
  virtual void on_checkpoint(const std::vector<SplitPosition>& positions) { (void)positions; }
  /// "topic trades partition 3 offset 1042", "day.jsonl line 17": a record's place in messages.
  virtual std::string describe_record(const SplitName& split, int64_t offset) const {
    return split + " offset " + std::to_string(offset);
  }
};

/// Makes one reader per worker. Immutable; holds the connector's options.
template <class T>
class SourceFactory {
 public:
  virtual ~SourceFactory() = default;
  /// "kafka topic trades", "file departures.jsonl.zst": for the plan and for messages.
  virtual std::string describe() const = 0;
  /// Options that cannot work, before anything runs: missing file, empty topic.
  virtual absl::Status check() const { return absl::OkStatus(); }
  virtual std::unique_ptr<SourceReader<T>> make() const = 0;
};

class RawSourceFactory {
 public:
  virtual ~RawSourceFactory() = default;
  virtual std::string describe() const = 0;
  virtual absl::Status check() const { return absl::OkStatus(); }
  virtual std::unique_ptr<RawReader> make() const = 0;
};

/// What Pipeline::from takes. A value; made by kafka_source<T>({…}), file_source<T>({…}), generator<T>({…}).
template <class T>
class Source {
 public:
  explicit Source(std::shared_ptr<const SourceFactory<T>> factory) : factory_(std::move(factory)) {}
  const std::shared_ptr<const SourceFactory<T>>& factory() const { return factory_; }

 private:
  std::shared_ptr<const SourceFactory<T>> factory_;
};

}  // namespace weir
