#include "weir/detail/process_operator.h"

#include <map>
#include <random>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/seed.h"
#include "weir/testing.h"

namespace weir::test {

/// A command to the process function under test.
struct Order {
  int64_t key = 0;
  std::string what;
  int64_t time = 0;
  friend bool operator==(const Order&, const Order&) = default;
};
BOOST_DESCRIBE_STRUCT(Order, (), (key, what, time))

/// What it saw.
struct Note {
  int64_t key = 0;
  std::string what;
  int64_t count = 0;
  int64_t watermark = 0;
  friend bool operator==(const Note&, const Note&) = default;
};
BOOST_DESCRIBE_STRUCT(Note, (), (key, what, count, watermark))

namespace {

Timestamp at(int64_t millis) { return from_millis(millis); }

/// Does what the orders say, and counts them for each key.
class Obedient {
 public:
  using Output = Note;
  using Context = weir::Context<int64_t, Note>;

  Obedient(StateStore& state, std::string greeting)
      : count_(state.value<int64_t>("count")),
        echo_(state.value<int64_t>("echo")),
        greeting_(std::move(greeting)) {}

  void on_event(const Order& order, Context& context) {
    ++count_.get_or_create();
    if (order.what == "set") context.set_event_timer(at(order.time));
    if (order.what == "delete") context.delete_event_timer(at(order.time));
    if (order.what == "set clock") context.set_processing_timer(at(order.time));
    if (order.what == "delete clock") context.delete_processing_timer(at(order.time));
    if (order.what == "forget") count_.clear();
    if (order.what == "echo") echo_.set(order.time);
    if (order.what == "greet") note(greeting_, context);
    if (order.what == "ahead") context.emit({context.key(), "ahead", 0, 0}, at(order.time));
    if (order.what == "throw") throw std::runtime_error("no such order");
    if (order.what == "many")
      for (int64_t i = 0; i < order.time; ++i) context.emit({context.key(), "one of many", i, 0});
  }
  void on_timer(Timestamp time, Context& context) {
    CHECK(time == context.timestamp());
    note("timer", context);
    if (const int64_t* next = echo_.get()) {
      context.set_event_timer(at(*next));
      echo_.clear();
    }
  }
  void on_processing_timer(Timestamp time, Context& context) {
    CHECK(time <= context.processing_time());
    note("clock", context);
    if (const int64_t* next = echo_.get()) {
      context.set_processing_timer(at(*next));
      echo_.clear();
    }
  }

 private:
  void note(const std::string& what, Context& context) {
    const int64_t* count = count_.get();
    context.emit({context.key(), what, count == nullptr ? -1 : *count, to_millis(context.watermark())});
  }

