#include "state/worker_store.h"

#include <rocksdb/db.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/base/log.h"
#include "state/operator_state.h"
#include "state/restore.h"
#include "state/rocksdb_options.h"
#include "weir/detail/check.h"
#include "weir/detail/coding.h"
#include "weir/detail/state_key.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

/// A new base is worth its price (a merge of the deltas, an ingestion, hard links) when it takes in so much
/// at once.
constexpr size_t kDeltasPerBase = 8;
constexpr uint64_t kDeltaBytesPerBase = 256 << 20;
/// What a call of maintain() drops: enough to be worth it, and less than a millisecond's work.
constexpr uint64_t kLeastEvicted = 256 << 10;
constexpr uint64_t kMostEvicted = 1 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerStore>> WorkerStore::open(WorkerStoreOptions options) {
  FileSystem& files = options.files != nullptr ? *options.files : real_file_system();
  const rocksdb::Options database = database_options(options.block_cache);
  SnapshotFolders folders{options.checkpoint_directory, absl::StrCat("state/w", options.worker),
                          absl::StrCat(options.checkpoint_directory, "/work/w", options.worker),
                          absl::StrCat("a", options.attempt)};
  WEIR_ASSIGN_OR_RETURN(RestoredState restored, restore_state(options, database, files, folders.work));
  std::vector<StateEntry> states = restored.snapshot.states;
  auto writer = std::make_shared<SnapshotWriter>(restored.database, database, files, std::move(folders),
                                                 std::move(restored.snapshot), restored.needs_base);
  return std::unique_ptr<WorkerStore>(new WorkerStore(std::move(options), std::move(restored.database),
                                                      std::move(states), std::move(writer)));
}

WorkerStore::WorkerStore(WorkerStoreOptions options, std::shared_ptr<rocksdb::DB> database,
                         std::vector<StateEntry> states, std::shared_ptr<SnapshotWriter> writer)
    : options_(std::move(options)),
      memory_(options_.memory),
      database_(std::move(database)),
      registry_(std::move(states)),
      writer_(std::move(writer)) {}

WorkerStore::~WorkerStore() {
  set_waiting(false);
  if (memory_ != nullptr) memory_->change(counted_bytes_, 0);
}

detail::StateBackend& WorkerStore::operator_state(const std::string& operator_id,
                                                  const std::string& previously) {
  for (const Operator& known : operators_)
    if (known.id == operator_id) return *known.state;
  operators_.push_back({operator_id, std::make_unique<OperatorState>(OperatorName{operator_id, previously},
                                                                     registry_, database_)});
  return *operators_.back().state;
}

void WorkerStore::drop_unclaimed() {
  const std::vector<uint16_t> dropped = registry_.drop_unclaimed();
  dropped_states_.insert(dropped_states_.end(), dropped.begin(), dropped.end());
}

void WorkerStore::freeze(const std::string& operator_id, Epoch epoch) {
  for (const Operator& known : operators_) {
    if (known.id != operator_id) continue;
    detail::FrozenEntries frozen = writer_->take_spare();
    known.state->freeze(epoch, frozen);
    if (frozen.empty()) {
      writer_->give_spare(std::move(frozen));
    } else {
      frozen_.push_back(std::move(frozen));
    }
  }
}

SnapshotJob WorkerStore::seal(Epoch epoch) {
  if (!dropped_states_.empty()) {
    detail::FrozenEntries& frozen = frozen_.emplace_back();
    for (const uint16_t state : std::exchange(dropped_states_, {})) {
      std::string begin;
      detail::put_big_endian16(begin, state);
      frozen.delete_range(begin,
                          state == 0xffff ? std::string(1 << 10, '\xff') : detail::after_prefix(begin));
    }
  }
  if (!frozen_.empty()) writer_->add(epoch, std::exchange(frozen_, {}));
  return [writer = writer_, epoch, states = registry_.entries()] { return writer->write(epoch, states); };
}

