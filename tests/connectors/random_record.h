#pragma once
// A type with every kind of member, and random values of it.

#include <limits>
#include <random>
#include <string>

#include "weir/json.h"
#include "weir/serde.h"
#include "weir/time.h"

namespace weir::test {

enum class Side : int8_t { buy = 1, sell = -1 };
BOOST_DESCRIBE_ENUM(Side, buy, sell)
enum class Plain : uint16_t {};

struct Leg {
  std::string origin;
  Timestamp at;
  std::optional<int32_t> delay_min;
  friend bool operator==(const Leg&, const Leg&) = default;
};
BOOST_DESCRIBE_STRUCT(Leg, (), (origin, at, delay_min))

struct Everything {
  bool flag = false;
  int8_t i8 = 0;
  uint8_t u8 = 0;
  int16_t i16 = 0;
  int32_t i32 = 0;
  uint32_t u32 = 0;
  int64_t i64 = 0;
  uint64_t u64 = 0;
  float f32 = 0;
  double f64 = 0;
  std::string text;
  Side side = Side::buy;
  Plain plain{};
  Duration duration{};
  std::chrono::duration<double> seconds{};
  std::optional<std::string> maybe;
  std::vector<Leg> legs;
  std::vector<double> numbers;
  std::vector<bool> flags;
  std::array<int16_t, 3> three{};
  std::map<std::string, Leg> by_name;
  std::unordered_map<std::string, int> counts;
  std::unordered_map<int, std::string> names;
  std::pair<int, std::string> pair;
  std::tuple<bool, int64_t> tuple;
  friend bool operator==(const Everything&, const Everything&) = default;
};
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (flag, i8, u8, i16, i32, u32, i64, u64, f32, f64, text, side, plain, duration, seconds,
                       maybe, legs, numbers, flags, three, by_name, counts, names, pair, tuple))

class RandomRecords {
 public:
  explicit RandomRecords(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t n) { return random_() % n; }
  /// Often at the ends of the range.
  template <class Integer>
  Integer integer() {
    switch (below(4)) {
      case 0: return std::numeric_limits<Integer>::min();
      case 1: return std::numeric_limits<Integer>::max();
      default: return static_cast<Integer>(random_() >> below(64));
    }
  }
  /// Any finite number, by its bits.
  template <class Float, class Bits>
  Float real() {
    while (true) {
      const auto number =
          std::bit_cast<Float>(static_cast<Bits>(random_() >> (below(4) == 0 ? 0 : below(40))));
      if (std::isfinite(number)) return below(2) == 0 ? number : -number;
    }
  }
  std::string text() {
    static const std::string kPieces[] = {"a",    "EWR", "\"", "\\", "\n", std::string(1, '\0'),
                                          "\x1f", "é",   "𝄞",  "/",  " "};
    std::string text;
    for (uint64_t i = below(6); i > 0; --i) text += kPieces[below(std::size(kPieces))];
    return below(20) == 0 ? text + std::string(300, 'x') : text;
  }
  Leg leg() {
    Leg leg{text(), from_millis(integer<int64_t>()), std::nullopt};
    if (below(2) == 0) leg.delay_min = integer<int32_t>();
    return leg;
  }
  Everything record() {
    Everything r;
    r.flag = below(2) == 0;
    r.i8 = integer<int8_t>();
    r.u8 = integer<uint8_t>();
    r.i16 = integer<int16_t>();
    r.i32 = integer<int32_t>();
    r.u32 = integer<uint32_t>();
    r.i64 = integer<int64_t>();
    r.u64 = integer<uint64_t>();
    r.f32 = real<float, uint32_t>();
    r.f64 = real<double, uint64_t>();
    r.text = text();
    r.side = below(2) == 0 ? Side::buy : Side::sell;
    r.plain = static_cast<Plain>(integer<uint16_t>());
    r.duration = Duration{integer<int64_t>()};
    r.seconds = std::chrono::duration<double>{real<double, uint64_t>()};
    if (below(2) == 0) r.maybe = text();
    for (uint64_t i = below(4); i > 0; --i) r.legs.push_back(leg());
    for (uint64_t i = below(4); i > 0; --i) r.numbers.push_back(real<double, uint64_t>());
    for (uint64_t i = below(4); i > 0; --i) r.flags.push_back(below(2) == 0);
    for (int16_t& number : r.three) number = integer<int16_t>();
    for (uint64_t i = below(4); i > 0; --i) r.by_name[text()] = leg();
    for (uint64_t i = below(4); i > 0; --i) r.counts[text()] = integer<int>();
    for (uint64_t i = below(4); i > 0; --i) r.names[integer<int>()] = text();
    r.pair = {integer<int>(), text()};
    r.tuple = {below(2) == 0, integer<int64_t>()};
    return r;
  }
  /// One change to the bytes: cut, flipped, inserted or repeated.
  void damage(std::string& bytes) {
    const size_t at = bytes.empty() ? 0 : below(bytes.size());
    switch (below(4)) {
      case 0: bytes.resize(at); break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random_());
        break;
      case 2: bytes.insert(at, 1 + below(9), static_cast<char>(random_())); break;
      default: bytes += bytes.substr(at); break;
    }
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace weir::test
