#include "weir/json.h"

#include <cmath>

#include "tests/connectors/random_record.h"
#include "tests/support/catch.h"
#include "tests/support/seed.h"

using namespace weir;
using namespace weir::test;

namespace {

struct Report {
  std::string origin;
  Timestamp window_start;
  uint32_t flights = 0;
  double mean = 0;
  std::optional<int32_t> delay_max_min;
  std::vector<Leg> legs;
  std::map<std::string, int8_t> small;
  Side side = Side::buy;
  std::pair<std::string, int> pair;
};
BOOST_DESCRIBE_STRUCT(Report, (),
                      (origin, window_start, flights, mean, delay_max_min, legs, small, side, pair))

constexpr std::string_view kReport =
    R"({"origin":"EWR","window_start":1357034400000,"flights":3,"mean":0.1,"delay_max_min":null,)"
    R"("legs":[{"origin":"JFK","at":-1,"delay_min":5}],"small":{"a":1,"b":-2},"side":"sell","pair":["x",4]})";

template <class T>
std::string encoded(const T& value) {
  std::string text;
  const absl::Status status = json_codec<T>().encode(value, text);
  return status.ok() ? text : std::string(status.message());
}

template <class T>
std::string error_of(std::string_view text) {
  T value{};
  return std::string(json_codec<T>().decode(text, value).message());
}

/// kReport with one member's value replaced.
std::string with(std::string_view member, std::string_view value) {
  std::string text(kReport);
  const std::string name = "\"" + std::string(member) + "\":";
  const size_t begin = text.find(name) + name.size();
  size_t end = begin;
  for (int depth = 0; depth > 0 || (text[end] != ',' && text[end] != '}'); ++end) {
    if (text[end] == '{' || text[end] == '[') ++depth;
    if (text[end] == '}' || text[end] == ']') --depth;
  }
  return text.replace(begin, end - begin, value);
}

}  // namespace

TEST_CASE("JSON has the members in the order of the description and no spaces") {
  Report report{"EWR",
                from_millis(1357034400000),
                3,
                0.1,
                std::nullopt,
                {{"JFK", from_millis(-1), 5}},
                {{"b", -2}, {"a", 1}},
                Side::sell,
                {"x", 4}};
  CHECK(encoded(report) == kReport);
  Report read;
  REQUIRE(json_codec<Report>().decode(kReport, read).ok());
  CHECK(encoded(read) == kReport);
}

TEST_CASE("Members may come in any order, unknown ones are ignored, missing optionals are empty") {
  Leg leg{"old", from_millis(7), 9};
  REQUIRE(json_codec<Leg>().decode(R"( {"x":{"origin":[1]},"at":5,"y":null,"origin":"EWR"} )", leg).ok());
  CHECK(leg == Leg{"EWR", from_millis(5), std::nullopt});
  REQUIRE(json_codec<Leg>().decode(R"({"at":1,"at":2,"origin":""})", leg).ok());
  CHECK(leg.at == from_millis(2));
}

TEST_CASE("An error names the member, what was expected and what was found") {
  const auto [member, value, message] = GENERATE(table<std::string, std::string, std::string>({
      {"origin", "null", "member `origin`: expected string, found null"},
      {"origin", "5", "member `origin`: expected string, found integer"},
      {"window_start", "\"x\"", "member `window_start`: expected integer, found string"},
      {"window_start", "1.5", "member `window_start`: expected integer, found number 1.5"},
      {"window_start", "9223372036854775808",
       "member `window_start`: 9223372036854775808 is out of range (-9223372036854775808 to "
       "9223372036854775807)"},
      {"flights", "-1", "member `flights`: -1 is out of range (0 to 4294967295)"},
      {"flights", "4294967296", "member `flights`: 4294967296 is out of range (0 to 4294967295)"},
      {"flights", "true", "member `flights`: expected integer, found boolean"},
      {"mean", "\"0.5\"", "member `mean`: expected number, found string"},
      {"mean", "null", "member `mean`: expected number, found null"},
      {"delay_max_min", "[]", "member `delay_max_min`: expected integer, found array"},
      {"delay_max_min", "3000000000",
       "member `delay_max_min`: 3000000000 is out of range (-2147483648 to 2147483647)"},
      {"legs", "{}", "member `legs`: expected array, found object"},
      {"legs", "[{\"at\":1,\"origin\":\"a\"},{\"at\":1,\"origin\":{}}]",
       "member `legs[1].origin`: expected string, found object"},
      {"legs", "[{\"at\":1}]", "member `legs[0].origin` is missing"},
      {"legs", "[3]", "member `legs[0]`: expected object, found integer"},
      {"small", "{\"a\":128}", "member `small.a`: 128 is out of range (-128 to 127)"},
      {"small", "[]", "member `small`: expected object, found array"},
      {"side", "\"hold\"", "member `side`: expected one of buy, sell, found hold"},
      {"side", "1", "member `side`: expected string, found integer"},
      {"pair", "[\"x\"]", "member `pair`: expected an array of 2 elements, found 1"},
      {"pair", "[\"x\",\"y\"]", "member `pair[1]`: expected integer, found string"},
  }));
  CHECK(error_of<Report>(with(member, value)) == message);
}

