#include "runtime/exchange/channel.h"

#include <thread>

#include "tests/support/catch.h"

using namespace weir;

TEST_CASE("a channel gives items in order and refuses them when it is full") {
  Channel channel(2);
  REQUIRE(channel.empty());
  for (int64_t time : {1, 2}) {
    Item item = Item::watermark(from_millis(time));
    REQUIRE(channel.push(item));
  }
  Item third = Item::watermark(from_millis(3));
  REQUIRE_FALSE(channel.push(third));
  REQUIRE(third.time == from_millis(3));
  REQUIRE(channel.full_for_consumer());
  Item out;
  REQUIRE(channel.pop(out));
  REQUIRE(out.time == from_millis(1));
  REQUIRE_FALSE(channel.full_for_consumer());
  REQUIRE(channel.push(third));
  REQUIRE(channel.pop(out));
  REQUIRE(channel.pop(out));
  REQUIRE(out.time == from_millis(3));
  REQUIRE_FALSE(channel.pop(out));
}

TEST_CASE("two threads hand over every item once and in order through a channel of any capacity") {
  for (const size_t capacity : {1, 2, 7}) {
    Channel channel(capacity);
    constexpr int64_t kItems = 20'000;
    std::thread producer([&] {
      for (int64_t i = 0; i < kItems;) {
        auto batch = std::make_unique<Batch<int64_t>>();
        batch->push_back(i, from_millis(i));
        Item item = Item::of(std::move(batch));
        while (!channel.push(item)) std::this_thread::yield();
        ++i;
      }
    });
    int64_t next = 0;
    bool ordered = true;
    while (next < kItems) {
      Item item;
      if (!channel.pop(item)) {
        std::this_thread::yield();
        continue;
      }
      ordered &= static_cast<Batch<int64_t>&>(*item.batch).values[0] == next++;
    }
    producer.join();
    REQUIRE(ordered);
    REQUIRE(channel.empty());
  }
}