  ValueState<int64_t> count_;
  ValueState<int64_t> echo_;
  std::string greeting_;
};
static_assert(ProcessFunction<Obedient, int64_t, Order>);
static_assert(ProcessArguments<Obedient, std::string>);
static_assert(!ProcessArguments<Obedient, int>);

using OrderScript = testing::Script<Order, Note>;
using OrderTester = testing::OperatorTester<Order, Note>;

template <class F, class... Arguments>
std::shared_ptr<const OperatorFactory> process_factory(Arguments... arguments) {
  auto extractor =
      std::make_shared<const detail::FunctionKeyExtractor<int64_t, Order, int64_t Order::*>>(&Order::key);
  return std::make_shared<detail::ProcessFactory<int64_t, Order, F, Arguments...>>(extractor, arguments...);
}

const testing::TesterOptions<Order> kByKey{.key = &Order::key};

std::string run(const OrderScript& script, testing::TestStore store = testing::TestStore::kWorkerStore) {
  return testing::run_all_modes(process_factory<Obedient>(std::string("hello")), script,
                                {.key = &Order::key, .store = store});
}

}  // namespace

TEST_CASE("C40 a timer fires with its own key's state, and not when it was deleted") {
  OrderScript script;
  script.record({17, "count"}, at(0))
      .record({17, "set", 6}, at(0))
      .record({13, "set", 6}, at(1))
      .watermark(at(1));
  script.record({13, "delete", 6}, at(2)).record({42, "set", 7}, at(2));
  script.watermark(at(6)).expect({17, "timer", 2, 6}, at(6));
  script.watermark(at(7)).expect({42, "timer", 1, 7}, at(7));
  script.watermark(kMaxTimestamp);
  CHECK(run(script) == "");
}

TEST_CASE("C39 timers of a watermark fire before it goes on, in the order of time, knowing it already") {
  OrderScript script;
  script.record({18, "set", 6}, at(42)).record({17, "set", 5}, at(42)).record({19, "set", 9}, at(42));
  script.watermark(at(5)).expect({17, "timer", 1, 5}, at(5));
  script.watermark(at(10)).expect({18, "timer", 1, 10}, at(6)).expect({19, "timer", 1, 10}, at(9));
  CHECK(run(script) == "");
}

TEST_CASE("Equal timers are one, deletion is exact and may be repeated") {
  OrderScript script;
  script.record({1, "set", 5}, at(0))
      .record({1, "set", 5}, at(0))
      .record({1, "set", 6}, at(0))
      .record({1, "set", 7}, at(0));
  script.record({1, "delete", 6}, at(0)).record({1, "delete", 6}, at(0)).record({2, "delete", 5}, at(0));
  script.watermark(at(10)).expect({1, "timer", 6, 10}, at(5)).expect({1, "timer", 6, 10}, at(7));
  script.record({1, "set", 20}, at(11)).record({1, "delete", 20}, at(11)).record({1, "set", 20}, at(11));
  script.watermark(at(30)).expect({1, "timer", 9, 30}, at(20));
  CHECK(run(script) == "");
}

TEST_CASE("A timer that is deleted and set again after a checkpoint fires once") {
  OrderScript script;
  script.record({1, "set", 20}, at(1)).restart();
  script.record({1, "delete", 20}, at(2)).record({1, "set", 20}, at(3)).restart();
  script.watermark(at(30)).expect({1, "timer", 3, 30}, at(20));
  script.restart().watermark(at(40));
  CHECK(run(script) == "");
}

TEST_CASE("A timer that a timer sets at or before the watermark fires in the same pass") {
  OrderScript script;
  script.record({1, "echo", 8}, at(0)).record({1, "set", 5}, at(0)).record({2, "set", 9}, at(0));
  script.record({3, "echo", 1}, at(0))
      .record({3, "set", 6}, at(0))
      .record({4, "echo", 50}, at(0))
      .record({4, "set", 7}, at(0));
  script.watermark(at(10))
      .expect({1, "timer", 2, 10}, at(5))
      .expect({3, "timer", 2, 10}, at(6))
      .expect({3, "timer", 2, 10}, at(1))  // set in the past: next in line
      .expect({4, "timer", 2, 10}, at(7))
      .expect({1, "timer", 2, 10}, at(8))
      .expect({2, "timer", 1, 10}, at(9));
  script.watermark(at(50)).expect({4, "timer", 2, 50}, at(50));
  CHECK(run(script) == "");
}

TEST_CASE("A timer that a record sets at or before the watermark waits for the next watermark") {
  OrderScript script;
  script.watermark(at(10)).record({1, "set", 5}, at(11)).record({1, "set", 10}, at(11));
  script.watermark(at(11)).expect({1, "timer", 2, 11}, at(5)).expect({1, "timer", 2, 11}, at(10));
  CHECK(run(script) == "");
}

TEST_CASE("Results take the record's time unless they are given another") {
  OrderScript script;
  script.record({1, "greet"}, at(77)).expect({1, "hello", 1, to_millis(kMinTimestamp)}, at(77));
  script.batch({{{1, "ahead", 99}, at(78)}, {{2, "greet"}, at(79)}})
      .expect({1, "ahead", 0, 0}, at(99))
      .expect({2, "hello", 1, to_millis(kMinTimestamp)}, at(79));
  CHECK(run(script) == "");
}

TEST_CASE("State belongs to its key and can be cleared") {
  OrderScript script;
  const int64_t none = to_millis(kMinTimestamp);
  script.record({1, "greet"}, at(1)).expect({1, "hello", 1, none}, at(1));
  script.record({2, "greet"}, at(2)).expect({2, "hello", 1, none}, at(2));
  script.record({1, "greet"}, at(3)).expect({1, "hello", 2, none}, at(3));
  script.record({1, "forget"}, at(4)).record({1, "greet"}, at(5)).expect({1, "hello", 1, none}, at(5));
  CHECK(run(script) == "");
  OrderTester tester(process_factory<Obedient>(std::string("hello")), kByKey);
  tester.push({1, "count"}, at(1));
  tester.save();
  CHECK(tester.state_entries() == 1);
  tester.push({1, "forget"}, at(1));
  tester.save();
  CHECK(tester.state_entries() == 0);
}

TEST_CASE("Processing timers follow the clock, apart from event timers of the same time") {
  OrderScript script;
  script.processing_time(at(0));
  script.record({1, "set clock", 5}, at(100))
      .record({1, "set clock", 5}, at(100))
      .record({1, "set", 5}, at(100));
  script.record({2, "set clock", 7}, at(100))
      .record({3, "set clock", 6}, at(100))
      .record({3, "delete clock", 6}, at(100));
  script.record({4, "echo", 6}, at(100)).record({4, "set clock", 4}, at(100));
  const int64_t none = to_millis(kMinTimestamp);
  script.processing_time(at(4)).expect({4, "clock", 2, none}, at(4));
  script.processing_time(at(6)).expect({1, "clock", 3, none}, at(5)).expect({4, "clock", 2, none}, at(6));
  script.watermark(at(5)).expect({1, "timer", 3, 5}, at(5));
  script.processing_time(at(100)).expect({2, "clock", 1, 5}, at(7));
  script.watermark(kMaxTimestamp);
  CHECK(run(script) == "");
}

TEST_CASE("The operator says when it wants the clock") {
  OrderTester tester(process_factory<Obedient>(std::string("hello")), kByKey);
  auto& timed = dynamic_cast<ProcessingTimeOperator&>(tester.op());
  CHECK(timed.next_deadline() == kMaxTimestamp);
  tester.push({1, "set clock", 70}, at(0));
  tester.push({1, "set clock", 50}, at(0));
  CHECK(timed.next_deadline() == at(50));
  tester.processing_time(at(50));
  CHECK(timed.next_deadline() == at(70));
}

TEST_CASE("Timers give the thread back after a bounded amount of work and lose nothing") {
  OrderTester tester(process_factory<Obedient>(std::string("hello")), kByKey);
  constexpr int64_t kTimers = 5000;
  for (int64_t i = 0; i < kTimers; ++i) tester.push({i, "set", i}, at(0));
  tester.watermark(at(kTimers / 2 - 1));
  CHECK(tester.yields() >= kTimers / 2 / 1100);
  CHECK(tester.take().size() == kTimers / 2);
  tester.watermark(kMaxTimestamp);
  CHECK(tester.take().size() == kTimers / 2);
}

TEST_CASE("A record may have any number of results, in batches that are not too large") {
  OrderTester tester(process_factory<Obedient>(std::string("hello")), kByKey);
  tester.push({1, "many", 5000}, at(3));
  const auto notes = tester.take();
  REQUIRE(notes.size() == 5000);
  for (int64_t i = 0; i < 5000; ++i) REQUIRE(notes[i].value.count == i);
}

namespace {

class NoCallbacks {
 public:
  using Output = Note;
  explicit NoCallbacks(StateStore&) {}
  void on_event(const Order& order, Context<int64_t, Note>& context) {
    if (order.what == "set") context.set_event_timer(at(order.time));
    if (order.what == "set clock") context.set_processing_timer(at(order.time));
  }
};

class WrongTimer : public NoCallbacks {
 public:
  using NoCallbacks::NoCallbacks;
  void on_timer(int64_t, Context<int64_t, Note>&) {}
};
static_assert(ProcessFunction<NoCallbacks, int64_t, Order>);
static_assert(std::is_convertible_v<int64_t, Timestamp> || !ProcessFunction<WrongTimer, int64_t, Order>);

class ThrowingTimer : public NoCallbacks {
 public:
  using NoCallbacks::NoCallbacks;
  void on_timer(Timestamp, Context<int64_t, Note>&) {
    throw OperatorError(absl::NotFoundError("nobody home"));
  }
};

}  // namespace

TEST_CASE("A timer without a callback is an error, not silence") {
  OrderTester tester(process_factory<NoCallbacks>(), kByKey);
  tester.push({1, "nothing"}, at(1));
  CHECK_THROWS_WITH(tester.push({1, "set", 5}, at(1)), Catch::Contains("has no on_timer(weir::Timestamp"));
  CHECK_THROWS_WITH(tester.push({1, "set clock", 5}, at(1)), Catch::Contains("has no on_processing_timer("));
}

TEST_CASE("An exception of a process function becomes an error with its place and key") {
  OrderTester tester(process_factory<Obedient>(std::string("hello")), kByKey);
  CHECK_THROWS_WITH(tester.push({{{1, "greet"}, at(1)}, {{2, "throw"}, at(8)}}),
                    "on_event failed at time 8 key 2: no such order");
  OrderTester timer(process_factory<ThrowingTimer>(), kByKey);
  timer.push({3, "set", 5}, at(1));
  try {
    timer.watermark(at(5));
    FAIL("it did not throw");
  } catch (const OperatorError& error) {
    CHECK(error.status() == absl::NotFoundError("on_timer failed at time 5 key 3: nobody home"));
  }
}

TEST_CASE("Random timers fire as a sorted set would") {
  for (uint64_t round = 0; round < 25; ++round) {
    std::mt19937_64 random(seed() + round);
    OrderScript script;
    std::set<std::pair<int64_t, int64_t>> timers;  // (time, key)
    std::map<int64_t, int64_t> counts;
    int64_t watermark = -1;
    for (int step = 0; step < 80; ++step) {
      const auto key = static_cast<int64_t>(random() % 5);
      const int64_t time = watermark - 3 + static_cast<int64_t>(random() % 20);
      switch (random() % 4) {
        case 0: {
          watermark += 1 + static_cast<int64_t>(random() % 8);
          script.watermark(at(watermark));
          while (!timers.empty() && timers.begin()->first <= watermark) {
            const auto [due, of] = *timers.begin();
            timers.erase(timers.begin());
            script.expect({of, "timer", counts[of], watermark}, at(due));
          }
          break;
        }
        case 1:
          script.record({key, "delete", time}, at(time));
          timers.erase({time, key}), ++counts[key];
          break;
        default:
          script.record({key, "set", time}, at(time));
          timers.insert({time, key}), ++counts[key];
          break;
      }
    }
    INFO("seed " << seed() + round);
    REQUIRE(run(script, round < 3 ? testing::TestStore::kWorkerStore : testing::TestStore::kMemory) == "");
  }
}

}  // namespace weir::test
