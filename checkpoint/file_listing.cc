#include "checkpoint/file_listing.h"

namespace weir {

void FileListing::add(const WorkerSnapshot& snapshot) {
  if (!snapshot.base_directory.empty()) base_directories.insert(snapshot.base_directory);
  for (const StateFile& file : snapshot.base) state_files.insert(file.path);
  for (const StateFile& file : snapshot.deltas) state_files.insert(file.path);
}

void FileListing::add(const std::string& target, const std::vector<Segment>& more) {
  if (more.empty()) return;
  std::map<std::string, Segment>& known = segments[target];
  for (const Segment& segment : more) known.emplace(segment.name, segment);
}

void FileListing::add(const Manifest& manifest) {
  for (const WorkerSnapshot& snapshot : manifest.state) add(snapshot);
  for (const TargetEntry& target : manifest.targets) {
    for (const EpochOutput& output : target.progress.chain) add(target.identity, output.segments);
  }
}

void FileListing::add(const FileListing& other) {
  state_files.insert(other.state_files.begin(), other.state_files.end());
  base_directories.insert(other.base_directories.begin(), other.base_directories.end());
  for (const auto& [target, theirs] : other.segments) segments[target].insert(theirs.begin(), theirs.end());
}

void FileListing::remove(const FileListing& other) {
  for (const std::string& file : other.state_files) state_files.erase(file);
  for (const std::string& directory : other.base_directories) base_directories.erase(directory);
  for (const auto& [target, theirs] : other.segments) {
    const auto ours = segments.find(target);
    if (ours == segments.end()) continue;
    for (const auto& [name, segment] : theirs) ours->second.erase(name);
    if (ours->second.empty()) segments.erase(ours);
  }
}

bool FileListing::empty() const {
  return state_files.empty() && base_directories.empty() && segments.empty();
}

std::vector<Segment> FileListing::segments_of(const std::string& target) const {
  std::vector<Segment> all;
  if (const auto at = segments.find(target); at != segments.end()) {
    for (const auto& [name, segment] : at->second) all.push_back(segment);
  }
  return all;
}

}  // namespace weir
