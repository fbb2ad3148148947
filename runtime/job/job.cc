#include "weir/job.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "runtime/base/machine_memory.h"
#include "runtime/job/job_control.h"
#include "weir/detail/status_macros.h"

namespace weir {

Job::Job(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Job::Job(Job&&) noexcept = default;
Job& Job::operator=(Job&&) noexcept = default;
Job::~Job() = default;

absl::Status Job::wait() { return impl_->wait(); }
void Job::stop() { impl_->stop(); }
JobStatus Job::status() const { return impl_->status(); }

std::string_view to_string(JobStatus::State state) {
  switch (state) {
    case JobStatus::State::kRunning: return "running";
    case JobStatus::State::kRestarting: return "restarting";
    case JobStatus::State::kStopping: return "stopping";
    case JobStatus::State::kFinished: return "finished";
    case JobStatus::State::kFailed: return "failed";
  }
  return "?";
}

int resolved_workers(int workers) {
  return workers > 0 ? workers : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

namespace {

absl::Status check_options(const RunOptions& options) {
  const auto wrong = [](const char* field, auto value, const char* needed) {
    return absl::InvalidArgumentError(
        absl::StrCat("RunOptions::", field, " is ", value, "; it must be ", needed));
  };
  if (options.name.empty() || options.name.size() > 100 ||
      options.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
          std::string::npos)
    return wrong("name", "\"" + options.name + "\"", "1 to 100 letters, digits, '-', '_' or '.'");
  if (options.workers < 0 || options.workers > 1024)
    return wrong("workers", options.workers, "from 0 to 1024");
  if (options.key_groups < 1 || options.key_groups > 32768)
    return wrong("key_groups", options.key_groups, "from 1 to 32768");
  if (static_cast<uint32_t>(resolved_workers(options.workers)) > options.key_groups)
    return wrong("workers", resolved_workers(options.workers), "at most key_groups");
  if (options.batch_size < 1 || options.batch_size > kMaxBatchSize)
    return wrong("batch_size", options.batch_size, "from 1 to 1024");
  if (options.channel_capacity < 1) return wrong("channel_capacity", options.channel_capacity, "at least 1");
  if (options.checkpoint.interval <= Duration::zero())
    return wrong("checkpoint.interval", options.checkpoint.interval.count(), "positive");
  if (options.checkpoint.timeout <= Duration::zero())
    return wrong("checkpoint.timeout", options.checkpoint.timeout.count(), "positive");
  if (options.checkpoint.minimum_pause < Duration::zero())
    return wrong("checkpoint.minimum_pause", options.checkpoint.minimum_pause.count(), "0 or more");
  if (options.checkpoint.retained < 1)
    return wrong("checkpoint.retained", options.checkpoint.retained, "at least 1");
  if (options.restart.attempts < 0) return wrong("restart.attempts", options.restart.attempts, "0 or more");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Job> run(const Pipeline& pipeline, RunOptions options) {
  WEIR_RETURN_IF_ERROR(check_options(options));
  WEIR_RETURN_IF_ERROR(pipeline.check());
  options.workers = resolved_workers(options.workers);
  if (options.memory_budget == 0) options.memory_budget = machine_memory_bytes() / 4;
  auto impl = std::make_unique<Job::Impl>(pipeline.graph(), std::move(options));
  WEIR_RETURN_IF_ERROR(impl->start());
  return Job(std::move(impl));
}

}  // namespace weir
