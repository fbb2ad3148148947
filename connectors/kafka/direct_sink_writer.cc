#include "connectors/kafka/direct_sink_writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connectors/kafka/errors.h"
#include "connectors/kafka/sink_options.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {
/// message.timeout.ms, after which librdkafka gives a record up, is 300 s unless set.
constexpr std::chrono::seconds kFlushLimit{600};
}  // namespace

DirectSinkWriter::DirectSinkWriter(std::shared_ptr<const detail::KafkaSinkSettings> settings,
                                   std::shared_ptr<SharedTopicFacts> facts)
    : settings_(std::move(settings)), facts_(std::move(facts)) {}

DirectSinkWriter::~DirectSinkWriter() {
  if (producer_ == nullptr || producer_->reports == nullptr) return;
  rd_kafka_queue_cb_event_enable(producer_->reports.get(), nullptr, nullptr);
}

DirectSinkWriter::Producer::~Producer() {
  if (client == nullptr) return;
  topic.reset();
  reports.reset();
  rd_kafka_purge(client->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

absl::Status DirectSinkWriter::open(SinkContext context) {
  const std::string name = absl::StrCat("sink '", context.id, "'");
  WEIR_ASSIGN_OR_RETURN(TopicFacts facts, facts_->get(context.attempt, name, *settings_));
  producer_ = std::make_shared<Producer>();
  producer_->name = name;
  producer_->brokers = settings_->brokers;
  producer_->wake = std::move(context.wake);
  ClientSettings client;
  client.name = name;
  client.brokers = settings_->brokers;
  client.properties = settings_->properties;
  client.fixed = fixed_sink_properties(Delivery::kAtLeastOnce);
  const std::string limit = absl::StrCat(std::clamp<int64_t>(facts.message_limit, 1000, 1'000'000'000));
  client.defaults = {{"message.max.bytes", limit}, {"batch.size", limit}};
  client.configure = [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR); };
  WEIR_ASSIGN_OR_RETURN(producer_->client, Client::create(RD_KAFKA_PRODUCER, std::move(client)));
  producer_->reports.reset(rd_kafka_queue_get_main(producer_->client->get()));
  producer_->topic.reset(rd_kafka_topic_new(producer_->client->get(), settings_->topic.c_str(), nullptr));
  if (producer_->topic == nullptr) return error_status(rd_kafka_last_error(), name);
  if (producer_->wake != nullptr) {
    rd_kafka_queue_cb_event_enable(
        producer_->reports.get(),
        [](rd_kafka_t*, void* wake) { (*static_cast<std::function<void()>*>(wake))(); }, &producer_->wake);
  }
  placement_.emplace(context.id, settings_->topic, std::move(facts), context.worker, context.clock);
  return absl::OkStatus();
}

absl::Status DirectSinkWriter::append(const OutputRecord& record) {
  WEIR_RETURN_IF_ERROR(placement_->check_size(record));
  const auto bytes = [](std::string_view view) { return view.data() == nullptr ? "" : view.data(); };
  const int32_t partition = placement_->partition(record);
  const Timestamp time = placement_->time(record);
  {
    const std::lock_guard lock(producer_->mutex);
    WEIR_RETURN_IF_ERROR(producer_->failure);
    ++producer_->outstanding[epoch_];
    ++producer_->waiting;
  }
  while (true) {
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        producer_->client->get(), RD_KAFKA_V_RKT(producer_->topic.get()), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_TIMESTAMP(to_millis(time)),
        RD_KAFKA_V_KEY(record.has_key ? bytes(record.key) : nullptr, record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.has_value ? bytes(record.value) : nullptr),
                         record.has_value ? record.value.size() : 0),
        RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(epoch_)), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return error_status(error, absl::StrCat(producer_->name, ": cannot send to topic '", settings_->topic,
                                              "' at ", settings_->brokers));
    }
    // Many large records in one batch: ready() counts records, librdkafka also bytes.
    producer_->drain(10);
    WEIR_RETURN_IF_ERROR(producer_->status());
  }
}

bool DirectSinkWriter::ready() const {
  producer_->drain(0);
  return !producer_->full();
}

SealJob DirectSinkWriter::seal(Epoch /*epoch*/) {
  return [producer = producer_, epoch = epoch_++]() -> absl::StatusOr<std::vector<Segment>> {
    WEIR_RETURN_IF_ERROR(producer->await(epoch));
    return std::vector<Segment>{};
  };
}

bool DirectSinkWriter::Producer::full() {
  const std::lock_guard lock(mutex);
  return waiting >= kMaxWaiting;
}

void DirectSinkWriter::Producer::drain(int wait_ms) {
  const EventPtr event(rd_kafka_queue_poll(reports.get(), wait_ms));
  if (event == nullptr || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) return;
  const std::lock_guard lock(mutex);
  while (const rd_kafka_message_t* report = rd_kafka_event_message_next(event.get())) {
    --waiting;
    const auto at = outstanding.find(reinterpret_cast<uint64_t>(report->_private));
    if (at != outstanding.end() && --at->second == 0) outstanding.erase(at);
    if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR || !failure.ok()) continue;
    failure = error_status(
        report->err, absl::StrCat(name, ": a record for topic '", rd_kafka_topic_name(report->rkt),
                                  "' partition ", report->partition, " at ", brokers, " was not written"));
  }
}

absl::Status DirectSinkWriter::Producer::status() {
  const std::lock_guard lock(mutex);
  return failure;
}

absl::Status DirectSinkWriter::Producer::await(uint64_t epoch) {
  const auto deadline = std::chrono::steady_clock::now() + kFlushLimit;
  while (true) {
    {
      const std::lock_guard lock(mutex);
      WEIR_RETURN_IF_ERROR(failure);
      if (outstanding.empty() || outstanding.begin()->first > epoch) return absl::OkStatus();
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return absl::DeadlineExceededError(absl::StrCat(name, ": records for ", brokers,
                                                      " were not written within ", kFlushLimit.count(), " s",
                                                      client->last_error()));
    }
    drain(50);
  }
}

}  // namespace weir::kafka
