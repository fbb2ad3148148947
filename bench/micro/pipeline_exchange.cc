// One producer that scatters records by key to two workers through bounded channels, against a loop that
// pushes them into two vectors by the same hash: what the exchange costs beyond the copy.

#include <thread>

#include "bench/micro/event_stream.h"
#include "bench/micro/interleaved.h"
#include "runtime/exchange/channel_writer.h"

namespace weir::bench {
namespace {

constexpr size_t kEvents = 4'000'000;

BatchPtr batch_of(const std::vector<Event>& events, size_t from) {
  auto batch = std::make_unique<Batch<Event>>();
  const size_t to = std::min(from + kMaxBatchSize, events.size());
  batch->values.assign(events.begin() + static_cast<ptrdiff_t>(from),
                       events.begin() + static_cast<ptrdiff_t>(to));
  batch->times.resize(batch->values.size());
  return batch;
}

double by_channels(const std::vector<Event>& events) {
  const auto member = &Event::key;
  auto extractor =
      std::make_shared<const detail::FunctionKeyExtractor<int64_t, Event, decltype(member)>>(member);
  std::array<Channel, 2> channels{Channel(16), Channel(16)};
  Signal consumer([] {});
  ChannelWriter writer(std::make_unique<detail::KeyPartitioner<int64_t, Event>>(
                           extractor, detail::PartitionerOptions{2, 1024, kMaxBatchSize}),
                       {{&channels[0], &consumer}, {&channels[1], &consumer}});
  return seconds([&] {
    std::thread drain([&] {
      for (size_t seen = 0; seen < events.size();) {
        Item item;
        bool any = false;
        for (Channel& channel : channels) {
          if (!channel.pop(item)) continue;
          seen += item.batch->size();
          any = true;
        }
        if (!any) std::this_thread::yield();
      }
    });
    for (size_t from = 0; from < events.size(); from += kMaxBatchSize) {
      while (!writer.drain()) std::this_thread::yield();
      writer.write(batch_of(events, from));
    }
    writer.flush();
    while (!writer.drain()) std::this_thread::yield();
    drain.join();
  });
}

double by_vectors(const std::vector<Event>& events) {
  return seconds([&] {
    std::array<std::vector<Event>, 2> parts;
    for (size_t from = 0; from < events.size(); from += kMaxBatchSize) {
      const BatchPtr batch = batch_of(events, from);
      for (auto& part : parts) part.clear();
      for (const Event& event : static_cast<const Batch<Event>&>(*batch).values)
        parts[detail::worker_of_group(detail::hash_u64(static_cast<uint64_t>(event.key)) % 1024, 1024, 2)]
            .push_back(event);
      benchmark::DoNotOptimize(parts);
    }
  });
}

void exchange(benchmark::State& state) {
  const std::vector<Event> events = make_events(kEvents, 100'000);
  const auto per_event = [](double seconds) { return seconds / static_cast<double>(kEvents); };
  compare(
      state, 7, [&] { return per_event(by_channels(events)); },
      [&] { return per_event(by_vectors(events)); });
}
BENCHMARK(exchange)->Iterations(1)->UseManualTime();

}  // namespace
}  // namespace weir::bench
