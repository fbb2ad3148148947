#pragma once
// Fires one window, in steps of bounded work: visits the one slice it consists of, or merges its slices in a
// scratch table and visits that.

#include <memory>
#include <utility>
#include <vector>

#include "weir/aggregate.h"
#include "weir/detail/collector.h"
#include "weir/detail/keyed_table.h"
#include "weir/detail/user_error.h"

namespace weir::detail {

/// What a step may still do before the thread is given back: about 1 ms.
class FiringBudget {
 public:
  static constexpr size_t kMerge = 1;
  static constexpr size_t kEmit = 4;

  bool spent() const { return left_ == 0; }
  /// How many actions of this cost are left; at least one, so that every step gets on.
  size_t actions(size_t cost) const { return left_ / cost + 1; }
  void spend(size_t cost) { left_ = cost < left_ ? left_ - cost : 0; }

 private:
  size_t left_ = 4096;
};

/// One task's.
template <class K, class A>
class WindowFiring {
 public:
  using Accumulator = typename A::Accumulator;
  using Table = KeyedTable<K, Accumulator>;
  using Result = AggregateResult<A, K>;

  explicit WindowFiring(const A& aggregate) : aggregate_(aggregate), scratch_(typename Table::Options{}) {}

  bool active() const { return !sources_.empty(); }
  Window window() const { return window_; }

  /// The sources live until the firing is over. At least one; no other firing is active.
  void begin(Window window, std::vector<Table*> sources) {
    window_ = window;
    sources_ = std::move(sources);
    merged_ = 0;
  }

  /// True: all results of the window are out, and the firing is over.
  bool step(Collector<Result>& results, FiringBudget& budget) {
    if (sources_.size() > 1 && !merge(budget)) return false;
    Table& contents = sources_.size() > 1 ? scratch_ : *sources_.front();
    results.set_time(window_.max_timestamp());
    if (!emit(contents, results, budget)) return false;
    if (&contents == &scratch_) scratch_.drop();
    sources_.clear();
    return true;
  }

 private:
  bool merge(FiringBudget& budget) {
    for (; merged_ < sources_.size(); ++merged_) {
      const bool done = visit(*sources_[merged_], FiringBudget::kMerge, "merge", budget,
                              [this](const K& key, uint64_t hash, const Accumulator& partial) {
                                aggregate_.merge(scratch_.upsert(key, hash), partial);
                              });
      if (!done) return false;
    }
    return true;
  }

  bool emit(Table& contents, Collector<Result>& results, FiringBudget& budget) {
    return visit(contents, FiringBudget::kEmit, "result", budget,
                 [&](const K& key, uint64_t, const Accumulator& accumulator) {
                   results.emit(aggregate_.result(key, window_, accumulator));
                 });
  }

  template <class F>
  bool visit(Table& table, size_t cost, std::string_view function, FiringBudget& budget, F&& f) {
    budget.spend(cost);  // for the table itself: it may be empty
    const K* current = nullptr;
    try {
      return table.visit(cursor_, budget.actions(cost),
                         [&](const K& key, uint64_t hash, Accumulator& accumulator) {
                           current = &key;
                           budget.spend(cost);
                           f(key, hash, std::as_const(accumulator));
                         });
    } catch (...) {
      throw_user_error(
          "the aggregate's " + std::string(function),
          " for window " + to_string(window_) + (current != nullptr ? describe_key(*current) : ""));
    }
  }

  const A& aggregate_;
  Window window_{};
  std::vector<Table*> sources_;
  size_t merged_ = 0;
  typename Table::Cursor cursor_;
  Table scratch_;
};

}  // namespace weir::detail
