#pragma once
// Decides when epochs begin and when they are complete, and builds their manifests. A state machine: no
// thread, no clock, no file; time and events come in, what to do comes out. The caller is one thread:
//
//   when due(now):                begin(now) -> barrier (epoch, cut) into every source of every worker
//   from workers:                 ack or decline
//   complete(now) -> manifest     write it (off the thread), then decided or write_failed
//   chain_of(target) not empty:   SinkTarget::commit(chain), then applied
//   at next_deadline():           expire(now)
//   after each of these:          take_abandoned(), health()

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "checkpoint/file_listing.h"
#include "checkpoint/manifest.h"
#include "checkpoint/target_chains.h"
#include "weir/epoch.h"
#include "weir/time.h"

namespace weir {

struct CoordinatorOptions {
  /// From the start of one checkpoint to the start of the next; 0: only requested ones.
  Duration interval{1000};
  /// From a checkpoint's start until it is given up.
  Duration timeout{600000};
  /// From the end of one checkpoint (decided or failed) to the start of the next that nobody requested.
  Duration minimum_pause{0};
  /// How many checkpoints in a row may fail before the job does; negative: any number.
  int tolerable_failures = 3;
  /// How many may be under way at the same time; at least 1.
  int pending_limit = 1;
};

/// What one worker hands over at a barrier, durable by then.
struct WorkerAck {
  std::vector<SourceState> sources;
  std::vector<OperatorState> operators;
  std::vector<StageWatermark> watermarks;
  WorkerSnapshot state;
  /// All segments since the last epoch that the worker knows to be decided (R5).
  AcknowledgedSegments segments;
};

enum class AckResult {
  kIgnored,   ///< late, unknown or a second one (C56)
  kAccepted,  ///< others are missing
  kComplete,  ///< it was the last one
};

struct EpochCut {
  Epoch epoch;
  Cut cut;
};

struct AbandonedEpoch {
  Epoch epoch;
  absl::Status reason;
};

class Coordinator {
 public:
  /// `description`: a manifest whose fields that do not change (job, incarnation, key_groups, workers,
  /// key_hash, pipeline, topics) and whose targets are those of this start: targets restored, after recovery,
  /// delivered epochs applied. `first` is the first number to use: 0 at the first start, which is due at once
  /// (R14), else R4.
  Coordinator(CoordinatorOptions options, Manifest description, Epoch first, Timestamp now,
              std::function<Cut()> draw_cut = &Cut::draw);

  // When.

  /// A checkpoint should begin now.
  bool due(Timestamp now) const;
  /// When due() may turn true or expire() has something to do, if nothing else happens; kMaxTimestamp: never.
  Timestamp next_deadline() const;
  /// Begin the next one as soon as possible, interval and pause aside: memory, outbox limit, stop. Asked
  /// again by itself when the checkpoint that it led to fails.
  void request() { requested_ = true; }
  bool requested() const { return requested_; }

  // Events.

  /// Call only when due(now).
  EpochCut begin(Timestamp now);
  AckResult ack(int worker, Epoch epoch, WorkerAck ack);
  /// A worker could not take its part. (A segment that could not be written is no decline but a restart: R6.)
  void decline(int worker, Epoch epoch, absl::Status reason, Timestamp now);
  /// Gives up what took longer than the timeout.
  void expire(Timestamp now);

  /// The next manifest to write: an epoch with all acknowledgements, when none is being written. Abandons
  /// older ones.
  std::optional<Manifest> complete(Timestamp now);
  /// Its directory entry is synced: the epoch is in every target's chain now.
  void decided(Epoch epoch, Timestamp now);
  void write_failed(Epoch epoch, absl::Status reason, Timestamp now);

  /// The target has everything up to (epoch, cut) out; `marker_moved` is what SinkTarget::commit returned.
  void applied(const std::string& target, Epoch epoch, Cut cut, bool marker_moved = true) {
    targets_.applied(target, epoch, cut, marker_moved);
  }

  // Results.

  const TargetChains& targets() const { return targets_; }
  /// What the target's next commit takes; valid until the next event.
  absl::Span<const EpochOutput> chain_of(const std::string& target) const { return targets_.chain(target); }
  std::optional<Epoch> last_decided() const { return last_decided_; }
  /// All output of this target up to this epoch is out (for SinkWriter::on_applied).
  std::optional<Epoch> applied_up_to(const std::string& target) const;

  /// Epochs given up since the last call: workers forget their barriers.
  std::vector<AbandonedEpoch> take_abandoned();
  /// What acknowledgements of epochs not yet decided list, and every chain: not to be deleted.
  FileListing pending_files() const;
  /// What acknowledgements of given-up epochs listed, once a later epoch is decided: what that one does not
  /// list either is garbage. For CheckpointDirectory::release.
  FileListing take_orphans();
  /// Not OK once more than tolerable_failures failed in a row: the job fails with it.
  absl::Status health() const;
  int consecutive_failures() const { return consecutive_failures_; }
  size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    Cut cut;
    Timestamp started;
    bool requested = false;
    std::map<int, WorkerAck> acks;
  };
  using PendingMap = std::map<Epoch, Pending>;

  bool may_begin() const;
  bool is_complete(const Pending& pending) const { return static_cast<int>(pending.acks.size()) == workers_; }
  void fail(PendingMap::iterator at, absl::Status reason, Timestamp now);
  void forget(PendingMap::iterator at, absl::Status reason);
  void remember_orphans(Epoch epoch, const WorkerAck& ack);
  Manifest build(Epoch epoch, const Pending& pending, Timestamp now);
  Timestamp next_begin() const;

  CoordinatorOptions options_;
  Manifest description_;
  int workers_ = 1;
  TargetChains targets_;
  std::function<Cut()> draw_cut_;

  Epoch next_;
  PendingMap pending_;
  std::optional<Epoch> writing_;
  TargetChains::Addition writing_adds_;
  std::optional<Epoch> last_decided_;
  Timestamp next_periodic_ = kMaxTimestamp;
  Timestamp pause_until_ = kMinTimestamp;
  /// A request that failed is not begun again before this.
  Timestamp retry_not_before_ = kMinTimestamp;
  bool requested_ = false;

  int consecutive_failures_ = 0;
  absl::Status last_failure_;
  std::vector<AbandonedEpoch> abandoned_;
  std::map<Epoch, FileListing> orphans_;
};

}  // namespace weir
