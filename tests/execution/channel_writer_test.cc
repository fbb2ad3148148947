#include "runtime/exchange/channel_writer.h"

#include "tests/support/catch.h"

using namespace weir;
using namespace weir::detail;

namespace {

BatchPtr numbers(int64_t from, int64_t count) {
  auto batch = std::make_unique<Batch<int64_t>>();
  for (int64_t i = from; i < from + count; ++i) batch->push_back(i, from_millis(i));
  return batch;
}

auto by_itself() {
  const auto same = [](const int64_t& v) -> const int64_t& { return v; };
  return std::make_shared<const FunctionKeyExtractor<int64_t, int64_t, decltype(same)>>(same);
}

}  // namespace

TEST_CASE("C63 the worker of key group g is g * P / M") {
  for (int workers : {1, 2, 3, 7})
    for (uint32_t groups : {7U, 128U, 1024U})
      for (uint32_t g = 0; g < groups; ++g)
        REQUIRE(worker_of_group(g, groups, workers) == static_cast<int>(g * workers / groups));
}

TEST_CASE(
    "a partitioner sends each record with its hash to the worker of its key group, and keeps order per key") {
  const int workers = 3;
  KeyPartitioner<int64_t, int64_t> partitioner(by_itself(), {workers, 1024, 8});
  std::vector<std::vector<int64_t>> seen(workers);
  const auto send = [&](int worker, BatchPtr base) {
    auto& batch = static_cast<Batch<int64_t>&>(*base);
    REQUIRE(batch.size() <= 8);
    for (size_t i = 0; i < batch.size(); ++i) {
      REQUIRE(batch.hashes[i] == hash_key(batch.values[i]));
      REQUIRE(worker_of_group(batch.hashes[i] % 1024, 1024, workers) == worker);
      REQUIRE(batch.times[i] == from_millis(batch.values[i]));
      seen[worker].push_back(batch.values[i]);
    }
  };
  for (int64_t from = 0; from < 100; from += 10) partitioner.scatter(numbers(from, 10), send);
  partitioner.flush(send);
  size_t total = 0;
  for (const auto& values : seen) {
    REQUIRE(std::is_sorted(values.begin(), values.end()));
    REQUIRE_FALSE(values.empty());
    total += values.size();
  }
  REQUIRE(total == 100);
}

TEST_CASE("what finds no room waits in order in front of the channel, also watermarks and barriers") {
  Channel channel(1);
  int woken = 0;
  Signal consumer([&] { ++woken; });
  consumer.about_to_sleep();
  ChannelWriter writer(nullptr, {{&channel, &consumer}});
  writer.write(numbers(0, 1));
  REQUIRE(woken == 1);
  writer.broadcast(Item::watermark(from_millis(0)));
  writer.write(numbers(1, 1));
  writer.broadcast(Item::barrier(Epoch{3}));
  REQUIRE_FALSE(writer.drain());
  std::vector<Item::Kind> kinds;
  for (int i = 0; i < 4; ++i) {
    Item item;
    REQUIRE(channel.pop(item));
    kinds.push_back(item.kind);
    REQUIRE(writer.drain() == (i >= 2));
  }
  using Kind = Item::Kind;
  REQUIRE(kinds == std::vector<Kind>{Kind::kBatch, Kind::kWatermark, Kind::kBatch, Kind::kBarrier});
}
