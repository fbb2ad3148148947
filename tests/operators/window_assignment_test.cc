#include <limits>

#include "tests/operators/windowing.h"
#include "tests/support/catch.h"
#include "weir/detail/window_grid.h"

namespace weir::test {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

/// The starts of the windows of a time; all have the right size.
std::vector<int64_t> starts(const WindowSpec& spec, int64_t time) {
  std::vector<int64_t> starts;
  for (const Window window : spec.assign(at(time))) {
    starts.push_back(to_millis(window.start));
    REQUIRE(window.end - window.start == spec.size);
    REQUIRE(window.start <= at(time));
    REQUIRE(at(time) < window.end);
  }
  return starts;
}
int64_t start(const WindowSpec& spec, int64_t time) {
  const std::vector<int64_t> all = starts(spec, time);
  REQUIRE(all.size() == 1);
  return all.front();
}

}  // namespace

TEST_CASE("C1 tumbling windows are aligned to the epoch plus the offset") {
  const WindowSpec plain = tumbling(ms(5000));
  CHECK(start(plain, 0) == 0);
  CHECK(start(plain, 4999) == 0);
  CHECK(start(plain, 5000) == 5000);
  const WindowSpec later = tumbling(ms(5000), {.offset = ms(100)});
  CHECK(start(later, 100) == 100);
  CHECK(start(later, 5099) == 100);
  CHECK(start(later, 5100) == 5100);
  const WindowSpec earlier = tumbling(ms(5000), {.offset = ms(-100)});
  CHECK(start(earlier, 0) == -100);
  CHECK(start(earlier, 4899) == -100);
  CHECK(start(earlier, 4900) == 4900);
}

TEST_CASE("C1 sizes, slides and offsets that cannot work are refused with their values") {
  CHECK(tumbling(ms(5000), {.offset = ms(4999)}).check().ok());
  CHECK(tumbling(ms(5000), {.offset = ms(-4999)}).check().ok());
  for (const WindowSpec& spec :
       {tumbling(ms(0)), tumbling(ms(-1)), tumbling(ms(5000), {.offset = ms(5000)}),
        tumbling(ms(5000), {.offset = ms(-5000)}), tumbling(ms(5000), {.offset = ms(kMin)}),
        hopping(ms(0), ms(10)), hopping(ms(10), ms(0)), hopping(ms(10), ms(-5)),
        hopping(ms(10), ms(5), {.offset = ms(5)})}) {
    const absl::Status status = spec.check();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(std::string(status.message()).find(spec.describe()) != std::string::npos);
  }
  CHECK(std::string(tumbling(ms(5000), {.offset = ms(6000)}).check().message()) ==
        "a window's offset must lie between -size and size, not tumbling(5000 ms, offset 6000 ms)");
  CHECK(WindowOptions{.allowed_lateness = ms(-1)}.check().code() == absl::StatusCode::kInvalidArgument);
  CHECK(WindowOptions{}.check().ok());
}

TEST_CASE("C2 negative times belong to the window below them") {
  const WindowSpec plain = tumbling(ms(7));
  for (const auto& [time, expected] : {std::pair(-8, -14), {-7, -7}, {-1, -7}, {6, 0}, {7, 7}})
    CHECK(start(plain, time) == expected);
  const WindowSpec later = tumbling(ms(7), {.offset = ms(3)});
  for (const auto& [time, expected] : {std::pair(-10, -11), {-3, -4}, {2, -4}, {3, 3}})
    CHECK(start(later, time) == expected);
  const WindowSpec earlier = tumbling(ms(7), {.offset = ms(-2)});
  for (const auto& [time, expected] : {std::pair(-7, -9), {-2, -2}, {4, -2}, {5, 5}, {7, 5}, {12, 12}})
    CHECK(start(earlier, time) == expected);
}

TEST_CASE("C3 a record belongs to size / slide hopping windows") {
  const WindowSpec plain = hopping(ms(5000), ms(1000));
  CHECK(starts(plain, 0) == std::vector<int64_t>{-4000, -3000, -2000, -1000, 0});
  CHECK(starts(plain, 4999) == std::vector<int64_t>{0, 1000, 2000, 3000, 4000});
  CHECK(starts(plain, 5000) == std::vector<int64_t>{1000, 2000, 3000, 4000, 5000});
  CHECK(starts(hopping(ms(5000), ms(1000), {.offset = ms(100)}), 100) ==
        std::vector<int64_t>{-3900, -2900, -1900, -900, 100});
}

TEST_CASE("Hopping windows that do not touch leave gaps") {
  const WindowSpec spec = hopping(ms(3), ms(5), {.offset = ms(1)});
  REQUIRE(spec.check().ok());
  CHECK(starts(spec, 1) == std::vector<int64_t>{1});
  CHECK(starts(spec, 3) == std::vector<int64_t>{1});
  CHECK(starts(spec, 4).empty());
  CHECK(starts(spec, 5).empty());
  CHECK(starts(spec, 6) == std::vector<int64_t>{6});
  CHECK(starts(spec, -1).empty());
  CHECK(starts(spec, -2) == std::vector<int64_t>{-4});
}

TEST_CASE("At the ends of time windows are cut, never wrapped, and every time has one") {
  for (const WindowSpec& spec :
       {tumbling(ms(1000)), tumbling(ms(1)), tumbling(ms(kMax)), tumbling(ms(7), {.offset = ms(-6)}),
        hopping(ms(5000), ms(1000)), hopping(ms(3), ms(2), {.offset = ms(1)}),
        hopping(ms(kMax), ms(kMax / 3)), hopping(ms(kMax), ms(kMax - 1), {.offset = ms(-(kMax - 2))})}) {
    for (const int64_t time :
         {kMin, kMin + 1, kMin + 700, int64_t{-1}, int64_t{0}, kMax - 700, kMax - 1, kMax}) {
      CAPTURE(spec.describe(), time);
      const std::vector<Window> windows = spec.assign(at(time));
      REQUIRE(!windows.empty());
      for (size_t i = 0; i < windows.size(); ++i) {
        CHECK(windows[i].start <= at(time));
        CHECK((windows[i].end > at(time) || windows[i].end == kMaxTimestamp));
        CHECK((windows[i].start < windows[i].end || windows[i].start == kMaxTimestamp));
        if (i > 0) CHECK(windows[i - 1].start < windows[i].start);
      }
      const detail::WindowGrid grid(spec);
      const detail::Slice slice = grid.slice_of(at(time));
      CHECK(slice.first <= at(time));
      CHECK(slice.last >= at(time));
      CHECK(grid.first_window_of(slice.first) == windows.front());
      CHECK(grid.first_window_of(slice.last) == windows.front());
      CHECK(grid.last_window_of(slice.first) == windows.back());
      CHECK(grid.last_window_of(slice.last) == windows.back());
    }
  }
}

}  // namespace weir::test