std::optional<BaseAdvanceJob> WorkerStore::advance_base() {
  if (advancing_) return std::nullopt;
  const bool behind = writer_->is_base_behind();
  if (writer_->pending_deltas() == 0 && !behind) {
    // Nothing has changed that a base advance could set free: waiting for one would never end.
    if (wants_checkpoint_ && writer_->queued_bytes() == 0) rest_after_advance();
    return std::nullopt;
  }
  const bool due =
      behind || writer_->pending_deltas() >= kDeltasPerBase || writer_->pending_bytes() >= kDeltaBytesPerBase;
  if (!due && !wants_checkpoint_) return std::nullopt;
  advancing_ = true;
  return [writer = writer_] { return writer->advance_base(); };
}

void WorkerStore::apply(const absl::StatusOr<BaseAdvanced>& result) {
  advancing_ = false;
  if (!result.ok()) {
    log()->warn("worker {}: the state's base stays where it is: {}", options_.worker,
                std::string(result.status().message()));
    return;
  }
  for (const Operator& known : operators_) known.state->base_advanced(result->epoch);
  rest_after_advance();
}

void WorkerStore::rest_after_advance() {
  set_waiting(false);
  after_advance_ = true;
  idle_below_ = 0;
  looked_in_vain_ = 0;
}

void WorkerStore::maintain() {
  size_t tables = 0;
  for (const Operator& known : operators_) tables += known.state->table_count();
  if (++calls_since_count_ * 8 < tables) return;
  calls_since_count_ = 0;

  const uint64_t own = count_memory();
  if (memory_ == nullptr) return;
  const uint64_t used = memory_->used();
  if (used <= memory_->soft_limit()) {
    idle_below_ = 0;
    after_advance_ = false;
    return;
  }
  if (wants_checkpoint_ || own < idle_below_) return;
  // Each worker gives in proportion to what it has.
  const double share = static_cast<double>(own) / static_cast<double>(used);
  const auto excess = static_cast<uint64_t>(static_cast<double>(used - memory_->soft_limit()) * share);
  const uint64_t wanted = std::clamp(excess, kLeastEvicted, kMostEvicted);
  if (evict(wanted) * 2 >= wanted) {
    looked_in_vain_ = 0;
    count_memory();
    return;
  }
  looked_in_vain_ += detail::FreezableTable::bytes_to_look_at(wanted);
  const uint64_t left = count_memory();
  // An entry goes at the second look, if at all.
  if (looked_in_vain_ < 2 * left) return;
  looked_in_vain_ = 0;
  // Right after a base advance what is left cannot go (timers, changes of this epoch), and another checkpoint
  // would not change that: it is asked for only when an eighth more has come.
  if (!after_advance_) set_waiting(true);
  after_advance_ = false;
  idle_below_ = left + left / 8 + (64 << 10);
}

uint64_t WorkerStore::evict(uint64_t bytes) {
  uint64_t freed = 0;
  for (size_t visited = 0; freed < bytes && visited < operators_.size(); ++visited) {
    hand_ = hand_ + 1 < operators_.size() ? hand_ + 1 : 0;
    freed += operators_[hand_].state->evict(bytes - freed);
  }
  return freed;
}

void WorkerStore::set_waiting(bool waiting) {
  if (std::exchange(wants_checkpoint_, waiting) == waiting || memory_ == nullptr) return;
  if (!waiting) return memory_->end_waiting();
  memory_->begin_waiting();
  log()->info(
      "worker {}: keyed state takes {} of {} bytes (all workers), none can go before a checkpoint: asking "
      "for one",
      options_.worker, memory_->used(), memory_->limit());
}

uint64_t WorkerStore::count_memory() {
  uint64_t bytes = writer_->queued_bytes();
  for (const Operator& known : operators_) bytes += known.state->memory_bytes();
  if (memory_ != nullptr) memory_->change(counted_bytes_, bytes);
  return counted_bytes_ = bytes;
}

}  // namespace weir
