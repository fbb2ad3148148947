#include "connectors/kafka/kafka_target.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "connectors/kafka/cluster.h"
#include "runtime/base/fault_point.h"
#include "runtime/base/log.h"
#include "runtime/base/outbox_reader.h"
#include "weir/detail/check.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {

constexpr Duration kMinTransactionTimeout{1000};
constexpr Duration kFallbackTransactionTimeout{60'000};

/// While it lives, writers at their limit wait for this delivery (R26).
class Delivering {
 public:
  explicit Delivering(const std::vector<std::shared_ptr<OutboxQuota>>& quotas) : quotas_(quotas) {
    for (const auto& quota : quotas_) quota->begin_delivery();
  }
  ~Delivering() {
    for (const auto& quota : quotas_) quota->end_delivery();
  }
  Delivering(const Delivering&) = delete;
  Delivering& operator=(const Delivering&) = delete;

 private:
  const std::vector<std::shared_ptr<OutboxQuota>>& quotas_;
};

uint64_t count_records(absl::Span<const EpochOutput> epochs) {
  uint64_t records = 0;
  for (const EpochOutput& epoch : epochs) {
    for (const Segment& segment : epoch.segments) records += segment.records;
  }
  return records;
}

}  // namespace

std::string target_identity(std::string_view cluster_id) {
  return absl::StrCat("kafka:", std::string(cluster_id));
}

KafkaTarget::KafkaTarget(TargetContext context, KafkaTargetSettings settings)
    : context_(std::move(context)),
      settings_(std::move(settings)),
      files_(context_.files == nullptr ? real_file_system() : *context_.files),
      name_(absl::StrCat("job '", context_.job, "'")) {}

KafkaTarget::~KafkaTarget() = default;

absl::Status KafkaTarget::check_job_name() const {
  const bool good = !context_.job.empty() && context_.job.size() <= 200 &&
                    std::all_of(context_.job.begin(), context_.job.end(), [](char c) {
                      return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
                    });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name_, ": the name becomes part of a topic's: use 1 to 200 letters, digits, '.', '_' and '-'"));
}

absl::Status KafkaTarget::connect() {
  WEIR_RETURN_IF_ERROR(check_job_name());
  WEIR_ASSIGN_OR_RETURN(admin_, create_admin_client(name_, settings_.brokers, settings_.properties));
  markers_ = std::make_unique<MarkerTopic>(admin_, settings_.properties, context_.job, context_.cancelled);
  WEIR_ASSIGN_OR_RETURN(const std::string id, cluster_id(admin_, context_.cancelled));
  if (id != settings_.cluster_id) {
    return absl::FailedPreconditionError(absl::StrCat(name_, ": ", settings_.brokers, " is now cluster ", id,
                                                      "; it was ", settings_.cluster_id));
  }
  ProducerSettings producer;
  producer.name = name_;
  producer.brokers = settings_.brokers;
  producer.properties = settings_.properties;
  producer.transactional_id = absl::StrCat("weir.", context_.job, ".", settings_.cluster_id);
  WEIR_ASSIGN_OR_RETURN(producer.transaction_timeout, transaction_timeout());
  producer.smallest_message_limit = settings_.smallest_message_limit;
  producer.largest_message_limit = settings_.largest_message_limit;
  producer_settings_ = std::move(producer);
  return absl::OkStatus();
}

absl::StatusOr<Duration> KafkaTarget::transaction_timeout() {
  const Duration wanted =
      std::max(kMinTransactionTimeout, 3 * (context_.checkpoint_interval + context_.checkpoint_timeout));
  const absl::StatusOr<Configuration> broker = broker_configuration(admin_, context_.cancelled);
  int64_t limit = 0;
  if (broker.ok()) {
    const auto at = broker->find("transaction.max.timeout.ms");
    if (at != broker->end() && !absl::SimpleAtoi(at->second, &limit)) limit = 0;
  } else if (absl::IsPermissionDenied(broker.status())) {
    log()->warn("{}; the transaction timeout is chosen without the broker's limit",
                std::string(broker.status().message()));
  } else {
    return broker.status();
  }
  if (settings_.transaction_timeout > Duration{0}) {
    if (limit > 0 && settings_.transaction_timeout.count() > limit) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_, ": .transaction_timeout is ", settings_.transaction_timeout.count(),
                       " ms, more than the broker's transaction.max.timeout.ms of ", limit, " ms at ",
                       settings_.brokers, "; lower the one or raise the other"));
    }
    if (settings_.transaction_timeout < wanted) {
      log()->warn(
          "{}: .transaction_timeout is {} ms, less than three times checkpoint interval and timeout ({} ms): "
          "a slow delivery may have to be repeated, nothing is lost by it",
          name_, settings_.transaction_timeout.count(), wanted.count());
    }
    return std::max(settings_.transaction_timeout, kMinTransactionTimeout);
  }
  if (limit > 0) return std::min(wanted, Duration{limit});
  return std::min(wanted, kFallbackTransactionTimeout);
}

