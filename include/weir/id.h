#pragma once
// The name of everything that keeps state: sources, sinks, windows, process functions. Snapshots are keyed by
// it.

#include <string>
#include <string_view>

namespace weir {

/// An operator's identity across restarts and upgrades: a literal, or {"silence", {.previously = "quiet"}} to
/// rename. Letters, digits, '-', '_' and '.'; 1 to 100 characters; unique in its pipeline (checked before
/// anything runs).
class Id {
 public:
  struct Renamed {
    std::string_view previously;
  };

  Id(const char* name) : name_(name) {}  // NOLINT(google-explicit-constructor): ids are written as literals
  Id(std::string name) : name_(std::move(name)) {}
  Id(std::string_view name, Renamed renamed) : name_(name), previously_(renamed.previously) {}

  const std::string& name() const { return name_; }
  /// The name under which older snapshots hold its state; empty unless renamed.
  const std::string& previously() const { return previously_; }

  friend bool operator==(const Id&, const Id&) = default;

 private:
  std::string name_;
  std::string previously_;
};

}  // namespace weir
