#include "state/state_registry.h"

#include "tests/support/catch.h"

namespace weir {
namespace {

using detail::KeyLayout;

TEST_CASE("numbers are given once and come back from the snapshot") {
  StateRegistry first({});
  REQUIRE(*first.declare({"a", ""}, {"x", KeyLayout::kPlain, "string", "i64", ""}) == 0);
  REQUIRE(*first.declare({"b", ""}, {"x", KeyLayout::kTimer, "string", "", ""}) == 1);
  StateRegistry second(first.entries());
  REQUIRE(*second.declare({"c", ""}, {"x", KeyLayout::kPlain, "string", "i64", ""}) == 2);
  REQUIRE(*second.declare({"b", ""}, {"x", KeyLayout::kTimer, "string", "", ""}) == 1);
  REQUIRE(second.was_restored(1));
  REQUIRE(!second.was_restored(2));
  REQUIRE(second.unclaimed() == std::vector<std::string>{"a/x"});
  REQUIRE(second.drop_unclaimed() == std::vector<uint16_t>{0});
  REQUIRE(second.entries().size() == 2);
}

TEST_CASE("a changed key, value or layout is refused and named") {
  StateRegistry first({});
  REQUIRE(first.declare({"op", ""}, {"state", KeyLayout::kPlain, "string", "i64", ""}).ok());
  const auto refusal = [&](detail::StateDeclaration changed) {
    StateRegistry second(first.entries());
    const absl::Status status = second.declare({"op", ""}, changed).status();
    REQUIRE(absl::IsFailedPrecondition(status));
    return std::string(status.message());
  };
  const std::string key = refusal({"state", KeyLayout::kPlain, "u32", "i64", ""});
  for (const char* part : {"operator op", "state state", "key type", "string", "u32"}) {
    INFO(key);
    REQUIRE(key.find(part) != std::string::npos);
  }
  REQUIRE(refusal({"state", KeyLayout::kPlain, "string", "i32", ""}).find("value type") != std::string::npos);
  REQUIRE(refusal({"state", KeyLayout::kSliced, "string", "i64", ""}).find("by slice") != std::string::npos);
}

TEST_CASE("two states of one name in an operator are refused") {
  StateRegistry registry({});
  REQUIRE(registry.declare({"op", ""}, {"state", KeyLayout::kPlain, "string", "i64", ""}).ok());
  REQUIRE(absl::IsInvalidArgument(
      registry.declare({"op", ""}, {"state", KeyLayout::kPlain, "string", "i64", ""}).status()));
}

}  // namespace
}  // namespace weir
