// Random records, watermarks, sizes and options against an oracle that keeps every record of every window.

#include <algorithm>
#include <map>
#include <random>

#include "tests/operators/windowing.h"
#include "tests/support/catch.h"
#include "tests/support/seed.h"

namespace weir::test {
namespace {

struct Settings {
  WindowSpec spec;
  WindowOptions options;
};

/// Rules 1, 2 and 4, window by window and record by record.
class Oracle {
 public:
  Oracle(Settings settings, HitScript& script) : settings_(settings), script_(script) {}

  void record(const Hit& hit, Timestamp time) {
    script_.record(hit, time);
    const std::vector<Window> windows = settings_.spec.assign(time);
    bool accepted = windows.empty();
    for (const Window window : windows) {
      if (closed(window)) continue;
      accepted = true;
      contents_[{to_millis(window.start), hit.key}].push_back(hit.value);
      windows_[to_millis(window.start)] = window;
      if (fired(window)) fire(window, hit.key);
    }
    if (!accepted) script_.expect<1>(hit, time);
  }

  void watermark(Timestamp watermark) {
    const auto old = *this;
    script_.watermark(watermark);
    watermark_ = watermark;
    for (const auto& [start, window] : std::map(windows_)) {
      if (old.fired(window) || !fired(window)) continue;
      std::vector<std::string> keys;
      for (const auto& [place, values] : contents_)
        if (place.first == start) keys.push_back(place.second);
      for (const std::string& key : keys) fire(window, key);
    }
    for (const auto& [start, window] : std::map(windows_))
      if (closed(window))
        std::erase_if(contents_, [s = start](const auto& entry) { return entry.first.first == s; });
  }

 private:
  bool fired(Window window) const {
    return watermark_ != kMinTimestamp && window.max_timestamp() <= watermark_;
  }
  bool closed(Window window) const {
    return watermark_ != kMinTimestamp &&
           saturating_add(window.max_timestamp(), settings_.options.allowed_lateness) <= watermark_;
  }
  void fire(Window window, const std::string& key) {
    std::vector<int64_t>& values = contents_[{to_millis(window.start), key}];
    int64_t sum = 0;
    for (const int64_t value : values) sum += value;
    script_.expect({key, window, sum}, window.max_timestamp());
    if (settings_.options.on_fire == OnFire::kPurge) contents_.erase({to_millis(window.start), key});
  }

  Settings settings_;
  HitScript& script_;
  Timestamp watermark_ = kMinTimestamp;
  std::map<std::pair<int64_t, std::string>, std::vector<int64_t>> contents_;
  std::map<int64_t, Window> windows_;
};

using Random = std::mt19937_64;
int64_t between(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

Settings draw_settings(Random& random) {
  const int64_t slide = between(random, 1, 20);
  int64_t size = slide;
  if (between(random, 0, 2) > 0) size = between(random, 1, 60);
  const Duration offset{between(random, -slide + 1, slide - 1)};
  return {.spec = hopping(ms(size), ms(slide), {.offset = offset}),
          .options = {.allowed_lateness = ms(between(random, 0, 1) * between(random, 0, 50)),
                      .on_fire = between(random, 0, 2) == 0 ? OnFire::kPurge : OnFire::kAccumulate}};
}

void draw_steps(Random& random, int64_t base, int64_t step_scale, int steps, Oracle& oracle) {
  int64_t now = base;
  int64_t watermark = std::numeric_limits<int64_t>::min();
  for (int i = 0; i < steps; ++i) {
    now = saturating_add(now, between(random, 0, step_scale));
    if (between(random, 0, 5) == 0) {
      const int64_t next = saturating_add(now, -between(random, 0, 4 * step_scale));
      if (next > watermark) oracle.watermark(at(watermark = next));
    } else {
      const int64_t time = saturating_add(now, between(random, -8 * step_scale, 2 * step_scale));
      oracle.record(
          {std::string(1, static_cast<char>('a' + between(random, 0, 4))), between(random, 1, 1000)},
          at(time));
    }
  }
  if (watermark < std::numeric_limits<int64_t>::max()) oracle.watermark(kMaxTimestamp);
}

void check_against_oracle(uint64_t seed, int64_t base, int64_t step_scale, int steps,
                          testing::TestStore store = testing::TestStore::kMemory) {
  Random random(seed);
  const Settings settings = draw_settings(random);
  HitScript script;
  Oracle oracle(settings, script);
  draw_steps(random, base, step_scale, steps, oracle);
  INFO("seed " << seed << ", " << settings.spec.describe() << ", lateness "
               << settings.options.allowed_lateness.count() << ", purge "
               << (settings.options.on_fire == OnFire::kPurge));
  REQUIRE(run_windows(script, settings.spec, settings.options, store) == "");
}

}  // namespace

TEST_CASE("Windows give what a naive oracle gives") {
  for (uint64_t i = 0; i < 60; ++i) check_against_oracle(seed() + i, 0, 10, 90);
}

TEST_CASE("Windows give what a naive oracle gives over the real store") {
  for (uint64_t i = 0; i < 4; ++i)
    check_against_oracle(seed() + 500 + i, 0, 10, 60, testing::TestStore::kWorkerStore);
}

TEST_CASE("Windows give what a naive oracle gives when time is sparse or dense") {
  for (uint64_t i = 0; i < 15; ++i) check_against_oracle(seed() + 1000 + i, -500, 200, 60);
  for (uint64_t i = 0; i < 15; ++i) check_against_oracle(seed() + 2000 + i, 0, 1, 60);
}

TEST_CASE("Windows give what a naive oracle gives at the ends of time") {
  for (uint64_t i = 0; i < 20; ++i)
    check_against_oracle(seed() + 3000 + i, std::numeric_limits<int64_t>::max() - 300, 10, 60);
  for (uint64_t i = 0; i < 20; ++i)
    check_against_oracle(seed() + 4000 + i, std::numeric_limits<int64_t>::min(), 10, 60);
}

}  // namespace weir::test
