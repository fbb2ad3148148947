#include "checkpoint/restore_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace weir {

namespace {

bool holds(const Manifest& manifest, const std::string& id) {
  return std::any_of(manifest.pipeline.begin(), manifest.pipeline.end(),
                     [&](const auto& e) { return e.id == id; });
}

}  // namespace

std::map<std::string, const ClaimedOperator*> claims(const Manifest& manifest,
                                                     const std::vector<ClaimedOperator>& operators) {
  std::map<std::string, const ClaimedOperator*> claimed;
  // A rename comes first, since its old name may be in use again; but once the checkpoint knows the new name,
  // the old one in it is another operator's.
  for (const ClaimedOperator& o : operators) {
    if (!o.previously.empty() && !holds(manifest, o.id) && holds(manifest, o.previously))
      claimed.emplace(o.previously, &o);
  }
  for (const ClaimedOperator& o : operators) {
    if (holds(manifest, o.id)) claimed.emplace(o.id, &o);
  }
  return claimed;
}

absl::Status check_restorable(const Manifest& manifest, const RestoreExpectation& expected) {
  const auto refuse = [&](auto&&... why) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot restore checkpoint ", manifest.epoch.number, ": ", why...));
  };
  if (manifest.job != expected.job) {
    return refuse("it belongs to job \"", manifest.job, "\", this is job \"", expected.job,
                  "\"; give each job a directory of its own, or run under the old name");
  }
  if (manifest.key_groups != expected.key_groups) {
    return refuse("it has ", manifest.key_groups, " key groups, this program asks for ", expected.key_groups,
                  "; their number is fixed for the job's life: ask for ", manifest.key_groups);
  }
  if (manifest.key_hash != expected.key_hash) {
    return refuse("its keys are placed by hash \"", manifest.key_hash, "\", this program's by \"",
                  expected.key_hash,
                  "\"; restore it with the version of Weir that wrote it and take a savepoint");
  }
  const std::map<std::string, const ClaimedOperator*> claimed = claims(manifest, expected.operators);
  std::vector<std::string> unclaimed;
  for (const OperatorEntry& entry : manifest.pipeline) {
    const auto by = claimed.find(entry.id);
    if (by == claimed.end()) {
      if (std::find(expected.droppable.begin(), expected.droppable.end(), entry.id) ==
          expected.droppable.end()) {
        unclaimed.push_back(absl::StrCat("\"", entry.id, "\" (", entry.kind, ")"));
      }
    } else if (by->second->kind != entry.kind) {
      return refuse("operator \"", entry.id, "\" is a ", entry.kind, " in it and a ", by->second->kind,
                    " in this program (\"", by->second->id, "\"); give the new one another id");
    }
  }
  if (unclaimed.empty()) return absl::OkStatus();
  std::vector<std::string> present;
  for (const ClaimedOperator& o : expected.operators)
    present.push_back(absl::StrCat("\"", o.id, "\" (", o.kind, ")"));
  return refuse(
      "no operator of this program claims ", absl::StrJoin(unclaimed, ", "), "; the program has ",
      absl::StrJoin(present, ", "),
      ". Rename with {\"new id\", {.previously = \"old id\"}}, allow the state to be dropped by name, or use "
      "the directory of this pipeline");
}

}  // namespace weir
