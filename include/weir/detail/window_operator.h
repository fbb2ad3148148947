#pragma once
// Event-time windows over keyed records: one table of accumulators for each slice, fired by the watermark.
//
// Invariants:
//  1. A slice's table holds, for each key, the records of the slice that were not late, added up. It exists
//  from its
//     first record until the last window that contains it closes.
//  2. Every window whose max_timestamp() is at or before the watermark has fired, and no other has. Late
//  records that
//     are still allowed fire theirs again at once, so this holds between batches too.
//  3. With kPurge a fired window has no contents: its late records never reach a table. Slices are not shared
//  then;
//     each window is a slice of its own, named by its start.
//  4. What is per record that is not late (find the slice, find the key, add) costs the same for every size /
//  slide,
//     but for windows that overlap and purge.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "weir/aggregate.h"
#include "weir/detail/collector.h"
#include "weir/detail/key_extractor.h"
#include "weir/detail/slice_groups.h"
#include "weir/detail/user_error.h"
#include "weir/detail/window_firing.h"
#include "weir/detail/window_lifetime.h"
#include "weir/detail/window_snapshot.h"

namespace weir::detail {

/// Input: Batch<T> with hashes. Port 0: results with the time of their window's max_timestamp(). Port 1:
/// Batch<T>, the records that came too late for every window of theirs, with their own times.
template <class K, class T, class A>
class WindowOperator final : public Operator {
 public:
  using Accumulator = typename A::Accumulator;
  using Result = AggregateResult<A, K>;
  static constexpr int kLatePort = 1;

  WindowOperator(const OperatorContext& context, std::shared_ptr<const KeyExtractor<K, T>> extractor,
                 const WindowSpec& spec, const WindowOptions& options, A aggregate)
      : backend_(*context.state),
        key_groups_(context.key_groups),
        extractor_(std::move(extractor)),
        aggregate_(std::move(aggregate)),
        purges_(options.on_fire == OnFire::kPurge),
        lifetime_(spec, options, context.restored_watermark),
        groups_(lifetime_.grid()),
        snapshot_(describe_slices(lifetime_.grid(), purges_)),
        firing_(aggregate_) {
    check_restored_slices(snapshot_, context.restored);
    state_ = backend_.declare({.name = "window",
                               .layout = KeyLayout::kSliced,
                               .key_schema = Serde<K>::schema(),
                               .value_schema = Serde<Accumulator>::schema(),
                               .previously = ""});
    if (backend_.may_hold(state_))
      for (const int64_t slice : stored_slices(backend_, state_))
        tables_.emplace(slice, make_table(slice, true));
  }

  void on_batch(int, BatchPtr base, Output& output) override {
    auto& batch = static_cast<Batch<T>&>(*base);
    WEIR_CHECK(!serving_);
    extractor_->extract(batch.values, keys_);
    groups_.assign(batch.times);
    late_records_.clear();
    for (size_t g = 0; g < groups_.size(); ++g) {
      switch (lifetime_.fate_of(groups_.group(g).slice)) {
        case SliceFate::kOpen: add_group(batch, groups_.group(g)); break;
        case SliceFate::kGap: break;
        case SliceFate::kFired:
        case SliceFate::kLate: note_late(batch.values.size(), g); break;
      }
    }
    if (!late_records_.empty()) take_late_records(batch, output);
  }

  bool on_watermark(Timestamp watermark, Output& output) override {
    if (watermark <= lifetime_.watermark()) return true;  // the restored one comes again
    if (!serving_) {
      serving_ = true;
      next_ = lifetime_.first_unfired();
    }
    results_.attach(0, output);
    FiringBudget budget;
    const bool done = fire_until(watermark, budget) && drop_closed(watermark, kMaxTimestamp, budget);
    results_.flush();
    if (!done) return false;
    serving_ = false;
    lifetime_.advance(watermark);
    return true;
  }

  std::string save() override { return snapshot_; }

 private:
  using Table = KeyedTable<K, Accumulator>;
  using Tables = std::map<int64_t, std::unique_ptr<Table>>;

  std::unique_ptr<Table> make_table(int64_t slice, bool may_hold) {
    return std::make_unique<Table>(typename Table::Options{.backend = &backend_,
                                                           .state = state_,
                                                           .layout = KeyLayout::kSliced,
                                                           .slice = slice,
                                                           .key_groups = key_groups_,
                                                           .backend_may_hold = may_hold});
  }
  Table& table(Timestamp start) {
    std::unique_ptr<Table>& table = tables_[to_millis(start)];
    if (table == nullptr) table = make_table(to_millis(start), false);
    return *table;
  }

  // Records.

