#pragma once
// Drives a WorkerStore as a worker does, with its jobs run at once.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "state/worker_store.h"
#include "tests/support/catch.h"
#include "weir/detail/keyed_table.h"

namespace weir::test {

inline constexpr const char* kOperator = "counts";

inline WorkerStoreOptions store_options(const std::string& directory, uint64_t attempt = 1) {
  WorkerStoreOptions options;
  options.checkpoint_directory = directory;
  options.attempt = attempt;
  return options;
}

inline std::unique_ptr<WorkerStore> open_store(WorkerStoreOptions options) {
  auto store = WorkerStore::open(std::move(options));
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return *std::move(store);
}

/// A barrier of one operator, its job included.
inline absl::StatusOr<WorkerSnapshot> try_snapshot(WorkerStore& store, uint64_t epoch,
                                                   const char* id = kOperator) {
  store.freeze(id, Epoch{epoch});
  return store.seal(Epoch{epoch})();
}
inline WorkerSnapshot snapshot(WorkerStore& store, uint64_t epoch, const char* id = kOperator) {
  auto made = try_snapshot(store, epoch, id);
  INFO(made.status().ToString());
  REQUIRE(made.ok());
  return *std::move(made);
}

/// A base advance if the store wants one.
inline bool advance(WorkerStore& store) {
  auto job = store.advance_base();
  if (!job) return false;
  const absl::StatusOr<BaseAdvanced> result = (*job)();
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  store.apply(result);
  return true;
}

/// A table of operator `id` whose state "values" is declared in `store`.
template <class K, class V>
std::unique_ptr<detail::KeyedTable<K, V>> plain_table(WorkerStore& store, const char* id = kOperator) {
  detail::StateBackend& backend = store.operator_state(id);
  const uint16_t state =
      backend.declare({"values", detail::KeyLayout::kPlain, Serde<K>::schema(), Serde<V>::schema(), ""});
  return std::make_unique<detail::KeyedTable<K, V>>(typename detail::KeyedTable<K, V>::Options{
      .backend = &backend, .state = state, .backend_may_hold = backend.may_hold(state)});
}

template <class K, class V>
V value_of(detail::KeyedTable<K, V>& table, const K& key) {
  const V* value = table.find(key, detail::hash_key(key));
  return value == nullptr ? V{} : *value;
}
template <class K, class V>
V& put(detail::KeyedTable<K, V>& table, const K& key, V value) {
  return table.upsert(key, detail::hash_key(key)) = std::move(value);
}
template <class K, class V>
std::vector<std::pair<K, V>> all_of(detail::KeyedTable<K, V>& table, size_t step = 1000) {
  std::vector<std::pair<K, V>> found;
  typename detail::KeyedTable<K, V>::Cursor cursor;
  while (!table.visit(cursor, step, [&](const K& key, uint64_t hash, V& value) {
    REQUIRE(hash == detail::hash_key(key));
    found.emplace_back(key, value);
  })) {
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace weir::test
