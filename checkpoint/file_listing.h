#pragma once
// What checkpoints list. A file is deleted only when no retained and no pending checkpoint lists it (C58).

#include <map>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/manifest.h"

namespace weir {

/// A set of files, by the names that manifests use. A value.
struct FileListing {
  /// Relative to the job's directory.
  std::set<std::string> state_files;
  std::set<std::string> base_directories;
  /// By target identity, then by the segment's name.
  std::map<std::string, std::map<std::string, Segment>> segments;

  void add(const Manifest& manifest);
  void add(const WorkerSnapshot& snapshot);
  void add(const std::string& target, const std::vector<Segment>& more);
  void add(const FileListing& other);
  /// Takes out everything that `other` lists.
  void remove(const FileListing& other);
  bool empty() const;

  std::vector<Segment> segments_of(const std::string& target) const;
};

}  // namespace weir
