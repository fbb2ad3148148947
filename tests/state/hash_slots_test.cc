#include "weir/detail/hash_slots.h"

#include <map>
#include <random>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/seed.h"
#include "weir/detail/hash.h"

namespace weir {
namespace {

struct Slot {
  uint64_t hash;
  uint8_t flags;
  uint64_t key;
  std::string value;
};
using Slots = detail::HashSlots<Slot>;

bool keep_all(const Slot&) { return true; }
Slot* find(Slots& slots, uint64_t hash, uint64_t key) {
  return slots.find(hash, [key](const Slot& slot) { return slot.key == key; });
}

void check_equal(Slots& slots, const std::map<uint64_t, std::string>& oracle, uint64_t (*hash)(uint64_t)) {
  REQUIRE(slots.size() == oracle.size());
  for (const auto& [key, value] : oracle) {
    const Slot* slot = find(slots, hash(key), key);
    REQUIRE(slot != nullptr);
    REQUIRE(slot->value == value);
  }
  size_t visited = 0;
  for (uint64_t from = 0;;) {
    Slots::Shard& shard = slots.shard_of(from);
    Slots::for_each(shard, [&](Slot&) { ++visited; });
    from = Slots::end_of(shard);
    if (from == 0) break;
  }
  REQUIRE(visited == oracle.size());
}

void random_operations(uint64_t (*hash)(uint64_t), size_t operations, uint64_t keys) {
  std::mt19937_64 random(test::seed());
  Slots slots;
  std::map<uint64_t, std::string> oracle;
  std::map<uint64_t, std::string> marked;
  for (size_t i = 0; i < operations; ++i) {
    const uint64_t key = random() % keys;
    Slot* slot = find(slots, hash(key), key);
    REQUIRE((slot != nullptr) == (oracle.count(key) > 0));
    switch (random() % 4) {
      case 0:
      case 1:
        if (slot == nullptr) {
          slot = &slots.insert(Slot{hash(key), 1, key, std::to_string(i)}, keep_all);
          oracle[key] = slot->value;
        }
        if (random() % 2 == 0) {
          slots.mark(*slot);
          marked[key] = slot->value;
        }
        break;
      case 2:
        if (slot != nullptr && random() % 2 == 0) {
          slots.erase(*slot);
          oracle.erase(key);
          marked.erase(key);
        }
        break;
      default:
        if (random() % (operations / 8) == 0) {
          std::map<uint64_t, std::string> taken;
          slots.take_marked([](const Slot&) {}, [&](Slot& s) { taken[s.key] = s.value; });
          REQUIRE(taken == marked);
          marked.clear();
          check_equal(slots, oracle, hash);
        }
        if (random() % (operations / 8) == 0) {
          // Throws out the odd keys of one shard.
          slots.shrink(random() % slots.shard_count(), [&](Slot& s) {
            if (s.key % 2 == 0) return true;
            oracle.erase(s.key);
            marked.erase(s.key);
            return false;
          });
        }
    }
  }
  check_equal(slots, oracle, hash);
}

TEST_CASE("an open-addressing table of shards agrees with a map") {
  random_operations([](uint64_t key) { return detail::hash_u64(key); }, 200'000, 40'000);
}

TEST_CASE("colliding hashes make the table slow but not wrong") {
  random_operations([](uint64_t key) { return key % 7; }, 4'000, 300);
  random_operations([](uint64_t key) { return key << 40; }, 20'000, 3'000);
}

TEST_CASE("growth throws out what is not worth keeping instead of taking more memory") {
  Slots slots;
  for (uint64_t key = 0; key < 100'000; ++key)
    slots.insert(Slot{detail::hash_u64(key), 1, key, {}},
                 [key](const Slot& slot) { return slot.key + 100 > key; });
  REQUIRE(slots.size() < 400);
  REQUIRE(slots.memory_bytes() < 64 * 1024);
}

TEST_CASE("no insertion moves more than one shard") {
  Slots slots;
  uint32_t largest = 0;
  for (uint64_t key = 0; key < 200'000; ++key)
    slots.insert(Slot{detail::hash_u64(key), 1, key, {}}, keep_all);
  for (size_t i = 0; i < slots.shard_count(); ++i) largest = std::max(largest, slots.shard(i).capacity);
  REQUIRE(largest <= Slots::kMaxSlots);
  // Memory per entry stays in proportion: the load is between 2/5 and 3/5, less right after growth.
  REQUIRE(slots.memory_bytes() < 200'000 * (sizeof(Slot) + 1) * 5 / 2 + (1 << 20));
}

}  // namespace
}  // namespace weir
