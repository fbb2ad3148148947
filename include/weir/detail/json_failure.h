#pragma once
// Why a record is not what it should be, and where in it: "member `legs[3].origin`: expected string, found
// null".

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "weir/detail/json_value.h"

namespace weir::detail {

/// Filled where it happens, completed with the path on the way out. All functions give false, to be returned.
class JsonFailure {
 public:
  /// "expected integer, found string".
  bool expected(std::string_view what, JsonValue found);
  bool because(std::string reason);
  bool missing(std::string_view member);

  bool in_member(std::string_view name);
  bool in_element(size_t index);

  absl::Status status() const;

 private:
  std::string path_;
  std::string reason_;
};

}  // namespace weir::detail