absl::StatusOr<size_t> KafkaTarget::check(const TargetProgress& progress, bool first_start,
                                          const std::optional<Marker>& marker) const {
  return check_marker(progress, first_start, marker, context_.adopt,
                      {context_.job, markers_->name(), settings_.brokers});
}

absl::Status KafkaTarget::look_first(const TargetProgress& progress, bool first_start) {
  WEIR_ASSIGN_OR_RETURN(const bool exists, markers_->exists(progress.has_base));
  if (!exists) {
    // Refused before the topic is made: an empty one would look like a first start.
    WEIR_RETURN_IF_ERROR(check(progress, first_start, std::nullopt).status());
    WEIR_RETURN_IF_ERROR(markers_->create());
    return markers_->verify();
  }
  WEIR_RETURN_IF_ERROR(markers_->verify());
  WEIR_ASSIGN_OR_RETURN(const std::optional<Marker> marker, markers_->read_last(ReadUntil::kCommitted));
  return check(progress, first_start, marker).status();
}

absl::Status KafkaTarget::open_producer() {
  producer_.reset();
  WEIR_ASSIGN_OR_RETURN(producer_, TransactionalProducer::create(*producer_settings_, context_.cancelled));
  absl::Status status = producer_->init();
  if (status.ok()) {
    std::vector<std::string> topics = settings_.topics;
    topics.push_back(markers_->name());
    status = producer_->warm(topics);
  }
  if (!status.ok()) producer_.reset();
  return status;
}

absl::StatusOr<size_t> KafkaTarget::recover(const TargetProgress& progress, bool first_start) {
  recovered_ = false;
  producer_.reset();
  marker_.reset();
  WEIR_RETURN_IF_ERROR(connect());
  WEIR_RETURN_IF_ERROR(look_first(progress, first_start));
  WEIR_FAULT_POINT("kafka.recover.before_init");
  WEIR_RETURN_IF_ERROR(open_producer());
  WEIR_FAULT_POINT("kafka.recover.after_init");
  WEIR_ASSIGN_OR_RETURN(marker_, markers_->read_last(ReadUntil::kEnd));
  absl::StatusOr<size_t> delivered = check(progress, first_start, marker_);
  if (!delivered.ok()) {
    producer_.reset();
    return delivered.status();
  }
  for (size_t i = *delivered; i < progress.chain.size(); ++i) {
    for (const Segment& segment : progress.chain[i].segments) {
      WEIR_RETURN_IF_ERROR(verify_segment(files_, context_.outbox, segment));
    }
  }
  std::optional<Marker> current = marker_;
  if (!current && progress.has_base) {
    log()->warn(
        "{}: adopting the checkpoint although '{}' at {} holds no marker; output after epoch {} may repeat",
        name_, markers_->name(), settings_.brokers, progress.base_epoch.number);
    current = Marker{};
    current->epoch = progress.base_epoch;
    current->cut = progress.base_cut;
  }
  if (current) WEIR_RETURN_IF_ERROR(claim(*std::move(current)));
  WEIR_FAULT_POINT("kafka.recover.after_claim");
  recovered_ = true;
  return delivered;
}

absl::Status KafkaTarget::claim(Marker marker) {
  marker.job = context_.job;
  marker.incarnation = context_.incarnation;
  marker.owner = context_.instance;
  ++marker.claim;
  absl::Status status = deliver({}, marker);
  if (!status.ok()) return after_failure(std::move(status));
  marker_ = std::move(marker);
  return absl::OkStatus();
}

absl::StatusOr<bool> KafkaTarget::commit(absl::Span<const EpochOutput> epochs) {
  WEIR_CHECK(!epochs.empty());
  // What is out is not known after an error (R21).
  if (!recovered_) return absl::FailedPreconditionError(absl::StrCat(name_, ": commit before recover"));
  const uint64_t records = count_records(epochs);
  if (records == 0 && marker_) return false;
  const Delivering delivering(settings_.quotas);
  if (producer_ == nullptr || producer_->in_doubt()) {
    if (absl::Status status = renew_producer(); !status.ok()) return after_failure(std::move(status));
  }

  Marker marker;
  marker.job = context_.job;
  marker.incarnation = context_.incarnation;
  marker.epoch = epochs.back().epoch;
  marker.cut = epochs.back().cut;
  marker.owner = context_.instance;
  marker.records = records;
  marker.claim = marker_ ? marker_->claim : 0;
  absl::Status status = deliver(epochs, marker);
  if (!status.ok()) return after_failure(std::move(status));
  marker_ = std::move(marker);
  return true;
}

