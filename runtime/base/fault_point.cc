#include "runtime/base/fault_point.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <mutex>

namespace weir {

namespace {

struct FaultPoints {
  std::mutex mutex;
  std::map<std::string, uint64_t> visits;
  std::string crash_name;
  uint64_t crash_visit = 0;
  std::string log_path;

  FaultPoints() {
    if (const char* path = std::getenv("WEIR_FAULT_POINT_LOG")) log_path = path;
    const char* crash_at = std::getenv("WEIR_CRASH_AT");
    if (crash_at == nullptr) return;
    crash_name = crash_at;
    crash_visit = 1;
    if (const size_t colon = crash_name.rfind(':'); colon != std::string::npos) {
      crash_visit = std::strtoull(crash_name.c_str() + colon + 1, nullptr, 10);
      crash_name.resize(colon);
    }
  }

  /// One write, so that lines of several processes do not mix. Lost on an error: it is a test's aid.
  void log_first_visit(std::string_view name) const {
    const int fd = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    const std::string line = std::string(name) + "\n";
    if (::write(fd, line.data(), line.size()) < 0) {
      // Nothing to do about it.
    }
    ::close(fd);
  }
};

FaultPoints& fault_points() {
  static auto* const points = new FaultPoints;  // visited by threads that outlive main's statics
  return *points;
}

}  // namespace

void visit_fault_point(std::string_view name) {
  FaultPoints& points = fault_points();
  const std::lock_guard lock(points.mutex);
  const uint64_t visit = ++points.visits[std::string(name)];
  if (visit == 1 && !points.log_path.empty()) points.log_first_visit(name);
  if (visit == points.crash_visit && name == points.crash_name) std::raise(SIGKILL);
}

void crash_at_fault_point(std::string_view name, uint64_t visit) {
  FaultPoints& points = fault_points();
  const std::lock_guard lock(points.mutex);
  points.crash_name = name;
  const auto visited = points.visits.find(points.crash_name);
  points.crash_visit = visit + (visited == points.visits.end() ? 0 : visited->second);
}

std::map<std::string, uint64_t> visited_fault_points() {
  FaultPoints& points = fault_points();
  const std::lock_guard lock(points.mutex);
  return points.visits;
}

}  // namespace weir
