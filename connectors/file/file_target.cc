#include "connectors/file/file_target.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "connectors/file/output_name.h"
#include "runtime/base/fault_point.h"
#include "weir/detail/status_macros.h"

namespace weir {

FileTarget::FileTarget(TargetContext context, std::string directory, std::vector<std::string> prefixes)
    : context_(std::move(context)),
      directory_(std::move(directory)),
      prefixes_(std::move(prefixes)),
      files_(context_.files != nullptr ? *context_.files : real_file_system()) {}

absl::StatusOr<size_t> FileTarget::recover(const TargetProgress& progress, bool first_start) {
  WEIR_RETURN_IF_ERROR(files_.make_directories(directory_));
  if (first_start) WEIR_RETURN_IF_ERROR(refuse_older_output());
  // What is seen as renamed may not be so on the disk yet.
  WEIR_RETURN_IF_ERROR(files_.sync_directory(directory_));
  size_t out = 0;
  bool all_out = true;
  for (const EpochOutput& epoch : progress.chain) {
    for (const Segment& segment : epoch.segments) {
      WEIR_ASSIGN_OR_RETURN(const State state, state_of(segment, epoch.epoch));
      if (state == State::kOut) continue;
      all_out = false;
      WEIR_RETURN_IF_ERROR(verify_pending(segment, path_of(temporary_name(segment.name))));
    }
    if (all_out) ++out;
  }
  return out;
}

absl::Status FileTarget::refuse_older_output() {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.list(directory_));
  for (const std::string& name : names) {
    for (const std::string& prefix : prefixes_) {
      if (!run_of(name, prefix)) continue;
      return absl::FailedPreconditionError(absl::StrCat(
          path_of(name), " is the output of an earlier run, but job '", context_.job,
          "' starts anew: restore its checkpoints, or choose an empty directory or another prefix"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> FileTarget::exists(const std::string& path) {
  const absl::StatusOr<uint64_t> size = files_.size(path);
  if (size.ok()) return true;
  if (absl::IsNotFound(size.status())) return false;
  return size.status();
}

absl::StatusOr<FileTarget::State> FileTarget::state_of(const Segment& segment, Epoch epoch) {
  const std::string final_path = path_of(segment.name);
  const std::string temporary_path = path_of(temporary_name(segment.name));
  WEIR_ASSIGN_OR_RETURN(const bool is_final, exists(final_path));
  WEIR_ASSIGN_OR_RETURN(const bool is_temporary, exists(temporary_path));
  if (is_final && is_temporary) {
    return absl::DataLossError(absl::StrCat(final_path, " exists although its data is still waiting in ",
                                            temporary_path, ": something else wrote it; move it away"));
  }
  if (!is_final && !is_temporary) {
    return absl::DataLossError(absl::StrCat("neither ", final_path, " nor ", temporary_path,
                                            " exists, but epoch ", epoch.number, " of job '", context_.job,
                                            "' lists it: put it back, or start from an older checkpoint"));
  }
  const std::string& path = is_final ? final_path : temporary_path;
  WEIR_ASSIGN_OR_RETURN(const uint64_t size, files_.size(path));
  if (size != segment.bytes) {
    return absl::DataLossError(absl::StrCat(path, " has ", size, " bytes, but epoch ", epoch.number,
                                            " of job '", context_.job, "' wrote ", segment.bytes,
                                            ": it was changed or damaged; start from an older checkpoint"));
  }
  return is_final ? State::kOut : State::kPending;
}

absl::Status FileTarget::verify_pending(const Segment& segment, const std::string& path) {
  WEIR_ASSIGN_OR_RETURN(const uint64_t checksum, checksum_file(files_, path));
  if (checksum == segment.checksum) return absl::OkStatus();
  return absl::DataLossError(path +
                             " has another checksum than was written: it is damaged; start from an older "
                             "checkpoint");
}

absl::StatusOr<bool> FileTarget::commit(absl::Span<const EpochOutput> epochs) {
  bool renamed = false;
  for (const EpochOutput& epoch : epochs) {
    for (const Segment& segment : epoch.segments) {
      if (context_.cancelled && context_.cancelled()) return absl::CancelledError("the job stops");
      WEIR_ASSIGN_OR_RETURN(const State state, state_of(segment, epoch.epoch));
      renamed = true;
      if (state == State::kOut) continue;
      WEIR_FAULT_POINT("file_target.before_rename");
      WEIR_RETURN_IF_ERROR(files_.rename(path_of(temporary_name(segment.name)), path_of(segment.name)));
      WEIR_FAULT_POINT("file_target.after_rename");
    }
  }
  if (renamed) WEIR_RETURN_IF_ERROR(files_.sync_directory(directory_));
  WEIR_FAULT_POINT("file_target.after_directory_sync");
  return true;  // nothing but the files marks an epoch: any may be the base
}

absl::Status FileTarget::clean(absl::Span<const Segment> listed) {
  std::set<std::string> keep;
  // Runs that a restored savepoint comes from are this job's too; what another job left behind is not.
  std::set<std::string> runs = {run_digits(context_.incarnation)};
  for (const Segment& segment : listed) {
    keep.insert(segment.name);
    for (const std::string& prefix : prefixes_) {
      if (std::optional<std::string> run = run_of(segment.name, prefix)) runs.insert(*std::move(run));
    }
  }
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.list(directory_));
  bool removed = false;
  for (const std::string& name : names) {
    const std::optional<std::string> final = final_name(name);
    if (!final || keep.contains(*final)) continue;
    const bool own = std::any_of(prefixes_.begin(), prefixes_.end(), [&](const std::string& prefix) {
      const std::optional<std::string> run = run_of(*final, prefix);
      return run && runs.contains(*run);
    });
    if (!own) continue;
    WEIR_FAULT_POINT("file_target.before_clean");
    WEIR_RETURN_IF_ERROR(files_.remove(path_of(name)));
    removed = true;
  }
  return removed ? files_.sync_directory(directory_) : absl::OkStatus();
}

}  // namespace weir
