#include "connectors/kafka/kafka_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "connectors/kafka/cluster.h"
#include "connectors/kafka/errors.h"
#include "connectors/kafka/partition_position.h"
#include "runtime/base/log.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {

constexpr size_t kFetchSize = kMaxBatchSize;

void on_event(rd_kafka_t* /*handle*/, void* wake) { (*static_cast<std::function<void()>*>(wake))(); }

void on_commit(rd_kafka_t* /*handle*/, rd_kafka_resp_err_t error,
               rd_kafka_topic_partition_list_t* /*offsets*/, void* /*opaque*/) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  log()->info("offsets for lag tools could not be committed, which changes nothing else: {}",
              rd_kafka_err2str(error));
}

}  // namespace

const PropertyList& fixed_source_properties() {
  static const auto* const properties = new PropertyList{{"enable.auto.commit", "false"},
                                                         {"enable.auto.offset.store", "false"},
                                                         {"auto.offset.reset", "error"},
                                                         {"isolation.level", "read_committed"},
                                                         {"allow.auto.create.topics", "false"}};
  return *properties;
}

KafkaReader::KafkaReader(std::shared_ptr<const detail::KafkaSourceSettings> settings)
    : settings_(std::move(settings)), buffer_(kFetchSize) {}

KafkaReader::~KafkaReader() {
  discovery_.reset();
  if (queue_ != nullptr) rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  release_given();
  for (; first_ < buffered_; ++first_) rd_kafka_message_destroy(buffer_[first_]);
}

absl::Status KafkaReader::open(SourceContext context) {
  label_ = absl::StrCat("source '", context.id, "'");
  worker_ = context.worker;
  workers_ = context.workers;
  is_restored_ = context.is_restored;
  restored_ = std::move(context.restored);
  wake_ = std::move(context.wake);
  group_ = settings_->group.empty() ? context.job : settings_->group;
  WEIR_RETURN_IF_ERROR(connect());

  std::map<std::string, int> known;
  int everywhere = 0;
  for (const std::string& topic : settings_->topics) {
    WEIR_ASSIGN_OR_RETURN(known[topic], find_partitions(topic));
    everywhere += known[topic];
  }
  // Of the rate, each worker takes the share of its partitions; one without any may yet discover one.
  const double share = static_cast<double>(std::max<size_t>(partitions_.size(), 1)) / std::max(everywhere, 1);
  limiter_ = std::make_unique<RateLimiter>(context.clock, settings_->rate * share);
  unfinished_ = static_cast<size_t>(
      std::count_if(partitions_.begin(), partitions_.end(), [](const Partition& p) { return !p.finished; }));
  WEIR_RETURN_IF_ERROR(assign(0));
  if (wake_ != nullptr) rd_kafka_queue_cb_event_enable(queue_.get(), &on_event, &wake_);
  if (!settings_->bounded && settings_->discovery_interval > Duration{0}) {
    discovery_ = std::make_unique<PartitionDiscovery>(
        client_, PartitionDiscovery::Options{settings_->discovery_interval, worker_, workers_,
                                             std::move(known), wake_});
  }
  return absl::OkStatus();
}

absl::Status KafkaReader::connect() {
  ClientSettings client;
  client.name = label_;
  client.brokers = settings_->brokers;
  client.properties = settings_->properties;
  // With the default of 100,000 messages a consumer of small ones stands still for up to a second whenever it
  // has that many; the limit in bytes (queued.max.messages.kbytes, 64 MiB) stays.
  client.defaults = {{"queued.min.messages", "1000000"}};
  client.fixed = fixed_source_properties();
  client.fixed.emplace_back("group.id", group_);
  client.fixed.emplace_back("enable.partition.eof", settings_->bounded ? "true" : "false");
  client.configure = [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_offset_commit_cb(conf, &on_commit); };
  WEIR_ASSIGN_OR_RETURN(client_, Client::create(RD_KAFKA_CONSUMER, std::move(client)));
  rd_kafka_poll_set_consumer(client_->get());
  queue_.reset(rd_kafka_queue_get_consumer(client_->get()));
  return absl::OkStatus();
}

absl::StatusOr<int> KafkaReader::find_partitions(const std::string& topic) {
  WEIR_ASSIGN_OR_RETURN(const int count, partition_count(client_, topic, nullptr));
  for (int32_t partition = 0; partition < count; ++partition) {
    if (partition % workers_ != worker_) continue;
    WEIR_ASSIGN_OR_RETURN(Partition placed, place(topic, partition));
    partitions_.push_back(std::move(placed));
  }
  return count;
}

