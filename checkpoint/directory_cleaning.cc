// What CheckpointDirectory deletes, and when.

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "checkpoint/checkpoint_directory.h"
#include "checkpoint/manifest_name.h"
#include "runtime/base/fault_point.h"
#include "runtime/base/log.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

/// Names relative to the folder that is cleaned: a file, or a folder that stays with everything in it.
using Kept = std::set<std::string>;

bool holds_kept(const Kept& kept, const std::string& name) {
  const auto at = kept.lower_bound(name + "/");
  return at != kept.end() && at->compare(0, name.size() + 1, name + "/") == 0;
}

absl::Status remove_all_but(FileSystem& files, const std::string& folder, const std::string& prefix,
                            const Kept& kept) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.list(folder + "/" + prefix));
  for (const std::string& name : names) {
    const std::string relative = prefix + name;
    if (kept.count(relative) > 0) continue;
    if (holds_kept(kept, relative)) {
      WEIR_RETURN_IF_ERROR(remove_all_but(files, folder, relative + "/", kept));
    } else {
      WEIR_RETURN_IF_ERROR(files.remove_tree(folder + "/" + relative));
    }
  }
  return absl::OkStatus();
}

/// What stands behind `folder`, for a name that starts with it; else the name.
std::string without_folder(const std::string& name, const std::string& folder) {
  return name.compare(0, folder.size() + 1, folder + "/") == 0 ? name.substr(folder.size() + 1) : name;
}

}  // namespace

FileListing CheckpointDirectory::listed() const {
  FileListing listing;
  for (const Manifest& manifest : manifests_) listing.add(manifest);
  return listing;
}

absl::StatusOr<FileListing> CheckpointDirectory::clean() {
  FileListing kept = listed();
  WEIR_RETURN_IF_ERROR(remove_all_but(files_, work_path(), "", {}));
  Kept state;
  for (const std::string& file : kept.state_files) state.insert(without_folder(file, "state"));
  for (const std::string& folder : kept.base_directories) state.insert(without_folder(folder, "state"));
  WEIR_RETURN_IF_ERROR(remove_all_but(files_, state_path(), "", state));
  Kept outbox;
  for (const auto& [target, segments] : kept.segments) {
    for (const auto& [name, segment] : segments) {
      outbox.insert(without_folder(without_folder(name, outbox_path()), "outbox"));
    }
  }
  WEIR_RETURN_IF_ERROR(remove_all_but(files_, outbox_path(), "", outbox));
  return kept;
}

FileListing CheckpointDirectory::release(const FileListing& pending, FileListing orphans) {
  FileListing garbage = std::move(orphans);
  const auto retained = static_cast<size_t>(options_.retained);
  // One that cannot be removed keeps what it lists, and is tried again next time.
  const auto removed = [&](Epoch epoch) {
    const absl::Status status = files_.remove(path_of(manifest_name(epoch)));
    if (!status.ok()) log()->warn("an old checkpoint stays: {}", std::string(status.message()));
    return status.ok();
  };
  bool any_removed = false;
  for (size_t surplus = manifests_.size() > retained ? manifests_.size() - retained : 0; surplus > 0;
       --surplus) {
    if (!removed(manifests_.front().epoch)) break;
    garbage.add(manifests_.front());
    manifests_.erase(manifests_.begin());
    any_removed = true;
  }
  // Nothing will go back to a damaged one that is older than all that are retained.
  std::erase_if(damaged_, [&](const DamagedManifest& damaged) {
    const bool drop =
        manifests_.size() >= retained && damaged.epoch < manifests_.front().epoch && removed(damaged.epoch);
    any_removed = any_removed || drop;
    return drop;
  });
  garbage.remove(listed());
  garbage.remove(pending);
  if (!any_removed && garbage.empty()) return {};
  WEIR_FAULT_POINT("release.after_manifests");
  // Should a manifest come back after a crash, what it lists must be there still.
  if (const absl::Status synced = files_.sync_directory(options_.path); !synced.ok()) {
    log()->warn("files of old checkpoints stay until the next start: {}", std::string(synced.message()));
    return {};
  }
  const auto note = [&](const absl::Status& status) {
    if (!status.ok()) {
      log()->warn("a file that no checkpoint lists stays: {}", std::string(status.message()));
    }
  };
  for (const std::string& folder : garbage.base_directories) note(files_.remove_tree(path_of(folder)));
  for (const std::string& file : garbage.state_files) note(files_.remove(path_of(file)));
  WEIR_FAULT_POINT("release.after_files");
  garbage.state_files.clear();
  garbage.base_directories.clear();
  return garbage;
}

}  // namespace weir
