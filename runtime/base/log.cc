#include "runtime/base/log.h"

#include <spdlog/sinks/ansicolor_sink.h>

#include <mutex>
#include <utility>

namespace weir {

namespace {

/// Lives until the process ends, so that threads that outlive main's statics may still log.
struct LoggerInUse {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger;
};

LoggerInUse& logger_in_use() {
  static auto* const in_use = new LoggerInUse;
  return *in_use;
}

std::shared_ptr<spdlog::logger> default_logger() {
  auto logger =
      std::make_shared<spdlog::logger>("weir", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
  logger->set_level(spdlog::level::info);
  logger->flush_on(spdlog::level::warn);
  return logger;
}

}  // namespace

std::shared_ptr<spdlog::logger> log() {
  LoggerInUse& in_use = logger_in_use();
  const std::lock_guard lock(in_use.mutex);
  if (in_use.logger == nullptr) in_use.logger = default_logger();
  return in_use.logger;
}

void set_logger(std::shared_ptr<spdlog::logger> logger) {
  LoggerInUse& in_use = logger_in_use();
  // What was in use is destroyed after the lock: its sinks are the host's code.
  const std::lock_guard lock(in_use.mutex);
  std::swap(in_use.logger, logger);
}

}  // namespace weir
