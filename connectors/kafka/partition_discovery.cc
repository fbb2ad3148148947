#include "connectors/kafka/partition_discovery.h"

#include <atomic>
#include <thread>
#include <utility>

#include "connectors/kafka/cluster.h"
#include "connectors/kafka/start_offsets.h"
#include "runtime/base/log.h"

namespace weir::kafka {

/// Shared with the thread, which may outlive the object by one request.
struct PartitionDiscovery::State {
  std::shared_ptr<Client> client;
  Options options;
  std::mutex mutex;
  std::condition_variable stop_changed;
  bool stopped = false;
  std::vector<NewPartition> found;
  std::atomic<bool> has_found{false};
};

PartitionDiscovery::PartitionDiscovery(std::shared_ptr<Client> client, Options options)
    : state_(std::make_shared<State>()) {
  state_->client = std::move(client);
  state_->options = std::move(options);
  std::thread([state = state_] { run(state); }).detach();
}

PartitionDiscovery::~PartitionDiscovery() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->stop_changed.notify_all();
}

std::vector<NewPartition> PartitionDiscovery::take() {
  if (!state_->has_found.load(std::memory_order_relaxed)) return {};
  const std::lock_guard lock(state_->mutex);
  state_->has_found = false;
  return std::exchange(state_->found, {});
}

void PartitionDiscovery::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  while (!state->stop_changed.wait_for(lock, state->options.interval, [&] { return state->stopped; })) {
    lock.unlock();
    look(*state);
    lock.lock();
  }
}

void PartitionDiscovery::look(State& state) {
  for (auto& [topic, known] : state.options.known) {
    const absl::StatusOr<int> count = partition_count(state.client, topic, nullptr);
    if (!count.ok()) {
      log()->warn("cannot look for new partitions: {}", std::string(count.status().message()));
      return;
    }
    for (; known < *count; ++known) {
      if (known % state.options.workers != state.options.worker) continue;
      const absl::StatusOr<OffsetRange> range = readable_range(*state.client, topic, known);
      if (!range.ok()) {
        log()->warn("cannot begin with a new partition: {}", std::string(range.status().message()));
        return;
      }
      const std::lock_guard lock(state.mutex);
      if (state.stopped) return;
      state.found.push_back({topic, known, range->low});
      state.has_found = true;
      if (state.options.wake) state.options.wake();
    }
  }
}

}  // namespace weir::kafka
