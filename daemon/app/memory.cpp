#include "daemon/app/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/file.h"

namespace lodge::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 10s;
constexpr int kArenas = 2;  // one alone makes threads wait for each other: a call over TLS then takes a third longer
constexpr int kKept = 64 << 20;
constexpr int kUsuallyKept = 128 << 10;
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

// A flood that ends changes only the second of these: what it took is free, and not given back.
struct Held {
  std::size_t all = memory_of_our_own();
  std::size_t free = ::mallinfo2().fordblks;
};

Held held() { return {}; }

bool is_near(const Held& one, const Held& other) {
  const auto near = [](std::size_t a, std::size_t b) { return std::max(a, b) - std::min(a, b) <= kWorthIt; };
  return near(one.all, other.all) && near(one.free, other.free);
}

// malloc_trim() leaves what is free at the end of an arena, which goes when something large is freed there. Threads that are new are
// given the arenas in turn. @source glibc malloc/arena.c, reused_arena(), heap_trim()
void trim() {
  ::mallopt(M_TRIM_THRESHOLD, kUsuallyKept);
  for (int arena = 0; arena < kArenas; ++arena) {
    std::jthread([] {
      void* volatile large = ::malloc(kUsuallyKept);  // a compiler may leave out what nobody sees
      ::free(large);
    });
  }
  ::malloc_trim(0);
  ::mallopt(M_TRIM_THRESHOLD, kKept);
}

}  // namespace

void keep_little_memory() {
  ::mallopt(M_ARENA_MAX, kArenas);
  ::mallopt(M_MMAP_THRESHOLD, 256 * 1024);  // said once, it does not grow with what is freed
  // What a large message took is kept for the next one, until give_memory_back() comes: the kernel is in nobody's favour, and in no
  // hurry, while it takes pages back and clears new ones.
  ::mallopt(M_TRIM_THRESHOLD, kKept);
}

Task<void> give_memory_back(Pool& pool) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Held before = held();
  for (;;) {
    timer.expires_after(kInterval);
    co_await timer.async_wait(asio::use_awaitable);
    if (is_near(held(), before)) continue;
    static_cast<void>(co_await pool.run([] {
      trim();
      return true;
    }));
    before = held();
  }
}

}  // namespace lodge::app
