#include "weir/watermark.h"

#include <limits>
#include <random>

#include "operators/watermark/watermark_merge.h"
#include "tests/support/catch.h"
#include "tests/support/seed.h"

namespace weir::test {
namespace {

Timestamp at(int64_t millis) { return from_millis(millis); }

const WatermarkChange kNothing{};
WatermarkChange watermark(int64_t millis) { return {.watermark = at(millis), .idle = {}}; }
WatermarkChange idle() { return {.watermark = {}, .idle = true}; }
WatermarkChange active() { return {.watermark = {}, .idle = false}; }
WatermarkChange watermark_then_idle(int64_t millis) { return {.watermark = at(millis), .idle = true}; }

}  // namespace

TEST_CASE("C28 the watermark is the minimum of the inputs") {
  WatermarkMerge merge(MergeInputs::kChannels, 3);
  for (int input = 0; input < 2; ++input) CHECK(merge.update(input, at(0)) == kNothing);
  CHECK(merge.update(2, at(0)) == watermark(0));
  CHECK(merge.update(0, at(12)) == kNothing);
  CHECK(merge.update(2, at(8)) == kNothing);
  CHECK(merge.update(2, at(10)) == kNothing);
  CHECK(merge.update(1, at(15)) == watermark(10));
  CHECK(merge.update(2, at(17)) == watermark(12));
  CHECK(merge.update(0, at(20)) == watermark(15));
}

TEST_CASE("C29 an input that never reported holds back until it is idle") {
  WatermarkMerge merge(MergeInputs::kChannels, 3);
  CHECK(merge.update(0, at(15)) == kNothing);
  CHECK(merge.update(1, at(10)) == kNothing);
  CHECK(merge.set_idle(2) == watermark(10));
}

TEST_CASE("C30 when all channels go idle the largest watermark comes, then idleness") {
  WatermarkMerge merge(MergeInputs::kChannels, 3);
  merge.update(0, at(10));
  merge.update(1, at(5));
  CHECK(merge.update(2, at(3)) == watermark(3));
  CHECK(merge.set_idle(0) == kNothing);
  CHECK(merge.set_idle(1) == kNothing);
  CHECK(merge.set_idle(2) == watermark_then_idle(10));
  CHECK(merge.idle());
  CHECK(merge.set_idle(2) == kNothing);
}

TEST_CASE("C31 watermarks of an idle input are ignored") {
  WatermarkMerge merge(MergeInputs::kChannels, 1);
  CHECK(merge.update(0, at(25)) == watermark(25));
  CHECK(merge.set_idle(0) == idle());
  CHECK(merge.update(0, at(50)) == kNothing);
  CHECK(merge.set_active(0) == active());
  CHECK(merge.set_active(0) == kNothing);
  CHECK(merge.update(0, at(50)) == watermark(50));
}

TEST_CASE("C32 a channel that comes back counts once it has caught up") {
  WatermarkMerge merge(MergeInputs::kChannels, 3);
  merge.update(0, at(10));
  merge.update(1, at(7));
  CHECK(merge.update(2, at(3)) == watermark(3));
  CHECK(merge.set_idle(2) == watermark(7));
  CHECK(merge.set_active(2) == kNothing);
  CHECK(merge.update(2, at(5)) == kNothing);
  CHECK(merge.update(2, at(9)) == kNothing);
  CHECK(merge.update(1, at(12)) == watermark(9));
}

TEST_CASE("C33 a channel that lags after it came back does not hold the others back") {
  WatermarkMerge merge(MergeInputs::kChannels, 2);
  merge.update(0, at(10));
  merge.update(1, at(3));
  CHECK(merge.set_idle(1) == watermark(10));
  CHECK(merge.set_active(1) == kNothing);
  CHECK(merge.update(0, at(20)) == watermark(20));
  CHECK(merge.update(1, at(15)) == kNothing);
  CHECK(merge.update(0, at(30)) == watermark(30));
  CHECK(merge.update(1, at(30)) == kNothing);  // caught up
  CHECK(merge.update(0, at(40)) == kNothing);
  CHECK(merge.update(1, at(35)) == watermark(35));
}

TEST_CASE(
    "C34 one channel that comes back makes the output active, and the watermark goes on from where it was") {
  WatermarkMerge merge(MergeInputs::kChannels, 2);
  merge.update(0, at(10));
  CHECK(merge.update(1, at(20)) == watermark(10));
  CHECK(merge.set_idle(0) == watermark(20));
  CHECK(merge.set_idle(1) == idle());
  CHECK(merge.set_active(0) == active());  // 10: behind
  CHECK(merge.update(0, at(19)) == kNothing);
  CHECK(merge.update(0, at(21)) == watermark(21));
  CHECK(merge.set_active(1) == kNothing);
  CHECK(merge.update(0, at(30)) == watermark(30));  // 1 is at 20: behind
}

TEST_CASE("A largest watermark held by a channel that went idle early still comes when all are idle") {
  WatermarkMerge merge(MergeInputs::kChannels, 3);
  merge.update(0, at(50));
  merge.update(1, at(10));
  CHECK(merge.update(2, at(3)) == watermark(3));
  CHECK(merge.set_idle(0) == kNothing);
  CHECK(merge.set_idle(2) == watermark(10));
  merge.set_active(2);
  CHECK(merge.set_idle(1) == kNothing);
  CHECK(merge.set_idle(2) == watermark_then_idle(50));
}

TEST_CASE("C35 bounded out-of-orderness is the largest time minus the bound minus one") {
  BoundedOutOfOrderness generator(Duration{10});
  CHECK(generator.watermark() == kMinTimestamp);
  generator.observe(at(1337));
  CHECK(generator.watermark() == at(1326));
  generator.observe(at(12345));
  generator.observe(std::vector<Timestamp>{at(12340), at(-5), at(12345)});
  CHECK(generator.watermark() == at(12334));
  BoundedOutOfOrderness restored(Duration{10}, at(500));
  restored.observe(at(400));
  CHECK(restored.watermark() == at(500));
  restored.observe(std::vector<Timestamp>{at(600), at(512)});
  CHECK(restored.watermark() == at(589));
}

TEST_CASE("Bounded out-of-orderness saturates, and no record ends the stream") {
  BoundedOutOfOrderness generator(Duration{10});
  generator.observe(from_millis(std::numeric_limits<int64_t>::min() + 3));
  CHECK(generator.watermark() == kMinTimestamp);
  generator.observe(kMaxTimestamp);
  CHECK(generator.watermark() == at(std::numeric_limits<int64_t>::max() - 11));
  BoundedOutOfOrderness exact(Duration{0});
  exact.observe(kMaxTimestamp);
  CHECK(exact.watermark() < kMaxTimestamp);
}

TEST_CASE("C36 splits combine as the minimum of the active ones, and the output does not regress") {
  WatermarkMerge merge(MergeInputs::kSplits);
  CHECK(merge.idle());
  CHECK(merge.add(1) == active());
  CHECK(merge.add(2) == kNothing);
  CHECK(merge.update(1, at(10)) == kNothing);
  CHECK(merge.update(2, at(5)) == watermark(5));
  CHECK(merge.update(2, at(4)) == kNothing);  // regresses
  CHECK(merge.watermark_of(2) == at(5));
  CHECK(merge.add(3, at(1)) == kNothing);
  CHECK(merge.update(2, at(12)) == kNothing);
  CHECK(merge.watermark() == at(5));
  CHECK(merge.remove(3) == kNothing);  // the lowest
  CHECK(merge.watermark() == at(5));
  CHECK(merge.update(2, at(13)) == watermark(10));
}

TEST_CASE("Splits that are all idle keep the watermark, so that one that lags is not late for good") {
  WatermarkMerge merge(MergeInputs::kSplits, 2);
  merge.update(0, at(100));
  CHECK(merge.update(1, at(10)) == watermark(10));
  CHECK(merge.set_idle(1) == watermark(100));
  CHECK(merge.set_idle(0) == idle());
  CHECK(merge.watermark() == at(100));
  CHECK(merge.set_active(1) == active());
  CHECK(merge.update(1, at(50)) == kNothing);
  CHECK(merge.set_active(0) == kNothing);
  CHECK(merge.update(0, at(200)) == kNothing);  // waits for the one that lags
  CHECK(merge.update(1, at(150)) == watermark(150));

  WatermarkMerge lagging(MergeInputs::kSplits, 2);
  lagging.update(0, at(100));
  lagging.update(1, at(10));
  CHECK(lagging.set_idle(0) == kNothing);
  CHECK(lagging.set_idle(1) == idle());  // not 100
  CHECK(lagging.watermark() == at(10));
}

TEST_CASE("Removing the last active split makes a source idle") {
  WatermarkMerge merge(MergeInputs::kSplits, 2);
  merge.set_idle(0);
  CHECK(merge.remove(1) == idle());
  CHECK(merge.remove(0) == kNothing);
  CHECK(merge.add(7) == active());
}

TEST_CASE("A restored merge does not start below its checkpoint") {
  WatermarkMerge merge(MergeInputs::kChannels, 2, at(100));
  CHECK(merge.watermark() == at(100));
  CHECK(merge.update(0, at(50)) == kNothing);
  CHECK(merge.update(0, at(150)) == kNothing);
  CHECK(merge.update(1, at(120)) == watermark(120));
}

TEST_CASE("Whatever the inputs do, the output grows only and active channels that count are not overtaken") {
  std::mt19937_64 random(seed());
  for (int round = 0; round < 200; ++round) {
    const MergeInputs kind = round % 2 == 0 ? MergeInputs::kChannels : MergeInputs::kSplits;
    const int inputs = 1 + static_cast<int>(random() % 4);
    WatermarkMerge merge(kind, inputs);
    std::vector<bool> was_idle(inputs, false);
    Timestamp last = kMinTimestamp;
    bool is_idle = false;
    for (int step = 0; step < 100; ++step) {
      const int input = static_cast<int>(random() % inputs);
      WatermarkChange change;
      switch (random() % 6) {
        case 0: change = merge.set_idle(input), was_idle[input] = true; break;
        case 1: change = merge.set_active(input); break;
        default: change = merge.update(input, at(static_cast<int64_t>(random() % 1000))); break;
      }
      if (change.watermark) {
        REQUIRE(*change.watermark > last);
        last = *change.watermark;
      }
      if (change.idle) {
        REQUIRE(*change.idle != is_idle);
        is_idle = *change.idle;
      }
      REQUIRE(merge.watermark() == last);
      REQUIRE(merge.idle() == is_idle);
      for (int i = 0; i < inputs; ++i)
        if (!was_idle[i]) REQUIRE(merge.watermark_of(i) >= last);
    }
  }
}

}  // namespace weir::test
