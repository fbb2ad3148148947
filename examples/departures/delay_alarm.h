#pragma once
// A process function: reports an airport whose mean delay over a day passes a limit.

#include <boost/describe.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "departure.h"
#include "weir/process.h"

struct Alarm {
  std::string origin;
  weir::Timestamp day;
  int64_t flights = 0;
  int64_t delay_sum_min = 0;
};
BOOST_DESCRIBE_STRUCT(Alarm, (), (origin, day, flights, delay_sum_min))

struct DayDelay {
  int64_t flights = 0;
  int64_t sum_min = 0;
};
BOOST_DESCRIBE_STRUCT(DayDelay, (), (flights, sum_min))

/// Departures arrive in the order in which they were observed, so that several days are open at a time: the
/// state of an airport is a day's sums each, and a timer at the end of a day closes it.
class DelayAlarm {
 public:
  using Output = Alarm;
  using Context = weir::Context<std::string, Alarm>;

  DelayAlarm(weir::StateStore& state, int64_t limit_min)
      : days_(state.value<Days>("days")), limit_min_(limit_min) {}

  void on_event(const Departure& departure, Context& context) {
    const weir::Timestamp day = std::chrono::floor<std::chrono::days>(departure.scheduled);
    DayDelay& delay = days_.get_or_create()[day];
    if (delay.flights++ == 0) context.set_event_timer(last_instant(day));
    delay.sum_min += *departure.delay_min;
  }

  void on_timer(weir::Timestamp time, Context& context) {
    Days& days = days_.get_or_create();
    const auto day = days.find(std::chrono::floor<std::chrono::days>(time));
    if (day != days.end()) {
      const auto& [start, delay] = *day;
      if (delay.sum_min > limit_min_ * delay.flights)
        context.emit({context.key(), start, delay.flights, delay.sum_min});
      days.erase(day);
    }
    if (days.empty()) days_.clear();
  }

 private:
  using Days = std::map<weir::Timestamp, DayDelay>;

  static weir::Timestamp last_instant(weir::Timestamp day) {
    return day + std::chrono::days(1) - std::chrono::milliseconds(1);
  }

  weir::ValueState<Days> days_;
  int64_t limit_min_;
};
