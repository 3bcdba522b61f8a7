#pragma once

#include <cstdint>

// How long the kernel lets a thread run on while others wait for its processor.
namespace lodge {

// How the kernel shares out a processor to one thread: its sched_attr in the first form, which no header declares beside
// <sched.h>. @source sched_setattr(2)
struct Scheduling {
  std::uint32_t size = sizeof(Scheduling);
  std::uint32_t policy = 0;  // SCHED_OTHER
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;  // of real-time policies
  std::uint64_t runtime = 0;   // of SCHED_OTHER: the longest turn in ns, 100,000 to 100,000,000; 0 for the kernel's own
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

// This thread, and every one that it makes from now on, runs for a tenth of a millisecond at a time while others wait: who keeps
// a thread of ours busy then delays others' answers by so little, and not by the kernel's usual turn, which is many times the
// time that an answer takes. Linux 6.12 and later; changes nothing elsewhere, nor for a thread with a real-time policy.
void take_short_turns();

// What this thread's would be with turns of the usual length: for a child that becomes another program, which inherits ours.
Scheduling usual_scheduling();

}  // namespace lodge
