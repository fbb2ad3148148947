#include "tests/operators/windowing.h"

#include <limits>

#include "tests/support/catch.h"

namespace weir::test {

TEST_CASE("C5 hopping windows of 3 s every 1 s count each record in three windows") {
  HitScript script;
  script.record({"k2"}, at(3999)).record({"k2"}, at(3000)).record({"k1"}, at(20)).record({"k1"}, at(0));
  script.record({"k1"}, at(999)).record({"k2"}, at(1998)).record({"k2"}, at(1999)).record({"k2"}, at(1000));
  script.watermark(at(999)).expect(result("k1", -2000, 1000, 3), at(999));
  script.watermark(at(1999))
      .expect(result("k1", -1000, 2000, 3), at(1999))
      .expect(result("k2", -1000, 2000, 3), at(1999));
  script.watermark(at(2999))
      .expect(result("k1", 0, 3000, 3), at(2999))
      .expect(result("k2", 0, 3000, 3), at(2999));
  script.restart();
  script.watermark(at(3999)).expect(result("k2", 1000, 4000, 5), at(3999));
  script.watermark(at(4999)).expect(result("k2", 2000, 5000, 2), at(4999));
  script.watermark(at(5999)).expect(result("k2", 3000, 6000, 2), at(5999));
  script.watermark(at(6999)).watermark(at(7999)).watermark(kMaxTimestamp);
  CHECK(run_windows(script, hopping(ms(3000), ms(1000))) == "");
  // Purging at the first and only fire changes nothing.
  CHECK(run_windows(script, hopping(ms(3000), ms(1000)), {.on_fire = OnFire::kPurge}) == "");
}

TEST_CASE("C12 a purging window gives its late records alone, and refuses them after the lateness") {
  HitScript script;
  script.record({"k"}, at(500)).watermark(at(1500)).record({"k"}, at(1300));
  script.watermark(at(2300)).expect(result("k", 0, 2000, 2), at(1999));
  script.record({"k"}, at(1997)).expect(result("k", 0, 2000, 1), at(1999));
  script.watermark(at(6000));
  script.record({"k"}, at(1998)).expect<1>({"k"}, at(1998));
  script.watermark(kMaxTimestamp);
  CHECK(run_windows(script, tumbling(ms(2000)), {.allowed_lateness = ms(500), .on_fire = OnFire::kPurge}) ==
        "");
}

TEST_CASE("C13 without lateness a window takes records until the watermark reaches its end") {
  HitScript script;
  script.record({"k"}, at(1000)).watermark(at(1985)).record({"k"}, at(1980));
  script.watermark(at(1999)).expect(result("k", 0, 2000, 2), at(1999));
  script.record({"k"}, at(1998)).expect<1>({"k"}, at(1998));
  script.watermark(kMaxTimestamp);
  CHECK(run_windows(script, tumbling(ms(2000))) == "");
}

TEST_CASE("C19 end plus lateness saturates at the end of time") {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  HitScript script;
  script.record({"k"}, at(kMax - 1750)).watermark(at(kMax - 1500));
  script.watermark(at(kMax - 808)).expect(result("k", kMax - 1807, kMax - 807, 1), at(kMax - 808));
  script.watermark(kMaxTimestamp);
  CHECK(run_windows(script, tumbling(ms(1000)), {.allowed_lateness = ms(2000)}) == "");
  CHECK(run_windows(script, tumbling(ms(1000)), {.allowed_lateness = ms(kMax)}) == "");
}

TEST_CASE("C25 a late record that is allowed fires its window at once, with all its contents") {
  HitScript script;
  script.record({"a", 1}, at(10)).record({"b", 5}, at(20));
  script.watermark(at(99)).expect(result("a", 0, 100, 1), at(99)).expect(result("b", 0, 100, 5), at(99));
  script.record({"a", 2}, at(30)).expect(result("a", 0, 100, 3), at(99));
  script.watermark(at(120));
  script.record({"a", 4}, at(99)).expect(result("a", 0, 100, 7), at(99));
  script.record({"c", 8}, at(0)).expect(result("c", 0, 100, 8), at(99));
  // A batch with late, on-time and refused records of several windows.
  script.batch({{{"a", 16}, at(40)}, {{"a", 32}, at(130)}, {{"b", 64}, at(-1)}, {{"b", 1}, at(50)}})
      .expect(result("a", 0, 100, 23), at(99))
      .expect(result("b", 0, 100, 6), at(99))
      .expect<1>({"b", 64}, at(-1));
  script.watermark(at(148));
  script.record({"a", 64}, at(5)).expect(result("a", 0, 100, 87), at(99));
  script.watermark(at(149));
  script.record({"a", 128}, at(5)).expect<1>({"a", 128}, at(5));
  script.watermark(kMaxTimestamp).expect(result("a", 100, 200, 32), at(199));
  CHECK(run_windows(script, tumbling(ms(100)), {.allowed_lateness = ms(50)}) == "");
}

TEST_CASE("A late record fires every window of its that has fired, and waits in the others") {
  // Windows of 30 every 10, lateness 15: at W(29) the first three of 15 have fired, or none has closed.
  HitScript script;
  script.record({"k", 1}, at(15)).record({"k", 2}, at(25));
  script.watermark(at(19)).expect(result("k", -10, 20, 1), at(19));
  script.watermark(at(29)).expect(result("k", 0, 30, 3), at(29));
  script.record({"k", 4}, at(12))
      .expect(result("k", -10, 20, 5), at(19))
      .expect(result("k", 0, 30, 7), at(29));
  script.watermark(at(34));  // closes [-10, 20)
  script.record({"k", 8}, at(13)).expect(result("k", 0, 30, 15), at(29));
  script.record({"k", 16}, at(3)).expect(result("k", 0, 30, 31), at(29));
  script.watermark(at(39)).expect(result("k", 10, 40, 15), at(39));
  script.watermark(at(44));  // closes [0, 30)
  script.record({"k", 32}, at(3)).expect<1>({"k", 32}, at(3));
  script.record({"k", 64}, at(20)).expect(result("k", 10, 40, 79), at(39));
  script.watermark(at(49)).expect(result("k", 20, 50, 66), at(49));
  script.watermark(kMaxTimestamp);
  CHECK(run_windows(script, hopping(ms(30), ms(10)), {.allowed_lateness = ms(15)}) == "");
}

TEST_CASE("Purging hopping windows do not share what a late record brings") {
  HitScript script;
  script.record({"k", 1}, at(15)).record({"k", 2}, at(25));
  script.watermark(at(29)).expect(result("k", -10, 20, 1), at(19)).expect(result("k", 0, 30, 3), at(29));
  script.record({"k", 4}, at(12))
      .expect(result("k", -10, 20, 4), at(19))
      .expect(result("k", 0, 30, 4), at(29));
  script.watermark(at(39)).expect(result("k", 10, 40, 7), at(39));
  script.watermark(kMaxTimestamp).expect(result("k", 20, 50, 2), at(49));
  CHECK(run_windows(script, hopping(ms(30), ms(10)),
                    {.allowed_lateness = ms(15), .on_fire = OnFire::kPurge}) == "");
}

TEST_CASE("A record is late only if every window refuses it") {
  HitScript script;
  script.watermark(at(29));
  script.record({"k", 1}, at(10));                            // [-10,20) and [0,30) refuse, [10,40) accepts
  script.record({"k", 2}, at(9)).expect<1>({"k", 2}, at(9));  // all refuse
  script.watermark(kMaxTimestamp).expect(result("k", 10, 40, 1), at(39));
  CHECK(run_windows(script, hopping(ms(30), ms(10))) == "");
  CHECK(run_windows(script, hopping(ms(30), ms(10)), {.on_fire = OnFire::kPurge}) == "");
}

TEST_CASE("Records in the gaps of hopping windows are dropped, late or not") {
  HitScript script;
  script.record({"k", 1}, at(2)).record({"k", 2}, at(3)).record({"k", 4}, at(4)).record({"k", 8}, at(-1));
  script.watermark(at(2)).expect(result("k", 0, 3, 1), at(2));
  script.watermark(at(10));
  script.record({"k", 16}, at(3)).record({"k", 32}, at(1)).expect<1>({"k", 32}, at(1));
  script.watermark(kMaxTimestamp);
  CHECK(run_windows(script, hopping(ms(3), ms(5))) == "");
}

TEST_CASE("Records without event time are in one window, which the end of the input fires") {
  HitScript script;
  script.record({"k"}, kMinTimestamp).record({"k"}, kMinTimestamp);
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  script.watermark(kMaxTimestamp).expect(result("k", kMin, kMin + 1, 2), kMinTimestamp);
  CHECK(run_windows(script, tumbling(ms(1))) == "");
}

TEST_CASE("A watermark that jumps fires all windows in the order of time, and skips empty time at once") {
  HitScript script;
  for (const int64_t time : std::vector<int64_t>{1'000'000'000'000, 5, -3'000'000, 17, 1'000'000'000'000})
    script.record({"k"}, at(time));
  script.watermark(kMaxTimestamp)
      .expect(result("k", -3'000'000, -2'999'990, 1), at(-2'999'991))
      .expect(result("k", 0, 10, 1), at(9))
      .expect(result("k", 10, 20, 1), at(19))
      .expect(result("k", 1'000'000'000'000, 1'000'000'000'010, 2), at(1'000'000'000'009));
  CHECK(run_windows(script, tumbling(ms(10))) == "");
}

TEST_CASE("State of closed windows is gone") {
  HitTester tester(window_factory(hopping(ms(30), ms(10)), {.allowed_lateness = ms(5)}), kByKey);
  for (int i = 0; i < 100; ++i) tester.push({std::to_string(i % 7)}, at(i));
  tester.save();
  CHECK(tester.state_entries() == 70);
  tester.watermark(at(99));
  tester.save();
  CHECK(tester.state_entries() == 21);  // slices from 70 on: [60, 90) closed at 94, [70, 100) is open
  tester.watermark(at(1000));
  tester.save();
  CHECK(tester.state_entries() == 0);
  CHECK(tester.take<1>().empty());
}

TEST_CASE("State of a window goes when it closes, also when that fires nothing") {
  HitTester tester(window_factory(tumbling(ms(10)), {.allowed_lateness = ms(5)}), kByKey);
  tester.push({"k"}, at(3));
  tester.watermark(at(9));
  tester.save();
  CHECK(tester.state_entries() == 1);
  tester.watermark(at(14));
  tester.save();
  CHECK(tester.state_entries() == 0);
}

TEST_CASE("Firing gives the thread back after a bounded amount of work") {
  for (const WindowSpec& spec : {tumbling(ms(30)), hopping(ms(30), ms(10))}) {
    HitTester tester(window_factory(spec), kByKey);
    constexpr int kKeys = 5000;
    for (int i = 0; i < kKeys; ++i) tester.push({std::to_string(i)}, at(i % 30));
    tester.take();
    tester.watermark(at(29));
    CHECK(tester.yields() >= kKeys / 1100);
    CHECK(tester.take().size() >= kKeys);
    tester.watermark(kMaxTimestamp);
    tester.save();
    CHECK(tester.state_entries() == 0);
  }
}

TEST_CASE("A window that meets state which was cut differently says so") {
  HitTester tester(window_factory(tumbling(ms(1000))), kByKey);
  tester.push({"k"}, at(1));
  const std::string saved = tester.save();
  HitTester same(window_factory(tumbling(ms(1000))), kByKey);
  same.restore(saved);
  same.watermark(kMaxTimestamp);
  CHECK(same.take() == std::vector<testing::Timed<Result>>{{result("k", 0, 1000, 1), at(999)}});
  HitTester other(window_factory(tumbling(ms(700))), kByKey);
  CHECK_THROWS_WITH(other.restore(saved), Catch::Contains("slices of 1000 ms at offset 0 ms") &&
                                              Catch::Contains("slices of 700 ms"));
}

namespace {

/// Throws when it meets a value of -1, in the function that is named.
struct Fragile {
  using Accumulator = int64_t;
  std::string function;

