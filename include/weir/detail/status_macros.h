#pragma once
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define WEIR_RETURN_IF_ERROR(expression)                                                   \
  do {                                                                                     \
    if (absl::Status weir_status_ = (expression); !weir_status_.ok()) return weir_status_; \
  } while (false)

#define WEIR_CONCAT_INNER_(a, b) a##b
#define WEIR_CONCAT_(a, b) WEIR_CONCAT_INNER_(a, b)
/// WEIR_ASSIGN_OR_RETURN(auto x, f()): x is f()'s value, or the function returns f()'s error.
#define WEIR_ASSIGN_OR_RETURN(target, expression) \
  WEIR_ASSIGN_OR_RETURN_(WEIR_CONCAT_(weir_value_, __LINE__), target, expression)
#define WEIR_ASSIGN_OR_RETURN_(holder, target, expression) \
  auto holder = (expression);                              \
  if (!holder.ok()) return std::move(holder).status();     \
  target = *std::move(holder)
