// The harness must find what is wrong: each operator here breaks one rule that the modes are for.

#include "runtime/testing/bench_store.h"
#include "tests/support/catch.h"
#include "weir/detail/coding.h"
#include "weir/detail/keyed_table.h"
#include "weir/testing.h"
#include "weir/window.h"

namespace weir::test {
namespace {

Timestamp at(int64_t millis) { return from_millis(millis); }

/// Numbers each record; what it breaks is chosen.
enum class Fault { kNone, kForgetsOnRestart, kCountsBatches, kOrdersByBatch, kThrows, kWrongTime };

class Numbering final : public Operator {
 public:
  Numbering(Fault fault, const OperatorContext& context) : fault_(fault) {
    if (fault_ == Fault::kForgetsOnRestart) return;
    for (const std::string& saved : context.restored) next_ = detail::ByteReader(saved).fixed<int64_t>();
  }
  void on_batch(int, BatchPtr base, Output& output) override {
    auto& batch = static_cast<Batch<int64_t>&>(*base);
    if (fault_ == Fault::kThrows) throw OperatorError(absl::InternalError("broken"));
    for (int64_t& value : batch.values) value = next_++;
    if (fault_ == Fault::kCountsBatches) next_ -= static_cast<int64_t>(batch.size()) - 1;
    if (fault_ == Fault::kOrdersByBatch) std::swap(batch.values.front(), batch.values.back());
    if (fault_ == Fault::kWrongTime) batch.times.front() = at(0);
    output.emit(0, std::move(base));
  }
  std::string save() override {
    std::string bytes;
    detail::put_fixed(bytes, next_);
    return bytes;
  }

 private:
  Fault fault_;
  int64_t next_ = 0;
};

class NumberingFactory final : public OperatorFactory {
 public:
  explicit NumberingFactory(Fault fault) : fault_(fault) {}
  std::unique_ptr<Operator> make(OperatorContext context) const override {
    return std::make_unique<Numbering>(fault_, context);
  }

 private:
  Fault fault_;
};

std::string run(Fault fault) {
  testing::Script<int64_t, int64_t> script;
  script.record(0, at(10)).expect(0, at(10));
  script.record(0, at(11)).expect(1, at(11));
  script.watermark(at(5));
  script.record(0, at(12)).expect(2, at(12));
  return testing::run_all_modes(std::make_shared<NumberingFactory>(fault), script);
}

}  // namespace

TEST_CASE("A correct operator passes in every mode") { CHECK(run(Fault::kNone) == ""); }

TEST_CASE("The modes find state that does not survive a restart, and name the mode") {
  const std::string wrong = run(Fault::kForgetsOnRestart);
  CHECK_THAT(wrong, Catch::Contains("restart between any two steps"));
  CHECK_THAT(wrong, Catch::Contains("expected: 1 @11") && Catch::Contains("     got: 0 @11"));
}

TEST_CASE("The modes find results that depend on the batches") {
  CHECK_THAT(run(Fault::kCountsBatches), Catch::Contains("adjacent batches joined"));
  CHECK_THAT(run(Fault::kOrdersByBatch), Catch::Contains("adjacent batches joined"));
}

TEST_CASE("The modes find wrong times and exceptions") {
  CHECK_THAT(run(Fault::kWrongTime), Catch::Contains("0 @0"));
  CHECK_THAT(run(Fault::kThrows), Catch::Contains("action 0 threw: broken"));
}

TEST_CASE("A tester shows watermarks between records in its transcript") {
  testing::OperatorTester<int64_t, int64_t> tester(std::make_shared<NumberingFactory>(Fault::kNone));
  tester.push(0, at(1));
  tester.watermark(at(7));
  tester.restart();
  tester.push({{0, at(2)}, {0, at(3)}});
  tester.processing_time(at(9));
  tester.watermark(kMaxTimestamp);
  CHECK(tester.transcript() == std::vector<std::string>{"0 @1", "W(7)", "1 @2", "2 @3", "P(9)", "W(+inf)"});
  CHECK(tester.take() == std::vector<testing::Timed<int64_t>>{{0, at(1)}, {1, at(2)}, {2, at(3)}});
  CHECK(tester.take().empty());
  CHECK_THROWS_AS(tester.restore("no such bytes"), OperatorError);
}

TEST_CASE("Every kind of store moves state out of memory when it is told to, and finds it again") {
  using MakeStores = std::unique_ptr<BenchStores> (*)();
  for (const MakeStores stores :
       {MakeStores{&memory_bench_stores}, MakeStores{[] { return worker_bench_stores(128); }}}) {
    const auto kept = stores();
    std::string saved;
    {
      const auto store = kept->make("");
      const uint16_t state =
          store->backend().declare({"window", detail::KeyLayout::kSliced, "i64", "i64", ""});
      detail::KeyedTable<int64_t, int64_t> table({.backend = &store->backend(),
                                                  .state = state,
                                                  .layout = detail::KeyLayout::kSliced,
                                                  .key_groups = 128});
      for (int64_t key = 0; key < 100; ++key) table.upsert(key, detail::hash_key(key)) = key * 2;
      store->evict();
      CHECK(table.size_in_memory() == 0);
      CHECK(*table.find(7, detail::hash_key(int64_t{7})) == 14);
      saved = store->save();
    }
    const auto store = kept->make(saved);
    const uint16_t state = store->backend().declare({"window", detail::KeyLayout::kSliced, "i64", "i64", ""});
    CHECK(store->backend().may_hold(state));
    CHECK(detail::stored_slices(store->backend(), state) == std::vector<int64_t>{0});
  }
}

TEST_CASE("Values are printed so that different ones differ") {
  using detail::describe_value;
  CHECK(describe_value(std::string("plain")) == "plain");
  CHECK(describe_value(0.1) == "0.1");
  CHECK(describe_value(uint8_t{65}) == "65");
  CHECK(describe_value(std::optional<int>()) == "none");
  CHECK(describe_value(std::vector<std::string>{"a, b", "c"}) == "[\"a, b\", \"c\"]");
  CHECK(describe_value(std::pair(1, true)) == "(1 true)");
  CHECK(describe_value(Window{at(1), at(2)}) == "{start: 1, end: 2}");
  CHECK(describe_value(at(5)) == "5");
}

}  // namespace weir::test
