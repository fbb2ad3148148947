#include "checkpoint/restore_check.h"

#include "tests/support/catch.h"

using namespace weir;  // NOLINT

namespace {

Manifest checkpoint() {
  Manifest manifest;
  manifest.job = "market";
  manifest.epoch = {42};
  manifest.key_groups = 1024;
  manifest.key_hash = "xxh3-64";
  manifest.pipeline = {{"trades", "source"}, {"vwap", "window"}, {"quiet", "process"}};
  return manifest;
}

RestoreExpectation program() {
  RestoreExpectation expected;
  expected.job = "market";
  expected.key_hash = "xxh3-64";
  expected.operators = {{"trades", "", "source"}, {"vwap", "", "window"}, {"quiet", "", "process"}};
  return expected;
}

std::string refusal(const RestoreExpectation& expected) {
  const absl::Status status = check_restorable(checkpoint(), expected);
  CHECK(absl::IsFailedPrecondition(status));
  return std::string(status.message());
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A program restores its own checkpoint, also with more operators than it knows") {
  RestoreExpectation expected = program();
  CHECK(check_restorable(checkpoint(), expected).ok());
  expected.operators.push_back({"new", "", "window"});
  CHECK(check_restorable(checkpoint(), expected).ok());
}

TEST_CASE("Another job is refused with both names") {
  RestoreExpectation expected = program();
  expected.job = "fraud";
  CHECK(contains(refusal(expected), "\"market\""));
  CHECK(contains(refusal(expected), "\"fraud\""));
}

TEST_CASE("C63: another number of key groups, or another hash, is refused") {
  RestoreExpectation expected = program();
  expected.key_groups = 512;
  CHECK(contains(refusal(expected), "1024 key groups, this program asks for 512"));
  expected = program();
  expected.key_hash = "siphash";
  CHECK(contains(refusal(expected), "\"siphash\""));
}

TEST_CASE("State that no operator claims is refused, all of it listed, unless it may be dropped by name") {
  RestoreExpectation expected = program();
  expected.operators = {{"trades", "", "source"}, {"other", "", "window"}};
  const std::string text = refusal(expected);
  CHECK(contains(text, "claims \"vwap\" (window), \"quiet\" (process)"));
  CHECK(contains(text, "\"other\" (window)"));
  expected.droppable = {"vwap"};
  CHECK(contains(refusal(expected), "claims \"quiet\" (process);"));
  expected.droppable = {"vwap", "quiet"};
  CHECK(check_restorable(checkpoint(), expected).ok());
}

TEST_CASE("An operator of another kind under the same id is refused") {
  RestoreExpectation expected = program();
  expected.operators[1].kind = "join";
  CHECK(contains(refusal(expected), "\"vwap\" is a window in it and a join"));
}

TEST_CASE("A renamed operator claims its old id, until the checkpoint knows the new one") {
  RestoreExpectation expected = program();
  expected.operators[2] = {"silence", "quiet", "process"};
  CHECK(check_restorable(checkpoint(), expected).ok());
  // The old name is in use again, by another operator.
  expected.operators.push_back({"quiet", "", "process"});
  CHECK(claims(checkpoint(), expected.operators).at("quiet")->id == "silence");
  Manifest later = checkpoint();
  later.pipeline.push_back({"silence", "process"});
  CHECK(claims(later, expected.operators).at("quiet")->id == "quiet");
  CHECK(claims(later, expected.operators).at("silence")->id == "silence");
}
