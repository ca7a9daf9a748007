// What counts as alive: an M that is neither on sched.midle nor asleep with a
// goroutine of its own (nmidlelocked), sysmon aside. It runs a goroutine,
// looks for work, waits in netpoll for a timer, or blocks in a system call;
// each of these may still make a goroutine runnable. Once all Ms are idle only
// a timer could, and a timer keeps an M in netpoll.
//
// Threads that are not ours may call in (mn::Callback) and make a goroutine
// runnable, so while the process has any, nothing is reported; sysmon asks
// again every second.
//
// Invariant:
//   DLK-1 a deadlock is reported when, and only when, every M and every P is
//         idle, no timer is pending, and no thread is left that could call in.
#include "runtime/sched/deadlock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/base/sanitizer.h"
#include "runtime/core/fatal.h"
#include "runtime/core/sched.h"
#include "runtime/sched/sysmon.h"

namespace mn {

namespace {

// /proc/self/task: a thread may be in another root or mount namespace by the
// time that it asks.
int tasks = -1;

// Has the process threads that are not Ms?
bool OtherThreadsLive() {
  struct stat task;
  if (tasks < 0 || ::fstat(tasks, &task) != 0) return true;  // who knows
  // A link for each thread, and two of the folder's own. TSan has a thread.
  const auto threads = static_cast<std::int32_t>(task.st_nlink) - 2;
  return threads > sched.mcount.load(memory_order_relaxed) + (MN_TSAN ? 1 : 0);
}

}  // namespace

void DeadlockInit() {
  tasks = ::open("/proc/self/task", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

bool CheckDead() {
  const std::int32_t alive = sched.mcount.load(memory_order_relaxed) -
                             sched.nmidle - sched.nmidlelocked - sched.nmsys;
  if (alive > 0) return false;
  if (sched.gcwaiting.load(memory_order_relaxed)) return false;
  if (sched.runqsize.load(memory_order_relaxed) != 0) return false;
  // A P on its way to a thread that is yet to be made, or to be woken: on
  // sched.needm, or in the hands of sysmon, which does not count as alive.
  if (sched.npidle.load(memory_order_relaxed) != Gomaxprocs()) return false;
  for (const P* p : Allp()) {
    if (p->timers.NextWhen() != 0) return false;
  }
  if (OtherThreadsLive()) {
    WakeSysmonFromDeepSleep();
    return true;
  }
  int waiting = 0;
  ForEachG([](G*, void* n) { ++*static_cast<int*>(n); }, &waiting);
  if (waiting == 0 && sched.main_exited) {
    Throw("no goroutines (main called runtime.Goexit) - deadlock!");
  }
  Throw("all goroutines are asleep - deadlock!");
}

}  // namespace mn
