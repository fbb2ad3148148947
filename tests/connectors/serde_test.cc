#include "weir/serde.h"

#include "absl/strings/escaping.h"
#include "tests/connectors/random_record.h"
#include "tests/support/catch.h"
#include "tests/support/seed.h"

using namespace weir;
using namespace weir::test;

namespace {

template <class T>
std::string hex(const T& value) {
  return absl::BytesToHexString(detail::to_bytes(value));
}

struct Empty {
  friend bool operator==(const Empty&, const Empty&) = default;
};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

struct Opaque {
  int* pointer;
};
struct HoldsOpaque {
  std::vector<Opaque> opaque;
};
BOOST_DESCRIBE_STRUCT(HoldsOpaque, (), (opaque))

/// A type of somebody else, given a Serde by hand.
struct Money {
  int64_t cents = 0;
  friend bool operator==(const Money&, const Money&) = default;
};

}  // namespace

template <>
struct weir::Serde<Money> {
  static void encode(const Money& value, std::string& out) { Serde<int64_t>::encode(value.cents, out); }
  static bool decode(detail::ByteReader& in, Money& value) { return Serde<int64_t>::decode(in, value.cents); }
  static std::string schema() { return "money"; }
};

TEST_CASE("The bytes of state are those of format 1") {
  CHECK(hex(true) == "01");
  CHECK(hex(int8_t{-2}) == "fe");
  CHECK(hex(int32_t{1}) == "01000000");
  CHECK(hex(int64_t{-2}) == "feffffffffffffff");
  CHECK(hex(uint16_t{0x1234}) == "3412");
  CHECK(hex(1.0f) == "0000803f");
  CHECK(hex(-2.5) == "00000000000004c0");
  CHECK(hex(std::string("EWR")) == "03455752");
  CHECK(hex(std::string(300, 'a')).substr(0, 6) == "ac0261");
  CHECK(hex(Side::sell) == "ff");
  CHECK(hex(from_millis(1357034400000)) == "00a98df53b010000");
  CHECK(hex(std::optional<int8_t>()) == "00");
  CHECK(hex(std::optional<int8_t>(7)) == "0107");
  CHECK(hex(std::vector<int16_t>{1, 2}) == "0201000200");
  CHECK(hex(std::vector<bool>{true, false}) == "020100");
  CHECK(hex(std::vector<std::string>{"a", ""}) == "02016100");
  CHECK(hex(std::array<int8_t, 3>{1, 2, 3}) == "010203");
  CHECK(hex(std::map<std::string, int8_t>{{"b", 2}, {"a", 1}}) == "02016101016202");
  CHECK(hex(std::unordered_map<std::string, int8_t>{{"b", 2}, {"a", 1}}) == "02016101016202");
  CHECK(hex(std::pair<int8_t, std::string>{5, "x"}) == "050178");
  CHECK(hex(std::tuple<bool, bool>{true, false}) == "0100");
  CHECK(hex(std::variant<std::monostate, int8_t>{}) == "0000");
  CHECK(hex(std::variant<std::monostate, int8_t>{int8_t{9}}) == "0109");
  CHECK(hex(Empty{}) == "00");
  CHECK(hex(std::array<int, 0>{}) == "00");
  CHECK(hex(Leg{"JFK", from_millis(1), 3}) == "034a464b01000000000000000103000000");
}

TEST_CASE("A schema names the types and, of described types, members and enumerators") {
  CHECK(Serde<bool>::schema() == "bool");
  CHECK(Serde<char>::schema() == "i8");
  CHECK(Serde<uint64_t>::schema() == "u64");
  CHECK(Serde<float>::schema() == "f32");
  CHECK(Serde<Timestamp>::schema() == "time<i64,1/1000>");
  CHECK(Serde<Duration>::schema() == "duration<i64,1/1000>");
  CHECK(Serde<Side>::schema() == "enum<i8>{buy=1,sell=-1}");
  CHECK(Serde<Plain>::schema() == "enum<u16>");
  CHECK(Serde<Leg>::schema() == "struct{origin:string,at:time<i64,1/1000>,delay_min:optional<i32>}");
  CHECK(Serde<std::map<std::string, std::vector<double>>>::schema() == "map<string,list<f64>>");
  CHECK(Serde<std::tuple<int8_t, std::pair<bool, bool>>>::schema() == "tuple<i8,tuple<bool,bool>>");
  CHECK(Serde<std::variant<std::monostate, std::array<int32_t, 2>>>::schema() ==
        "variant<unit,array<i32,2>>");
  CHECK(Serde<std::tuple<>>::schema() == "tuple<>");
  CHECK(Serde<Empty>::schema() == "struct{}");
  CHECK(Serde<std::vector<Money>>::schema() == "list<money>");
}

TEST_CASE("Only what has bytes all the way down is serializable") {
  STATIC_REQUIRE(Serializable<Everything>);
  STATIC_REQUIRE(Serializable<std::vector<Money>>);
  STATIC_REQUIRE(!Serializable<Opaque>);
  STATIC_REQUIRE(!Serializable<std::optional<Opaque>>);
  STATIC_REQUIRE(!Serializable<HoldsOpaque>);
  STATIC_REQUIRE(!Serializable<int*>);
  STATIC_REQUIRE(!Serializable<std::string_view>);
  STATIC_REQUIRE(!Serializable<const int>);
  STATIC_REQUIRE(!Serializable<long double>);
}

