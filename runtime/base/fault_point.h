#pragma once
// Named places at which a test may kill the process: WEIR_FAULT_POINT("manifest.before_rename"). Nothing is
// compiled in unless the build defines WEIR_FAULT_POINTS (CMake option of that name).
//
// WEIR_CRASH_AT=manifest.before_rename     SIGKILL at the first visit
// WEIR_CRASH_AT=manifest.before_rename:3   at the third
// WEIR_FAULT_POINT_LOG=/some/file          each name is appended there, on a line, at its first visit in a
// process

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weir {

#ifdef WEIR_FAULT_POINTS
inline constexpr bool kFaultPointsCompiledIn = true;
#define WEIR_FAULT_POINT(name) ::weir::visit_fault_point(name)
#else
inline constexpr bool kFaultPointsCompiledIn = false;
#define WEIR_FAULT_POINT(name) static_cast<void>(0)
#endif

/// Any thread.
void visit_fault_point(std::string_view name);
/// As WEIR_CRASH_AT, for a forked child: SIGKILL at the visit-th visit from now. Any thread.
void crash_at_fault_point(std::string_view name, uint64_t visit);
/// How often each point was visited in this process.
std::map<std::string, uint64_t> visited_fault_points();

}  // namespace weir