TEST_CASE("What is not JSON is shown") {
  CHECK_THAT(error_of<Leg>(""), Catch::StartsWith("not JSON ("));
  CHECK_THAT(error_of<Leg>("{\"at\":"), Catch::EndsWith("): {\"at\":"));
  CHECK_THAT(error_of<Leg>("{} {}"), Catch::StartsWith("not JSON ("));
  CHECK_THAT(error_of<Leg>("\xff\xfe"), Catch::StartsWith("not JSON ("));
  CHECK(error_of<Leg>(std::string(5000, '[')).size() < 400);
  CHECK(error_of<Leg>("[]") == "expected object, found array");
  CHECK(error_of<std::vector<Leg>>("[{},1]") == "member `[0].origin` is missing");
}

TEST_CASE("Whole numbers with a point are integers, integers are doubles") {
  int64_t number = 0;
  REQUIRE(json_codec<int64_t>().decode("5.0", number).ok());
  CHECK(number == 5);
  REQUIRE(json_codec<int64_t>().decode("-1e3", number).ok());
  CHECK(number == -1000);
  CHECK(error_of<int64_t>("1e300") == "expected integer, found number 1e+300");
  double real = 0;
  REQUIRE(json_codec<double>().decode("18446744073709551615", real).ok());
  CHECK(real == 18446744073709551615.0);
  CHECK(error_of<float>("1e39") == "1e+39 is out of range (-3.40282e+38 to 3.40282e+38)");
}

TEST_CASE("Doubles are the shortest text that reads back equal") {
  CHECK(encoded(0.1) == "0.1");
  CHECK(encoded(1.0) == "1");
  CHECK(encoded(1e21) == "1e+21");
  CHECK(encoded(-0.0) == "-0.0");
  CHECK(encoded(1e20) == "1e+20");
  CHECK(encoded(1129327695161847447552.0) == "1129327695161847447552.0");
  CHECK(encoded(9007199254740993.0) == "9007199254740992");
  CHECK(encoded(0.1f) == "0.1");
  CHECK(encoded(5e-324) == "5e-324");
}

TEST_CASE("What has no JSON cannot be written, and the error names the member") {
  CHECK(encoded(std::map<std::string, std::vector<double>>{{"a", {1, NAN}}}) ==
        "member `a[1]`: NaN has no JSON");
  CHECK(encoded(-std::numeric_limits<float>::infinity()) == "infinity has no JSON");
  CHECK(encoded(Leg{"\xff", {}, {}}) == "member `origin`: the string is not UTF-8");
  CHECK(encoded(static_cast<Side>(5)) == "5 is none of the enumerators' values");
}

TEST_CASE("Strings are escaped") {
  CHECK(encoded(std::string("\"\\\b\f\n\r\t\x01\x1f/é\x7f", 13)) ==
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/é\x7f\"");
  CHECK(encoded(std::string(1, '\0')) == "\"\\u0000\"");
  std::string text;
  REQUIRE(json_codec<std::string>().decode(R"("\ud834\udd1e\u00e9")", text).ok());
  CHECK(text == "𝄞é");
}

TEST_CASE("Every record reads back equal from its JSON") {
  RandomRecords random(seed());
  const Codec<Everything> codec = default_codec<Everything>();
  for (int i = 0; i < 2000; ++i) {
    const Everything record = random.record();
    std::string text;
    REQUIRE(codec.encode(record, text).ok());
    Everything read = random.record();
    const absl::Status status = codec.decode(text, read);
    INFO(text << "\n" << status.ToString());
    REQUIRE(status.ok());
    REQUIRE(read == record);
    std::string again;
    REQUIRE(codec.encode(read, again).ok());
    REQUIRE(again == text);
  }
}

TEST_CASE("Hostile text ends in a record or an error") {
  RandomRecords random(seed());
  const Codec<Everything> codec = json_codec<Everything>();
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    REQUIRE(codec.encode(random.record(), text).ok());
    for (uint64_t damages = 1 + random.below(3); damages > 0; --damages) random.damage(text);
    Everything read;
    const absl::Status status = codec.decode(text, read);
    if (!status.ok()) REQUIRE(!status.message().empty());
  }
}

TEST_CASE("Strings are their own bytes unless JSON is asked for") {
  std::string text;
  REQUIRE(default_codec<std::string>().encode("a\"b", text).ok());
  CHECK(text == "a\"b");
  CHECK(default_codec<std::string>().name == "raw");
  CHECK(default_codec<int>().name == "json");
}

TEST_CASE("A member of the document can be found by name") {
  detail::JsonFailure failure;
  detail::JsonValue root;
  REQUIRE(detail::parse_json(R"({"a":[1,2.5,true],"b":18446744073709551615})", root, failure));
  detail::JsonValue value;
  CHECK(!root.find("c", value));
  REQUIRE(root.find("b", value));
  CHECK(value.kind() == detail::JsonKind::kUnsigned);
  CHECK(value.as_unsigned() == 18446744073709551615ULL);
  REQUIRE(root.find("a", value));
  CHECK(value.array_size() == 3);
}
