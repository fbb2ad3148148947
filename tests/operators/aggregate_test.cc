#include "weir/aggregate.h"

#include <limits>

#include "tests/support/catch.h"

namespace weir::test {
namespace {

struct Reading {
  std::string sensor;
  int32_t level = 0;
  double heat = 0;
  Duration lag{0};
  int64_t twice() const { return int64_t{level} * 2; }
};

const Window kWindow{Timestamp{Duration{0}}, Timestamp{Duration{10}}};

/// All records in one accumulator, and split between two that are merged: both must agree.
template <class A>
auto aggregate(const std::vector<Reading>& readings) {
  typename A::Accumulator whole{};
  for (const Reading& reading : readings) A::add(whole, reading);
  for (size_t split = 0; split <= readings.size(); ++split) {
    typename A::Accumulator first{};
    typename A::Accumulator second{};
    for (size_t i = 0; i < readings.size(); ++i) A::add(i < split ? first : second, readings[i]);
    A::merge(first, second);
    REQUIRE(A::result(7, kWindow, first) == A::result(7, kWindow, whole));
  }
  return A::result(7, kWindow, whole).value;
}

int half(const Reading& reading) { return reading.level / 2; }

}  // namespace

TEST_CASE("The ready-made aggregates give count, sum, extremes and mean") {
  const std::vector<Reading> readings{
      {"a", 4, 1.5, Duration{3}}, {"c", -6, 0.25, Duration{5}}, {"b", 5, 2.25, Duration{1}}};
  CHECK(aggregate<Count>(readings) == 3);
  CHECK(aggregate<Sum<&Reading::level>>(readings) == 3);
  CHECK(aggregate<Sum<&Reading::heat>>(readings) == 4.0);
  CHECK(aggregate<Sum<&Reading::lag>>(readings) == Duration{9});
  CHECK(aggregate<Sum<&Reading::twice>>(readings) == 6);
  CHECK(aggregate<Sum<&half>>(readings) == 1);
  CHECK(aggregate<Min<&Reading::level>>(readings) == -6);
  CHECK(aggregate<Max<&Reading::level>>(readings) == 5);
  CHECK(aggregate<Min<&Reading::sensor>>(readings) == "a");
  CHECK(aggregate<Max<&Reading::sensor>>(readings) == "c");
  CHECK(aggregate<Mean<&Reading::level>>(readings) == 1.0);
}

TEST_CASE("Integers are summed in 64 bits and wrap around") {
  constexpr int32_t kBig = std::numeric_limits<int32_t>::max();
  CHECK(aggregate<Sum<&Reading::level>>({{"", kBig}, {"", kBig}}) == int64_t{kBig} * 2);
  Sum<& Reading::twice>::Accumulator sum = std::numeric_limits<int64_t>::max();
  Sum<&Reading::twice>::merge(sum, 1);
  CHECK(sum == std::numeric_limits<int64_t>::min());
}

TEST_CASE("A result says its key and window") {
  const auto result = Count::result(std::string("k"), kWindow, 3);
  CHECK(result == Windowed<std::string, int64_t>{"k", kWindow, 3});
  std::string bytes;
  Serde<Windowed<std::string, int64_t>>::encode(result, bytes);
  Windowed<std::string, int64_t> read;
  CHECK(detail::from_bytes(bytes, read));
  CHECK(read == result);
}

}  // namespace weir::test
