#pragma once

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/task.h"

namespace lodge {

// The bounded pool for work that blocks: SQLite, fsync, posix_spawn, netlink, qemu-img. Never run such work on the
// control thread.
class Pool {
 public:
  explicit Pool(std::size_t threads) : threads_(threads) {}

  // Waits until all work given to it has ended.
  void join() { threads_.join(); }

  // Runs `work` on a thread of the pool; nobody waits for it. It must not throw.
  template <class F>
  void post(F work) {
    asio::post(threads_, std::move(work));
  }

  // Runs `work` on a thread of the pool and comes back to the caller's executor with its value, which must not be void. Work that has begun runs
  // to its end, whoever cancels: the result of a half-done system call must not be lost. It must not throw.
  template <class F>
  Task<std::invoke_result_t<F&>> run(F work) {
    using T = std::invoke_result_t<F&>;
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(
        [this](auto handler, F job) {
          auto home = asio::get_associated_executor(handler);
          asio::post(threads_, [home, job = std::move(job), handler = std::move(handler),
                                work_guard = asio::make_work_guard(home)]() mutable {
            T value = job();
            asio::post(home, [handler = std::move(handler), value = std::move(value)]() mutable {
              std::move(handler)(std::move(value));
            });
          });
        },
        asio::use_awaitable, std::move(work));
  }

 private:
  asio::thread_pool threads_;
};

}  // namespace lodge
