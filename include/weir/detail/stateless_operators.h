#pragma once
// map, filter and flat_map: batch by batch, in place where the type allows. Each worker has its own copy of
// the user's function.

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "weir/detail/collector.h"
#include "weir/detail/user_error.h"

namespace weir::detail {

/// Records one to one: times and positions stay, hashes go (the key may have changed).
template <class T, class U, class F>
class MapOperator final : public Operator {
 public:
  explicit MapOperator(F function) : function_(std::move(function)) {}

  void on_batch(int, BatchPtr base, Output& output) override {
    auto& batch = static_cast<Batch<T>&>(*base);
    const std::vector<T>& values = batch.values;
    const size_t count = values.size();
    size_t i = 0;
    try {
      if constexpr (std::is_same_v<T, U>) {
        for (; i < count; ++i) batch.values[i] = std::invoke(function_, values[i]);
        batch.hashes.clear();
        output.emit(0, std::move(base));
        return;
      } else {
        auto mapped = std::make_unique<Batch<U>>();
        mapped->values.reserve(count);
        for (; i < count; ++i) mapped->values.push_back(std::invoke(function_, values[i]));
        mapped->times = std::move(batch.times);
        mapped->offsets = std::move(batch.offsets);
        mapped->split = batch.split;
        output.emit(0, std::move(mapped));
        return;
      }
    } catch (...) {
      if (i == count) throw;  // not the user's function
      throw_user_error("map's function", describe_position(batch, i));
    }
  }

 private:
  F function_;
};

/// Keeps the records for which the predicate holds; all columns stay.
template <class T, class F>
class FilterOperator final : public Operator {
 public:
  explicit FilterOperator(F predicate) : predicate_(std::move(predicate)) {}

  void on_batch(int, BatchPtr base, Output& output) override {
    auto& batch = static_cast<Batch<T>&>(*base);
    const std::vector<T>& values = batch.values;
    const size_t count = values.size();
    size_t kept = 0;
    size_t i = 0;
    try {
      // Nothing moves before the first record that goes.
      while (i < count && std::invoke(predicate_, values[i])) ++i;
      kept = i;
      for (; i < count; ++i) {
        if (!std::invoke(predicate_, values[i])) continue;
        if (kept != i) move_record(batch, i, kept);
        ++kept;
      }
    } catch (...) {
      throw_user_error("filter's predicate", describe_position(batch, i));
    }
    if (kept == 0) return;
    if (kept < count) shorten(batch, kept);
    output.emit(0, std::move(base));
  }

 private:
  static void move_record(Batch<T>& batch, size_t from, size_t to) {
    batch.values[to] = std::move(batch.values[from]);
    batch.times[to] = batch.times[from];
    if (!batch.hashes.empty()) batch.hashes[to] = batch.hashes[from];
    if (!batch.offsets.empty()) batch.offsets[to] = batch.offsets[from];
  }
  static void shorten(Batch<T>& batch, size_t size) {
    batch.values.erase(batch.values.begin() + static_cast<ptrdiff_t>(size), batch.values.end());
    batch.times.resize(size);
    if (!batch.hashes.empty()) batch.hashes.resize(size);
    if (!batch.offsets.empty()) batch.offsets.resize(size);
  }

  F predicate_;
};

/// Any number of results for each record, with its time unless another is given; offsets go.
template <class T, class U, class F>
class FlatMapOperator final : public Operator {
 public:
  explicit FlatMapOperator(F function) : function_(std::move(function)) {}

  void on_batch(int, BatchPtr base, Output& output) override {
    auto& batch = static_cast<Batch<T>&>(*base);
    const std::vector<T>& values = batch.values;
    const size_t count = values.size();
    collector_.attach(0, output, batch.split);
    size_t i = 0;
    try {
      for (; i < count; ++i) {
        collector_.set_time(batch.times[i]);
        std::invoke(function_, values[i], collector_);
      }
    } catch (...) {
      collector_.discard();
      throw_user_error("flat_map's function", describe_position(batch, i));
    }
    collector_.flush();
  }

 private:
  F function_;
  Collector<U> collector_;
};

/// Makes Op(function) for each worker, with a copy of the function.
template <class Op, class F>
class FunctionOperatorFactory final : public OperatorFactory {
 public:
  explicit FunctionOperatorFactory(F function) : function_(std::move(function)) {}
  std::unique_ptr<Operator> make(OperatorContext) const override { return std::make_unique<Op>(function_); }

 private:
  F function_;
};

template <class T, class U, class F>
using MapFactory = FunctionOperatorFactory<MapOperator<T, U, F>, F>;
template <class T, class F>
using FilterFactory = FunctionOperatorFactory<FilterOperator<T, F>, F>;
template <class T, class U, class F>
using FlatMapFactory = FunctionOperatorFactory<FlatMapOperator<T, U, F>, F>;

}  // namespace weir::detail
