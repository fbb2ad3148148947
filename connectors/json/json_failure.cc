#include "weir/detail/json_failure.h"

#include "absl/strings/str_cat.h"

namespace weir::detail {

namespace {
absl::string_view view(std::string_view text) { return {text.data(), text.size()}; }
}  // namespace

bool JsonFailure::expected(std::string_view what, JsonValue found) {
  return because(absl::StrCat("expected ", view(what), ", found ", view(found.kind_name())));
}

bool JsonFailure::because(std::string reason) {
  reason_ = ": " + std::move(reason);
  return false;
}

bool JsonFailure::missing(std::string_view member) {
  reason_ = " is missing";
  return in_member(member);
}

bool JsonFailure::in_member(std::string_view name) {
  path_ = absl::StrCat(view(name), path_.empty() || path_.front() == '[' ? "" : ".", path_);
  return false;
}

bool JsonFailure::in_element(size_t index) {
  path_ = absl::StrCat("[", index, "]", path_.empty() || path_.front() == '[' ? "" : ".", path_);
  return false;
}

absl::Status JsonFailure::status() const {
  if (path_.empty()) return absl::InvalidArgumentError(reason_.substr(std::min<size_t>(2, reason_.size())));
  return absl::InvalidArgumentError(absl::StrCat("member `", path_, "`", reason_));
}

}  // namespace weir::detail
