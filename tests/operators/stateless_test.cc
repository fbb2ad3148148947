#include "weir/detail/stateless_operators.h"

#include "tests/support/catch.h"
#include "weir/testing.h"

namespace weir::test {
namespace {

Timestamp at(int64_t millis) { return from_millis(millis); }

template <class T, class U, class F>
std::shared_ptr<const OperatorFactory> map_factory(F function) {
  return std::make_shared<detail::MapFactory<T, U, F>>(std::move(function));
}
template <class T, class F>
std::shared_ptr<const OperatorFactory> filter_factory(F function) {
  return std::make_shared<detail::FilterFactory<T, F>>(std::move(function));
}
template <class T, class U, class F>
std::shared_ptr<const OperatorFactory> flat_map_factory(F function) {
  return std::make_shared<detail::FlatMapFactory<T, U, F>>(std::move(function));
}

/// Keeps what is emitted.
class Kept final : public Output {
 public:
  void emit(int, BatchPtr batch) override { batches.push_back(std::move(batch)); }
  template <class T>
  Batch<T>& only() {
    REQUIRE(batches.size() == 1);
    return dynamic_cast<Batch<T>&>(*batches.front());
  }
  std::vector<BatchPtr> batches;
};

const SplitName kSplit = "trades/3";

/// Records 0 … count - 1 as a source gives them, and as key_by leaves them.
std::unique_ptr<Batch<int>> source_batch(int count) {
  auto batch = std::make_unique<Batch<int>>();
  for (int i = 0; i < count; ++i) {
    batch->push_back(i, at(i * 10));
    batch->offsets.push_back(100 + i);
    batch->hashes.push_back(1000 + static_cast<uint64_t>(i));
  }
  batch->split = &kSplit;
  return batch;
}

std::unique_ptr<Operator> make(const std::shared_ptr<const OperatorFactory>& factory) {
  return factory->make(OperatorContext{.id = Id("test"), .clock = system_clock()});
}

}  // namespace

TEST_CASE("map keeps times and positions, and the batch itself when the type stays") {
  Kept kept;
  auto batch = source_batch(5);
  const int* const values = batch->values.data();
  make(map_factory<int, int>([](const int& i) { return i * 2; }))->on_batch(0, std::move(batch), kept);
  auto& same = kept.only<int>();
  CHECK(same.values == std::vector<int>{0, 2, 4, 6, 8});
  CHECK(same.values.data() == values);
  CHECK(same.times[4] == at(40));
  CHECK(same.offsets[4] == 104);
  CHECK(same.split == &kSplit);
  CHECK(same.hashes.empty());

  Kept other;
  make(map_factory<int, std::string>([](const int& i) {
    return std::to_string(i);
  }))->on_batch(0, source_batch(3), other);
  auto& text = other.only<std::string>();
  CHECK(text.values == std::vector<std::string>{"0", "1", "2"});
  CHECK(text.times == std::vector<Timestamp>{at(0), at(10), at(20)});
  CHECK(text.offsets == std::vector<int64_t>{100, 101, 102});
  CHECK(text.split == &kSplit);
}

TEST_CASE("filter keeps all columns of the records that stay") {
  for (const int modulus : {1, 2, 3, 7}) {
    for (const int rest : {0, 1, 6}) {
      Kept kept;
      make(filter_factory<int>([=](const int& i) {
        return i % modulus == rest;
      }))->on_batch(0, source_batch(20), kept);
      std::vector<int> expected;
      for (int i = 0; i < 20; ++i)
        if (i % modulus == rest) expected.push_back(i);
      if (expected.empty()) {
        CHECK(kept.batches.empty());
        continue;
      }
      auto& batch = kept.only<int>();
      CHECK(batch.values == expected);
      REQUIRE(batch.times.size() == expected.size());
      REQUIRE(batch.hashes.size() == expected.size());
      REQUIRE(batch.offsets.size() == expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        CHECK(batch.times[i] == at(expected[i] * 10));
        CHECK(batch.hashes[i] == 1000 + static_cast<uint64_t>(expected[i]));
        CHECK(batch.offsets[i] == 100 + expected[i]);
      }
      CHECK(batch.split == &kSplit);
    }
  }
}

TEST_CASE("flat_map gives any number of results, with the record's time or their own, in full batches") {
  Kept kept;
  auto op = make(flat_map_factory<int, std::string>([](const int& i, Collector<std::string>& out) {
    for (int n = 0; n < i; ++n) out.emit(std::to_string(i));
    if (i == 2) out.emit("own", at(-1));
  }));
  op->on_batch(0, source_batch(3), kept);
  auto& batch = kept.only<std::string>();
  CHECK(batch.values == std::vector<std::string>{"1", "2", "2", "own"});
  CHECK(batch.times == std::vector<Timestamp>{at(10), at(20), at(20), at(-1)});
  CHECK(batch.offsets.empty());
  CHECK(batch.hashes.empty());

  Kept many;
  make(flat_map_factory<int, int>([](const int& i, Collector<int>& out) {
    for (int n = 0; n < 1000; ++n) out.emit(i * 1000 + n);
  }))->on_batch(0, source_batch(5), many);
  int next = 0;
  for (const BatchPtr& part : many.batches) {
    CHECK(part->size() <= kMaxBatchSize);
    for (const int value : static_cast<Batch<int>&>(*part).values) REQUIRE(value == next++);
  }
  CHECK(next == 5000);
  Kept nothing;
  make(flat_map_factory<int, int>([](const int&, Collector<int>&) {}))->on_batch(0, source_batch(5), nothing);
  CHECK(nothing.batches.empty());
}

TEST_CASE("An exception of a function becomes an error with the record's position") {
  Kept kept;
  const auto fail_at = [](int bad) {
    return [bad](const int& i) {
      if (i == bad) throw std::runtime_error("bad luck");
      return true;
    };
  };
  CHECK_THROWS_WITH((make(map_factory<int, bool>(fail_at(3)))->on_batch(0, source_batch(5), kept)),
                    "map's function failed at trades/3 offset 103: bad luck");
  CHECK_THROWS_WITH((make(map_factory<int, int>([f = fail_at(2)](const int& i) {
                       return f(i) ? 1 : 0;
                     }))->on_batch(0, source_batch(5), kept)),
                    "map's function failed at trades/3 offset 102: bad luck");
  CHECK_THROWS_WITH(make(filter_factory<int>(fail_at(0)))->on_batch(0, source_batch(5), kept),
                    "filter's predicate failed at trades/3 offset 100: bad luck");
  const auto drop_odd_then_fail = [](const int& i) {
    if (i == 4) throw 7;
    return i % 2 == 0;
  };
  CHECK_THROWS_WITH(make(filter_factory<int>(drop_odd_then_fail))->on_batch(0, source_batch(5), kept),
                    "filter's predicate failed at trades/3 offset 104: not a std::exception");
  auto exchanged = source_batch(5);
  exchanged->split = nullptr;
  exchanged->offsets.clear();
  CHECK_THROWS_WITH((make(flat_map_factory<int, int>([](const int&, Collector<int>&) {
                       throw OperatorError(absl::DataLossError("torn"));
                     }))->on_batch(0, std::move(exchanged), kept)),
                    "flat_map's function failed at time 0: torn");
  CHECK(kept.batches.empty());
}

TEST_CASE("Each worker has its own copy of a function") {
  const auto factory = map_factory<int, int>([n = 0](const int&) mutable { return n++; });
  Kept first;
  Kept second;
  make(factory)->on_batch(0, source_batch(2), first);
  make(factory)->on_batch(0, source_batch(2), second);
  CHECK(first.only<int>().values == std::vector<int>{0, 1});
  CHECK(second.only<int>().values == std::vector<int>{0, 1});
}

TEST_CASE("Stateless operators pass every mode") {
  testing::Script<int, int> script;
  for (int i = 0; i < 10; ++i) {
    script.record(i, at(i));
    if (i % 2 == 0) script.expect(i, at(i));
    if (i == 5) script.watermark(at(3));
  }
  CHECK(testing::run_all_modes(filter_factory<int>([](const int& i) { return i % 2 == 0; }), script) == "");
}

}  // namespace weir::test
