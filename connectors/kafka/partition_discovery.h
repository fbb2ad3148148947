#pragma once
// Looks for new partitions of a source's topics, on a thread of its own.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connectors/kafka/client.h"
#include "weir/time.h"

namespace weir::kafka {

struct NewPartition {
  std::string topic;
  int32_t partition = 0;
  /// Its beginning.
  int64_t low = 0;
};

class PartitionDiscovery {
 public:
  struct Options {
    Duration interval{30'000};
    int worker = 0;
    int workers = 1;
    /// Topic and the number of partitions that are known already.
    std::map<std::string, int> known;
    /// Called when take() has something.
    std::function<void()> wake;
  };
  PartitionDiscovery(std::shared_ptr<Client> client, Options options);
  /// Does not wait for a request that is under way; wake is not called any more.
  ~PartitionDiscovery();
  PartitionDiscovery(const PartitionDiscovery&) = delete;
  PartitionDiscovery& operator=(const PartitionDiscovery&) = delete;

  /// This worker's new partitions since the last call. Any thread, cheap.
  std::vector<NewPartition> take();

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);
  static void look(State& state);
  std::shared_ptr<State> state_;
};

}  // namespace weir::kafka
