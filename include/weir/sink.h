#pragma once
// What a connector implements to be written to.
//
// Exactly once has two halves. A SinkWriter, one per worker, turns records into segments: durable pieces of
// an epoch's output that are part of its checkpoint. A SinkTarget, one per job and target system, makes
// decided epochs visible, once, and knows after any crash which ones already are. An at-least-once sink has
// no target and returns no segments.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/batch.h"
#include "weir/clock.h"
#include "weir/epoch.h"

namespace weir {

class FileSystem;

/// A sealed piece of an epoch's output. What `name` means is the target's business (a file in the outbox
/// folder, a temporary file beside its final name).
struct Segment {
  std::string name;
  uint64_t records = 0;
  uint64_t bytes = 0;
  /// XXH3-64 of the bytes.
  uint64_t checksum = 0;
  friend bool operator==(const Segment&, const Segment&) = default;
};

/// All segments of one epoch for one target.
struct EpochOutput {
  Epoch epoch;
  Cut cut;
  std::vector<Segment> segments;
  friend bool operator==(const EpochOutput&, const EpochOutput&) = default;
};

/// What a manifest says of one target.
struct TargetProgress {
  /// The last epoch known to be out when the manifest was written; epoch 0 with a zero cut: none.
  Epoch base_epoch;
  Cut base_cut;
  bool has_base = false;
  /// Every decided epoch since, in order.
  std::vector<EpochOutput> chain;
  friend bool operator==(const TargetProgress&, const TargetProgress&) = default;
};

/// Makes decided epochs visible. All calls come from one thread of its own and may block; each returns soon
/// after `cancelled` (given at open) turns true.
class SinkTarget {
 public:
  virtual ~SinkTarget() = default;

  /// Fences older instances, finds out which epochs are out and refuses (with what, where, what to do) when
  /// the target's state cannot be of this checkpoint. Gives how many epochs of the chain are out, from its
  /// front. first_start: there is no older manifest than epoch 0's.
  virtual absl::StatusOr<size_t> recover(const TargetProgress& progress, bool first_start) = 0;

  /// Makes these consecutive decided epochs visible, atomically, as `epochs.back()`. OK means out; true: the
  /// target's marker is now `epochs.back()`, which becomes the base; false: there was nothing to make visible
  /// and nothing was written, so the epochs leave the chain while the base stays what it is (else a later
  /// recovery would look for a marker that never was). A target without any marker always writes one: the
  /// first epoch's commit, though empty, is how it comes into being (R14). On an error the target forgets
  /// what it did, and the job restarts from its last checkpoint, whose recovery finds out.
  virtual absl::StatusOr<bool> commit(absl::Span<const EpochOutput> epochs) = 0;

  /// Segments that nothing needs any more (applied, and in no retained checkpoint).
  virtual void discard(absl::Span<const Segment> segments) = 0;

