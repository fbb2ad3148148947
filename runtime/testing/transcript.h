#pragma once
// What came out of a port, as lines that compare equal when the outputs mean the same.

#include <string>
#include <vector>

#include "weir/detail/operator_bench.h"

namespace weir {

/// Lines of one port: records, and between them the watermarks (and processing times) that the operator was
/// given.
class Transcript {
 public:
  /// In this order.
  void add(const std::vector<detail::TestLine>& lines);
  /// In the order of time; lines of equal time may come in any order, and then the mark, as "W(999)".
  void add_fired(std::vector<detail::TestLine> lines, std::string mark);

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

/// Empty when equal; else the lines around the first difference.
std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& actual);

/// "W(999)", "W(+inf)".
std::string mark_of(char kind, Timestamp time);

}  // namespace weir
