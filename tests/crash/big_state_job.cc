// Keyed counts over more keys than the memory budget holds: each key comes kRounds times, and every second
// time its count is written. Killed and started again by big_state_test.cc.

#include <algorithm>
#include <string>

#include "weir/file.h"
#include "weir/generator.h"
#include "weir/weir.h"

namespace weir::test {

struct Event {
  std::string key;
  int64_t weight = 0;
};
BOOST_DESCRIBE_STRUCT(Event, (), (key, weight))

struct KeyCount {
  std::string key;
  int64_t count = 0;
  int64_t sum = 0;
};
BOOST_DESCRIBE_STRUCT(KeyCount, (), (key, count, sum))

class Counter {
 public:
  using Output = KeyCount;
  explicit Counter(StateStore& state)
      : count_(state.value<int64_t>("count")), sum_(state.value<int64_t>("sum")) {}
  void on_event(const Event& event, Context<std::string, KeyCount>& context) {
    const int64_t count = ++count_.get_or_create();
    const int64_t sum = sum_.get_or_create() += event.weight;
    if (count % 2 == 0) context.emit({event.key, count, sum});
  }

 private:
  ValueState<int64_t> count_;
  ValueState<int64_t> sum_;
};

void big_state(Pipeline& pipeline, Arguments& args) {
  const int64_t keys = args.get("keys", 100'000, "number of keys");
  const int64_t rounds = args.get("rounds", 4, "how often each key comes");
  const double rate = args.get("rate", 0.0, "records a second");
  const std::string output = args.get("output", "", "folder of the results");
  pipeline
      .from("events",
            generator<Event>({.make =
                                  [keys](uint64_t i) {
                                    const auto n = static_cast<int64_t>(i);
                                    // Every round meets the keys in another order; the weight is the key's
                                    // own, since rounds may overtake each other between splits.
                                    const int64_t key = (n * 48'271 + n / keys) % keys;
                                    return Event{"key-of-some-length-" + std::to_string(key), key % 7 + 1};
                                  },
                              .count = static_cast<uint64_t>(keys * rounds),
                              .rate = rate,
                              .splits = 2}))
      .key_by(&Event::key)
      .process<Counter>("counter")
      .to("counts", file_sink<KeyCount>({.directory = output}));
}

}  // namespace weir::test

int main(int argc, char** argv) { return weir::run_main(argc, argv, "big-state", weir::test::big_state); }
