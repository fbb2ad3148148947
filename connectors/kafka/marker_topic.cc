#include "connectors/kafka/marker_topic.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connectors/kafka/cluster.h"
#include "connectors/kafka/errors.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {
constexpr int64_t kFirstScan = 1000;
constexpr std::chrono::seconds kStallLimit{30};
}  // namespace

MarkerTopic::MarkerTopic(std::shared_ptr<Client> admin, KafkaProperties properties, const std::string& job,
                         Cancelled cancelled)
    : admin_(std::move(admin)),
      properties_(std::move(properties)),
      name_(name_for(job)),
      cancelled_(std::move(cancelled)) {}

std::string MarkerTopic::name_for(const std::string& job) { return absl::StrCat("weir.", job, ".markers"); }

std::string MarkerTopic::where() const {
  return absl::StrCat(admin_->name(), ": marker topic '", name_, "' at ", admin_->brokers());
}

absl::StatusOr<bool> MarkerTopic::exists(bool expected) {
  const std::chrono::milliseconds patience(expected ? 2000 : 0);
  const absl::StatusOr<int> count = partition_count(admin_, name_, cancelled_, patience);
  if (count.ok()) return true;
  if (absl::IsNotFound(count.status())) return false;
  return count.status();
}

absl::Status MarkerTopic::create() {
  const Configuration configuration = {
      {"cleanup.policy", "compact"}, {"segment.ms", "60000"}, {"min.cleanable.dirty.ratio", "0.1"}};
  const absl::Status created = create_topic(admin_, name_, 1, configuration, cancelled_);
  if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
  // Known everywhere before anyone asks for its configuration.
  return partition_count(admin_, name_, cancelled_).status();
}

absl::Status MarkerTopic::verify() {
  WEIR_ASSIGN_OR_RETURN(const int partitions, partition_count(admin_, name_, cancelled_));
  if (partitions != 1) {
    return absl::FailedPreconditionError(
        absl::StrCat(where(), " has ", partitions,
                     " partitions instead of 1; delete it before the job's first start: Weir creates it"));
  }
  WEIR_ASSIGN_OR_RETURN(const Configuration configuration, topic_configuration(admin_, name_, cancelled_));
  const auto policy = configuration.find("cleanup.policy");
  if (policy == configuration.end() || policy->second != "compact") {
    return absl::FailedPreconditionError(absl::StrCat(
        where(), " has cleanup.policy '", policy == configuration.end() ? "" : policy->second,
        "'; it must be exactly 'compact', or the broker may delete the record that says which output is out. "
        "Set it with kafka-configs.sh --alter --topic ",
        name_, " --add-config cleanup.policy=compact"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Client>> MarkerTopic::consumer(const char* isolation) const {
  ClientSettings settings;
  settings.name = admin_->name();
  settings.brokers = admin_->brokers();
  settings.properties = properties_;
  settings.fixed = {{"isolation.level", isolation},        {"enable.auto.commit", "false"},
                    {"enable.partition.eof", "true"},      {"auto.offset.reset", "error"},
                    {"allow.auto.create.topics", "false"}, {"fetch.wait.max.ms", "50"},
                    {"queued.max.messages.kbytes", "4096"}};
  return Client::create(RD_KAFKA_CONSUMER, std::move(settings));
}

absl::StatusOr<MarkerTopic::Range> MarkerTopic::written_range() {
  struct Answer {
    rd_kafka_resp_err_t error;
    Range range;
  };
  // read_uncommitted: the end of everything written, finished or not.
  WEIR_ASSIGN_OR_RETURN(const std::shared_ptr<Client> client, consumer("read_uncommitted"));
  WEIR_ASSIGN_OR_RETURN(const Answer answer, interruptible(cancelled_, [client, name = name_] {
                          Answer a{};
                          a.error = rd_kafka_query_watermark_offsets(
                              client->get(), name.c_str(), 0, &a.range.low, &a.range.high,
                              static_cast<int>(kClusterTimeout.count()));
                          return a;
                        }));
  if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR) return error_status(answer.error, where());
  return answer.range;
}

absl::StatusOr<std::optional<Marker>> MarkerTopic::read_last(ReadUntil until) {
  WEIR_ASSIGN_OR_RETURN(const Range range, written_range());
  if (range.low == range.high) return std::optional<Marker>();
  for (int64_t span = kFirstScan;; span *= 2) {
    const int64_t from = std::max(range.low, range.high - span);
    WEIR_ASSIGN_OR_RETURN(std::optional<Marker> last, scan(from, range.high, until));
    if (last || from == range.low) return last;
  }
}

absl::StatusOr<std::optional<Marker>> MarkerTopic::scan(int64_t from, int64_t high, ReadUntil until) {
  WEIR_ASSIGN_OR_RETURN(const std::shared_ptr<Client> client, consumer("read_committed"));
  const TopicPtr topic(rd_kafka_topic_new(client->get(), name_.c_str(), nullptr));
  if (topic == nullptr || rd_kafka_consume_start(topic.get(), 0, from) != 0) {
    return error_status(rd_kafka_last_error(), absl::StrCat(where(), ": cannot read it"));
  }
  std::optional<Marker> last;
  int64_t position = from;
  auto deadline = std::chrono::steady_clock::now() + kStallLimit;
  bool done = false;
  absl::Status status;
  while (status.ok() && !done) {
    const MessagePtr message(rd_kafka_consume(topic.get(), 0, 50));
    if (cancelled_ != nullptr && cancelled_()) {
      status = absl::CancelledError("the job is stopping");
    } else if (message == nullptr || (message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
                                      message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)) {
      if (message != nullptr && message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        status = error_status(message->err, where(), rd_kafka_message_errstr(message.get()));
      } else if (std::chrono::steady_clock::now() > deadline) {
        status = absl::DeadlineExceededError(
            absl::StrCat(where(), ": reading stands still at offset ", position, " of ", high, " for ",
                         kStallLimit.count(),
                         " s. A hanging transaction of another producer? See kafka-transactions.sh "
                         "find-hanging; until it is ended nobody can tell which output is out",
                         client->last_error()));
      }
    } else {
      position = message->offset;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        status = take(*message, last);
        ++position;
      } else if (until == ReadUntil::kCommitted) {
        done = true;
      }
      if (position >= high) done = true;
      deadline = std::chrono::steady_clock::now() + kStallLimit;
    }
  }
  rd_kafka_consume_stop(topic.get(), 0);
  WEIR_RETURN_IF_ERROR(status);
  return last;
}

absl::Status MarkerTopic::take(const rd_kafka_message_t& message, std::optional<Marker>& last) const {
  const std::string_view key(static_cast<const char*>(message.key), message.key_len);
  absl::StatusOr<Marker> marker =
      Marker::parse(std::string_view(static_cast<const char*>(message.payload), message.len));
  if (key == kMarkerKey && marker.ok()) {
    last = *std::move(marker);
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(where(), ", offset ", message.offset,
                   " is not Weir's: ", marker.ok() ? "its key is another" : marker.status().message(),
                   "; something else writes to this topic. Give the job another name"));
}

}  // namespace weir::kafka
