#pragma once
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "checkpoint/checkpoint_directory.h"
#include "checkpoint/manifest_name.h"

namespace weir::test {

/// A manifest of job "market" with one worker.
inline Manifest manifest_of(uint64_t epoch) {
  Manifest manifest;
  manifest.job = "market";
  manifest.epoch = {epoch};
  manifest.cut = {epoch, 1};
  manifest.state.resize(1);
  return manifest;
}

inline std::unique_ptr<CheckpointDirectory> open_directory(const std::string& path, int retained = 2,
                                                           FileSystem* files = nullptr) {
  CheckpointDirectoryOptions options;
  options.path = path;
  options.job = "market";
  options.retained = retained;
  options.files = files;
  auto directory = CheckpointDirectory::open(options);
  if (!directory.ok()) throw std::runtime_error(std::string(directory.status().message()));
  return *std::move(directory);
}

inline absl::Status open_status(const std::string& path, const std::string& job = "market",
                                FileSystem* files = nullptr) {
  CheckpointDirectoryOptions options;
  options.path = path;
  options.job = job;
  options.files = files;
  return CheckpointDirectory::open(options).status();
}

inline bool exists(const std::string& path) { return real_file_system().size(path).ok(); }

inline std::set<std::string> names_in(const std::string& directory) {
  const auto names = real_file_system().list(directory).value();
  return {names.begin(), names.end()};
}

/// The decided epochs, as names in the directory.
inline std::set<uint64_t> manifests_in(const std::string& directory) {
  std::set<uint64_t> epochs;
  for (const std::string& name : names_in(directory)) {
    const auto parsed = parse_manifest_name(name);
    if (parsed && !parsed->temporary) epochs.insert(parsed->epoch.number);
  }
  return epochs;
}

}  // namespace weir::test
