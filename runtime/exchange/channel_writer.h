#pragma once
// The producer's end of one edge of the plan: one channel for each target worker, and the partitioner in
// front of them.

#include <deque>
#include <memory>
#include <vector>

#include "runtime/exchange/channel.h"
#include "runtime/exchange/signal.h"
#include "weir/detail/partitioner.h"

namespace weir {

class ChannelWriter {
 public:
  struct Outlet {
    Channel* channel = nullptr;
    Signal* consumer = nullptr;
  };

  /// Without a partitioner there is one outlet.
  ChannelWriter(std::unique_ptr<detail::Partitioner> partitioner, std::vector<Outlet> outlets);

  void write(BatchPtr batch);
  /// After everything written so far: a watermark, a barrier, the end.
  void broadcast(const Item& item_without_batch);

  /// Sends what the partitioner holds back, however little.
  void flush();

  /// Moves what waits into the channels; true when nothing waits any more. What one step of a task produced
  /// may wait here beyond the channel's bound; the task's next step comes only after drain() gave true.
  bool drain();

 private:
  void push(size_t outlet, Item item);

  std::unique_ptr<detail::Partitioner> partitioner_;
  std::vector<Outlet> outlets_;
  std::vector<std::deque<Item>> waiting_;
  bool anything_waits_ = false;
};

}  // namespace weir
