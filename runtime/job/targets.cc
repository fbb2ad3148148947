#include "runtime/job/targets.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "runtime/base/log.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

struct Group {
  std::string first_sink;
  std::vector<std::shared_ptr<const TargetFactory>> factories;
};

absl::Status at_sink(const std::string& id, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("sink \"", id, "\": ", std::string(status.message())));
}

absl::StatusOr<std::map<std::string, Group>> identify(const detail::Graph& graph,
                                                      std::vector<std::string>& of_node) {
  std::map<std::string, Group> groups;
  of_node.assign(graph.nodes.size(), "");
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const detail::Node& node = graph.nodes[i];
    if (node.kind != detail::NodeKind::kSink) continue;
    std::shared_ptr<const TargetFactory> factory = node.sink->target();
    if (factory == nullptr) continue;
    absl::StatusOr<std::string> identity = factory->identify();
    if (!identity.ok()) return at_sink(node.id, identity.status());
    of_node[i] = *identity;
    Group& group = groups[*identity];
    if (group.factories.empty()) group.first_sink = node.id;
    if (!group.factories.empty() && group.factories.front()->shared_options() != factory->shared_options()) {
      return absl::InvalidArgumentError(
          absl::StrCat("sinks \"", group.first_sink, "\" and \"", node.id, "\" write to the same target (",
                       *identity, ") with different options: ", group.factories.front()->shared_options(),
                       " and ", factory->shared_options(), "; give them the same"));
    }
    group.factories.push_back(std::move(factory));
  }
  return groups;
}

}  // namespace

absl::StatusOr<OpenTargets> open_targets(TargetStart start) {
  OpenTargets open;
  WEIR_ASSIGN_OR_RETURN(const auto groups, identify(start.graph, open.identity_of_node));
  const bool first_start = start.restored == nullptr || start.restored->epoch.number == 0;
  // Read all before sending to any: recover every target first, then deliver (R25).
  for (const auto& [identity, group] : groups) {
    std::vector<const TargetFactory*> sinks;
    for (const auto& factory : group.factories) sinks.push_back(factory.get());
    absl::StatusOr<std::unique_ptr<SinkTarget>> target = sinks.front()->open(start.context, sinks);
    if (!target.ok()) return at_sink(group.first_sink, target.status());
    TargetEntry entry{identity, {}};
    if (start.restored != nullptr)
      for (const TargetEntry& known : start.restored->targets)
        if (known.identity == identity) entry = known;
    const absl::StatusOr<size_t> out = (*target)->recover(entry.progress, first_start);
    if (!out.ok()) return at_sink(group.first_sink, out.status());
    std::vector<EpochOutput>& chain = entry.progress.chain;
    if (*out > 0) {
      entry.progress.has_base = true;
      entry.progress.base_epoch = chain[*out - 1].epoch;
      entry.progress.base_cut = chain[*out - 1].cut;
      chain.erase(chain.begin(), chain.begin() + static_cast<ptrdiff_t>(*out));
    }
    open.entries.push_back(std::move(entry));
    open.deliveries.push_back(std::make_unique<Delivery>(identity, *std::move(target), start.done));
  }
  for (size_t i = 0; i < open.entries.size(); ++i) {
    TargetProgress& progress = open.entries[i].progress;
    if (progress.chain.empty()) continue;
    log()->info("{}: sends {} decided epochs again, up to {}", open.entries[i].identity,
                progress.chain.size(), progress.chain.back().epoch.number);
    WEIR_ASSIGN_OR_RETURN(const bool marker_moved, open.deliveries[i]->target().commit(progress.chain));
    if (marker_moved) {
      progress.has_base = true;
      progress.base_epoch = progress.chain.back().epoch;
      progress.base_cut = progress.chain.back().cut;
    }
    progress.chain.clear();
  }
  return open;
}

}  // namespace weir
