#pragma once
// Where a pipeline starts: sources. Pipeline code builds a graph, a value that is checked as a whole before
// it runs.
//
//   weir::Pipeline pipeline;
//   auto trades = pipeline.from("trades", weir::kafka_source<Trade>({.topic = "trades"}), {.timestamp =
//   &Trade::at});

#include <memory>
#include <string>
#include <type_traits>

#include "weir/detail/graph.h"
#include "weir/error_policy.h"
#include "weir/id.h"
#include "weir/source.h"
#include "weir/stream.h"

namespace weir {

/// Event time of a record: a member of type Timestamp, or a function from the record to one.
template <class T>
class TimestampOf {
 public:
  TimestampOf() = default;
  template <class F>
    requires std::is_invocable_r_v<Timestamp, const F&, const T&>
  TimestampOf(F function)  // NOLINT(google-explicit-constructor): written as .timestamp = &Trade::at
      : assigner_(std::make_shared<detail::FunctionTimestampAssigner<T, F>>(std::move(function))) {}

  const std::shared_ptr<const detail::TimestampAssigner<T>>& assigner() const { return assigner_; }

 private:
  std::shared_ptr<const detail::TimestampAssigner<T>> assigner_;
};

/// How a source's records stand in time, and what happens to one that cannot be decoded.
template <class T>
struct FromOptions {
  /// Not given: the time that the source knows (Kafka's record time). A source that knows none has no event
  /// time: its windows fire at its end.
  TimestampOf<T> timestamp = {};
  /// A split's watermark is its largest time - this - 1 ms.
  Duration max_out_of_orderness{0};
  /// The splits' times never decrease; the same as max_out_of_orderness 0, said aloud.
  bool monotone = false;
  /// A split without records for so long no longer holds the watermark back. 0: it always does.
  Duration idle_after{0};
  ErrorPolicy on_error = ErrorPolicy::fail();
};

class Pipeline {
 public:
  Pipeline() : graph_(std::make_shared<detail::Graph>()) {}

  template <class T>
  Stream<T> from(Id id, Source<T> source, FromOptions<T> options = {}) {
    detail::Node node{.kind = detail::NodeKind::kSource,
                      .id = id.name(),
                      .previously = id.previously(),
                      .label = source.factory()->describe()};
    if (options.max_out_of_orderness < Duration::zero() || options.idle_after < Duration::zero()) {
      node.problem = absl::InvalidArgumentError("max_out_of_orderness and idle_after must not be negative");
    } else if (options.monotone && options.max_out_of_orderness != Duration::zero()) {
      node.problem =
          absl::InvalidArgumentError("monotone and max_out_of_orderness exclude each other: give one");
    }
    node.source = std::make_shared<detail::ReaderOperatorFactory<T>>(
        source.factory(), options.timestamp.assigner(),
        detail::SourceTiming{options.max_out_of_orderness, options.idle_after}, options.on_error.action());
    const int number = graph_->add(std::move(node));
    if (options.on_error.action() == ErrorPolicy::Action::kDeadLetter)
      Stream<DeadLetter>(graph_, {number, 1}).to(*options.on_error.sink_id(), *options.on_error.sink());
    return Stream<T>(graph_, {number, 0});
  }

  const detail::Graph& graph() const { return *graph_; }
  /// For operator authors: nodes added by hand.
  detail::Graph& graph() { return *graph_; }

  /// All mistakes that can be found before anything runs.
  absl::Status check() const { return detail::check_graph(*graph_); }
  /// The graph as it runs on so many workers: text, and Graphviz DOT.
  std::string plan_text(int workers) const;
  std::string plan_dot(int workers) const;

 private:
  std::shared_ptr<detail::Graph> graph_;
};

}  // namespace weir
