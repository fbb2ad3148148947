#include "runtime/exchange/alignment.h"

#include "tests/support/catch.h"

using weir::Alignment;
using weir::Epoch;

TEST_CASE("C47 an input blocks at its barrier and the snapshot is due when the last barrier arrives") {
  Alignment alignment(3);
  REQUIRE_FALSE(alignment.on_barrier(1, Epoch{1}));
  REQUIRE(alignment.blocked(1));
  REQUIRE_FALSE(alignment.blocked(0));
  REQUIRE_FALSE(alignment.on_barrier(2, Epoch{1}));
  REQUIRE(alignment.on_barrier(0, Epoch{1}) == Epoch{1});
  alignment.release();
  for (size_t input : {0, 1, 2}) REQUIRE_FALSE(alignment.blocked(input));
}

TEST_CASE("C50 the end of an input counts as its barrier, before and after the others") {
  Alignment alignment(2);
  REQUIRE_FALSE(alignment.on_barrier(0, Epoch{4}));
  REQUIRE(alignment.on_end(1) == Epoch{4});
  alignment.release();
  REQUIRE(alignment.on_barrier(0, Epoch{5}) == Epoch{5});  // the ended input is not waited for
  alignment.release();
  REQUIRE_FALSE(alignment.on_end(0));
  REQUIRE(alignment.all_ended());
}

TEST_CASE("a barrier of another epoch while one aligns is a bug and is noticed") {
  Alignment alignment(2);
  (void)alignment.on_barrier(0, Epoch{1});
  REQUIRE_THROWS_AS(alignment.on_barrier(1, Epoch{2}), std::logic_error);
}
