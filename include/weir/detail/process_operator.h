#pragma once
// Runs a process function: records key by key, event timers in the order of time before their watermark goes
// on, processing timers when the clock reaches them.

#include <memory>
#include <tuple>
#include <utility>

#include "weir/detail/key_extractor.h"
#include "weir/detail/keyed_rows.h"
#include "weir/detail/timer_table.h"
#include "weir/detail/user_error.h"
#include "weir/operator.h"
#include "weir/process.h"

namespace weir::detail {

/// The states of its timers, beside those that the function asks for. Names that no Id can have.
inline constexpr char kEventTimers[] = "timers:event";
inline constexpr char kProcessingTimers[] = "timers:processing";

/// Input: Batch<T> with hashes. Port 0: Batch<F::Output>.
template <class K, class T, class F>
class ProcessOperator final : public Operator, public ProcessingTimeOperator {
 public:
  using Result = typename F::Output;

  template <class... Arguments>
  ProcessOperator(const OperatorContext& context, std::shared_ptr<const KeyExtractor<K, T>> extractor,
                  const std::tuple<Arguments...>& arguments)
      : extractor_(std::move(extractor)),
        event_timers_(timer_options(context, kEventTimers)),
        processing_timers_(timer_options(context, kProcessingTimers)),
        rows_(*context.state, context.key_groups),
        function_(std::make_from_tuple<F>(std::tuple_cat(std::tuple<StateStore&>(rows_), arguments))) {
    context_.watermark_ = context.restored_watermark;
    context_.clock_ = &context.clock;
    context_.event_timers_ = &event_timers_;
    context_.processing_timers_ = &processing_timers_;
    context_.has_on_timer_ = HasEventTimer<F, K>;
    context_.has_on_processing_timer_ = HasProcessingTimer<F, K>;
  }

  void on_batch(int, BatchPtr base, Output& output) override {
    auto& batch = static_cast<Batch<T>&>(*base);
    extractor_->extract(batch.values, keys_);
    rows_.prefetch(keys_.keys, batch.hashes);
    context_.results_.attach(0, output);
    size_t i = 0;
    try {
      for (; i < batch.values.size(); ++i) {
        rows_.set_current_at(i);
        set_current(keys_[i], batch.hashes[i], batch.times[i]);
        function_.on_event(std::as_const(batch.values[i]), context_);
      }
    } catch (...) {
      throw_user_error("on_event", describe_position(batch, i) + describe_key(keys_[i]));
    }
    end_callbacks();
  }

  bool on_watermark(Timestamp watermark, Output& output) override {
    if (!serving_ && watermark <= context_.watermark_) return true;  // the restored one comes again
    context_.watermark_ = watermark;
    if constexpr (HasEventTimer<F, K>) {
      serving_ = !fire(event_timers_, watermark, output, "on_timer",
                       [this](Timestamp time) { function_.on_timer(time, context_); });
    }
    return !serving_;
  }

  Timestamp next_deadline() const override { return processing_timers_.next(); }

  bool on_processing_time(Timestamp now, Output& output) override {
    if constexpr (HasProcessingTimer<F, K>) {
      return fire(processing_timers_, now, output, "on_processing_timer",
                  [this](Timestamp time) { function_.on_processing_timer(time, context_); });
    } else {
      return true;
    }
  }

 private:
  /// Timers, or results, after which the thread is given back.
  static constexpr uint64_t kActionsPerCall = 1024;

  static typename TimerTable<K>::Options timer_options(const OperatorContext& context, const char* name) {
    const uint16_t state = context.state->declare({.name = name,
                                                   .layout = KeyLayout::kTimer,
                                                   .key_schema = Serde<K>::schema(),
                                                   .value_schema = "",
                                                   .previously = ""});
    return {.backend = context.state, .state = state, .key_groups = context.key_groups};
  }

  void set_current(const K& key, uint64_t hash, Timestamp time) {
    context_.key_ = &key;
    context_.hash_ = hash;
    context_.results_.set_time(time);
  }
  void end_callbacks() {
    rows_.clear_current();
    context_.key_ = nullptr;
    context_.results_.flush();
  }

  template <class Callback>
  bool fire(TimerTable<K>& timers, Timestamp until, Output& output, std::string_view name,
            Callback callback) {
    context_.results_.attach(0, output);
    const uint64_t emitted_before = context_.results_.emitted();
    bool done = false;
    for (uint64_t fired = 0;
         fired < kActionsPerCall && context_.results_.emitted() - emitted_before < kActionsPerCall; ++fired) {
      const auto due = timers.pop_due(until);
      if (!due) {
        done = true;
        break;
      }
      const auto& [time, key] = *due;
      const uint64_t hash = hash_key(key);
      rows_.set_current(key, hash);
      set_current(key, hash, time);
      try {
        callback(time);
      } catch (...) {
        throw_user_error(name, " at time " + std::to_string(to_millis(time)) + describe_key(key));
      }
    }
    end_callbacks();
    return done;
  }

  const std::shared_ptr<const KeyExtractor<K, T>> extractor_;
  TimerTable<K> event_timers_;
  TimerTable<K> processing_timers_;
  KeyedRows<K> rows_;
  Context<K, Result> context_;
  F function_;
  KeyColumn<K> keys_;
  /// Between on_watermark's first call and the one that returns true.
  bool serving_ = false;
};

/// Immutable. Makes F(StateStore&, const Arguments&…) for each worker.
template <class K, class T, class F, class... Arguments>
class ProcessFactory final : public OperatorFactory {
 public:
  explicit ProcessFactory(std::shared_ptr<const KeyExtractor<K, T>> extractor, Arguments... arguments)
      : extractor_(std::move(extractor)), arguments_(std::move(arguments)...) {}

  std::unique_ptr<Operator> make(OperatorContext context) const override {
    return std::make_unique<ProcessOperator<K, T, F>>(context, extractor_, arguments_);
  }

 private:
  std::shared_ptr<const KeyExtractor<K, T>> extractor_;
  std::tuple<Arguments...> arguments_;
};

}  // namespace weir::detail
