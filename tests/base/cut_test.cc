#include <set>
#include <stdexcept>
#include <string>

#include "tests/support/catch.h"
#include "weir/clock.h"
#include "weir/detail/check.h"
#include "weir/epoch.h"
#include "weir/operator.h"

using namespace weir;  // NOLINT

TEST_CASE("A cut's text is 32 lower-case hexadecimal digits and reads back") {
  const Cut cut{0x0123456789abcdefULL, 0xfULL};
  REQUIRE(cut.to_string() == "0123456789abcdef000000000000000f");
  Cut read;
  REQUIRE(read.parse(cut.to_string()));
  REQUIRE(read == cut);
}

TEST_CASE("What to_string does not give is no cut and leaves the old one") {
  const Cut before{1, 2};
  for (const std::string text :
       {"", "0", "0123456789abcdef000000000000000", "0123456789abcdef000000000000000f0",
        "0123456789ABCDEF000000000000000f", " 123456789abcdef000000000000000f",
        "0123456789abcdef00000000000000-f", "0x23456789abcdef000000000000000f"}) {
    Cut cut = before;
    CHECK_FALSE(cut.parse(text));
    CHECK(cut == before);
  }
}

TEST_CASE("Drawn cuts differ") {
  std::set<std::string> drawn;
  for (int i = 0; i < 1000; ++i) drawn.insert(Cut::draw().to_string());
  REQUIRE(drawn.size() == 1000);
}

TEST_CASE("A failed check throws and names condition and place") {
  REQUIRE_NOTHROW([] { WEIR_CHECK(1 + 1 == 2); }());
  try {
    WEIR_CHECK(1 + 1 == 3);
    FAIL("it went on");
  } catch (const std::logic_error& error) {
    const std::string what = error.what();
    CHECK(what.find("1 + 1 == 3") != std::string::npos);
    CHECK(what.find("cut_test.cc:") != std::string::npos);
  }
}

TEST_CASE("The system's clock is in this century and does not stand still for long") {
  const Timestamp now = system_clock().now();
  CHECK(to_millis(now) > 1'600'000'000'000);
  CHECK(to_millis(now) < 4'200'000'000'000);
  CHECK(system_clock().now() >= now);
}

TEST_CASE(
    "A record's position is its split and offset before an exchange, its time after, and never out of "
    "range") {
  const SplitName split = "trades/3";
  Batch<int> batch;
  batch.push_back(7, from_millis(1999));
  batch.push_back(8, from_millis(2000));
  CHECK(describe_position(batch, 1) == " at time 2000");
  batch.split = &split;
  batch.offsets = {41, 42};
  CHECK(describe_position(batch, 1) == " at trades/3 offset 42");
  CHECK(describe_position(batch, 2).empty());
}
