#pragma once
// How records are bytes outside: in a topic, on a line of a file. State has its own encoding (serde.h).

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace weir {

/// A codec is a value of two functions and a name. Both functions are called from several threads at once.
template <class T>
struct Codec {
  /// Leaves `record` unspecified on an error; the error says what is wrong where in the bytes.
  absl::Status (*decode)(std::string_view bytes, T& record) = nullptr;
  /// Appends to `bytes`.
  absl::Status (*encode)(const T& record, std::string& bytes) = nullptr;
  std::string_view name;
};

}  // namespace weir
