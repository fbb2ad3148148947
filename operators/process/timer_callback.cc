#include "absl/strings/str_cat.h"
#include "weir/operator.h"
#include "weir/process.h"

namespace weir::detail {

void throw_no_timer_callback(const char* callback) {
  throw OperatorError(absl::FailedPreconditionError(
      absl::StrCat("a timer was set, but the process function has no ", callback,
                   "(weir::Timestamp, weir::Context<Key, Output>&) that it could call")));
}

}  // namespace weir::detail
