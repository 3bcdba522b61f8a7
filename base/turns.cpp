#include "base/turns.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lodge {
namespace {

constexpr std::uint64_t kShortTurn = 100'000;  // ns; the kernel makes no shorter ones

}  // namespace

void take_short_turns() {
  Scheduling scheduling = usual_scheduling();
  if (scheduling.policy != SCHED_OTHER && scheduling.policy != SCHED_BATCH) return;
  scheduling.runtime = kShortTurn;
  ::syscall(SYS_sched_setattr, 0, &scheduling, 0);
}

Scheduling usual_scheduling() {
  Scheduling scheduling;
  ::syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0);
  if (scheduling.policy == SCHED_OTHER || scheduling.policy == SCHED_BATCH) scheduling.runtime = 0;
  return scheduling;
}

}  // namespace lodge
