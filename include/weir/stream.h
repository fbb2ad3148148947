#pragma once
// Streams: small copyable handles on a place in the graph. Stream<T> -> KeyedStream<K, T> ->
// WindowedStream<K, T>; what does not fit together does not compile.
//
//   auto words = lines.flat_map([](const std::string& line, weir::Collector<std::string>& out) { … });
//   words.key_by([](const std::string& word) { return word; })
//        .window("counts", weir::tumbling(1min)).aggregate<weir::Count>()
//        .to("out", weir::file_sink<weir::Windowed<std::string, int64_t>>({.directory = "out"}));

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/aggregate.h"
#include "weir/detail/graph.h"
#include "weir/detail/process_operator.h"
#include "weir/detail/stateless_operators.h"
#include "weir/detail/window_operator.h"
#include "weir/id.h"
#include "weir/process.h"
#include "weir/sink.h"
#include "weir/window.h"

namespace weir {

/// A function of a record, for example [](const Trade& t) { return t.price * t.quantity; }
template <class F, class T>
concept RecordFunction =
    std::invocable<const F&, const T&> && !std::is_void_v<std::invoke_result_t<const F&, const T&>>;

/// A question about a record, for example [](const Trade& t) { return t.quantity > 0; }
template <class F, class T>
concept RecordPredicate = std::predicate<const F&, const T&>;

namespace detail {

/// Finds U in a callable whose second parameter is Collector<U>&; has no `type` for any other.
template <class F>
struct CollectorOf {};
template <class F>
  requires requires { &F::operator(); }
struct CollectorOf<F> : CollectorOf<decltype(&F::operator())> {};
template <class C, class R, class A, class U>
struct CollectorOf<R (C::*)(A, Collector<U>&) const> {
  using type = U;
};
template <class C, class R, class A, class U>
struct CollectorOf<R (C::*)(A, Collector<U>&)> {
  using type = U;
};
template <class R, class A, class U>
struct CollectorOf<R (*)(A, Collector<U>&)> {
  using type = U;
};

}  // namespace detail

/// Any number of results for a record, for example [](const Line& l, weir::Collector<Word>& out) {
/// out.emit(…); } (a function object or lambda whose second parameter is written as weir::Collector<U>&, not
/// auto).
template <class F, class T>
concept FlatMapFunction = requires { typename detail::CollectorOf<F>::type; } &&
                          std::invocable<F&, const T&, Collector<typename detail::CollectorOf<F>::type>&>;

/// A key of a record: a member (&Trade::symbol) or a function; its type needs Serde and ==.
template <class F, class T>
concept KeyFunction =
    RecordFunction<F, T> && Serializable<std::remove_cvref_t<std::invoke_result_t<const F&, const T&>>> &&
    std::equality_comparable<std::remove_cvref_t<std::invoke_result_t<const F&, const T&>>>;

template <class K, class T>
class KeyedStream;

template <class T>
class Stream {
 public:
  using Record = T;

  Stream(std::shared_ptr<detail::Graph> graph, detail::NodeInput place)
      : graph_(std::move(graph)), place_(place) {}

  /// One result for each record, with its time.
  template <class F>
    requires RecordFunction<F, T>
  auto map(F function) const {
    using U = std::remove_cvref_t<std::invoke_result_t<const F&, const T&>>;
    return chain<U>("map", std::make_shared<detail::MapFactory<T, U, F>>(std::move(function)));
  }

  /// The records for which the predicate holds.
  template <class F>
    requires RecordPredicate<F, T>
  Stream<T> filter(F predicate) const {
    return chain<T>("filter", std::make_shared<detail::FilterFactory<T, F>>(std::move(predicate)));
  }

  /// Any number of results for each record.
  template <class F>
    requires FlatMapFunction<F, T>
  auto flat_map(F function) const {
    using U = typename detail::CollectorOf<F>::type;
    return chain<U>("flat_map", std::make_shared<detail::FlatMapFactory<T, U, F>>(std::move(function)));
  }

  /// The records of this stream and the other; watermark: the smaller one.
  Stream<T> merge(const Stream<T>& other) const {
    detail::Node node{
        .kind = detail::NodeKind::kMerge, .id = derived_id("merge"), .inputs = {place_, other.place_}};
    if (graph_ != other.graph_) node.problem = absl::InvalidArgumentError("merges streams of two pipelines");
    return Stream<T>(graph_, {graph_->add(std::move(node)), 0});
  }

  /// Records of equal keys meet on one worker, in order.
  template <class F>
    requires KeyFunction<F, T>
  auto key_by(F function) const {
    using K = std::remove_cvref_t<std::invoke_result_t<const F&, const T&>>;
    auto extractor = std::make_shared<const detail::FunctionKeyExtractor<K, T, F>>(std::move(function));
    detail::Node node{.kind = detail::NodeKind::kKeyBy, .id = derived_id("key_by"), .inputs = {place_}};
    node.partitioner = std::make_shared<detail::KeyPartitionerFactory<K, T>>(extractor);
    return KeyedStream<K, T>(graph_, {graph_->add(std::move(node)), 0}, std::move(extractor));
  }

