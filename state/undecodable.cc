#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/detail/state_key.h"
#include "weir/operator.h"

namespace weir::detail {

void throw_undecodable(const char* what, std::string_view key) {
  throw OperatorError(absl::DataLossError(
      absl::StrCat("keyed state holds a ", what,
                   " that does not fit its schema; a Serde of your own that changed without its "
                   "schema() changing does this. State key (hexadecimal): ",
                   absl::BytesToHexString(absl::string_view(key.data(), key.size())))));
}

}  // namespace weir::detail
