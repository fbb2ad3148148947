// Topic to topic: numbers the records of each key and sums them. Killed and started again by
// end_to_end_test.cc.

#include <string>

#include "weir/kafka.h"
#include "weir/weir.h"

namespace weir::test {

struct Payment {
  std::string account;
  int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(Payment, (), (account, amount))

struct Balance {
  std::string account;
  int64_t number = 0;
  int64_t balance = 0;
};
BOOST_DESCRIBE_STRUCT(Balance, (), (account, number, balance))

class Account {
 public:
  using Output = Balance;
  explicit Account(StateStore& state) : state_(state.value<Balance>("balance")) {}
  void on_event(const Payment& payment, Context<std::string, Balance>& context) {
    Balance& balance = state_.get_or_create();
    balance.account = payment.account;
    ++balance.number;
    balance.balance += payment.amount;
    context.emit(balance);
  }

 private:
  ValueState<Balance> state_;
};

void balances(Pipeline& pipeline, Arguments& args) {
  const std::string brokers = args.get("brokers", "localhost:9092", "Kafka bootstrap servers");
  const std::string in = args.get("in", "payments", "topic of payments");
  const std::string out = args.get("out", "balances", "topic of balances");
  const double rate = args.get("rate", 0.0, "records a second");
  const Duration timeout = args.get("transaction-timeout", Duration{60'000}, "of the producer");
  pipeline
      .from("payments",
            kafka_source<Payment>({.brokers = brokers, .topic = in, .bounded = true, .rate = rate}))
      .key_by(&Payment::account)
      .process<Account>("accounts")
      .to("balances", kafka_sink<Balance>({.brokers = brokers,
                                           .topic = out,
                                           .key = [](const Balance& balance) { return balance.account; },
                                           .transaction_timeout = timeout}));
}

}  // namespace weir::test

int main(int argc, char** argv) { return weir::run_main(argc, argv, "balances", weir::test::balances); }
