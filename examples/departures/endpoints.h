#pragma once
// Where departures come from and where results go: files, or topics when --brokers is given.

#include <string>

#include "departure.h"
#include "weir/file.h"
#include "weir/kafka.h"
#include "weir/run_main.h"

class Endpoints {
 public:
  explicit Endpoints(weir::Arguments& args)
      : brokers_(args.get("brokers", "", "Kafka bootstrap servers; empty: read and write files")),
        input_(args.get("input", DEPARTURES_DATA, "JSON Lines file of departures, plain, .gz or .zst")),
        output_(args.get("output", "departures-output", "Directory of the results")),
        topic_in_(args.get("topic-in", "departures", "Topic of departures")),
        topic_out_(args.get("topic-out", "hourly-delays",
                            "Topic of the hourly delays; alarms and late departures: + .alarms, .late")),
        rate_(args.get("rate", 0.0, "Departures a second to read; 0: as fast as possible")) {}

  bool kafka() const { return !brokers_.empty(); }

  weir::Source<Departure> file() const {
    return weir::file_source<Departure>({.path = input_, .rate = rate_});
  }
  weir::Source<Departure> departures() const {
    if (!kafka()) return file();
    return weir::kafka_source<Departure>(
        {.brokers = brokers_, .topic = topic_in_, .bounded = true, .rate = rate_});
  }

  /// The topic that departures are read from.
  weir::Sink<Departure> topic_in() const {
    return weir::kafka_sink<Departure>({.brokers = brokers_, .topic = topic_in_, .key = &Departure::origin});
  }
  template <class T>
  weir::Sink<T> results(const std::string& name) const {
    if (!kafka()) return weir::file_sink<T>({.directory = output_ + "/" + name});
    return weir::kafka_sink<T>(
        {.brokers = brokers_, .topic = name == "hourly" ? topic_out_ : topic_out_ + "." + name});
  }

 private:
  std::string brokers_;
  std::string input_;
  std::string output_;
  std::string topic_in_;
  std::string topic_out_;
  double rate_;
};
