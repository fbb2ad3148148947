#include "state/memory_backend.h"

#include "tests/support/catch.h"
#include "weir/detail/keyed_table.h"
#include "weir/operator.h"

namespace weir::test {
namespace {

using Table = detail::KeyedTable<std::string, int64_t>;

const detail::StateDeclaration kState{"window", detail::KeyLayout::kSliced, "string", "i64", ""};

Table::Options slice_options(MemoryBackend& backend, uint16_t state, int64_t slice) {
  return {.backend = &backend,
          .state = state,
          .layout = detail::KeyLayout::kSliced,
          .slice = slice,
          .key_groups = 16,
          .backend_may_hold = backend.may_hold(state)};
}
int64_t* find(Table& table, const std::string& key) { return table.find(key, detail::hash_key(key)); }
int64_t& upsert(Table& table, const std::string& key) { return table.upsert(key, detail::hash_key(key)); }

std::unique_ptr<MemoryBackend> restored(const std::string& saved) {
  auto backend = MemoryBackend::restore(saved);
  REQUIRE(backend.ok());
  return *std::move(backend);
}

}  // namespace

TEST_CASE("What a table held at the last freeze comes back from the saved bytes") {
  std::string saved;
  {
    MemoryBackend backend;
    const uint16_t state = backend.declare(kState);
    CHECK_FALSE(backend.may_hold(state));
    Table early(slice_options(backend, state, -10));
    Table late(slice_options(backend, state, 10));
    upsert(early, "a") = 1;
    upsert(late, "a") = 2;
    upsert(late, "b") = 3;
    backend.freeze();
    upsert(late, "b") = 4;  // after the barrier
    saved = backend.save();
    CHECK(backend.entries("window") == 3);
    CHECK(backend.entries("other") == 0);
  }
  auto backend = restored(saved);
  CHECK(backend->save() == saved);
  const uint16_t state = backend->declare(kState);
  CHECK(backend->may_hold(state));
  CHECK(detail::stored_slices(*backend, state) == std::vector<int64_t>{-10, 10});
  Table late(slice_options(*backend, state, 10));
  REQUIRE(find(late, "b") != nullptr);
  CHECK(*find(late, "b") == 3);
  CHECK(find(late, "c") == nullptr);
}

TEST_CASE("A dropped slice is gone at once for reads and for good after the freeze") {
  MemoryBackend backend;
  const uint16_t state = backend.declare(kState);
  {
    Table table(slice_options(backend, state, 10));
    upsert(table, "a") = 1;
    backend.evict();
    table.drop();
  }
  CHECK(detail::stored_slices(backend, state).empty());
  Table again(slice_options(backend, state, 10));
  CHECK(find(again, "a") == nullptr);
  upsert(again, "b") = 2;
  backend.freeze();
  CHECK(backend.entries() == 1);
}

TEST_CASE("After evict a table asks for what it needs") {
  MemoryBackend backend;
  const uint16_t state = backend.declare(kState);
  Table table(slice_options(backend, state, 10));
  upsert(table, "a") = 1;
  backend.evict();
  CHECK(table.size_in_memory() == 0);
  CHECK(*find(table, "a") == 1);
}

TEST_CASE("A state that is declared otherwise than it was saved is refused") {
  MemoryBackend backend;
  backend.declare(kState);
  const std::string saved = backend.save();
  auto other = kState;
  other.value_schema = "f64";
  CHECK_THROWS_AS(restored(saved)->declare(other), OperatorError);
  auto renamed = kState;
  renamed.name = "windows";
  renamed.previously = "window";
  CHECK(restored(saved)->declare(renamed) == 1);
  renamed.previously = "";
  CHECK(restored(saved)->declare(renamed) == 2);
}

TEST_CASE("Bytes that are not a saved backend are refused") {
  MemoryBackend backend;
  backend.declare(kState);
  const std::string saved = backend.save();
  for (size_t size = 0; size < saved.size(); ++size)
    CHECK_FALSE(MemoryBackend::restore(saved.substr(0, size)).ok());
  CHECK_FALSE(MemoryBackend::restore(saved + "x").ok());
}

}  // namespace weir::test
