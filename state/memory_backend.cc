#include "state/memory_backend.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "weir/detail/check.h"
#include "weir/detail/coding.h"
#include "weir/detail/state_key.h"
#include "weir/operator.h"

namespace weir {
namespace {

constexpr std::string_view kMagic = "WMB1";

absl::Status not_saved_bytes() {
  return absl::InvalidArgumentError("these are not the bytes of a saved MemoryBackend");
}

[[noreturn]] void throw_other_schema(const detail::StateDeclaration& was,
                                     const detail::StateDeclaration& is) {
  throw OperatorError(absl::FailedPreconditionError(
      absl::StrCat("state ", is.name, " was saved as ", was.key_schema, " -> ", was.value_schema,
                   " and is declared as ", is.key_schema, " -> ", is.value_schema)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MemoryBackend>> MemoryBackend::restore(std::string_view saved) {
  auto backend = std::make_unique<MemoryBackend>();
  detail::ByteReader in(saved);
  if (in.raw(kMagic.size()) != kMagic) return not_saved_bytes();
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    State state;
    state.number = in.fixed<uint16_t>();
    state.declaration.layout = static_cast<detail::KeyLayout>(in.fixed<uint8_t>());
    state.declaration.name = in.bytes();
    state.declaration.key_schema = in.bytes();
    state.declaration.value_schema = in.bytes();
    backend->states_.push_back(std::move(state));
  }
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string_view key = in.bytes();
    const std::string_view value = in.bytes();
    backend->entries_.emplace_hint(backend->entries_.end(), key, value);
  }
  if (!in.at_end()) return not_saved_bytes();
  return backend;
}

std::string MemoryBackend::save() const {
  std::string out(kMagic);
  detail::put_varint(out, states_.size());
  for (const State& state : states_) {
    detail::put_fixed(out, state.number);
    detail::put_fixed(out, static_cast<uint8_t>(state.declaration.layout));
    detail::put_bytes(out, state.declaration.name);
    detail::put_bytes(out, state.declaration.key_schema);
    detail::put_bytes(out, state.declaration.value_schema);
  }
  detail::put_varint(out, entries_.size());
  for (const auto& [key, value] : entries_) {
    detail::put_bytes(out, key);
    detail::put_bytes(out, value);
  }
  return out;
}

void MemoryBackend::freeze() {
  ++epoch_.number;
  detail::FrozenEntries frozen;
  for (auto& [begin, end] : dying_ranges_) frozen.delete_range(std::move(begin), std::move(end));
  dying_ranges_.clear();
  for (detail::FreezableTable* table : tables_) table->freeze(epoch_, frozen);
  apply(frozen);
}

void MemoryBackend::evict() {
  freeze();
  for (detail::FreezableTable* table : tables_) {
    table->base_advanced(epoch_);
    table->evict(std::numeric_limits<uint64_t>::max());
  }
}

void MemoryBackend::apply(const detail::FrozenEntries& frozen) {
  for (const auto& [begin, end] : frozen.ranges()) erase_range(begin, end);
  // In the order of the changes: a timer may go and come back within an epoch.
  for (const detail::FrozenEntries::Entry& entry : frozen.entries()) {
    if (entry.deleted) {
      entries_.erase(std::string(frozen.key(entry)));
    } else {
      entries_.insert_or_assign(std::string(frozen.key(entry)), std::string(frozen.value(entry)));
    }
  }
}

void MemoryBackend::erase_range(const std::string& begin, const std::string& end) {
  entries_.erase(entries_.lower_bound(begin), entries_.lower_bound(end));
}

size_t MemoryBackend::entries(std::string_view name) const {
  for (const State& state : states_) {
    if (state.declaration.name != name) continue;
    std::string begin;
    detail::put_big_endian16(begin, state.number);
    return static_cast<size_t>(
        std::distance(entries_.lower_bound(begin), entries_.lower_bound(detail::after_prefix(begin))));
  }
  return 0;
}

uint16_t MemoryBackend::declare(const detail::StateDeclaration& declaration) {
  for (State& state : states_) {
    detail::StateDeclaration& was = state.declaration;
    if (was.name != declaration.name &&
        (declaration.previously.empty() || was.name != declaration.previously))
      continue;
    WEIR_CHECK(!state.declared);
    if (was.layout != declaration.layout || was.key_schema != declaration.key_schema ||
        was.value_schema != declaration.value_schema) {
      throw_other_schema(was, declaration);
    }
    was.name = declaration.name;
    state.declared = true;
    return state.number;
  }
  const auto number = static_cast<uint16_t>(states_.empty() ? 1 : states_.back().number + 1);
  states_.push_back({declaration, number, true});
  return number;
}

bool MemoryBackend::may_hold(uint16_t state) const {
  std::string begin;
  detail::put_big_endian16(begin, state);
  const auto at = entries_.lower_bound(begin);
  return at != entries_.end() && at->first.compare(0, begin.size(), begin) == 0;
}

void MemoryBackend::attach(detail::FreezableTable* table) { tables_.push_back(table); }

void MemoryBackend::detach(detail::FreezableTable* table) {
  tables_.erase(std::remove(tables_.begin(), tables_.end(), table), tables_.end());
}

bool MemoryBackend::is_dying(std::string_view key) const {
  return std::any_of(dying_ranges_.begin(), dying_ranges_.end(),
                     [key](const auto& range) { return range.first <= key && key < range.second; });
}

void MemoryBackend::get(absl::Span<const std::string> keys,
                        absl::FunctionRef<void(size_t index, std::string_view value)> found) {
  for (size_t i = 0; i < keys.size(); ++i)
    if (const auto at = entries_.find(keys[i]); at != entries_.end() && !is_dying(keys[i]))
      found(i, at->second);
}

void MemoryBackend::scan(std::string_view begin, std::string_view end,
                         absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) {
  for (auto at = entries_.lower_bound(begin); at != entries_.end() && at->first < end; ++at)
    if (!is_dying(at->first) && !visit(at->first, at->second)) return;
}

void MemoryBackend::delete_range_at_next_freeze(std::string begin, std::string end) {
  dying_ranges_.emplace_back(std::move(begin), std::move(end));
}

}  // namespace weir
