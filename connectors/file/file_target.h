#pragma once
// The other half of file sinks: gives decided files their names.
//
// A segment's file stands under its temporary name, or, once out, under its final one; there is no other
// marker.
// 1. Renames follow the decision, and are synced before an epoch counts as out.
// 2. A segment that is under neither name is an error, never nothing.
// 3. Files under final names are never written, renamed or removed.

#include <set>
#include <string>
#include <vector>

#include "runtime/base/file_system.h"
#include "weir/detail/file_factories.h"
#include "weir/sink.h"

namespace weir {

/// One directory of one job, whatever the number of sinks that write there.
class FileTarget final : public SinkTarget {
 public:
  FileTarget(TargetContext context, std::string directory, std::vector<std::string> prefixes);

  absl::StatusOr<size_t> recover(const TargetProgress& progress, bool first_start) override;
  absl::StatusOr<bool> commit(absl::Span<const EpochOutput> epochs) override;
  void discard(absl::Span<const Segment> segments) override { (void)segments; }
  absl::Status clean(absl::Span<const Segment> listed) override;

 private:
  enum class State { kPending, kOut };

  absl::Status refuse_older_output();
  absl::StatusOr<bool> exists(const std::string& path);
  absl::StatusOr<State> state_of(const Segment& segment, Epoch epoch);
  absl::Status verify_pending(const Segment& segment, const std::string& path);
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }

  TargetContext context_;
  std::string directory_;
  std::vector<std::string> prefixes_;
  FileSystem& files_;
};

}  // namespace weir
