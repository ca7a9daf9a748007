// sysmon is the thread that watches. It never has a P.
//
// The duties of sysmon are these.
//   - take Ps from system calls that last (MON-2);
//   - ask a goroutine that has held a P for 10 ms to give way, if others wait
//     (MON-4);
//   - ask sooner if a timer is overdue, or if a goroutine is back from a system
//     call and finds no P (MON-7);
//   - make threads for those who must not make threads (threads.h);
//   - print schedtrace, follow the CPU limit, and end idle threads.
//
// Why this is hard. A thread that sleeps for long reacts late, and a thread
// that sleeps for 20 us at a time costs a third of a CPU. So sysmon sleeps
// longer and longer while nothing happens, and others wake sysmon early.
//
// Protocol. sysmon_step.h decides what to do and when to look again. This file
// is the thread around the decision. The thread collects the view, carries the
// actions out, and sleeps. The action `netpoll` is never asked for, because no
// goroutine waits for the network yet (net_waiters is 0). While sysmon sleeps
// for more than 20 us, sysmon_slow is set. A thread that knows of something
// urgent takes sysmon_slow back and wakes sysmon, at most once a millisecond.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/sysmon_step.h"

namespace mn {

// Starts the thread. A thread that cannot be made is a fatal error.
// Main calls this once, before the first goroutine.
// Mirrors: newm(sysmon) in main
void StartSysmon();

// Wakes sysmon from its sleep without an end. Does nothing in any other sleep.
// REQUIRES: sched.lock is held.
// Any thread. Async-signal-safe.
inline void WakeSysmonFromDeepSleep() {
  // sysmon decides under the same lock to sleep for ever, so no wake-up falls
  // between the decision and the sleep.
  if (sched.sysmon_until.load(memory_order_relaxed) == kSysmonForever)
      [[unlikely]] {
    sched.sysmon_until.store(0, memory_order_relaxed);
    sched.sysmonnote.Wakeup();
  }
}

namespace internal {
// Ends a sleep of more than 20 us. Of several callers only the first makes the
// system call.
// Any thread. Takes no lock. Async-signal-safe.
void WakeSysmon();
}  // namespace internal

// Returns whether sysmon must be woken for a system call that begins on p now.
// This is so if something waits for p, and if sysmon will not look soon.
// Called by p's M. Takes no lock.
inline bool SysmonMissesSyscall(const P* p) {
  return sched.sysmon_slow.load(memory_order_relaxed) && WorkWaits(p);
}

// Tells sysmon that a goroutine came back from a system call, found no P, and
// was put on the global queue.
// Any thread, in the runtime. Takes no lock. Async-signal-safe.
inline void CameBackWithoutP() {
  // sysmon asks one running goroutine to give way for each of these (MON-7).
  sched.urgent.fetch_add(1, memory_order_relaxed);
  if (sched.sysmon_slow.load(memory_order_relaxed)) internal::WakeSysmon();
}

// Tells sysmon of a timer that is due at `when` (Nanotime, in nanoseconds) on
// the caller's P. If all Ps are busy, nobody else may look at this timer in
// time.
// Called by the M that holds the P of the timer. Takes no lock.
inline void NoticeTimer(std::int64_t when) {
  // If a P is idle, an M waits in netpoll until the earliest timer, or
  // WakeNetPoller starts one. So sysmon may sleep on.
  if (sched.sysmon_slow.load(memory_order_relaxed) &&
      sched.npidle.load(memory_order_relaxed) == 0 &&
      sched.sysmon_until.load(memory_order_relaxed) > OverdueAt(when)) {
    internal::WakeSysmon();
  }
}

}  // namespace mn
