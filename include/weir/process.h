#pragma once
// Process functions: code of one's own for each record of a key, with state and timers.
//
//   class SilenceDetector {
//    public:
//     using Output = Silence;
//     SilenceDetector(weir::StateStore& state, weir::Duration limit)
//         : last_(state.value<weir::Timestamp>("last")), limit_(limit) {}
//
//     void on_event(const Trade& trade, weir::Context<std::string, Silence>& context) {
//       if (const weir::Timestamp* last = last_.get()) context.delete_event_timer(*last + limit_);
//       last_.set(trade.at);
//       context.set_event_timer(trade.at + limit_);
//     }
//     void on_timer(weir::Timestamp time, weir::Context<std::string, Silence>& context) {
//       context.emit({context.key(), time});
//     }
//
//    private:
//     weir::ValueState<weir::Timestamp> last_;
//     weir::Duration limit_;
//   };
//
//   trades.key_by(&Trade::symbol).process<SilenceDetector>("silence", 30s);

#include <concepts>
#include <type_traits>
#include <utility>

#include "weir/clock.h"
#include "weir/detail/collector.h"
#include "weir/detail/timer_table.h"
#include "weir/state.h"
#include "weir/time.h"

namespace weir {

namespace detail {
template <class K, class T, class F>
class ProcessOperator;

/// Throws OperatorError: a timer of this kind was set, but the process function has no such callback.
[[noreturn]] void throw_no_timer_callback(const char* callback);
}  // namespace detail

/// What a process function sees of the record or timer at hand, and how it acts. Valid within the callback.
template <class K, class Out>
class Context {
 public:
  const K& key() const { return *key_; }
  /// The record's time, or the time for which the timer was set.
  Timestamp timestamp() const { return results_.time(); }
  /// Every record up to here has been seen, but for late ones. In on_timer: already the watermark that fires
  /// it.
  Timestamp watermark() const { return watermark_; }
  Timestamp processing_time() const { return clock_->now(); }

  /// Emits with timestamp().
  void emit(Out result) { results_.emit(std::move(result)); }
  void emit(Out result, Timestamp time) { results_.emit(std::move(result), time); }

  /// on_timer(time) is called for this key when the watermark reaches `time`; at once after the timers before
  /// it when a timer callback sets one that the watermark has reached already, else with the next watermark.
  /// A timer that is there already stays one.
  void set_event_timer(Timestamp time) {
    if (!has_on_timer_) detail::throw_no_timer_callback("on_timer");
    event_timers_->add(time, *key_, hash_);
  }
  /// Exactly this one; nothing happens when there is none.
  void delete_event_timer(Timestamp time) { event_timers_->remove(time, *key_, hash_); }

  /// As above with the clock instead of the watermark: on_processing_timer(time).
  void set_processing_timer(Timestamp time) {
    if (!has_on_processing_timer_) detail::throw_no_timer_callback("on_processing_timer");
    processing_timers_->add(time, *key_, hash_);
  }
  void delete_processing_timer(Timestamp time) { processing_timers_->remove(time, *key_, hash_); }

  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
  template <class, class, class>
  friend class detail::ProcessOperator;
  Context() = default;

  const K* key_ = nullptr;
  uint64_t hash_ = 0;
  Timestamp watermark_ = kMinTimestamp;
  const Clock* clock_ = nullptr;
  Collector<Out> results_;
  detail::TimerTable<K>* event_timers_ = nullptr;
  detail::TimerTable<K>* processing_timers_ = nullptr;
  bool has_on_timer_ = false;
  bool has_on_processing_timer_ = false;
};

namespace detail {

template <class F, class K>
concept HasEventTimer = requires(F& function, Timestamp time, Context<K, typename F::Output>& context) {
  function.on_timer(time, context);
};
template <class F, class K>
concept HasProcessingTimer = requires(F& function, Timestamp time, Context<K, typename F::Output>& context) {
  function.on_processing_timer(time, context);
};

/// A callback of the right name and the wrong shape would be silently dead.
template <class F, class K>
concept TimersFit = (HasEventTimer<F, K> || !requires { &F::on_timer; }) &&
                    (HasProcessingTimer<F, K> || !requires { &F::on_processing_timer; });

}  // namespace detail

/// A class whose objects handle the records of type T with key K; the example above is one. It has
///
///   using Output = Silence;                                                             // what it emits
///   void on_event(const Trade& trade, weir::Context<std::string, Silence>& context);
///   void on_timer(weir::Timestamp time, weir::Context<std::string, Silence>& context);             // may be
///   left out void on_processing_timer(weir::Timestamp time, weir::Context<std::string, Silence>& context);
///   // may be left out
///
/// and a constructor that takes weir::StateStore& first and then the arguments of process(). Each worker has
/// one object.
template <class F, class K, class T>
concept ProcessFunction = requires(F& function, const T& record, Context<K, typename F::Output>& context) {
  function.on_event(record, context);
} && detail::TimersFit<F, K>;

/// The arguments of process<F>(id, arguments…), each copied for each worker: F(StateStore&, const
/// Arguments&…).
template <class F, class... Arguments>
concept ProcessArguments = std::constructible_from<F, StateStore&, const Arguments&...>;

}  // namespace weir