  /// No window that still takes records has fired.
  void add_group(const Batch<T>& batch, const SliceGroups::Group& group) {
    if (!purges_ || !lifetime_.grid().overlaps()) return add_records(batch, group, table(group.slice.first));
    lifetime_.windows_of(group.slice, fired_, open_);
    for (const Window window : open_) add_records(batch, group, table(window.start));
  }

  void add_records(const Batch<T>& batch, const SliceGroups::Group& group, Table& table) {
    if (groups_.whole()) {
      add_all(
          batch, batch.values.size(), [](size_t i) { return i; }, keys_.keys, batch.hashes, table);
      return;
    }
    group_keys_.clear();
    group_hashes_.clear();
    for (const uint32_t record : group.records) {
      group_keys_.push_back(keys_.keys[record]);
      group_hashes_.push_back(batch.hashes[record]);
    }
    add_all(
        batch, group.records.size(), [&group](size_t i) { return group.records[i]; }, group_keys_,
        group_hashes_, table);
  }

  template <class RecordOf>
  void add_all(const Batch<T>& batch, size_t count, RecordOf record_of, const std::vector<const K*>& keys,
               const std::vector<uint64_t>& hashes, Table& table) {
    table.prefetch(keys, hashes);
    size_t i = 0;
    try {
      for (; i < count; ++i) aggregate_.add(table.upsert(*keys[i], hashes[i]), batch.values[record_of(i)]);
    } catch (...) {
      fail("add", batch, record_of(i));
    }
  }

  [[noreturn]] void fail(std::string_view function, const Batch<T>& batch, size_t record) const {
    throw_user_error("the aggregate's " + std::string(function),
                     describe_position(batch, record) + describe_key(keys_[record]));
  }

  // Late records, in the order in which they came.

  void note_late(size_t batch_size, size_t group) {
    const std::vector<uint32_t>& records = groups_.group(group).records;
    const size_t count = groups_.whole() ? batch_size : records.size();
    for (size_t i = 0; i < count; ++i)
      late_records_.emplace_back(groups_.whole() ? static_cast<uint32_t>(i) : records[i], group);
  }

  void take_late_records(Batch<T>& batch, Output& output) {
    results_.attach(0, output);
    refused_.attach(kLatePort, output);
    std::sort(late_records_.begin(), late_records_.end());
    size_t last_group = groups_.size();
    for (const auto& [record, group] : late_records_) {
      const Slice& slice = groups_.group(group).slice;
      if (group != last_group) lifetime_.windows_of(slice, fired_, open_);
      last_group = group;
      if (fired_.empty() && open_.empty()) {
        refused_.emit(std::move(batch.values[record]), batch.times[record]);
        continue;
      }
      try {
        purges_ ? fire_alone(batch, record) : fire_again(batch, record, slice);
      } catch (...) {
        fail("add, merge or result", batch, record);
      }
    }
    results_.flush();
    refused_.flush();
  }

  /// kPurge: the fired windows are empty but for this record.
  void fire_alone(const Batch<T>& batch, size_t record) {
    const K& key = keys_[record];
    const uint64_t hash = batch.hashes[record];
    for (const Window window : fired_) {
      Accumulator alone{};
      aggregate_.add(alone, batch.values[record]);
      results_.emit(aggregate_.result(key, window, std::as_const(alone)), window.max_timestamp());
    }
    for (const Window window : open_)
      aggregate_.add(table(window.start).upsert(key, hash), batch.values[record]);
  }

  /// kAccumulate: the record joins its slice, and the fired windows give what they hold for its key now. All
  /// of them contain the slice: what lies before it is merged once on the way left, what lies behind it once
  /// on the way right.
  void fire_again(const Batch<T>& batch, size_t record, const Slice& slice) {
    const K& key = keys_[record];
    const uint64_t hash = batch.hashes[record];
    Accumulator& own = table(slice.first).upsert(key, hash);
    aggregate_.add(own, batch.values[record]);
    if (!lifetime_.grid().overlaps())
      return results_.emit(aggregate_.result(key, fired_.front(), std::as_const(own)),
                           fired_.front().max_timestamp());

    std::vector<Accumulator> up_to_slice(fired_.size());
    Accumulator left{};
    const auto behind = tables_.upper_bound(to_millis(slice.first));
    auto at = behind;
    for (size_t i = fired_.size(); i-- > 0; up_to_slice[i] = left) {
      for (; at != tables_.begin() && std::prev(at)->first >= to_millis(fired_[i].start); --at) {
        const Accumulator* part = std::prev(at)->second->find(key, hash);
        if (part == nullptr) continue;
        Accumulator longer = *part;
        aggregate_.merge(longer, std::as_const(left));
        left = std::move(longer);
      }
    }
    Accumulator right{};
    at = behind;
    for (size_t i = 0; i < fired_.size(); ++i) {
      const int64_t last = to_millis(lifetime_.grid().last_instant_of(fired_[i]));
      for (; at != tables_.end() && at->first <= last; ++at)
        if (const Accumulator* part = at->second->find(key, hash); part != nullptr)
          aggregate_.merge(right, *part);
      aggregate_.merge(up_to_slice[i], std::as_const(right));
      results_.emit(aggregate_.result(key, fired_[i], std::as_const(up_to_slice[i])),
                    fired_[i].max_timestamp());
    }
  }

