// The deadlock report. Can anything still make a goroutine runnable?
//
// Why it is hard: no single place knows, so the answer is counted from the Ms.
// An M is alive unless the M is on sched.midle, or sleeps with a goroutine of
// its own (nmidlelocked), or is sysmon's. An M that is alive runs a goroutine,
// looks for work, waits in netpoll for a timer, or blocks in a system call. All
// of these may still make a goroutine runnable. With no M alive only a timer
// could do so, and a timer keeps an M in netpoll.
//
// Threads that are not ours may call in (mn::Callback) and make a goroutine
// runnable. So nothing is reported while the process has such a thread, and
// sysmon asks again every second.
//
// Invariant:
//   DLK-1 A deadlock is reported when, and only when, every M and every P is
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

// The folder /proc/self/task. The descriptor is opened at the start, since the
// thread that asks later may be in another root or mount namespace by then.
int tasks = -1;

// Has the process threads that are not Ms?
bool OtherThreadsLive() {
  struct stat task;
  // Without /proc nobody knows. A missing report is better than a false report.
  if (tasks < 0 || ::fstat(tasks, &task) != 0) return true;
  // The folder has a link for each thread and two links of its own. TSan's
  // runtime has one thread more, which never calls in.
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
  // The Ms sleep because the world stops. StartTheWorld wakes one again.
  if (sched.gcwaiting.load(memory_order_relaxed)) return false;
  // InjectGlobal queues a goroutine first, and starts an M for the queue then.
  if (sched.runqsize.load(memory_order_relaxed) != 0) return false;
  // A P is on its way to a thread that is yet to be made, or to be woken. Such
  // a P is on sched.needm or in the hands of sysmon, which does not count as
  // alive.
  if (sched.npidle.load(memory_order_relaxed) != Gomaxprocs()) return false;
  // The function of a pending timer may make a goroutine runnable.
  for (const P* p : Allp()) {
    if (p->timers.NextWhen() != 0) return false;
  }
  if (OtherThreadsLive()) {
    // The foreign threads may end without a word. So sysmon must not sleep
    // without an end, and asks again.
    WakeSysmonFromDeepSleep();
    return true;
  }
  int waiting = 0;
  ForEachG([](G*, void* n) { ++*static_cast<int*>(n); }, &waiting);
  // As Go says if main has called Goexit and every other goroutine has ended.
  if (waiting == 0 && sched.main_exited) {
    Throw("no goroutines (main called runtime.Goexit) - deadlock!");
  }
  Throw("all goroutines are asleep - deadlock!");
}

}  // namespace mn
