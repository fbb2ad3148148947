#include "runtime/base/blocking_pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <utility>

#include "runtime/base/log.h"

namespace weir {

struct BlockingPool::Threads {
  explicit Threads(int count) : pool(static_cast<size_t>(std::max(1, count))) {}
  boost::asio::thread_pool pool;
};

BlockingPool::BlockingPool(int threads) : threads_(std::make_unique<Threads>(threads)) {}

BlockingPool::~BlockingPool() { join(); }

void BlockingPool::post(absl::AnyInvocable<void()> work) {
  boost::asio::post(threads_->pool, [work = std::move(work)]() mutable {
    try {
      work();
    } catch (const std::exception& error) {
      log()->error("work on the blocking pool threw: {}", error.what());
    } catch (...) {
      log()->error("work on the blocking pool threw something that is no std::exception");
    }
  });
}

void BlockingPool::join() { threads_->pool.join(); }

}  // namespace weir
