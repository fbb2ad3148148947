#include "connectors/kafka/errors.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace weir::kafka {

bool is_fenced(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

namespace {

absl::StatusCode code_of(rd_kafka_resp_err_t error) {
  if (is_fenced(error)) return absl::StatusCode::kAborted;
  switch (error) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return absl::StatusCode::kDeadlineExceeded;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return absl::StatusCode::kNotFound;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return absl::StatusCode::kPermissionDenied;
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG: return absl::StatusCode::kInvalidArgument;
    default: return absl::StatusCode::kUnavailable;
  }
}

absl::string_view view(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::Status error_status(rd_kafka_resp_err_t error, std::string_view what, std::string_view detail) {
  return absl::Status(code_of(error),
                      absl::StrCat(view(what), ": ", rd_kafka_err2str(error), " (", rd_kafka_err2name(error),
                                   ")", detail.empty() ? "" : ": ", view(detail)));
}

absl::Status error_status(const rd_kafka_error_t& error, std::string_view what) {
  return absl::Status(
      code_of(rd_kafka_error_code(&error)),
      absl::StrCat(view(what), ": ", rd_kafka_error_string(&error), " (", rd_kafka_error_name(&error), ")"));
}

}  // namespace weir::kafka
