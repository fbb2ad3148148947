#pragma once
// The state of one worker at a checkpoint, as the manifest lists it: a base (RocksDB's own checkpoint) and
// the delta files written since, which are ingested in order. Paths are relative to the job's directory.

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

struct StateFile {
  std::string path;
  uint64_t bytes = 0;
  /// XXH3-64 of the file's bytes.
  uint64_t checksum = 0;
  friend bool operator==(const StateFile&, const StateFile&) = default;
};

/// A declared state: what its number in the keys stands for.
struct StateEntry {
  std::string operator_id;
  std::string name;
  uint16_t number = 0;
  /// detail::KeyLayout.
  uint8_t layout = 0;
  std::string key_schema;
  std::string value_schema;
  friend bool operator==(const StateEntry&, const StateEntry&) = default;
};

struct WorkerSnapshot {
  /// Empty: no base yet. All files of `base` lie in it, and it holds no others.
  std::string base_directory;
  std::vector<StateFile> base;
  /// Oldest first.
  std::vector<StateFile> deltas;
  std::vector<StateEntry> states;
  friend bool operator==(const WorkerSnapshot&, const WorkerSnapshot&) = default;
};

}  // namespace weir
