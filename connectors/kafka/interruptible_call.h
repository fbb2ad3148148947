#pragma once
// librdkafka's blocking calls cannot be interrupted; a target has to give up soon after it is cancelled.

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"

namespace weir::kafka {

using Cancelled = std::function<bool()>;

/// Runs `call` on a thread of its own and gives its result; Cancelled within 50 ms once `cancelled` is true.
/// The call then goes on alone: it must own all it uses and end by itself. `cancelled` null: never.
template <class Call>
auto interruptible(const Cancelled& cancelled, Call call) -> absl::StatusOr<decltype(call())> {
  using Result = decltype(call());
  if (cancelled == nullptr) return call();
  auto promise = std::make_shared<std::promise<Result>>();
  std::future<Result> future = promise->get_future();
  std::thread([promise, call = std::move(call)]() mutable {
    auto owned = std::make_unique<Call>(std::move(call));
    Result result = (*owned)();
    // What the call owned goes before anyone hears of its end.
    owned.reset();
    promise->set_value(std::move(result));
  }).detach();
  while (future.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    if (cancelled()) return absl::CancelledError("the job is stopping");
  }
  return future.get();
}

}  // namespace weir::kafka