absl::StatusOr<KafkaReader::Partition> KafkaReader::place(const std::string& topic, int32_t partition) const {
  Partition placed;
  placed.topic = topic;
  placed.partition = partition;
  placed.split = split_name(topic, partition);
  WEIR_ASSIGN_OR_RETURN(const OffsetRange range, readable_range(*client_, topic, partition));
  placed.end = range.high;
  const auto restored = std::find_if(restored_.begin(), restored_.end(),
                                     [&](const SplitPosition& p) { return p.split == placed.split; });
  if (restored != restored_.end()) {
    absl::StatusOr<PartitionPosition> position = PartitionPosition::parse(restored->position);
    if (!position.ok()) {
      return absl::DataLossError(absl::StrCat(label_, ": split ", placed.split,
                                              " of the checkpoint: ", position.status().message()));
    }
    placed.next = position->next;
    if (position->end) placed.end = *position->end;
    // A bounded source that is at its end needs nothing from the broker any more.
    const bool at_end = settings_->bounded && placed.next >= placed.end;
    if (!at_end && (placed.next < range.low || placed.next > range.high)) {
      return out_of_range(label_, topic, partition, placed.next, range);
    }
  } else if (is_restored_) {
    placed.next = range.low;
  } else {
    WEIR_ASSIGN_OR_RETURN(placed.next, start_offset(*client_, settings_->start, topic, partition, range));
  }
  placed.finished = settings_->bounded && placed.next >= placed.end;
  return placed;
}

absl::Status KafkaReader::assign(size_t first_new) {
  const PartitionsPtr list(rd_kafka_topic_partition_list_new(1));
  for (size_t i = first_new; i < partitions_.size(); ++i) {
    const Partition& partition = partitions_[i];
    if (partition.finished) continue;
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset =
        partition.next;
  }
  if (list->cnt == 0) return absl::OkStatus();
  const ErrorPtr error(rd_kafka_incremental_assign(client_->get(), list.get()));
  if (error != nullptr) return error_status(*error, absl::StrCat(label_, ": cannot assign partitions"));
  return absl::OkStatus();
}

absl::Status KafkaReader::add_new_partitions() {
  const size_t first_new = partitions_.size();
  for (NewPartition& found : discovery_->take()) {
    log()->info("{}: new partition {} of topic '{}', reading it from offset {}", label_, found.partition,
                found.topic, found.low);
    Partition& added = partitions_.emplace_back();
    added.split = split_name(found.topic, found.partition);
    added.topic = std::move(found.topic);
    added.partition = found.partition;
    added.next = found.low;
    ++unfinished_;
  }
  return first_new == partitions_.size() ? absl::OkStatus() : assign(first_new);
}

void KafkaReader::release_given() {
  for (; given_first_ < first_; ++given_first_) rd_kafka_message_destroy(buffer_[given_first_]);
}

bool KafkaReader::fetch() {
  given_first_ = first_ = 0;
  const ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, buffer_.data(), buffer_.size());
  buffered_ = count > 0 ? static_cast<size_t>(count) : 0;
  return buffered_ > 0;
}

absl::StatusOr<Poll> KafkaReader::poll(size_t max_records, RawBatch& batch) {
  release_given();
  if (discovery_ != nullptr) WEIR_RETURN_IF_ERROR(add_new_partitions());
  if (first_ == buffered_ && !fetch()) {
    return settings_->bounded && unfinished_ == 0 ? Poll::kEnd : Poll::kIdle;
  }
  const size_t allowed = limiter_->available(max_records);
  if (allowed == 0) return Poll::kIdle;
  WEIR_RETURN_IF_ERROR(take_run(allowed, batch));
  limiter_->take(batch.records.size());
  return Poll::kMore;
}

absl::Status KafkaReader::take_run(size_t max_records, RawBatch& batch) {
  Partition* run = nullptr;
  const rd_kafka_message_t* before = nullptr;
  for (; first_ < buffered_ && batch.records.size() < max_records; ++first_) {
    const rd_kafka_message_t& message = *buffer_[first_];
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      WEIR_RETURN_IF_ERROR(on_error(message));
      continue;
    }
    if (before == nullptr || message.rkt != before->rkt || message.partition != before->partition) {
      Partition* partition = find(message);
      if (partition == nullptr) continue;
      if (!batch.records.empty() && partition != run) return absl::OkStatus();
      run = partition;
      before = &message;
    }
    if (run->finished || message.offset < run->next) continue;
    if (settings_->bounded && message.offset >= run->end) {
      finish(*run);
      continue;
    }
    give(message, batch);
    batch.split = &run->split;
    run->next = message.offset + 1;
    if (settings_->bounded && run->next == run->end) finish(*run);
  }
  return absl::OkStatus();
}

