#include "connectors/kafka/marker_check.h"

#include "absl/strings/str_cat.h"
#include "runtime/base/target_progress.h"

namespace weir::kafka {

namespace {

absl::Status no_marker(const TargetProgress& progress, const std::string& where) {
  return absl::FailedPreconditionError(absl::StrCat(
      where, " holds no marker, but the checkpoint says that the output up to epoch ",
      progress.base_epoch.number, " (cut ", progress.base_cut.to_string(),
      ") is in this cluster. Was the topic deleted, or is this another cluster? What is out cannot be known, "
      "so "
      "nothing is sent. Restore the topic, correct the brokers, or start with adopt to take the checkpoint's "
      "word for it (output may then repeat)"));
}

absl::Status foreign_marker(const TargetProgress& progress, const Marker& marker, const std::string& where) {
  if (!progress.has_base && progress.chain.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(where, " holds a marker of ", marker.describe(),
                                                      ", but this directory has no checkpoint: the job ran "
                                                      "before, from another directory. Start it from that "
                                                      "directory, or give this job another name"));
  }
  const Epoch newest = progress.chain.empty() ? progress.base_epoch : progress.chain.back().epoch;
  const char* meaning =
      marker.epoch > newest
          ? "the output in the cluster is ahead of this checkpoint: the directory is an old copy, or another "
            "instance went on from another directory"
          : "the marker belongs to another history of the job than this checkpoint: another directory, or "
            "the "
            "topic was restored from an older state";
  return absl::FailedPreconditionError(absl::StrCat(
      where, " holds a marker of ", marker.describe(), ", which this checkpoint (base epoch ",
      progress.base_epoch.number, ", newest epoch ", newest.number, ", cut ",
      (progress.chain.empty() ? progress.base_cut : progress.chain.back().cut).to_string(),
      ") does not know: ", meaning,
      ". Going on would repeat or lose output. Use the directory that belongs to the marker, or give "
      "this job another name"));
}

}  // namespace

absl::StatusOr<size_t> check_marker(const TargetProgress& progress, bool first_start,
                                    const std::optional<Marker>& marker, bool adopt,
                                    const MarkerPlace& place) {
  const std::string where =
      absl::StrCat("job '", place.job, "': topic '", place.topic, "' at ", place.brokers);
  if (!marker) {
    // A target that the checkpoint does not know yet joins with its first marker.
    if (first_start || !progress.has_base || adopt) return size_t{0};
    return no_marker(progress, where);
  }
  if (const auto delivered = delivered_count(progress, marker->epoch, marker->cut)) return *delivered;
  return foreign_marker(progress, *marker, where);
}

}  // namespace weir::kafka
