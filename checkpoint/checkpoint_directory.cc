#include "checkpoint/checkpoint_directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checkpoint/manifest_format.h"
#include "checkpoint/manifest_name.h"
#include "runtime/base/fault_point.h"
#include "runtime/base/log.h"
#include "weir/clock.h"
#include "weir/detail/hash.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

absl::Status annotate(const absl::Status& status, const std::string& path) {
  return absl::Status(
      status.code(),
      absl::StrCat(
          "cannot use checkpoint directory ", path, ": ", status.message(),
          "; give the job a directory on a local disk that this process may write and that has room"));
}

std::string encode_attempt(uint64_t attempt) {
  const std::string digits = absl::StrCat(attempt);
  return absl::StrFormat("%s %016x\n", digits, detail::hash_bytes(digits));
}

std::optional<uint64_t> decode_attempt(const std::string& text) {
  uint64_t attempt = 0;
  const size_t space = text.find(' ');
  if (space == std::string::npos || !absl::SimpleAtoi(text.substr(0, space), &attempt)) return std::nullopt;
  return encode_attempt(attempt) == text ? std::optional(attempt) : std::nullopt;
}

}  // namespace

CheckpointDirectory::CheckpointDirectory(CheckpointDirectoryOptions options)
    : options_(std::move(options)), files_(options_.files == nullptr ? real_file_system() : *options_.files) {
  options_.retained = std::max(1, options_.retained);
}

absl::StatusOr<std::unique_ptr<CheckpointDirectory>> CheckpointDirectory::open(
    CheckpointDirectoryOptions options) {
  std::unique_ptr<CheckpointDirectory> directory(new CheckpointDirectory(std::move(options)));
  const std::string& path = directory->path();
  if (path.empty())
    return absl::InvalidArgumentError("the checkpoint directory has no name; give the job one");
  if (const absl::Status made = directory->files_.make_directories(path); !made.ok())
    return annotate(made, path);
  if (directory->options_.lock) {
    absl::StatusOr<std::unique_ptr<DirectoryLock>> lock = DirectoryLock::acquire(directory->path_of("LOCK"));
    if (!lock.ok()) {
      return lock.status().code() == absl::StatusCode::kFailedPrecondition ? lock.status()
                                                                           : annotate(lock.status(), path);
    }
    directory->lock_ = *std::move(lock);
  }
  if (const absl::Status prepared = directory->prepare(); !prepared.ok()) return annotate(prepared, path);
  WEIR_RETURN_IF_ERROR(directory->reload());
  if (const absl::Status begun = directory->begin_attempt(); !begun.ok()) return annotate(begun, path);
  return directory;
}

