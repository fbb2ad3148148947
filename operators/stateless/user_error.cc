#include "weir/detail/user_error.h"

#include "absl/strings/str_cat.h"

namespace weir::detail {
namespace {

absl::Status described(absl::StatusCode code, std::string_view what, const std::string& position,
                       absl::string_view why) {
  return absl::Status(
      code, absl::StrCat(absl::string_view(what.data(), what.size()), " failed", position, ": ", why));
}

}  // namespace

void throw_user_error(std::string_view what, const std::string& position) {
  absl::Status status;
  try {
    throw;
  } catch (const OperatorError& error) {
    status = described(error.status().code(), what, position, error.status().message());
  } catch (const std::exception& error) {
    status = described(absl::StatusCode::kUnknown, what, position, error.what());
  } catch (...) {
    status = described(absl::StatusCode::kUnknown, what, position, "not a std::exception");
  }
  throw OperatorError(std::move(status));
}

}  // namespace weir::detail
