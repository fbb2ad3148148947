#include "runtime/execution/task.h"

#include "tests/support/catch.h"

using namespace weir;

namespace {

/// Sums what it sees; fires its sum at each watermark, a few outputs at a time.
class Summing final : public Operator {
 public:
  explicit Summing(int firing_steps = 1) : steps_(firing_steps) {}
  void on_batch(int, BatchPtr batch, Output&) override {
    for (const int64_t v : static_cast<Batch<int64_t>&>(*batch).values) {
      if (v < 0) throw std::runtime_error("negative");
      sum_ += v;
    }
  }
  bool on_watermark(Timestamp watermark, Output& output) override {
    auto batch = std::make_unique<Batch<int64_t>>();
    batch->push_back(sum_, watermark);
    output.emit(0, std::move(batch));
    return ++step_ % steps_ == 0;
  }
  std::string save() override { return std::to_string(sum_); }

 private:
  int steps_;
  int step_ = 0;
  int64_t sum_ = 0;
};

class Host final : public TaskHost {
 public:
  void snapshot(Task& task, Epoch epoch) override {
    saved.emplace_back(epoch.number, task.slots()[0].op->save());
  }
  void finished(Task&) override { is_finished = true; }
  bool hold_sources() const override { return false; }
  std::vector<std::pair<uint64_t, std::string>> saved;
  bool is_finished = false;
};

/// A task with one operator, n input channels and one output channel.
struct Bench {
  explicit Bench(int inputs, size_t capacity = 16, int firing_steps = 1, Timestamp restored = kMinTimestamp) {
    node.id = "sum";
    std::vector<Task::Slot> slots(1);
    slots[0].node = &node;
    slots[0].op = std::make_unique<Summing>(firing_steps);
    slots[0].counters = &counters;
    slots[0].ports = {{{-1, 0, 0}}};
    std::vector<Task::Input> ends;
    for (int i = 0; i < inputs; ++i) {
      in.push_back(std::make_unique<Channel>(16));
      ends.push_back({in.back().get(), &signal, 0});
    }
    std::vector<std::unique_ptr<ChannelWriter>> writers;
    out = std::make_unique<Channel>(capacity);
    writers.push_back(
        std::make_unique<ChannelWriter>(nullptr, std::vector<ChannelWriter::Outlet>{{out.get(), &signal}}));
    task = std::make_unique<Task>("sum", TaskOptions{.clock = system_clock(), .restored_watermark = restored},
                                  host, nullptr, std::move(slots), std::move(ends), std::move(writers));
  }
  void give(int input, Item item) { REQUIRE(in[input]->push(item)); }
  void give(int input, int64_t value) {
    auto batch = std::make_unique<Batch<int64_t>>();
    batch->push_back(value, from_millis(0));
    give(input, Item::of(std::move(batch)));
  }
  void run() {
    while (task->step()) {
    }
  }
  /// What came out: "5@1" a record, "W1", "I" idle, "A" active, "B2" barrier, "E" end.
  std::string taken() {
    std::string text;
    for (Item item; out->pop(item);) {
      if (!text.empty()) text += ' ';
      switch (item.kind) {
        case Item::Kind::kBatch: {
          auto& batch = static_cast<Batch<int64_t>&>(*item.batch);
          text += std::to_string(batch.values[0]) + "@" + std::to_string(to_millis(batch.times[0]));
          break;
        }
        case Item::Kind::kWatermark: text += "W" + std::to_string(to_millis(item.time)); break;
        case Item::Kind::kIdle: text += "I"; break;
        case Item::Kind::kActive: text += "A"; break;
        case Item::Kind::kBarrier: text += "B" + std::to_string(item.epoch.number); break;
        case Item::Kind::kEnd: text += "E"; break;
      }
      task->step();
    }
    return text;
  }

  detail::Node node;
  SlotCounters counters;
  Signal signal{[] {}};
  Host host;
  std::vector<std::unique_ptr<Channel>> in;
  std::unique_ptr<Channel> out;
  std::unique_ptr<Task> task;
};

}  // namespace

