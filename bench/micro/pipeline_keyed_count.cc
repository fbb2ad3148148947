// Keyed tumbling count, one worker, against a hand-written loop over the same records in the same process.

#include <cstdio>
#include <cstdlib>

#include "absl/container/flat_hash_map.h"
#include "bench/micro/event_stream.h"
#include "bench/micro/interleaved.h"

namespace weir::bench {
namespace {

constexpr size_t kEvents = 8'000'000;
constexpr Duration kSize{10'000};  // a million events a window

int64_t by_weir(const std::shared_ptr<const std::vector<Event>>& events, int workers) {
  using Result = Windowed<int64_t, int64_t>;
  std::atomic<int64_t> sum{0};
  Pipeline pipeline;
  pipeline.from("events", Source<Event>(std::make_shared<EventSource>(events)), {.timestamp = &Event::at})
      .key_by(&Event::key)
      .window("counts", tumbling(kSize))
      .aggregate<Count>()
      .to("sum", Sink<Result>(std::make_shared<SummingSink<Result>>(&sum)));
  absl::StatusOr<Job> job = run(pipeline, {.name = "bench", .workers = workers});
  if (!job.ok() || !job->wait().ok()) {
    std::fprintf(stderr, "the benchmark's job failed\n");
    std::exit(1);
  }
  return sum.load();
}

int64_t by_hand(const std::vector<Event>& events) {
  absl::flat_hash_map<int64_t, int64_t> counts;
  int64_t sum = 0;
  int64_t window_end = kSize.count();
  const auto fire = [&] {
    for (const auto& [key, count] : counts) sum += count;
    counts.clear();
  };
  for (const Event& event : events) {
    if (to_millis(event.at) >= window_end) {
      fire();
      window_end += kSize.count();
    }
    ++counts[event.key];
  }
  fire();
  return sum;
}

void check(int64_t sum) {
  if (sum == static_cast<int64_t>(kEvents)) return;
  std::fprintf(stderr, "counted %lld of %zu events\n", static_cast<long long>(sum), kEvents);
  std::exit(1);
}

void keyed_count(benchmark::State& state) {
  const auto events = std::make_shared<const std::vector<Event>>(make_events(kEvents, state.range(0)));
  const auto per_event = [](auto&& work) { return seconds(work) / static_cast<double>(kEvents); };
  compare(
      state, 5, [&] { return per_event([&] { check(by_weir(events, 1)); }); },
      [&] { return per_event([&] { check(by_hand(*events)); }); });
}
BENCHMARK(keyed_count)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Iterations(1)->UseManualTime();

}  // namespace
}  // namespace weir::bench
