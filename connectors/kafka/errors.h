#pragma once
// librdkafka's errors as Status.

#include <string_view>

#include "absl/status/status.h"
#include "connectors/kafka/handles.h"

namespace weir::kafka {

/// "<what>: <librdkafka's text> (<its name>)". A code that says whether trying again can help:
/// Unavailable and DeadlineExceeded do; NotFound, PermissionDenied, InvalidArgument do not; Aborted: fenced.
absl::Status error_status(rd_kafka_resp_err_t error, std::string_view what, std::string_view detail = {});
absl::Status error_status(const rd_kafka_error_t& error, std::string_view what);

bool is_fenced(rd_kafka_resp_err_t error);

}  // namespace weir::kafka
