#include "runtime/base/target_progress.h"

#include "tests/support/catch.h"

using namespace weir;  // NOLINT

TEST_CASE("R3: a marker is the base, in the chain, or of another history") {
  TargetProgress progress;
  progress.has_base = true;
  progress.base_epoch = {4};
  progress.base_cut = {4, 4};
  progress.chain = {{{5}, {5, 5}, {}}, {{7}, {7, 7}, {}}};
  CHECK(delivered_count(progress, {4}, {4, 4}) == 0U);
  CHECK(delivered_count(progress, {5}, {5, 5}) == 1U);
  CHECK(delivered_count(progress, {7}, {7, 7}) == 2U);
}

TEST_CASE("R3: numbers alone never decide, nor do cuts") {
  TargetProgress progress;
  progress.has_base = true;
  progress.base_epoch = {4};
  progress.base_cut = {4, 4};
  progress.chain = {{{5}, {5, 5}, {}}};
  CHECK_FALSE(delivered_count(progress, {4}, {9, 9}).has_value());
  CHECK_FALSE(delivered_count(progress, {5}, {9, 9}).has_value());
  CHECK_FALSE(delivered_count(progress, {6}, {5, 5}).has_value());
  CHECK_FALSE(delivered_count(progress, {3}, {4, 4}).has_value());
}

TEST_CASE("A progress without a base is not the base of epoch 0 with a zero cut") {
  CHECK_FALSE(delivered_count(TargetProgress{}, {0}, {}).has_value());
}
