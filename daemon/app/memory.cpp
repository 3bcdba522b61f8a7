#include "daemon/app/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <chrono>

#include "base/file.h"

namespace lodge::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 10s;
constexpr std::size_t kWorthIt = 4u << 20;  // bytes that came or went since the last time

// In bytes, without what is shared with other processes. @source proc(5), /proc/pid/statm
std::size_t memory_of_our_own() {
  const auto statm = read_file("/proc/self/statm");
  if (!statm) return 0;
  std::size_t pages[3] = {};  // size, resident, shared
  const char* at = statm->data();
  const char* const end = at + statm->size();
  for (std::size_t& count : pages) {
    at = std::from_chars(at, end, count).ptr;
    if (at != end) ++at;
  }
  return (pages[1] - pages[2]) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void keep_little_memory() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, 256 * 1024);  // said once, it does not grow with what is freed
}

Task<void> give_memory_back(Pool& pool) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::size_t before = memory_of_our_own();
  for (;;) {
    timer.expires_after(kInterval);
    co_await timer.async_wait(asio::use_awaitable);
    const std::size_t now = memory_of_our_own();
    // What has shrunk may have left as much behind: the end of a flood need not fall between two looks.
    if (now <= before + kWorthIt && now + kWorthIt >= before) continue;
    static_cast<void>(co_await pool.run([] { return ::malloc_trim(0); }));
    before = memory_of_our_own();
  }
}

}  // namespace lodge::app