  /// At start: removes what earlier runs left and `listed` (all segments of all retained checkpoints) does
  /// not name.
  virtual absl::Status clean(absl::Span<const Segment> listed) = 0;
};

struct TargetContext {
  std::string job;
  /// 128 random bits in hexadecimal, drawn at the first start of the job in its directory.
  std::string incarnation;
  /// Differs for each start of the process and each restart inside it.
  std::string instance;
  /// The job's outbox folder, an absolute path.
  std::string outbox;
  /// Null: the real one.
  FileSystem* files = nullptr;
  Duration checkpoint_interval{1000};
  Duration checkpoint_timeout{600000};
  int workers = 1;
  /// Start although the target's marker is gone (R14): what the checkpoint calls out is taken to be out.
  bool adopt = false;
  /// Any thread: true once the job stops or restarts. Blocking calls look at it at least every 100 ms.
  std::function<bool()> cancelled;
};

/// Identifies and opens a target. Two sinks whose targets have the same identity share one.
class TargetFactory {
 public:
  virtual ~TargetFactory() = default;
  /// "kafka:<cluster id>", "files:<folder>". May ask the network (bounded); off the workers' threads.
  virtual absl::StatusOr<std::string> identify() const = 0;
  /// Options that must agree between sinks that share a target, as text; compared for equality. No secrets.
  virtual std::string shared_options() const = 0;
  /// `sinks`: all factories with this identity, this one first.
  virtual absl::StatusOr<std::unique_ptr<SinkTarget>> open(
      TargetContext context, absl::Span<const TargetFactory* const> sinks) const = 0;
};

struct SinkContext {
  std::string id;
  std::string job;
  int worker = 0;
  int workers = 1;
  /// Number of this attempt in the directory, never used twice: part of every file name a writer makes.
  uint64_t attempt = 0;
  std::string outbox;
  /// As in TargetContext: keeps file names apart when another directory's job writes to the same place.
  std::string incarnation = {};
  /// Null: the real one.
  FileSystem* files = nullptr;
  const Clock& clock;
  /// Any thread: ready() may have changed.
  std::function<void()> wake;
  /// Any thread: asks for a barrier now (the writer's limit for one epoch is reached).
  std::function<void()> request_checkpoint;
};

/// Runs on the blocking pool after the barrier: syncs what the writer wrote up to it and gives its segments.
/// Durable when it returns OK. An error restarts the job from its last checkpoint; the file is never listed
/// again.
using SealJob = absl::AnyInvocable<absl::StatusOr<std::vector<Segment>>()>;

template <class T>
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  /// May block; called once, off the worker's thread.
  virtual absl::Status open(SinkContext context) = 0;
  /// Appends the batch to the current epoch.
  virtual absl::Status write(const Batch<T>& batch) = 0;
  /// Ends the current epoch. Worker's thread; the work is in the returned job.
  virtual SealJob seal(Epoch epoch) = 0;
  /// False while the target has no room.
  virtual bool ready() const { return true; }
  /// Worker's thread: all output up to this epoch is out.
  virtual void on_applied(Epoch epoch) { (void)epoch; }
};

/// As bytes: one record for a raw writer.
struct OutputRecord {
  std::string_view key;
  bool has_key = false;
  /// For a record without a value (an empty std::optional): what the codec makes of it.
  std::string_view value;
  bool has_value = true;  ///< false: a tombstone, for targets that have them
  Timestamp time = kMinTimestamp;
};

/// As SinkWriter, for connectors that take bytes.
class RawWriter {
 public:
  virtual ~RawWriter() = default;
  virtual absl::Status open(SinkContext context) = 0;
  /// Views are valid during the call.
  virtual absl::Status append(const OutputRecord& record) = 0;
  virtual SealJob seal(Epoch epoch) = 0;
  virtual bool ready() const { return true; }
  virtual void on_applied(Epoch epoch) { (void)epoch; }
};

template <class T>
class SinkFactory {
 public:
  virtual ~SinkFactory() = default;
  virtual std::string describe() const = 0;
  virtual absl::Status check() const { return absl::OkStatus(); }
  virtual std::unique_ptr<SinkWriter<T>> make() const = 0;
  /// Null: at least once.
  virtual std::shared_ptr<const TargetFactory> target() const { return nullptr; }
};

class RawSinkFactory {
 public:
  virtual ~RawSinkFactory() = default;
  virtual std::string describe() const = 0;
  virtual absl::Status check() const { return absl::OkStatus(); }
  virtual std::unique_ptr<RawWriter> make() const = 0;
  virtual std::shared_ptr<const TargetFactory> target() const { return nullptr; }
};

/// What Stream::to takes. A value; made by kafka_sink<T>({…}), file_sink<T>({…}).
template <class T>
class Sink {
 public:
  explicit Sink(std::shared_ptr<const SinkFactory<T>> factory) : factory_(std::move(factory)) {}
  const std::shared_ptr<const SinkFactory<T>>& factory() const { return factory_; }

 private:
  std::shared_ptr<const SinkFactory<T>> factory_;
};

}  // namespace weir