  /// Writes every record to the sink.
  void to(Id id, Sink<T> sink) const {
    detail::Node node{.kind = detail::NodeKind::kSink,
                      .id = id.name(),
                      .previously = id.previously(),
                      .label = sink.factory()->describe(),
                      .inputs = {place_}};
    node.sink = std::make_shared<detail::WriterOperatorFactory<T>>(sink.factory());
    graph_->add(std::move(node));
  }

  /// An operator of one's own: reads Batch<T>, emits Batch<U> on port 0.
  template <class U>
  Stream<U> apply(Id id, std::shared_ptr<const OperatorFactory> factory) const {
    detail::Node node{.id = id.name(), .previously = id.previously(), .label = "apply", .inputs = {place_}};
    node.make_operator = std::move(factory);
    return Stream<U>(graph_, {graph_->add(std::move(node)), 0});
  }

  /// Another output port of the operator that made this stream. For operator authors.
  template <class U>
  Stream<U> port(int number) const {
    return Stream<U>(graph_, {place_.node, number});
  }

 private:
  std::string derived_id(std::string_view kind) const {
    return absl::StrCat(std::string(kind), "-", graph_->nodes.size());
  }
  template <class U>
  Stream<U> chain(std::string_view kind, std::shared_ptr<const OperatorFactory> factory) const {
    detail::Node node{.id = derived_id(kind), .label = std::string(kind), .inputs = {place_}};
    node.make_operator = std::move(factory);
    return Stream<U>(graph_, {graph_->add(std::move(node)), 0});
  }

  std::shared_ptr<detail::Graph> graph_;
  detail::NodeInput place_;
};

/// What an aggregate gives: its results, and the records that came too late for every window of theirs.
template <class R, class T>
class AggregatedStream : public Stream<R> {
 public:
  explicit AggregatedStream(Stream<R> results) : Stream<R>(std::move(results)) {}
  /// Late records, as they were, with their own time.
  Stream<T> late() const { return this->template port<T>(1); }
};

template <class K, class T>
class WindowedStream {
 public:
  WindowedStream(std::shared_ptr<detail::Graph> graph, detail::NodeInput place,
                 std::shared_ptr<const detail::KeyExtractor<K, T>> extractor, Id id, WindowSpec spec,
                 WindowOptions options)
      : graph_(std::move(graph)),
        place_(place),
        extractor_(std::move(extractor)),
        id_(std::move(id)),
        spec_(spec),
        options_(options) {}

  /// A result for each key and window, when the watermark passes the window's end, with the time end - 1 ms.
  template <class A>
    requires Aggregate<A, T, K>
  auto aggregate(A aggregate = {}) const {
    using Factory = detail::WindowFactory<K, T, A>;
    using R = typename Factory::Result;
    detail::Node node{.id = id_.name(),
                      .previously = id_.previously(),
                      .label = spec_.describe(),
                      .inputs = {place_},
                      .problem = spec_.check(),
                      .stateful = true};
    if (node.problem.ok()) node.problem = options_.check();
    node.make_operator = std::make_shared<Factory>(extractor_, spec_, options_, std::move(aggregate));
    return AggregatedStream<R, T>(Stream<R>(graph_, {graph_->add(std::move(node)), 0}));
  }

 private:
  std::shared_ptr<detail::Graph> graph_;
  detail::NodeInput place_;
  std::shared_ptr<const detail::KeyExtractor<K, T>> extractor_;
  Id id_;
  WindowSpec spec_;
  WindowOptions options_;
};

template <class K, class T>
class KeyedStream {
 public:
  using Key = K;
  using Record = T;

  KeyedStream(std::shared_ptr<detail::Graph> graph, detail::NodeInput place,
              std::shared_ptr<const detail::KeyExtractor<K, T>> extractor)
      : graph_(std::move(graph)), place_(place), extractor_(std::move(extractor)) {}

  /// Event-time windows: tumbling(size) or hopping(size, slide).
  WindowedStream<K, T> window(Id id, WindowSpec spec, WindowOptions options = {}) const {
    return WindowedStream<K, T>(graph_, place_, extractor_, std::move(id), spec, options);
  }

  /// A process function F, made once per worker as F(StateStore&, arguments…).
  template <class F, class... Arguments>
    requires ProcessFunction<F, K, T> && ProcessArguments<F, Arguments...>
  auto process(Id id, Arguments... arguments) const {
    using Out = typename F::Output;
    detail::Node node{.id = id.name(),
                      .previously = id.previously(),
                      .label = "process",
                      .inputs = {place_},
                      .stateful = true};
    node.make_operator =
        std::make_shared<detail::ProcessFactory<K, T, F, Arguments...>>(extractor_, std::move(arguments)...);
    return Stream<Out>(graph_, {graph_->add(std::move(node)), 0});
  }

  /// The records, no longer keyed.
  Stream<T> records() const { return Stream<T>(graph_, place_); }

 private:
  std::shared_ptr<detail::Graph> graph_;
  detail::NodeInput place_;
  std::shared_ptr<const detail::KeyExtractor<K, T>> extractor_;
};

}  // namespace weir
