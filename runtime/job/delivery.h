#pragma once
// Makes one target's decided epochs visible, in order, on a thread of its own.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "weir/sink.h"

namespace weir {

class Delivery {
 public:
  /// Called from the delivery thread: the chain is out up to its last epoch, or the target failed.
  struct Delivered {
    Epoch epoch;
    Cut cut;
    /// What SinkTarget::commit gave.
    bool marker_moved = true;
  };
  using Done = std::function<void(const std::string& target, absl::StatusOr<Delivered> last)>;

  Delivery(std::string identity, std::unique_ptr<SinkTarget> target, Done done);
  /// Joins; a commit that runs sees TargetContext::cancelled.
  ~Delivery();

  const std::string& identity() const { return identity_; }
  SinkTarget& target() { return *target_; }

  /// Before start: recover() and clean() are called directly on target().
  void start();
  /// The decided epochs not yet out, in order. Not again before Done was called for it: a chain handed over
  /// twice would be sent twice.
  void deliver(absl::Span<const EpochOutput> chain);
  void discard(std::vector<Segment> segments);
  void stop();

 private:
  void run();

  std::string identity_;
  std::unique_ptr<SinkTarget> target_;
  Done done_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<EpochOutput> chain_;
  std::vector<Segment> discarded_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace weir
