#pragma once
// The boundary at which an exception of user code becomes the job's failure. Used as
//
//   size_t i = 0;
//   try {
//     for (; i < count; ++i) values[i] = function(values[i]);
//   } catch (...) {
//     throw_user_error("map", describe_position(batch, i));
//   }
//
// so that the loop pays nothing.

#include <string>
#include <string_view>

#include "weir/detail/describe_value.h"
#include "weir/operator.h"

namespace weir::detail {

/// Within a catch block: throws an OperatorError "<what> failed<position>: <what()>". The code is kUnknown,
/// or that of the OperatorError which the user threw.
[[noreturn]] void throw_user_error(std::string_view what, const std::string& position);

/// " key <key>" when it can be printed, else nothing.
template <class K>
std::string describe_key(const K& key) {
  if constexpr (Describable<K>) {
    return " key " + describe_value(key);
  } else {
    return {};
  }
}

}  // namespace weir::detail