  void add(int64_t& sum, const Hit& hit) const {
    fail_if(function == "add" && hit.value == -1), sum += hit.value;
  }
  void merge(int64_t& sum, const int64_t& other) const {
    fail_if(function == "merge" && other == -1), sum += other;
  }
  Result result(const std::string& key, Window window, const int64_t& sum) const {
    fail_if(function == "result" && sum == -1);
    return {key, window, sum};
  }
  static void fail_if(bool fails) {
    if (fails) throw std::runtime_error("no such thing");
  }
};

void run_fragile(const std::string& function) {
  HitTester tester(window_factory(hopping(ms(20), ms(10)), {}, Fragile{function}), kByKey);
  tester.push({{{"good", 1}, at(3)}, {{"bad", -1}, at(15)}, {{"bad", 0}, at(5)}});
  tester.watermark(at(1000));
}

}  // namespace

TEST_CASE("An exception of an aggregate becomes an error with its place and key") {
  CHECK_THROWS_WITH(run_fragile("add"), "the aggregate's add failed at time 15 key bad: no such thing");
  CHECK_THROWS_WITH(run_fragile("merge"),
                    "the aggregate's merge failed for window [0, 20) key bad: no such thing");
  CHECK_THROWS_WITH(run_fragile("result"),
                    "the aggregate's result failed for window [0, 20) key bad: no such thing");
  CHECK_THROWS_AS(run_fragile("add"), OperatorError);
  CHECK_NOTHROW(run_fragile(""));
}

TEST_CASE("A window whose options cannot work is not made") {
  CHECK_THROWS_AS(HitTester(window_factory(tumbling(ms(0))), kByKey), OperatorError);
  CHECK_THROWS_AS(HitTester(window_factory(tumbling(ms(1)), {.allowed_lateness = ms(-1)}), kByKey),
                  OperatorError);
}

}  // namespace weir::test
