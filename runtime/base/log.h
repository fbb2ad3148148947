#pragma once
// weir::log()->warn("checkpoint {} declined: {}", number, reason). Per epoch, per connection, per failure:
// never per record.

#include <spdlog/logger.h>

#include <memory>

#include "weir/log.h"

namespace weir {

/// The logger in use; never null. Any thread.
std::shared_ptr<spdlog::logger> log();

}  // namespace weir
