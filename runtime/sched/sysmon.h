// sysmon: the thread that watches, without a P.
//
// What it does: takes Ps from system calls that last (MON-2), asks goroutines
// that hold a P for 10 ms while others wait to give way (MON-4), and does so at
// once for a due timer or a goroutine back from a system call that has nobody
// to run it (MON-7); makes threads for those who must not (threads.h); prints
// schedtrace; follows the CPU limit; ends idle threads.
//
// sysmon_step.h decides when it looks again and what it does about what it has
// seen. Here is the thread: it collects the view, carries the actions out, all
// but `netpoll` (no goroutine waits for the network yet: net_waiters is 0), and
// sleeps. Those who know of something wake it early, at most once a
// millisecond.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/sysmon_step.h"

namespace mn {

// Starts it. Once, before the first goroutine.
void StartSysmon();

// Ends its sleep without an end. REQUIRES: sched.lock, as for the sleep.
inline void WakeSysmonFromDeepSleep() {
  if (sched.sysmon_until.load(memory_order_relaxed) == kSysmonForever)
      [[unlikely]] {
    sched.sysmon_until.store(0, memory_order_relaxed);
    sched.sysmonnote.Wakeup();
  }
}

namespace internal {
void WakeSysmon();
}

// A goroutine of p goes into a system call: something waits behind it, and
// sysmon will not look soon. Caller: p's M.
inline bool SysmonMissesSyscall(const P* p) {
  return sched.sysmon_slow.load(memory_order_relaxed) && WorkWaits(p);
}

// A goroutine came back from a system call, found no P and was queued.
inline void CameBackWithoutP() {
  sched.urgent.fetch_add(1, memory_order_relaxed);
  if (sched.sysmon_slow.load(memory_order_relaxed)) internal::WakeSysmon();
}

// A timer is due at `when` on the caller's P: sysmon must not sleep past it if
// all Ps are taken.
inline void NoticeTimer(std::int64_t when) {
  if (sched.sysmon_slow.load(memory_order_relaxed) &&
      sched.npidle.load(memory_order_relaxed) == 0 &&
      sched.sysmon_until.load(memory_order_relaxed) > OverdueAt(when)) {
    internal::WakeSysmon();
  }
}

}  // namespace mn
