#pragma once
// The exactly-once writer: everything goes into the outbox.

#include <memory>
#include <optional>

#include "connectors/kafka/record_placement.h"
#include "connectors/kafka/topic_facts.h"
#include "runtime/base/outbox_writer.h"
#include "weir/detail/kafka_settings.h"
#include "weir/sink.h"

namespace weir::kafka {

class OutboxSinkWriter final : public RawWriter {
 public:
  OutboxSinkWriter(std::shared_ptr<const detail::KafkaSinkSettings> settings,
                   std::shared_ptr<SharedTopicFacts> facts, std::shared_ptr<OutboxQuota> quota);

  absl::Status open(SinkContext context) override;
  absl::Status append(const OutputRecord& record) override;
  SealJob seal(Epoch epoch) override { return outbox_->seal(epoch); }
  bool ready() const override { return outbox_->ready(); }
  void on_applied(Epoch epoch) override { outbox_->on_applied(epoch); }

 private:
  std::shared_ptr<const detail::KafkaSinkSettings> settings_;
  std::shared_ptr<SharedTopicFacts> facts_;
  std::shared_ptr<OutboxQuota> quota_;
  std::optional<RecordPlacement> placement_;
  std::unique_ptr<OutboxWriter> outbox_;
};

}  // namespace weir::kafka
