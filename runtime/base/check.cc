#include "weir/detail/check.h"

#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace weir::detail {

void check_failed(const char* condition, const char* file, int line) {
  throw std::logic_error(
      absl::StrCat("internal error, please report it: check failed: ", condition, " at ", file, ":", line));
}

}  // namespace weir::detail
