#pragma once
// Aggregates: how the records of a window become one result. Ready-made ones and the shape of your own.
//
//   .aggregate<weir::Count>()                        // Windowed<K, int64_t>
//   .aggregate<weir::Sum<&Trade::quantity>>()        // Windowed<K, double>

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "weir/serde.h"
#include "weir/window.h"

namespace weir {

/// A value with three functions over an accumulator. The accumulator is state: described or otherwise
/// Serializable, and Accumulator{} is the one of no records. merge must not care how the records were
/// divided, since windows that overlap share the accumulators of their slices; what is merged into an
/// accumulator comes later in time.
///
///   struct Vwap {
///     using Accumulator = Turnover;                                      // struct Turnover { double
///     turnover, volume; } static void add(Turnover& sum, const Trade& trade); static void merge(Turnover&
///     sum, const Turnover& other); static Bar result(const std::string& symbol, weir::Window window, const
///     Turnover& sum);
///   };
///
/// The functions may also be const members of a value that is given to aggregate(value); each worker has its
/// copy.
template <class A, class T, class K>
concept Aggregate =
    std::copy_constructible<A> && Serializable<typename A::Accumulator> &&
    std::copyable<typename A::Accumulator> &&
    requires(const A& aggregate, typename A::Accumulator& into, const typename A::Accumulator& from,
             const T& record, const K& key, Window window) {
      aggregate.add(into, record);
      aggregate.merge(into, from);
      aggregate.result(key, window, from);
    };

/// What the aggregate gives for each key and window.
template <class A, class K>
using AggregateResult = std::decay_t<decltype(std::declval<const A&>().result(
    std::declval<const K&>(), Window{}, std::declval<const typename A::Accumulator&>()))>;

/// A result of the ready-made aggregates.
template <class K, class V>
struct Windowed {
  K key{};
  Window window{};
  V value{};

  friend bool operator==(const Windowed&, const Windowed&) = default;
  BOOST_DESCRIBE_CLASS(Windowed, (), (key, window, value), (), ())
};

namespace detail {

/// The type of a member, or of what a function gives for a record.
template <class M>
struct FieldOf {
  using type = void;
};
template <class T, class F>
struct FieldOf<F T::*> {
  using type = std::remove_cv_t<F>;
};
template <class T, class R>
struct FieldOf<R (T::*)() const> {
  using type = std::remove_cvref_t<R>;
};
template <class T, class R>
struct FieldOf<R (T::*)() const noexcept> {
  using type = std::remove_cvref_t<R>;
};
template <class R, class T>
struct FieldOf<R (*)(T)> {
  using type = std::remove_cvref_t<R>;
};
template <auto field>
using FieldType = typename FieldOf<std::remove_cv_t<decltype(field)>>::type;

/// Integers are summed in 64 bits, floating point numbers in double.
template <class V>
struct SumOf {
  using type = std::conditional_t<std::is_floating_point_v<V>, double,
                                  std::conditional_t<std::is_unsigned_v<V>, uint64_t, int64_t>>;
};
template <class Rep, class Period>
struct SumOf<std::chrono::duration<Rep, Period>> {
  using type = std::chrono::duration<Rep, Period>;
};

/// Integers wrap around, as they do in the engines that Weir is compared with; never undefined.
template <class S>
void add_to(S& sum, S value) {
  if constexpr (std::is_integral_v<S>) {
    sum = static_cast<S>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(value));
  } else {
    sum += value;
  }
}

/// The extreme value by Better; equal ones: the first.
template <auto field, class Better>
struct Extreme {
  using Value = FieldType<field>;
  using Accumulator = std::optional<Value>;

  template <class T>
  static void add(Accumulator& best, const T& record) {
    take(best, std::invoke(field, record));
  }
  static void merge(Accumulator& best, const Accumulator& other) {
    if (other) take(best, *other);
  }
  template <class K>
  static Windowed<K, Value> result(const K& key, Window window, const Accumulator& best) {
    return {key, window, best.value_or(Value{})};
  }

 private:
  static void take(Accumulator& best, const Value& value) {
    if (!best || Better{}(value, *best)) best = value;
  }
};

}  // namespace detail

/// How many records.
struct Count {
  using Accumulator = int64_t;

  template <class T>
  static void add(int64_t& count, const T&) {
    ++count;
  }
  static void merge(int64_t& count, const int64_t& other) { count += other; }
  template <class K>
  static Windowed<K, int64_t> result(const K& key, Window window, const int64_t& count) {
    return {key, window, count};
  }
};

/// The sum of a member (&Trade::price), of a const getter, or of a function of the record. Integers in 64
/// bits.
template <auto field>
struct Sum {
  using Accumulator = typename detail::SumOf<detail::FieldType<field>>::type;

  template <class T>
  static void add(Accumulator& sum, const T& record) {
    detail::add_to(sum, static_cast<Accumulator>(std::invoke(field, record)));
  }
  static void merge(Accumulator& sum, const Accumulator& other) { detail::add_to(sum, other); }
  template <class K>
  static Windowed<K, Accumulator> result(const K& key, Window window, const Accumulator& sum) {
    return {key, window, sum};
  }
};

/// The smallest and the largest value of a member, getter or function, in its own type.
template <auto field>
struct Min : detail::Extreme<field, std::less<>> {};
template <auto field>
struct Max : detail::Extreme<field, std::greater<>> {};

/// The accumulator of Mean.
struct MeanAccumulator {
  double sum = 0;
  int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(MeanAccumulator, (), (sum, count))

/// The arithmetic mean, as a double.
template <auto field>
struct Mean {
  using Accumulator = MeanAccumulator;

  template <class T>
  static void add(MeanAccumulator& mean, const T& record) {
    mean.sum += static_cast<double>(std::invoke(field, record));
    ++mean.count;
  }
  static void merge(MeanAccumulator& mean, const MeanAccumulator& other) {
    mean.sum += other.sum;
    mean.count += other.count;
  }
  template <class K>
  static Windowed<K, double> result(const K& key, Window window, const MeanAccumulator& mean) {
    return {key, window, mean.count == 0 ? 0 : mean.sum / static_cast<double>(mean.count)};
  }
};

}  // namespace weir
