#include "connectors/kafka/transactional_producer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connectors/kafka/cluster.h"
#include "connectors/kafka/errors.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {

constexpr int16_t kEndTxn = 26;
constexpr int kInitTimeoutMs = 60'000;

/// Every error object, as what interruptible gives.
using Outcome = std::shared_ptr<rd_kafka_error_t>;
Outcome own(rd_kafka_error_t* error) {
  return error == nullptr ? nullptr : Outcome(error, [](rd_kafka_error_t* e) { rd_kafka_error_destroy(e); });
}

const char* bytes(std::string_view view) { return view.data() == nullptr ? "" : view.data(); }

}  // namespace

absl::StatusOr<std::unique_ptr<TransactionalProducer>> TransactionalProducer::create(
    const ProducerSettings& settings, Cancelled cancelled) {
  auto producer =
      std::unique_ptr<TransactionalProducer>(new TransactionalProducer(settings, std::move(cancelled)));
  const std::string timeout = absl::StrCat(settings.transaction_timeout.count());
  ClientSettings client;
  client.name = settings.name;
  client.brokers = settings.brokers;
  client.properties = settings.properties;
  // Nothing is gained by waiting: a transaction's records are sent in one go.
  client.defaults = {{"linger.ms", "0"}};
  client.fixed = {
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"transactional.id", settings.transactional_id},
      {"transaction.timeout.ms", timeout},
      {"message.timeout.ms", timeout},
      {"batch.size", absl::StrCat(std::clamp<int64_t>(settings.smallest_message_limit, 1, 1 << 30))},
      {"message.max.bytes",
       absl::StrCat(std::clamp<int64_t>(settings.largest_message_limit, 1000, 1'000'000'000))}};
  // The function keeps the counts for as long as the handle lives, which may be longer than this object.
  client.configure = [counts = producer->end_txn_](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    rd_kafka_conf_interceptor_add_on_new(conf, "weir", &TransactionalProducer::add_interceptors,
                                         counts.get());
  };
  WEIR_ASSIGN_OR_RETURN(producer->client_, Client::create(RD_KAFKA_PRODUCER, std::move(client)));
  producer->reports_.reset(rd_kafka_queue_get_main(producer->client_->get()));
  return producer;
}

TransactionalProducer::~TransactionalProducer() {
  if (client_ == nullptr) return;
  topics_.clear();
  reports_.reset();
  // Nothing of an unfinished transaction matters any more, and closing would wait for it.
  rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

rd_kafka_resp_err_t TransactionalProducer::add_interceptors(rd_kafka_t* handle,
                                                            const rd_kafka_conf_t* /*conf*/, void* counts,
                                                            char* /*reason*/, size_t /*size*/) {
  rd_kafka_interceptor_add_on_request_sent(
      handle, "weir",
      [](rd_kafka_t*, int, const char*, int32_t, int16_t api, int16_t, int32_t, size_t, void* opaque) {
        if (api == kEndTxn) static_cast<EndTxnCount*>(opaque)->sent.fetch_add(1);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
      },
      counts);
  rd_kafka_interceptor_add_on_response_received(
      handle, "weir",
      [](rd_kafka_t*, int, const char*, int32_t, int16_t api, int16_t, int32_t, size_t, int64_t,
         rd_kafka_resp_err_t error, void* opaque) {
        auto* count = static_cast<EndTxnCount*>(opaque);
        if (api == kEndTxn) count->answered.fetch_add(1);
        if (api == kEndTxn && error != RD_KAFKA_RESP_ERR_NO_ERROR) count->failed.fetch_add(1);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
      },
      counts);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

absl::Status TransactionalProducer::failure(rd_kafka_resp_err_t error, std::string_view what) const {
  const std::string text = absl::StrCat(settings_.name, ": transactional id '", settings_.transactional_id,
                                        "' at ", settings_.brokers, ": ", std::string(what));
  std::array<char, 512> reason{};
  if (const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client_->get(), reason.data(), reason.size())) {
    return error_status(fatal, text, reason.data());
  }
  return error_status(error, text);
}

bool TransactionalProducer::fenced() const {
  return is_fenced(first_error_) || is_fenced(rd_kafka_fatal_error(client_->get(), nullptr, 0));
}

absl::Status TransactionalProducer::init() {
  WEIR_ASSIGN_OR_RETURN(const Outcome error, interruptible(cancelled_, [client = client_] {
                          return own(rd_kafka_init_transactions(client->get(), kInitTimeoutMs));
                        }));
  if (error == nullptr) return absl::OkStatus();
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
  absl::Status status = failure(code, "init_transactions");
  std::string hint;
  if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE) {
    hint =
        "; a cluster of one broker needs transaction.state.log.replication.factor=1 and "
        "transaction.state.log.min.isr=1 in the broker's settings";
  } else if (code == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT) {
    hint = absl::StrCat("; the transaction timeout is ", settings_.transaction_timeout.count(),
                        " ms: set .transaction_timeout to at most the broker's transaction.max.timeout.ms");
  }
  return absl::Status(status.code(), absl::StrCat(status.message(), ": ", rd_kafka_error_string(error.get()),
                                                  client_->last_error(), hint));
}

absl::StatusOr<rd_kafka_topic_t*> TransactionalProducer::topic(std::string_view name) {
  const auto at = topics_.find(name);
  if (at != topics_.end()) return at->second.get();
  const std::string key(name);
  TopicPtr made(rd_kafka_topic_new(client_->get(), key.c_str(), nullptr));
  if (made == nullptr) return failure(rd_kafka_last_error(), absl::StrCat("topic '", key, "'"));
  return topics_.emplace(key, std::move(made)).first->second.get();
}

absl::Status TransactionalProducer::warm(const std::vector<std::string>& topics) {
  for (const std::string& name : topics) WEIR_RETURN_IF_ERROR(topic(name).status());
  WEIR_ASSIGN_OR_RETURN(const rd_kafka_resp_err_t error, interruptible(cancelled_, [client = client_] {
                          const rd_kafka_metadata_t* metadata = nullptr;
                          const rd_kafka_resp_err_t code =
                              rd_kafka_metadata(client->get(), 0, nullptr, &metadata,
                                                static_cast<int>(kClusterTimeout.count()));
                          if (code == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_metadata_destroy(metadata);
                          return code;
                        }));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(error, "cannot ask for metadata");
  return absl::OkStatus();
}

absl::Status TransactionalProducer::begin() {
  sent_ = delivered_ = 0;
  first_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  // Beyond the transaction's own limit nothing can succeed.
  deadline_ = std::chrono::steady_clock::now() + settings_.transaction_timeout + std::chrono::seconds(5);
  end_txn_->sent = end_txn_->answered = end_txn_->failed = 0;
  const ErrorPtr error(rd_kafka_begin_transaction(client_->get()));
  if (error != nullptr) return failure(rd_kafka_error_code(error.get()), "begin_transaction");
  return absl::OkStatus();
}

absl::Status TransactionalProducer::send(const OutboxRecord& record) {
  WEIR_ASSIGN_OR_RETURN(rd_kafka_topic_t* const to, topic(record.topic));
  while (true) {
    HeadersPtr headers;
    if (!record.headers.empty()) {
      headers.reset(rd_kafka_headers_new(record.headers.size()));
      for (const OutboxHeader& header : record.headers) {
        rd_kafka_header_add(headers.get(), bytes(header.name), static_cast<ssize_t>(header.name.size()),
                            header.has_value ? bytes(header.value) : nullptr,
                            static_cast<ssize_t>(header.value.size()));
      }
    }
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        client_->get(), RD_KAFKA_V_RKT(to), RD_KAFKA_V_PARTITION(record.partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_TIMESTAMP(to_millis(record.time)),
        RD_KAFKA_V_KEY(record.has_key ? bytes(record.key) : nullptr, record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.has_value ? bytes(record.value) : nullptr),
                         record.value.size()),
        RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      // librdkafka took them.
      (void)headers.release();
      // Reports are taken now and then, so that they do not pile up.
      if (++sent_ % 1024 == 0) drain(std::chrono::milliseconds(0));
      return absl::OkStatus();
    }
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return failure(error, absl::StrCat("cannot send to topic '", std::string(record.topic), "' partition ",
                                         record.partition));
    }
    if (is_cancelled()) return absl::CancelledError("the job is stopping");
    drain(std::chrono::milliseconds(50));
    WEIR_RETURN_IF_ERROR(first_failure());
  }
}

void TransactionalProducer::drain(std::chrono::milliseconds wait) {
  while (true) {
    const EventPtr event(rd_kafka_queue_poll(reports_.get(), static_cast<int>(wait.count())));
    if (event == nullptr) return;
    wait = std::chrono::milliseconds(0);
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) continue;
    while (const rd_kafka_message_t* report = rd_kafka_event_message_next(event.get())) {
      ++delivered_;
      if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR || first_error_ != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      first_error_ = report->err;
      first_error_place_ =
          absl::StrCat("topic '", rd_kafka_topic_name(report->rkt), "' partition ", report->partition);
    }
  }
}

absl::Status TransactionalProducer::first_failure() const {
  if (first_error_ == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  const absl::Status status =
      failure(first_error_, absl::StrCat("a record for ", first_error_place_, " was not written"));
  return absl::Status(status.code(), absl::StrCat(status.message(), client_->last_error()));
}

absl::Status TransactionalProducer::await_delivered() {
  while (true) {
    drain(std::chrono::milliseconds(delivered_ < sent_ ? 50 : 0));
    WEIR_RETURN_IF_ERROR(first_failure());
    if (delivered_ >= sent_) return absl::OkStatus();
    if (is_cancelled()) return absl::CancelledError("the job is stopping");
    if (std::chrono::steady_clock::now() > deadline_) {
      return failure(RD_KAFKA_RESP_ERR__TIMED_OUT,
                     absl::StrCat(sent_ - delivered_, " of ", sent_, " records were not written within ",
                                  settings_.transaction_timeout.count(), " ms"));
    }
  }
}

absl::Status TransactionalProducer::commit() {
  in_doubt_ = true;
  WEIR_ASSIGN_OR_RETURN(const Outcome error, interruptible(cancelled_, [client = client_] {
                          return own(rd_kafka_commit_transaction(client->get(), -1));
                        }));
  if (error != nullptr) {
    if (first_error_ == RD_KAFKA_RESP_ERR_NO_ERROR) first_error_ = rd_kafka_error_code(error.get());
    const absl::Status status = failure(rd_kafka_error_code(error.get()), "commit_transaction");
    return absl::Status(
        status.code(),
        absl::StrCat(status.message(), ": ", rd_kafka_error_string(error.get()), client_->last_error()));
  }
  // librdkafka 2.0.2 tells of each response twice.
  in_doubt_ = end_txn_->sent != 1 || end_txn_->answered == 0 || end_txn_->failed != 0;
  return absl::OkStatus();
}

}  // namespace weir::kafka