void KafkaReader::give(const rd_kafka_message_t& message, RawBatch& batch) const {
  RawRecord& record = batch.records.emplace_back();
  record.key = std::string_view(static_cast<const char*>(message.key), message.key_len);
  record.has_value = message.payload != nullptr;
  record.value = std::string_view(static_cast<const char*>(message.payload), message.len);
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const int64_t time = rd_kafka_message_timestamp(&message, &type);
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time >= 0) record.time = from_millis(time);
  record.offset = message.offset;
}

KafkaReader::Partition* KafkaReader::find(const rd_kafka_message_t& message) {
  if (message.rkt == nullptr) return nullptr;
  const std::string_view topic = rd_kafka_topic_name(message.rkt);
  const auto at = std::find_if(partitions_.begin(), partitions_.end(), [&](const Partition& p) {
    return p.partition == message.partition && p.topic == topic;
  });
  return at == partitions_.end() ? nullptr : &*at;
}

void KafkaReader::finish(Partition& partition) {
  if (partition.finished) return;
  partition.finished = true;
  partition.next = partition.end;
  --unfinished_;
  const PartitionsPtr list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition);
  // It is never resumed; what was fetched already is dropped in take_run.
  rd_kafka_pause_partitions(client_->get(), list.get());
}

absl::Status KafkaReader::on_error(const rd_kafka_message_t& message) {
  Partition* partition = find(message);
  const std::string place = partition == nullptr ? label_
                                                 : absl::StrCat(label_, ": topic '", partition->topic,
                                                                "' partition ", partition->partition);
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      // The records before a bounded source's end may be transaction markers, which are never given.
      if (partition != nullptr && settings_->bounded && message.offset >= partition->end) finish(*partition);
      return absl::OkStatus();
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: {
      OffsetRange range;
      if (partition == nullptr) break;
      rd_kafka_get_watermark_offsets(client_->get(), partition->topic.c_str(), partition->partition,
                                     &range.low, &range.high);
      return out_of_range(label_, partition->topic, partition->partition, partition->next, range);
    }
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return absl::NotFoundError(absl::StrCat(place, " is gone from ", settings_->brokers,
                                              "; was the topic deleted while the job ran?"));
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: break;
    default:
      // Brokers come and go; librdkafka goes on by itself.
      if (!std::exchange(warned_, true)) {
        log()->warn("{}: {} (going on; said once)", place, rd_kafka_message_errstr(&message));
      }
      return absl::OkStatus();
  }
  return error_status(message.err, absl::StrCat(place, " at ", settings_->brokers),
                      rd_kafka_message_errstr(&message));
}

std::vector<SplitPosition> KafkaReader::positions() const {
  std::vector<SplitPosition> positions;
  positions.reserve(partitions_.size());
  for (const Partition& partition : partitions_) {
    PartitionPosition position{partition.next, std::nullopt};
    if (settings_->bounded) position.end = partition.end;
    positions.push_back({partition.split, position.to_string()});
  }
  return positions;
}

void KafkaReader::on_checkpoint(const std::vector<SplitPosition>& positions) {
  const PartitionsPtr list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const SplitPosition& position : positions) {
    const auto at = std::find_if(partitions_.begin(), partitions_.end(),
                                 [&](const Partition& p) { return p.split == position.split; });
    const absl::StatusOr<PartitionPosition> parsed = PartitionPosition::parse(position.position);
    if (at == partitions_.end() || !parsed.ok()) continue;
    rd_kafka_topic_partition_list_add(list.get(), at->topic.c_str(), at->partition)->offset = parsed->next;
  }
  if (list->cnt > 0) rd_kafka_commit(client_->get(), list.get(), 1);
}

std::string KafkaReader::describe_record(const SplitName& split, int64_t offset) const {
  const size_t slash = split.rfind('/');
  return absl::StrCat("topic ", split.substr(0, slash), " partition ",
                      slash == std::string::npos ? "?" : split.substr(slash + 1), " offset ", offset);
}

}  // namespace weir::kafka
