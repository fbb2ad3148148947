#pragma once
// One transactional handle, from init_transactions to its end.
//
// Of a handle that was in doubt once nothing more is sent (R19, R21): destroy it, make a new one. Its
// blocking calls run on threads of their own and go on when the caller was cancelled.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/kafka/client.h"
#include "connectors/kafka/interruptible_call.h"
#include "runtime/base/outbox_record.h"
#include "weir/time.h"

namespace weir::kafka {

struct ProducerSettings {
  std::string name;
  std::string brokers;
  KafkaProperties properties;
  std::string transactional_id;
  Duration transaction_timeout{60'000};
  /// No batch may be larger than the smallest topic takes; no record is larger than the largest.
  int64_t smallest_message_limit = 1'000'000;
  int64_t largest_message_limit = 1'000'000;
};

/// One thread.
class TransactionalProducer {
 public:
  /// A new handle; nothing is fenced yet.
  static absl::StatusOr<std::unique_ptr<TransactionalProducer>> create(const ProducerSettings& settings,
                                                                       Cancelled cancelled);
  ~TransactionalProducer();
  TransactionalProducer(const TransactionalProducer&) = delete;
  TransactionalProducer& operator=(const TransactionalProducer&) = delete;

  /// Fences older producers of this id; when it returns OK every transaction of theirs is finished.
  absl::Status init();
  /// Asks for the topics' metadata, which otherwise takes the first transaction a second.
  absl::Status warm(const std::vector<std::string>& topics);

  absl::Status begin();
  /// Copies the record. Blocks while librdkafka's queue is full.
  absl::Status send(const OutboxRecord& record);
  /// Until every record since begin is written; the first error otherwise.
  absl::Status await_delivered();
  absl::Status commit();

  /// Since begin.
  uint64_t sent() const { return sent_; }
  /// The last commit returned OK, but its request was sent again or not answered: a late one may be on its
  /// way (R19).
  bool in_doubt() const { return in_doubt_; }
  /// librdkafka says that this id has a newer producer; a transaction that timed out looks the same (R23).
  bool fenced() const;

 private:
  /// Counted on librdkafka's threads.
  struct EndTxnCount {
    std::atomic<int> sent{0};
    std::atomic<int> answered{0};
    std::atomic<int> failed{0};
  };
  TransactionalProducer(ProducerSettings settings, Cancelled cancelled)
      : settings_(std::move(settings)), cancelled_(std::move(cancelled)) {}
  static rd_kafka_resp_err_t add_interceptors(rd_kafka_t* handle, const rd_kafka_conf_t* conf, void* counts,
                                              char* reason, size_t size);
  absl::StatusOr<rd_kafka_topic_t*> topic(std::string_view name);
  /// Takes what delivery reports there are, waiting up to `wait` for the first.
  void drain(std::chrono::milliseconds wait);
  absl::Status first_failure() const;
  absl::Status failure(rd_kafka_resp_err_t error, std::string_view what) const;
  bool is_cancelled() const { return cancelled_ != nullptr && cancelled_(); }

  ProducerSettings settings_;
  Cancelled cancelled_;
  std::shared_ptr<EndTxnCount> end_txn_ = std::make_shared<EndTxnCount>();
  std::shared_ptr<Client> client_;
  QueuePtr reports_;
  std::map<std::string, TopicPtr, std::less<>> topics_;
  std::chrono::steady_clock::time_point deadline_;
  uint64_t sent_ = 0;
  uint64_t delivered_ = 0;
  rd_kafka_resp_err_t first_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string first_error_place_;
  bool in_doubt_ = false;
};

}  // namespace weir::kafka
