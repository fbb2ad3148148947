#include "connectors/kafka/outbox_sink_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "connectors/kafka/kafka_target.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

OutboxSinkWriter::OutboxSinkWriter(std::shared_ptr<const detail::KafkaSinkSettings> settings,
                                   std::shared_ptr<SharedTopicFacts> facts,
                                   std::shared_ptr<OutboxQuota> quota)
    : settings_(std::move(settings)), facts_(std::move(facts)), quota_(std::move(quota)) {}

absl::Status OutboxSinkWriter::open(SinkContext context) {
  WEIR_ASSIGN_OR_RETURN(TopicFacts facts,
                        facts_->get(context.attempt, absl::StrCat("sink '", context.id, "'"), *settings_));
  OutboxWriterOptions options;
  options.target = target_identity(facts.cluster_id);
  options.compression = settings_->compression == OutboxCompression::kLz4 ? outbox_format::Compression::kLz4
                                                                          : outbox_format::Compression::kNone;
  options.quota = quota_;
  placement_.emplace(context.id, settings_->topic, std::move(facts), context.worker, context.clock);
  FileSystem& files = context.files == nullptr ? real_file_system() : *context.files;
  WEIR_RETURN_IF_ERROR(files.make_directories(context.outbox));
  outbox_ = std::make_unique<OutboxWriter>(std::move(context), std::move(options));
  return absl::OkStatus();
}

absl::Status OutboxSinkWriter::append(const OutputRecord& record) {
  WEIR_RETURN_IF_ERROR(placement_->check_size(record));
  OutboxRecord output;
  output.topic = settings_->topic;
  output.partition = placement_->partition(record);
  output.key = record.key;
  output.has_key = record.has_key;
  output.value = record.has_value ? record.value : std::string_view{};
  output.has_value = record.has_value;
  output.time = placement_->time(record);
  return outbox_->append(output);
}

}  // namespace weir::kafka
