#include "absl/strings/str_cat.h"
#include "weir/detail/decoded_source.h"
#include "weir/detail/encoded_sink.h"
#include "weir/operator.h"

namespace weir::detail {

absl::Status undecodable(const std::string& source, const std::string& record, const absl::Status& reason) {
  return {reason.code(),
          absl::StrCat("source '", source, "': cannot decode ", record, ": ", reason.message())};
}

absl::Status unencodable(const std::string& sink, const BatchBase& batch, size_t index,
                         const absl::Status& reason) {
  return {reason.code(), absl::StrCat("sink '", sink, "': cannot encode the record",
                                      describe_position(batch, index), ": ", reason.message())};
}

}  // namespace weir::detail
