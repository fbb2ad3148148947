#pragma once
// What happens to a record that cannot be decoded: the option `.on_error` of Pipeline::from.

#include <cstdint>
#include <optional>
#include <string>

#include "weir/id.h"
#include "weir/serde.h"
#include "weir/sink.h"

namespace weir {

/// A record that could not be decoded, as it was read.
struct DeadLetter {
  std::string record;
  std::string error;        ///< why
  std::string operator_id;  ///< the source's id
  std::string split;
  int64_t offset = 0;  ///< Kafka offset, or line of a file from 1
};
BOOST_DESCRIBE_STRUCT(DeadLetter, (), (record, error, operator_id, split, offset))

/// fail() stops the job and names the record; skip() counts it (the source's metric) and goes on;
/// dead_letter("bad trades", file_sink<DeadLetter>({…})) writes it to a sink of its own, exactly as often as
/// the sink's other records.
class ErrorPolicy {
 public:
  enum class Action { kFail, kSkip, kDeadLetter };

  ErrorPolicy() = default;
  static ErrorPolicy fail() { return {}; }
  static ErrorPolicy skip() { return ErrorPolicy(Action::kSkip); }
  static ErrorPolicy dead_letter(Id id, Sink<DeadLetter> sink) {
    ErrorPolicy policy(Action::kDeadLetter);
    policy.id_.emplace(std::move(id));
    policy.sink_.emplace(std::move(sink));
    return policy;
  }

  Action action() const { return action_; }
  /// Of the dead letters' sink; empty for the other actions.
  const std::optional<Id>& sink_id() const { return id_; }
  const std::optional<Sink<DeadLetter>>& sink() const { return sink_; }

 private:
  explicit ErrorPolicy(Action action) : action_(action) {}

  Action action_ = Action::kFail;
  std::optional<Id> id_;
  std::optional<Sink<DeadLetter>> sink_;
};

}  // namespace weir
