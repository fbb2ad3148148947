#pragma once
// A checkpoint as its file describes it: everything that a restore needs to know, by value; nothing needs an
// older manifest. The bytes are described in README.md of this folder.

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/base/state_files.h"
#include "weir/epoch.h"
#include "weir/sink.h"

namespace weir {

/// An operator of the pipeline that took the checkpoint; `kind` is "source", "window", "process", "sink" …
struct OperatorEntry {
  std::string id;
  std::string kind;
  friend bool operator==(const OperatorEntry&, const OperatorEntry&) = default;
};

/// Where reading goes on, and the split's watermark there (milliseconds; the ends of int64 are the
/// infinities).
struct SplitState {
  std::string split;
  std::string position;
  int64_t watermark = std::numeric_limits<int64_t>::min();
  friend bool operator==(const SplitState&, const SplitState&) = default;
};

struct SourceState {
  std::string id;
  std::vector<SplitState> splits;
  friend bool operator==(const SourceState&, const SourceState&) = default;
};

/// What Operator::save() gave on one worker; any bytes.
struct OperatorState {
  std::string id;
  int worker = 0;
  std::string bytes;
  friend bool operator==(const OperatorState&, const OperatorState&) = default;
};

/// The watermark that had reached an operator on one worker.
struct StageWatermark {
  std::string operator_id;
  int worker = 0;
  int64_t watermark = std::numeric_limits<int64_t>::min();
  friend bool operator==(const StageWatermark&, const StageWatermark&) = default;
};

/// `identity` as TargetFactory::identify gives it.
struct TargetEntry {
  std::string identity;
  TargetProgress progress;
  friend bool operator==(const TargetEntry&, const TargetEntry&) = default;
};

struct Manifest {
  std::string job;
  /// 128 random bits in hexadecimal, drawn at the first start of the job in its directory; new after a
  /// rewind.
  std::string incarnation;
  Epoch epoch;
  Cut cut;
  /// Milliseconds since 1970, for people.
  int64_t created_ms = 0;
  uint32_t key_groups = 1024;
  int workers = 1;
  std::string key_hash;
  std::vector<OperatorEntry> pipeline;
  std::vector<SourceState> sources;
  std::vector<OperatorState> operators;
  std::vector<StageWatermark> watermarks;
  /// One for each worker, in their order.
  std::vector<WorkerSnapshot> state;
  /// Topics (or other destinations) that the sinks write, for the reader of markers and of the file.
  std::vector<std::string> topics;
  std::vector<TargetEntry> targets;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// JSON, indented, with a checksum as its last member.
std::string encode_manifest(const Manifest& manifest);

/// Strict, and safe on any bytes. DataLoss: the file is damaged; FailedPrecondition: it is whole but of a
/// newer version. The message names the file, the field and what to do.
absl::StatusOr<Manifest> decode_manifest(std::string_view text, const std::string& file);

}  // namespace weir