absl::Status KafkaTarget::deliver(absl::Span<const EpochOutput> epochs, const Marker& marker) {
  WEIR_FAULT_POINT("kafka.deliver.before_begin");
  WEIR_RETURN_IF_ERROR(producer_->begin());
  for (const EpochOutput& epoch : epochs) {
    for (const Segment& segment : epoch.segments) WEIR_RETURN_IF_ERROR(send_segment(segment));
  }
  WEIR_FAULT_POINT("kafka.deliver.after_send");
  WEIR_RETURN_IF_ERROR(producer_->await_delivered());
  WEIR_CHECK(producer_->sent() == count_records(epochs));
  WEIR_FAULT_POINT("kafka.deliver.before_marker");
  WEIR_RETURN_IF_ERROR(send_marker(marker));
  WEIR_RETURN_IF_ERROR(producer_->await_delivered());
  WEIR_FAULT_POINT("kafka.deliver.before_commit");
  WEIR_RETURN_IF_ERROR(producer_->commit());
  WEIR_FAULT_POINT("kafka.deliver.after_commit");
  return absl::OkStatus();
}

absl::Status KafkaTarget::send_segment(const Segment& segment) {
  WEIR_RETURN_IF_ERROR(verify_segment(files_, context_.outbox, segment));
  const std::string path = absl::StrCat(context_.outbox, "/", segment.name);
  WEIR_ASSIGN_OR_RETURN(OutboxReader reader, OutboxReader::open(files_, path));
  if (reader.target() != target_identity(settings_.cluster_id)) {
    return absl::DataLossError(absl::StrCat(name_, ": outbox segment ", path, " is output for ",
                                            reader.target(), ", not for ",
                                            target_identity(settings_.cluster_id)));
  }
  OutboxRecord record;
  uint64_t records = 0;
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const bool more, reader.next(record));
    if (!more) break;
    WEIR_RETURN_IF_ERROR(producer_->send(record));
    ++records;
  }
  if (records == segment.records) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(name_, ": outbox segment ", path, " holds ", records,
                                          " records instead of ", segment.records,
                                          "; restore the file from a copy"));
}

absl::Status KafkaTarget::send_marker(const Marker& marker) {
  const std::string json = marker.to_json();
  OutboxRecord record;
  record.topic = markers_->name();
  record.key = kMarkerKey;
  record.has_key = true;
  record.value = json;
  // 0: librdkafka takes now.
  record.time = from_millis(0);
  return producer_->send(record);
}

absl::Status KafkaTarget::check_still_ours(const std::optional<Marker>& marker) const {
  if (marker == marker_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(name_, ": another instance has taken over: the last marker in '", markers_->name(),
                   "' at ", settings_.brokers, " is ", marker ? marker->describe() : "gone",
                   "; this is instance '", context_.instance, "', which stops"));
}

absl::Status KafkaTarget::renew_producer() {
  log()->info("{}: an earlier commit request may still be on its way: renewing the producer (R19)", name_);
  producer_.reset();
  // Before init: it would fence a newer instance.
  WEIR_ASSIGN_OR_RETURN(std::optional<Marker> marker, markers_->read_last(ReadUntil::kCommitted));
  WEIR_RETURN_IF_ERROR(check_still_ours(marker));
  WEIR_RETURN_IF_ERROR(open_producer());
  WEIR_ASSIGN_OR_RETURN(marker, markers_->read_last(ReadUntil::kEnd));
  absl::Status status = check_still_ours(marker);
  if (!status.ok()) producer_.reset();
  return status;
}

absl::Status KafkaTarget::after_failure(absl::Status status) {
  recovered_ = false;
  const bool fenced = producer_ != nullptr && producer_->fenced();
  producer_.reset();
  if (!fenced) return status;
  const absl::StatusOr<std::optional<Marker>> marker = markers_->read_last(ReadUntil::kCommitted);
  if (marker.ok() && *marker && (*marker)->owner != context_.instance) return check_still_ours(*marker);
  return absl::AbortedError(absl::StrCat(
      status.message(), "; no other instance has written a marker, so the transaction probably timed out (",
      producer_settings_->transaction_timeout.count(), " ms): recovering"));
}

void KafkaTarget::discard(absl::Span<const Segment> segments) {
  for (const Segment& segment : segments) {
    const absl::Status status = files_.remove(absl::StrCat(context_.outbox, "/", segment.name));
    if (!status.ok()) log()->warn("{}: a delivered segment stays: {}", name_, std::string(status.message()));
  }
}

absl::Status KafkaTarget::clean(absl::Span<const Segment> listed) {
  std::set<std::string> keep;
  for (const Segment& segment : listed) keep.insert(segment.name);
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.list(context_.outbox));
  for (const std::string& name : names) {
    if (!absl::EndsWith(name, ".seg") || keep.count(name) != 0) continue;
    const std::string path = absl::StrCat(context_.outbox, "/", name);
    // Another target's files stay; one whose header was never finished is nobody's.
    const absl::StatusOr<OutboxReader> reader = OutboxReader::open(files_, path);
    if (reader.ok() && reader->target() != target_identity(settings_.cluster_id)) continue;
    if (!reader.ok() && !absl::IsDataLoss(reader.status())) return reader.status();
    WEIR_RETURN_IF_ERROR(files_.remove(path));
  }
  return absl::OkStatus();
}

}  // namespace weir::kafka
