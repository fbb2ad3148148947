#include "runtime/base/outbox_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/base/fault_point.h"
#include "weir/detail/status_macros.h"

namespace weir {

OutboxWriter::OutboxWriter(SinkContext context, OutboxWriterOptions options)
    : context_(std::move(context)), options_(std::move(options)) {
  if (context_.files == nullptr) context_.files = &real_file_system();
  ticket_ = options_.quota->subscribe(context_.wake);
}

OutboxWriter::~OutboxWriter() {
  options_.quota->unsubscribe(ticket_);
  // What was not applied belongs to the checkpoint now; the next attempt's deliverer takes it from there.
  uint64_t counted = current_bytes_;
  for (const Sealed& sealed : sealed_) counted += sealed.bytes;
  options_.quota->release(counted);
}

std::string OutboxWriter::segment_name(uint64_t attempt, int worker, const std::string& sink,
                                       uint64_t number) {
  return absl::StrCat(
      "a", attempt, "-w", worker, "-", sink, "-", number,
      absl::string_view(outbox_format::kFileSuffix.data(), outbox_format::kFileSuffix.size()));
}

absl::Status OutboxWriter::append(const OutboxRecord& record) {
  if (segment_ == nullptr) {
    const std::string name = segment_name(context_.attempt, context_.worker, context_.id, next_number_++);
    WEIR_ASSIGN_OR_RETURN(segment_, OutboxSegmentWriter::create(*context_.files, context_.outbox, name,
                                                                options_.target, options_.compression));
  }
  WEIR_RETURN_IF_ERROR(segment_->append(record));
  if (const uint64_t bytes = segment_->bytes(); bytes > current_bytes_) {
    options_.quota->add(bytes - current_bytes_);
    current_bytes_ = bytes;
  }
  if (!asked_for_checkpoint_ && options_.quota->at_limit() && !options_.quota->must_wait()) {
    asked_for_checkpoint_ = true;
    if (context_.request_checkpoint) context_.request_checkpoint();
  }
  return absl::OkStatus();
}

SealJob OutboxWriter::seal(Epoch epoch) {
  asked_for_checkpoint_ = false;
  if (segment_ == nullptr) return [] { return absl::StatusOr<std::vector<Segment>>(std::vector<Segment>{}); };
  sealed_.push_back({epoch, std::exchange(current_bytes_, 0)});
  return [segment = std::move(segment_), id = context_.id,
          epoch]() mutable -> absl::StatusOr<std::vector<Segment>> {
    WEIR_FAULT_POINT("outbox.before_seal");
    absl::StatusOr<Segment> sealed = segment->seal();
    segment.reset();
    if (!sealed.ok()) {
      return absl::Status(sealed.status().code(),
                          absl::StrCat("sink '", id, "': cannot seal its output of epoch ", epoch.number,
                                       ": ", sealed.status().message()));
    }
    WEIR_FAULT_POINT("outbox.after_seal");
    return std::vector<Segment>{*std::move(sealed)};
  };
}

void OutboxWriter::on_applied(Epoch epoch) {
  uint64_t bytes = 0;
  while (!sealed_.empty() && sealed_.front().epoch <= epoch) {
    bytes += sealed_.front().bytes;
    sealed_.pop_front();
  }
  if (bytes > 0) options_.quota->release(bytes);
}

}  // namespace weir