TEST_CASE("Every value reads back equal, and equal values have equal bytes") {
  RandomRecords random(seed());
  for (int i = 0; i < 3000; ++i) {
    const Everything record = random.record();
    const std::string bytes = detail::to_bytes(record);
    Everything read = random.record();  // whatever it held before
    REQUIRE(detail::from_bytes(bytes, read));
    REQUIRE(read == record);
    REQUIRE(detail::to_bytes(read) == bytes);
  }
}

TEST_CASE("Bytes that are cut anywhere are refused") {
  const Everything record = RandomRecords(seed()).record();
  const std::string bytes = detail::to_bytes(record);
  for (size_t size = 0; size < bytes.size(); ++size) {
    Everything read;
    REQUIRE(!detail::from_bytes(std::string_view(bytes).substr(0, size), read));
  }
  Everything read;
  CHECK(!detail::from_bytes(bytes + "x", read));
}

TEST_CASE("Hostile bytes end in a value or a refusal") {
  RandomRecords random(seed());
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = detail::to_bytes(random.record());
    for (uint64_t damages = 1 + random.below(3); damages > 0; --damages) random.damage(bytes);
    Everything read;
    if (!detail::from_bytes(bytes, read)) continue;
    // What is accepted is a value as good as any. (Orders of maps need not be canonical in hostile bytes.)
    Everything again;
    REQUIRE(detail::from_bytes(detail::to_bytes(read), again));
  }
}

TEST_CASE("A count that cannot be true allocates nothing") {
  std::string bytes;
  detail::put_varint(bytes, uint64_t{1} << 60);
  std::vector<Everything> many;
  CHECK(!detail::from_bytes(bytes, many));
  CHECK(many.capacity() == 0);
  std::vector<double> numbers;
  CHECK(!detail::from_bytes(bytes, numbers));
  CHECK(numbers.capacity() == 0);
  // One byte each would do for the count, but not for the elements.
  bytes.clear();
  detail::put_varint(bytes, 100000);
  bytes.append(100000, '\1');
  std::vector<Everything> few;
  CHECK(!detail::from_bytes(bytes, few));
  CHECK(few.capacity() < 4096);  // as many as the bytes really hold, not 100000
  std::map<std::string, Empty> map;
  CHECK(!detail::from_bytes(bytes, map));
}

TEST_CASE("Bytes that encode nothing are refused: other booleans, alternatives, keys twice") {
  bool flag = false;
  CHECK(!detail::from_bytes("\x02", flag));
  std::variant<int8_t, bool> variant;
  CHECK(!detail::from_bytes(std::string_view("\x02\x01", 2), variant));
  std::map<int8_t, int8_t> map;
  CHECK(!detail::from_bytes(std::string_view("\x02\x01\x01\x01\x02", 5), map));
  Empty empty;
  CHECK(!detail::from_bytes("\x01", empty));
  std::optional<int8_t> optional;
  CHECK(!detail::from_bytes(std::string_view("\x03\x01", 2), optional));
}

namespace {
template <class K>
bool hash_is_of_bytes(const K& key) {
  return detail::hash_key(key) == detail::hash_bytes(detail::to_bytes(key));
}
}  // namespace

TEST_CASE("A key's hash is XXH3 of its bytes on every shorter way") {
  RandomRecords random(seed());
  for (int i = 0; i < 300; ++i) {
    REQUIRE(hash_is_of_bytes(random.integer<int8_t>()));
    REQUIRE(hash_is_of_bytes(random.integer<uint16_t>()));
    REQUIRE(hash_is_of_bytes(random.integer<int32_t>()));
    REQUIRE(hash_is_of_bytes(random.integer<uint32_t>()));
    REQUIRE(hash_is_of_bytes(random.integer<int64_t>()));
    REQUIRE(hash_is_of_bytes(random.integer<uint64_t>()));
    REQUIRE(hash_is_of_bytes(from_millis(random.integer<int64_t>())));
    REQUIRE(hash_is_of_bytes(Duration{random.integer<int64_t>()}));
    REQUIRE(hash_is_of_bytes(std::chrono::duration<int32_t>{random.integer<int32_t>()}));
    REQUIRE(hash_is_of_bytes(random.leg()));
    REQUIRE(hash_is_of_bytes(std::pair<int, std::string>{random.integer<int>(), random.text()}));
    REQUIRE(hash_is_of_bytes(random.real<double, uint64_t>()));
  }
  CHECK(hash_is_of_bytes(true));
  CHECK(hash_is_of_bytes(Side::sell));
  CHECK(hash_is_of_bytes(Plain{500}));
  CHECK(hash_is_of_bytes(Money{1}));
  for (size_t size = 0; size < 600; ++size) REQUIRE(hash_is_of_bytes(std::string(size, 'k')));
}
