// Hourly delays by airport, from every scheduled departure of New York in 2013, exactly once: from files to
// files, or with --brokers from topic to topics. README.md shows how to run it.

#include <stdexcept>

#include "delay_alarm.h"
#include "departure.h"
#include "endpoints.h"
#include "hourly_delays.h"
#include "weir/weir.h"

using namespace std::chrono_literals;

void departures(weir::Pipeline& pipeline, weir::Arguments& args) {
  const Endpoints endpoints(args);
  const int64_t limit_min =
      args.get("limit", 30, "Mean delay of a day, in minutes, above which an airport is reported");

  // The order of the input is when each departure was observed; event time is when it was scheduled.
  auto departures = pipeline.from("departures", endpoints.departures(),
                                  {.timestamp = &Departure::scheduled, .max_out_of_orderness = 24h});

  auto hourly =
      departures.key_by(&Departure::origin).window("hourly", weir::tumbling(1h)).aggregate<HourlyDelays>();
  hourly.to("hourly-out", endpoints.results<HourlyDelay>("hourly"));
  hourly.late().to("late-out", endpoints.results<Departure>("late"));

  departures.filter([](const Departure& departure) { return departure.delay_min.has_value(); })
      .key_by(&Departure::origin)
      .process<DelayAlarm>("alarms", limit_min)
      .to("alarms-out", endpoints.results<Alarm>("alarms"));
}

int main(int argc, char** argv) { return weir::run_main(argc, argv, "departures", departures); }
