#include "runtime/job/task_builder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace weir {

using detail::Graph;
using detail::Node;
using detail::NodeInput;
using detail::NodeKind;

namespace {

class Builder {
 public:
  Builder(const BuildInput& input, std::vector<std::unique_ptr<Worker>>& workers)
      : in_(input), workers_(workers) {}

  std::vector<std::unique_ptr<Channel>> build() {
    make_channels();
    for (int worker = 0; worker < in_.workers; ++worker) {
      std::vector<std::unique_ptr<Task>> tasks;
      std::map<const detail::SinkOperator*, std::string> target_of;
      for (size_t stage = 0; stage < in_.plan.stages.size(); ++stage)
        tasks.push_back(make_task(worker, static_cast<int>(stage), target_of));
      workers_[worker]->set_tasks(std::move(tasks), std::move(target_of));
    }
    return std::move(channels_);
  }

 private:
  /// channel_of_[edge][from worker][to worker]; forward edges have only from == to.
  void make_channels() {
    for (const PlanEdge& edge : in_.plan.edges) {
      auto& table = channel_of_.emplace_back(in_.workers, std::vector<Channel*>(in_.workers, nullptr));
      for (int from = 0; from < in_.workers; ++from) {
        for (int to = 0; to < in_.workers; ++to) {
          if (edge.key_by < 0 && from != to) continue;
          channels_.push_back(std::make_unique<Channel>(in_.options.channel_capacity));
          table[from][to] = channels_.back().get();
        }
      }
    }
  }

  Timestamp restored_watermark(const PlanStage& stage) const {
    if (in_.restored == nullptr) return kMinTimestamp;
    Timestamp least = kMaxTimestamp;
    bool found = false;
    for (const StageWatermark& entry : in_.restored->watermarks) {
      const bool ours = std::any_of(stage.nodes.begin(), stage.nodes.end(), [&](int number) {
        const Node& node = in_.graph.nodes[number];
        return entry.operator_id == node.id ||
               (!node.previously.empty() && entry.operator_id == node.previously);
      });
      if (!ours) continue;
      found = true;
      least = std::min(least, from_millis(entry.watermark));
    }
    return found ? least : kMinTimestamp;
  }

  std::vector<std::string> restored_bytes(const Node& node) const {
    std::vector<std::string> bytes;
    if (in_.restored == nullptr) return bytes;
    for (const OperatorState& state : in_.restored->operators)
      if (state.id == node.id || (!node.previously.empty() && state.id == node.previously))
        bytes.push_back(state.bytes);
    return bytes;
  }

  std::unique_ptr<Task> make_task(int worker, int stage_number,
                                  std::map<const detail::SinkOperator*, std::string>& target_of) {
    const PlanStage& stage = in_.plan.stages[stage_number];
    const Timestamp watermark = restored_watermark(stage);
    std::vector<Task::Slot> slots(stage.nodes.size());
    std::map<int, int> slot_of;
    for (size_t i = 0; i < stage.nodes.size(); ++i) slot_of[stage.nodes[i]] = static_cast<int>(i);

    std::unique_ptr<detail::SourceOperator> source;
    for (size_t i = 0; i < stage.nodes.size(); ++i) {
      const Node& node = in_.graph.nodes[stage.nodes[i]];
      Task::Slot& slot = slots[i];
      slot.node = &node;
      slot.counters = &in_.counters[worker][stage.nodes[i]];
      if (node.kind == NodeKind::kSource) {
        source = node.source->make();
      } else if (node.kind == NodeKind::kSink) {
        auto sink = node.sink->make();
        slot.sink = sink.get();
        target_of[slot.sink] = in_.target_of_node[stage.nodes[i]];
        slot.op = std::move(sink);
      } else if (node.kind == NodeKind::kKeyBy && in_.workers == 1) {
        slot.hasher = node.partitioner->make({1, in_.key_groups, in_.options.batch_size});
      } else if (node.kind == NodeKind::kOperator) {
        slot.op = make_operator(node, worker, watermark);
        slot.processing_time = dynamic_cast<ProcessingTimeOperator*>(slot.op.get());
      }
      if (i > 0)
        connect(slots[slot_of.at(node.inputs[0].node)], node.inputs[0].port, {static_cast<int>(i), 0, -1});
    }

    std::vector<std::unique_ptr<ChannelWriter>> writers;
    std::vector<Task::Input> inputs;
    for (size_t e = 0; e < in_.plan.edges.size(); ++e) {
      const PlanEdge& edge = in_.plan.edges[e];
      if (edge.from_stage == stage_number) {
        connect(slots[slot_of.at(edge.from.node)], edge.from.port, {-1, 0, static_cast<int>(writers.size())});
        writers.push_back(make_writer(edge, channel_of_[e], worker));
      }
      if (edge.to_stage == stage_number) {
        for (int from = 0; from < in_.workers; ++from)
          if (channel_of_[e][from][worker] != nullptr)
            inputs.push_back({channel_of_[e][from][worker], &workers_[from]->signal(), edge.to_input});
      }
    }
    const std::string& name = in_.graph.nodes[stage.nodes[0]].id;
    return std::make_unique<Task>(name, TaskOptions{in_.options.batch_size, in_.clock, watermark},
                                  *workers_[worker], std::move(source), std::move(slots), std::move(inputs),
                                  std::move(writers));
  }

  std::unique_ptr<Operator> make_operator(const Node& node, int worker, Timestamp watermark) {
    const Id id(node.id, {.previously = node.previously});
    try {
      return node.make_operator->make(
          {.id = id,
           .worker = worker,
           .workers = in_.workers,
           .key_groups = in_.key_groups,
           .clock = in_.clock,
           .state =
               node.stateful ? &workers_[worker]->store().operator_state(node.id, node.previously) : nullptr,
           .restored = restored_bytes(node),
           .restored_watermark = watermark});
    } catch (const OperatorError& error) {
      throw OperatorError(absl::Status(
          error.status().code(), absl::StrCat("operator \"", node.id, "\": ", error.status().message())));
    } catch (const std::exception& error) {  // a constructor of the user's
      throw OperatorError(absl::UnknownError(
          absl::StrCat("operator \"", node.id, "\": its construction threw: ", error.what())));
    }
  }

  static void connect(Task::Slot& from, int port, Task::Target target) {
    if (from.ports.size() <= static_cast<size_t>(port)) from.ports.resize(port + 1);
    from.ports[port].push_back(target);
  }

  std::unique_ptr<ChannelWriter> make_writer(const PlanEdge& edge,
                                             const std::vector<std::vector<Channel*>>& table, int worker) {
    std::vector<ChannelWriter::Outlet> outlets;
    for (int to = 0; to < in_.workers; ++to)
      if (table[worker][to] != nullptr) outlets.push_back({table[worker][to], &workers_[to]->signal()});
    std::unique_ptr<detail::Partitioner> partitioner;
    if (edge.key_by >= 0) {
      partitioner = in_.graph.nodes[edge.key_by].partitioner->make(
          {in_.workers, in_.key_groups, in_.options.batch_size});
    }
    return std::make_unique<ChannelWriter>(std::move(partitioner), std::move(outlets));
  }

  const BuildInput& in_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<std::vector<std::vector<Channel*>>> channel_of_;
};

}  // namespace

std::vector<std::unique_ptr<Channel>> build_tasks(const BuildInput& input,
                                                  std::vector<std::unique_ptr<Worker>>& workers) {
  return Builder(input, workers).build();
}

}  // namespace weir
