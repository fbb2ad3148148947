#pragma once
// The job's directory on disk and the decision that makes a checkpoint exist:
//
//   LOCK                          flock of the live job; its text names the owner, its existence means
//   nothing attempt                       how often the job was started here manifest-<20 digits>.json one
//   for each retained checkpoint; the rename to this name is the decision (R9) manifest-<…>.json.tmp a
//   checkpoint that was not decided state/                        files that manifests list, by the state
//   engine outbox/                       segments that manifests list, by the sinks work/ open databases;
//   worthless after a crash aside/                        manifests that a fallback skipped (R7), kept for
//   people
//
// Use: open, choose, let the targets say whether the chosen one may be restored (R3, R7),
// move_aside_newer_than when it is a fallback, clean, restore; then write_manifest and release for each
// epoch. A restart inside the process keeps the object: join every file job of the old attempt,
// begin_attempt, reload, and go on as after open (R13).
//
// One thread at a time. The calls block.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkpoint/file_listing.h"
#include "checkpoint/manifest.h"
#include "runtime/base/directory_lock.h"
#include "runtime/base/file_system.h"

namespace weir {

struct CheckpointDirectoryOptions {
  std::string path;
  std::string job;
  /// How many of the newest manifests release keeps; at least 1.
  int retained = 2;
  /// Null: the real one.
  FileSystem* files = nullptr;
  /// False only for file systems that exist in memory.
  bool lock = true;
};

struct DamagedManifest {
  Epoch epoch;
  std::string file;
  absl::Status reason;
};

class CheckpointDirectory {
 public:
  /// Makes what is missing, locks, proves that it can be written, removes temporary manifests and reads the
  /// others. Refuses a directory that is in use (naming the owner), is not writable, belongs to a job of
  /// another name, or holds a manifest of a newer version.
  static absl::StatusOr<std::unique_ptr<CheckpointDirectory>> open(CheckpointDirectoryOptions options);

  const std::string& path() const { return options_.path; }
  std::string state_path() const { return path_of("state"); }
  std::string outbox_path() const { return path_of("outbox"); }
  std::string work_path() const { return path_of("work"); }

  /// Number of this attempt, never used twice here: part of the names of the files it makes.
  uint64_t attempt() const { return attempt_; }
  /// The next number, durable before it is returned.
  absl::Status begin_attempt();
  /// Reads all manifests again, after making their names durable (R10).
  absl::Status reload();

  /// Readable ones, oldest first.
  const std::vector<Manifest>& manifests() const { return manifests_; }
  /// Oldest first.
  const std::vector<DamagedManifest>& damaged() const { return damaged_; }
  /// The highest number that any manifest here has or had: damaged, temporary and skipped ones too (R4);
  /// but a checkpoint 0 that was never decided does not count.
  std::optional<Epoch> highest_seen() const { return highest_seen_; }

  struct Choice {
    /// Nothing: first start.
    std::optional<Manifest> manifest;
    /// Newer ones that cannot be read. Not empty: restoring `manifest` is a fallback, allowed only when every
    /// target's marker is its base or in its chain (R7).
    std::vector<DamagedManifest> skipped;
  };
  /// The newest readable manifest. DataLoss when there are manifests and none can be read.
  absl::StatusOr<Choice> choose() const;
  /// The manifest is whole but a state file that it lists is not: choose passes it over until the next
  /// reload.
  void mark_damaged(Epoch epoch, absl::Status reason);
  /// Moves every manifest with a higher number into aside/, durably. Before clean and before anything is
  /// written.
  absl::Status move_aside_newer_than(Epoch kept);

  /// At start, when nothing is being written: deletes the contents of work/ and everything in state/ and
  /// outbox/ that no manifest lists. Gives the listing that remains, for SinkTarget::clean.
  absl::StatusOr<FileListing> clean();

  /// Writes, syncs, renames, syncs the directory. OK is the decision. kUnknown: the file may or may not be
  /// there after a crash; restart the job from what the directory then holds. Any other error: not decided,
  /// nothing left behind.
  absl::Status write_manifest(const Manifest& manifest);

  /// Deletes all but the newest `retained` manifests, then the state files that only they and `orphans`
  /// listed and `pending` does not. Gives the segments of which the same is true, for SinkTarget::discard.
  /// What cannot be deleted is logged and left to clean.
  FileListing release(const FileListing& pending, FileListing orphans = {});

 private:
  explicit CheckpointDirectory(CheckpointDirectoryOptions options);

  std::string path_of(const std::string& name) const { return options_.path + "/" + name; }
  absl::Status prepare();
  absl::Status read_manifest(Epoch epoch, const std::string& name);
  absl::Status write_and_rename(const Manifest& manifest, const std::string& temporary,
                                const std::string& name);
  absl::StatusOr<uint64_t> last_attempt() const;
  void saw(Epoch epoch);
  FileListing listed() const;

  CheckpointDirectoryOptions options_;
  FileSystem& files_;
  std::unique_ptr<DirectoryLock> lock_;
  uint64_t attempt_ = 0;
  std::vector<Manifest> manifests_;
  std::vector<DamagedManifest> damaged_;
  std::optional<Epoch> highest_seen_;
};

}  // namespace weir
