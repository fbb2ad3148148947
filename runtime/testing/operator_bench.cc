#include "weir/detail/operator_bench.h"

#include <optional>

#include "runtime/testing/bench_store.h"
#include "runtime/testing/transcript.h"
#include "weir/detail/check.h"
#include "weir/detail/coding.h"

namespace weir::detail {
namespace {

struct Saved {
  Timestamp watermark = kMinTimestamp;
  std::string operator_bytes;
  std::string store;

  std::string encode() const {
    std::string out;
    put_fixed(out, to_millis(watermark));
    put_bytes(out, operator_bytes);
    put_bytes(out, store);
    return out;
  }
  static Saved decode(std::string_view bytes) {
    ByteReader in(bytes);
    Saved saved;
    saved.watermark = from_millis(in.fixed<int64_t>());
    saved.operator_bytes = in.bytes();
    saved.store = in.bytes();
    if (!in.at_end())
      throw OperatorError(absl::InvalidArgumentError("these are not the bytes of a tester's save()"));
    return saved;
  }
};

/// More calls than this without an end: the operator never finishes.
constexpr int kMaxYields = 1'000'000;

}  // namespace

class OperatorBench::Impl final : public Output {
 public:
  explicit Impl(BenchOptions options)
      : options_(std::move(options)),
        clock_(options_.now),
        ports_(options_.ports.size()),
        stores_(options_.store == testing::TestStore::kMemory ? memory_bench_stores()
                                                              : worker_bench_stores(options_.key_groups)) {
    start(std::nullopt);
  }

  void emit(int port, BatchPtr batch) override {
    WEIR_CHECK(port >= 0 && static_cast<size_t>(port) < ports_.size());
    const size_t size = batch->size();
    WEIR_CHECK(size > 0 && size <= kMaxBatchSize);
    WEIR_CHECK(batch->times.size() == size);
    WEIR_CHECK(batch->hashes.empty() || batch->hashes.size() == size);
    WEIR_CHECK(batch->offsets.empty() || batch->offsets.size() == size);
    Port& to = ports_[port];
    options_.ports[port](*batch, to.step);
    to.batches.push_back(std::move(batch));
  }

  void push(int input, BatchPtr batch) {
    operator_->on_batch(input, std::move(batch), *this);
    for (Port& port : ports_) port.transcript.add(std::exchange(port.step, {}));
  }

  void watermark(Timestamp watermark) {
    yields_ = 0;
    if (watermark > watermark_) {
      while (!operator_->on_watermark(watermark, *this)) count_yield();
      watermark_ = watermark;
    }
    end_firing(mark_of('W', watermark));
  }

  void processing_time(Timestamp now) {
    yields_ = 0;
    clock_.set(now);
    if (auto* timed = dynamic_cast<ProcessingTimeOperator*>(operator_.get()); timed != nullptr)
      while (timed->next_deadline() <= now && !timed->on_processing_time(now, *this)) count_yield();
    end_firing(mark_of('P', now));
  }

  std::string save() { return Saved{watermark_, operator_->save(), store_->save()}.encode(); }
  void restore(std::string_view bytes) { start(Saved::decode(bytes)); }
  void evict() { store_->evict(); }

  std::vector<BatchPtr> take(size_t port) { return std::exchange(ports_[port].batches, {}); }
  std::vector<std::string> transcript(size_t port) const { return ports_[port].transcript.lines(); }
  size_t state_entries() const { return store_->entries(); }
  int yields() const { return yields_; }
  Operator& op() { return *operator_; }

 private:
  struct Port {
    std::vector<BatchPtr> batches;
    std::vector<TestLine> step;
    Transcript transcript;
  };

  void start(const std::optional<Saved>& saved) {
    operator_.reset();
    store_.reset();
    store_ = stores_->make(saved ? saved->store : std::string());
    watermark_ = saved ? saved->watermark : kMinTimestamp;
    OperatorContext context{.id = Id("tested"), .key_groups = options_.key_groups, .clock = clock_};
    context.state = &store_->backend();
    if (saved) context.restored.push_back(saved->operator_bytes);
    context.restored_watermark = watermark_;
    operator_ = options_.factory->make(std::move(context));
  }

  void count_yield() { WEIR_CHECK(++yields_ < kMaxYields); }
  void end_firing(const std::string& mark) {
    for (Port& port : ports_) port.transcript.add_fired(std::exchange(port.step, {}), mark);
  }

  BenchOptions options_;
  testing::ManualClock clock_;
  std::vector<Port> ports_;
  std::unique_ptr<BenchStores> stores_;
  std::unique_ptr<BenchStore> store_;
  std::unique_ptr<Operator> operator_;
  Timestamp watermark_ = kMinTimestamp;
  int yields_ = 0;
};

OperatorBench::OperatorBench(BenchOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
OperatorBench::~OperatorBench() = default;

void OperatorBench::push(int input, BatchPtr batch) { impl_->push(input, std::move(batch)); }
void OperatorBench::watermark(Timestamp watermark) { impl_->watermark(watermark); }
void OperatorBench::processing_time(Timestamp now) { impl_->processing_time(now); }
std::string OperatorBench::save() { return impl_->save(); }
void OperatorBench::restore(std::string_view saved) { impl_->restore(saved); }
void OperatorBench::evict() { impl_->evict(); }
std::vector<BatchPtr> OperatorBench::take(size_t port) { return impl_->take(port); }
std::vector<std::string> OperatorBench::transcript(size_t port) const { return impl_->transcript(port); }
size_t OperatorBench::state_entries() const { return impl_->state_entries(); }
int OperatorBench::yields() const { return impl_->yields(); }
Operator& OperatorBench::op() { return impl_->op(); }

}  // namespace weir::detail
