#pragma once
// A process function: how often each word came, given once the input has ended.

#include <boost/describe.hpp>
#include <cstdint>
#include <string>

#include "weir/process.h"

struct WordCount {
  std::string word;
  int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(WordCount, (), (word, count))

class WordCounter {
 public:
  using Output = WordCount;
  using Context = weir::Context<std::string, WordCount>;

  explicit WordCounter(weir::StateStore& state) : count_(state.value<int64_t>("count")) {}

  void on_event(const std::string&, Context& context) {
    // The end of a bounded input is the end of time: the watermark becomes kMaxTimestamp.
    if (++count_.get_or_create() == 1) context.set_event_timer(weir::kMaxTimestamp);
  }
  void on_timer(weir::Timestamp, Context& context) {
    context.emit({context.key(), count_.get_or_create()});
    count_.clear();
  }

 private:
  weir::ValueState<int64_t> count_;
};