absl::Status CheckpointDirectory::prepare() {
  for (const char* folder : {"state", "outbox", "work", "aside"}) {
    WEIR_RETURN_IF_ERROR(files_.make_directories(path_of(folder)));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CheckpointDirectory::last_attempt() const {
  const absl::StatusOr<std::string> text = read_file(files_, path_of("attempt"));
  if (!text.ok() && !absl::IsNotFound(text.status())) return text.status();
  if (text.ok()) {
    if (const std::optional<uint64_t> attempt = decode_attempt(*text)) return *attempt;
    log()->warn("{} is damaged; the job's attempts are counted on from the present time", path_of("attempt"));
  } else if (!highest_seen_) {
    return 0;
  }
  // The count is lost. The time in milliseconds is beyond every count that there was, and beyond earlier such
  // times.
  return static_cast<uint64_t>(std::max<int64_t>(0, to_millis(system_clock().now())));
}

absl::Status CheckpointDirectory::begin_attempt() {
  uint64_t before = attempt_;
  if (before == 0) {
    WEIR_ASSIGN_OR_RETURN(before, last_attempt());
  }
  WEIR_RETURN_IF_ERROR(replace_file(files_, path_of("attempt"), encode_attempt(before + 1)));
  attempt_ = before + 1;
  return absl::OkStatus();
}

void CheckpointDirectory::saw(Epoch epoch) { highest_seen_ = std::max(highest_seen_.value_or(epoch), epoch); }

absl::Status CheckpointDirectory::reload() {
  // R10: a name that a rename made may be in memory only; what is read from here on is acted upon.
  WEIR_RETURN_IF_ERROR(files_.sync_directory(options_.path));
  manifests_.clear();
  damaged_.clear();
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> skipped, files_.list(path_of("aside")));
  for (const std::string& name : skipped) {
    if (const auto parsed = parse_manifest_name(name)) saw(parsed->epoch);
  }
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.list(options_.path));
  for (const std::string& name : names) {
    const std::optional<ManifestName> parsed = parse_manifest_name(name);
    if (!parsed) continue;
    if (parsed->temporary) {
      // Checkpoint 0 is the first start; until it is decided, another try is the first start again (R14).
      if (parsed->epoch.number > 0) saw(parsed->epoch);
      WEIR_RETURN_IF_ERROR(files_.remove(path_of(name)));
    } else {
      saw(parsed->epoch);
      WEIR_RETURN_IF_ERROR(read_manifest(parsed->epoch, name));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckpointDirectory::read_manifest(Epoch epoch, const std::string& name) {
  const auto read = [&]() -> absl::StatusOr<Manifest> {
    WEIR_ASSIGN_OR_RETURN(const uint64_t size, files_.size(path_of(name)));
    if (size > manifest_format::kMaxBytes) {
      return absl::DataLossError(
          absl::StrCat("checkpoint manifest ", path_of(name), " is ", size, " bytes long"));
    }
    WEIR_ASSIGN_OR_RETURN(const std::string text, read_file(files_, path_of(name)));
    WEIR_ASSIGN_OR_RETURN(Manifest manifest, decode_manifest(text, path_of(name)));
    if (manifest.epoch == epoch) return manifest;
    return absl::DataLossError(absl::StrCat("checkpoint manifest ", path_of(name), " holds epoch ",
                                            manifest.epoch.number, ", not the one it is named after"));
  };
  absl::StatusOr<Manifest> manifest = read();
  if (!manifest.ok()) {
    // Whole, but of a newer version: passing it over would go back in time.
    if (absl::IsFailedPrecondition(manifest.status())) return manifest.status();
    damaged_.push_back({epoch, path_of(name), manifest.status()});
    return absl::OkStatus();
  }
  if (manifest->job != options_.job) {
    return absl::FailedPreconditionError(absl::StrCat(
        "checkpoint directory ", options_.path, " belongs to job \"", manifest->job, "\", this is job \"",
        options_.job, "\"; give each job a directory of its own, or run under the old name"));
  }
  manifests_.push_back(*std::move(manifest));
  return absl::OkStatus();
}

absl::StatusOr<CheckpointDirectory::Choice> CheckpointDirectory::choose() const {
  Choice choice;
  if (!manifests_.empty()) choice.manifest = manifests_.back();
  for (const DamagedManifest& damaged : damaged_) {
    if (!choice.manifest || damaged.epoch > choice.manifest->epoch) choice.skipped.push_back(damaged);
  }
  if (choice.manifest || choice.skipped.empty()) return choice;
  return absl::DataLossError(absl::StrCat(
      "none of the ", choice.skipped.size(), " checkpoints in ", options_.path, " can be read; the newest: ",
      choice.skipped.back().reason.message(), "; or restore a savepoint into an empty directory"));
}

void CheckpointDirectory::mark_damaged(Epoch epoch, absl::Status reason) {
  const auto at =
      std::find_if(manifests_.begin(), manifests_.end(), [&](const auto& m) { return m.epoch == epoch; });
  if (at == manifests_.end()) return;
  manifests_.erase(at);
  damaged_.push_back({epoch, path_of(manifest_name(epoch)), std::move(reason)});
  std::sort(damaged_.begin(), damaged_.end(), [](const auto& a, const auto& b) { return a.epoch < b.epoch; });
}

absl::Status CheckpointDirectory::move_aside_newer_than(Epoch kept) {
  std::vector<Epoch> newer;
  for (const DamagedManifest& damaged : damaged_) newer.push_back(damaged.epoch);
  for (const Manifest& manifest : manifests_) newer.push_back(manifest.epoch);
  for (const Epoch epoch : newer) {
    if (epoch <= kept) continue;
    const std::string name = manifest_name(epoch);
    WEIR_RETURN_IF_ERROR(files_.rename(path_of(name), path_of("aside/" + name)));
    WEIR_FAULT_POINT("aside.after_rename");
  }
  WEIR_RETURN_IF_ERROR(files_.sync_directory(path_of("aside")));
  WEIR_RETURN_IF_ERROR(files_.sync_directory(options_.path));
  WEIR_FAULT_POINT("aside.after_directory_sync");
  std::erase_if(damaged_, [&](const auto& damaged) { return damaged.epoch > kept; });
  std::erase_if(manifests_, [&](const auto& manifest) { return manifest.epoch > kept; });
  return absl::OkStatus();
}

absl::Status CheckpointDirectory::write_manifest(const Manifest& manifest) {
  if (highest_seen_ && manifest.epoch <= *highest_seen_) {
    return absl::InternalError(absl::StrCat("checkpoint ", manifest.epoch.number, " in ", options_.path,
                                            " would use a number again: ", highest_seen_->number,
                                            " was seen (R4)"));
  }
  if (manifest.epoch.number > 0) saw(manifest.epoch);
  const std::string name = path_of(manifest_name(manifest.epoch));
  const std::string temporary = name + std::string(kTemporarySuffix);
  if (const absl::Status written = write_and_rename(manifest, temporary, name); !written.ok()) {
    if (files_.size(name).ok()) return absl::UnknownError(written.message());  // renamed all the same
    (void)files_.remove(temporary);
    return written.code() == absl::StatusCode::kUnknown ? absl::InternalError(written.message()) : written;
  }
  if (const absl::Status synced = files_.sync_directory(options_.path); !synced.ok()) {
    return absl::UnknownError(absl::StrCat("checkpoint ", manifest.epoch.number,
                                           " may or may not exist after a crash: ", synced.message()));
  }
  WEIR_FAULT_POINT("manifest.after_directory_sync");
  saw(manifest.epoch);
  manifests_.push_back(manifest);
  return absl::OkStatus();
}

absl::Status CheckpointDirectory::write_and_rename(const Manifest& manifest, const std::string& temporary,
                                                   const std::string& name) {
  WEIR_FAULT_POINT("manifest.before_create");
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, files_.create(temporary));
  WEIR_FAULT_POINT("manifest.after_create");
  WEIR_RETURN_IF_ERROR(file->append(encode_manifest(manifest)));
  WEIR_FAULT_POINT("manifest.before_sync");
  WEIR_RETURN_IF_ERROR(file->sync());
  WEIR_RETURN_IF_ERROR(file->close());
  WEIR_FAULT_POINT("manifest.before_rename");
  WEIR_RETURN_IF_ERROR(files_.rename(temporary, name));
  WEIR_FAULT_POINT("manifest.after_rename");
  return absl::OkStatus();
}

}  // namespace weir
