#include "runtime/job/delivery.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace weir {

Delivery::Delivery(std::string identity, std::unique_ptr<SinkTarget> target, Done done)
    : identity_(std::move(identity)), target_(std::move(target)), done_(std::move(done)) {}

Delivery::~Delivery() { stop(); }

void Delivery::start() {
  thread_ = std::thread([this] { run(); });
}

void Delivery::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Delivery::deliver(absl::Span<const EpochOutput> chain) {
  const std::lock_guard lock(mutex_);
  chain_.assign(chain.begin(), chain.end());
  changed_.notify_all();
}

void Delivery::discard(std::vector<Segment> segments) {
  if (segments.empty()) return;
  const std::lock_guard lock(mutex_);
  discarded_.insert(discarded_.end(), std::make_move_iterator(segments.begin()),
                    std::make_move_iterator(segments.end()));
  changed_.notify_all();
}

void Delivery::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !chain_.empty() || !discarded_.empty(); });
    if (stopping_) return;
    const std::vector<EpochOutput> chain = std::exchange(chain_, {});
    const std::vector<Segment> discarded = std::exchange(discarded_, {});
    lock.unlock();
    if (!discarded.empty()) target_->discard(discarded);
    absl::StatusOr<bool> marker_moved = false;
    try {
      if (!chain.empty()) marker_moved = target_->commit(chain);
    } catch (const std::exception& error) {
      marker_moved = absl::InternalError(absl::StrCat("target ", identity_, " threw ", error.what()));
    }
    if (!marker_moved.ok()) {
      done_(identity_, marker_moved.status());
    } else if (!chain.empty()) {
      done_(identity_, Delivered{chain.back().epoch, chain.back().cut, *marker_moved});
    }
    lock.lock();
  }
}

}  // namespace weir
