#pragma once
// Where Weir's log lines go: by default to standard error, from level info.
//
//   weir::set_logger(std::make_shared<spdlog::logger>("weir", my_sink));

#include <memory>

namespace spdlog {
class logger;
}

namespace weir {

/// From now on Weir logs to `logger`, which sets level and format; null: back to the default. Any thread;
/// lines that are being written may still go to the one before.
void set_logger(std::shared_ptr<spdlog::logger> logger);

}  // namespace weir