TEST_CASE(
    "C47 data behind a barrier waits until the barrier has come on all inputs; data before it belongs to the "
    "snapshot") {
  Bench bench(3);
  bench.give(1, Item::barrier(Epoch{1}));
  bench.give(1, 100);
  bench.give(2, Item::barrier(Epoch{1}));
  bench.give(0, 7);
  bench.run();
  REQUIRE(bench.host.saved.empty());
  bench.give(0, Item::barrier(Epoch{1}));
  bench.run();
  REQUIRE(bench.host.saved == std::vector<std::pair<uint64_t, std::string>>{{1, "7"}});
  REQUIRE(bench.taken() == "B1");
  bench.give(0, Item::barrier(Epoch{2}));
  bench.give(1, Item::barrier(Epoch{2}));
  bench.give(2, Item::barrier(Epoch{2}));
  bench.run();
  REQUIRE(bench.host.saved.back() == std::pair<uint64_t, std::string>{2, "107"});
}

TEST_CASE(
    "C50 an ended input counts as having given its barrier, and its watermark no longer holds the others "
    "back") {
  Bench bench(2);
  bench.give(0, 5);
  bench.give(0, Item::end());
  bench.give(1, Item::watermark(from_millis(10)));
  bench.give(1, Item::barrier(Epoch{3}));
  bench.run();
  REQUIRE(bench.host.saved.size() == 1);
  REQUIRE(bench.taken() == "5@10 W10 B3");
  REQUIRE_FALSE(bench.host.is_finished);
  bench.give(1, Item::end());
  bench.run();
  REQUIRE(bench.host.is_finished);
  REQUIRE(bench.taken() == "5@" + std::to_string(INT64_MAX) + " W" + std::to_string(INT64_MAX) + " E");
}

TEST_CASE("the watermark is the smallest of the active inputs and idleness passes through") {
  Bench bench(2);
  bench.give(0, Item::watermark(from_millis(20)));
  bench.run();
  REQUIRE(bench.taken() == "");
  bench.give(1, Item::idle());
  bench.run();
  REQUIRE(bench.taken() == "0@20 W20");
  bench.give(0, Item::idle());
  bench.run();
  REQUIRE(bench.taken() == "I");
  bench.give(1, 1);
  bench.run();
  REQUIRE(bench.taken() == "A");
}

TEST_CASE("a long firing gives the thread back, and nothing passes it") {
  Bench bench(1, 16, 3);
  bench.give(0, Item::watermark(from_millis(5)));
  bench.give(0, Item::barrier(Epoch{1}));
  REQUIRE(bench.task->step());
  REQUIRE(bench.host.saved.empty());
  bench.run();
  REQUIRE(bench.taken() == "0@5 0@5 0@5 W5 B1");
}

TEST_CASE("with a full output channel of capacity 1 the task takes nothing and loses nothing") {
  Bench bench(1, 1, 2);
  for (int i = 1; i <= 3; ++i) {
    bench.give(0, i);
    bench.give(0, Item::watermark(from_millis(i)));
  }
  bench.give(0, Item::end());
  bench.run();
  REQUIRE_FALSE(bench.in[0]->empty());
  std::string text;
  for (int i = 0; i < 40; ++i) {
    bench.run();
    const std::string taken = bench.taken();
    if (!taken.empty()) text += taken + " ";
  }
  REQUIRE(
      text ==
      "1@1 1@1 W1 3@2 3@2 W2 6@3 6@3 W3 6@9223372036854775807 6@9223372036854775807 W9223372036854775807 E ");
}

TEST_CASE("a restored task announces its watermark, and lower ones change nothing") {
  Bench bench(1, 16, 1, from_millis(50));
  bench.run();
  REQUIRE(bench.taken() == "W50");
  bench.give(0, Item::watermark(from_millis(40)));
  bench.run();
  REQUIRE(bench.taken() == "");
  bench.give(0, Item::watermark(from_millis(60)));
  bench.run();
  REQUIRE(bench.taken() == "0@60 W60");
}

TEST_CASE("an exception of user code becomes a failure that names the operator") {
  Bench bench(1);
  bench.give(0, -1);
  REQUIRE_THROWS_WITH(bench.run(), Catch::Matchers::Contains("sum") && Catch::Matchers::Contains("negative"));
}
