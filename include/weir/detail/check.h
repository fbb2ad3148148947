#pragma once
// Assertions for what only a bug can do, on in every build. A failed one throws: the operator boundary turns
// it into the job's failure and the host process lives.

namespace weir::detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace weir::detail

#define WEIR_CHECK(condition)                        \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? (void)0                                     \
       : ::weir::detail::check_failed(#condition, __FILE__, __LINE__))
