#pragma once
// One sink task's half of exactly once: the current epoch's segment, and the count of what is not yet out.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "runtime/base/outbox_format.h"
#include "runtime/base/outbox_quota.h"
#include "runtime/base/outbox_record.h"
#include "runtime/base/outbox_segment_writer.h"
#include "weir/sink.h"

namespace weir {

struct OutboxWriterOptions {
  /// Identity of the target that delivers it ("kafka:<cluster id>"): whose file it is when nobody lists it.
  std::string target;
  outbox_format::Compression compression = outbox_format::Compression::kLz4;
  std::shared_ptr<OutboxQuota> quota;
};

/// Worker's thread, apart from the jobs that seal gives.
class OutboxWriter {
 public:
  /// `context.outbox` exists. Uses of context: id, worker, attempt, outbox, files, wake, request_checkpoint.
  OutboxWriter(SinkContext context, OutboxWriterOptions options);
  ~OutboxWriter();
  OutboxWriter(const OutboxWriter&) = delete;
  OutboxWriter& operator=(const OutboxWriter&) = delete;

  /// Appends to the current epoch's segment, which the first record creates.
  absl::Status append(const OutboxRecord& record);
  /// The job gives no segment when the epoch has no record.
  SealJob seal(Epoch epoch);
  /// See OutboxQuota.
  bool ready() const { return !options_.quota->must_wait(); }
  void on_applied(Epoch epoch);

  /// a<attempt>-w<worker>-<sink>-<n>.seg
  static std::string segment_name(uint64_t attempt, int worker, const std::string& sink, uint64_t number);

 private:
  struct Sealed {
    Epoch epoch;
    uint64_t bytes = 0;
  };

  SinkContext context_;
  OutboxWriterOptions options_;
  std::unique_ptr<OutboxSegmentWriter> segment_;
  uint64_t next_number_ = 1;
  /// What the quota counts for the current segment.
  uint64_t current_bytes_ = 0;
  std::deque<Sealed> sealed_;
  bool asked_for_checkpoint_ = false;
  uint64_t ticket_ = 0;
};

}  // namespace weir