  // Firing.

  /// Fires every window that the watermark has reached, in the order of time.
  bool fire_until(Timestamp watermark, FiringBudget& budget) {
    while (true) {
      if (!firing_.active()) {
        if (budget.spent()) return false;
        if (!begin_next(watermark)) return true;
      }
      if (!firing_.step(results_, budget)) return false;
      const Window fired = firing_.window();
      if (purges_) erase(tables_.find(to_millis(fired.start)));
      drop_closed(watermark, fired.start, budget);
      next_ = lifetime_.grid().after(fired);
    }
  }

  /// Begins with the earliest window from next_ on that has contents; false when none of these fires.
  bool begin_next(Timestamp watermark) {
    if (!next_) return false;
    const auto from = tables_.lower_bound(to_millis(next_->start));
    if (from == tables_.end()) return false;
    const WindowGrid& grid = lifetime_.grid();
    const bool window_is_slice = purges_ || !grid.overlaps();
    const Timestamp slice = from_millis(from->first);
    const Window holding = window_is_slice ? grid.last_window_of(slice) : grid.first_window_of(slice);
    const Window window = holding.start > next_->start ? holding : *next_;
    if (!WindowLifetime::fires_at(window, watermark)) return false;
    std::vector<Table*> sources;
    if (window_is_slice) {
      sources.push_back(from->second.get());
    } else {
      const auto end = tables_.upper_bound(to_millis(grid.last_instant_of(window)));
      for (auto at = from; at != end; ++at) sources.push_back(at->second.get());
    }
    firing_.begin(window, std::move(sources));
    return true;
  }

  /// Drops the slices whose windows are closed by the watermark, if the last of these starts no later than
  /// `fired_through` and so has fired. False: there are more.
  bool drop_closed(Timestamp watermark, Timestamp fired_through, FiringBudget& budget) {
    while (!tables_.empty()) {
      const Window last = lifetime_.grid().last_window_of(from_millis(tables_.begin()->first));
      if (last.start > fired_through || !lifetime_.closes_at(last, watermark)) return true;
      if (budget.spent()) return false;
      budget.spend(FiringBudget::kEmit);
      erase(tables_.begin());
    }
    return true;
  }
  void erase(typename Tables::iterator table) {
    table->second->drop();
    tables_.erase(table);
  }

  StateBackend& backend_;
  const uint32_t key_groups_;
  const std::shared_ptr<const KeyExtractor<K, T>> extractor_;
  const A aggregate_;
  const bool purges_;
  WindowLifetime lifetime_;
  SliceGroups groups_;
  const std::string snapshot_;
  uint16_t state_ = 0;
  Tables tables_;
  WindowFiring<K, A> firing_;
  /// Between on_watermark's first call and the one that returns true.
  bool serving_ = false;
  /// While serving: no earlier window is left to fire.
  std::optional<Window> next_;

  Collector<Result> results_;
  Collector<T> refused_;
  KeyColumn<K> keys_;
  std::vector<const K*> group_keys_;
  std::vector<uint64_t> group_hashes_;
  std::vector<Window> fired_;
  std::vector<Window> open_;
  std::vector<std::pair<uint32_t, size_t>> late_records_;
};

/// Immutable. The options must pass their check(); else make throws.
template <class K, class T, class A>
class WindowFactory final : public OperatorFactory {
 public:
  using Result = AggregateResult<A, K>;

  WindowFactory(std::shared_ptr<const KeyExtractor<K, T>> extractor, WindowSpec spec,
                WindowOptions options = {}, A aggregate = {})
      : extractor_(std::move(extractor)), spec_(spec), options_(options), aggregate_(std::move(aggregate)) {}

  std::unique_ptr<Operator> make(OperatorContext context) const override {
    return std::make_unique<WindowOperator<K, T, A>>(context, extractor_, spec_, options_, aggregate_);
  }

 private:
  std::shared_ptr<const KeyExtractor<K, T>> extractor_;
  WindowSpec spec_;
  WindowOptions options_;
  A aggregate_;
};

}  // namespace weir::detail
