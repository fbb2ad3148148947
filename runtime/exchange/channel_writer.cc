#include "runtime/exchange/channel_writer.h"

#include "weir/detail/check.h"

namespace weir {

ChannelWriter::ChannelWriter(std::unique_ptr<detail::Partitioner> partitioner, std::vector<Outlet> outlets)
    : partitioner_(std::move(partitioner)), outlets_(std::move(outlets)), waiting_(outlets_.size()) {
  WEIR_CHECK(partitioner_ != nullptr || outlets_.size() == 1);
}

void ChannelWriter::push(size_t outlet, Item item) {
  if (waiting_[outlet].empty() && outlets_[outlet].channel->push(item)) {
    outlets_[outlet].consumer->notify();
    return;
  }
  waiting_[outlet].push_back(std::move(item));
  anything_waits_ = true;
}

void ChannelWriter::write(BatchPtr batch) {
  if (partitioner_ == nullptr) {
    push(0, Item::of(std::move(batch)));
  } else {
    partitioner_->scatter(std::move(batch),
                          [this](int worker, BatchPtr part) { push(worker, Item::of(std::move(part))); });
  }
}

void ChannelWriter::flush() {
  if (partitioner_ != nullptr)
    partitioner_->flush([this](int worker, BatchPtr part) { push(worker, Item::of(std::move(part))); });
}

void ChannelWriter::broadcast(const Item& item) {
  flush();
  for (size_t outlet = 0; outlet < outlets_.size(); ++outlet)
    push(outlet, Item{item.kind, nullptr, item.time, item.epoch});
}

bool ChannelWriter::drain() {
  if (!anything_waits_) return true;
  anything_waits_ = false;
  for (size_t outlet = 0; outlet < outlets_.size(); ++outlet) {
    bool pushed = false;
    while (!waiting_[outlet].empty() && outlets_[outlet].channel->push(waiting_[outlet].front())) {
      waiting_[outlet].pop_front();
      pushed = true;
    }
    if (pushed) outlets_[outlet].consumer->notify();
    anything_waits_ |= !waiting_[outlet].empty();
  }
  return !anything_waits_;
}

}  // namespace weir
