#include "state/state_registry.h"

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

std::string describe(const StateEntry& entry) { return absl::StrCat(entry.operator_id, "/", entry.name); }

const char* layout_name(uint8_t layout) {
  switch (static_cast<detail::KeyLayout>(layout)) {
    case detail::KeyLayout::kPlain: return "by key";
    case detail::KeyLayout::kSliced: return "by slice and key";
    case detail::KeyLayout::kTimer: return "timers";
  }
  return "unknown";
}

absl::Status changed(const StateEntry& old, const std::string& what, const std::string& before,
                     const std::string& now) {
  return absl::FailedPreconditionError(absl::StrCat(
      "the ", what, " of a state changed and the checkpoint cannot be read with it: operator ",
      old.operator_id, ", state ", old.name, ": the checkpoint has ", before, ", the program has ", now,
      ". Give the changed state a new id, or start without the checkpoint"));
}

absl::Status check_same(const StateEntry& old, const detail::StateDeclaration& now) {
  if (old.layout != static_cast<uint8_t>(now.layout))
    return changed(old, "kind", layout_name(old.layout), layout_name(static_cast<uint8_t>(now.layout)));
  if (old.key_schema != now.key_schema) return changed(old, "key type", old.key_schema, now.key_schema);
  if (old.value_schema != now.value_schema)
    return changed(old, "value type", old.value_schema, now.value_schema);
  return absl::OkStatus();
}

}  // namespace

StateRegistry::StateRegistry(std::vector<StateEntry> restored) {
  for (StateEntry& entry : restored) {
    next_number_ = std::max<uint32_t>(next_number_, entry.number + 1U);
    known_.push_back({std::move(entry), true, false});
  }
}

StateRegistry::Known* StateRegistry::find(const OperatorName& name,
                                          const detail::StateDeclaration& declaration) {
  for (const std::string& id : {name.id, name.previously}) {
    if (id.empty()) continue;
    for (const std::string& state : {declaration.name, declaration.previously}) {
      if (state.empty()) continue;
      const auto at = std::find_if(known_.begin(), known_.end(), [&](const Known& known) {
        return known.entry.operator_id == id && known.entry.name == state;
      });
      if (at != known_.end()) return &*at;
    }
  }
  return nullptr;
}

absl::StatusOr<uint16_t> StateRegistry::declare(const OperatorName& name,
                                                const detail::StateDeclaration& declaration) {
  if (Known* known = find(name, declaration); known != nullptr) {
    if (known->claimed)
      return absl::InvalidArgumentError(
          absl::StrCat("two states have the same id in one operator: ", describe(known->entry)));
    WEIR_RETURN_IF_ERROR(check_same(known->entry, declaration));
    known->claimed = true;
    known->entry.operator_id = name.id;
    known->entry.name = declaration.name;
    return known->entry.number;
  }
  if (next_number_ > std::numeric_limits<uint16_t>::max())
    return absl::ResourceExhaustedError("a job holds at most 65536 states");
  const auto number = static_cast<uint16_t>(next_number_++);
  known_.push_back({{name.id, declaration.name, number, static_cast<uint8_t>(declaration.layout),
                     declaration.key_schema, declaration.value_schema},
                    false,
                    true});
  return number;
}

bool StateRegistry::was_restored(uint16_t number) const {
  return std::any_of(known_.begin(), known_.end(),
                     [&](const Known& known) { return known.entry.number == number && known.restored; });
}

std::vector<StateEntry> StateRegistry::entries() const {
  std::vector<StateEntry> entries;
  for (const Known& known : known_) entries.push_back(known.entry);
  return entries;
}

std::vector<std::string> StateRegistry::unclaimed() const {
  std::vector<std::string> names;
  for (const Known& known : known_)
    if (!known.claimed) names.push_back(describe(known.entry));
  return names;
}

std::vector<uint16_t> StateRegistry::drop_unclaimed() {
  std::vector<uint16_t> numbers;
  for (const Known& known : known_)
    if (!known.claimed) numbers.push_back(known.entry.number);
  std::erase_if(known_, [](const Known& known) { return !known.claimed; });
  return numbers;
}

}  // namespace weir
