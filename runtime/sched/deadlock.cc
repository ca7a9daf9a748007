// What counts as alive: an M that is not on sched.midle. It runs a goroutine,
// looks for work, waits in netpoll for a timer, or blocks in a BlockingCall;
// each of these may still make a goroutine runnable. Once all Ms are idle only
// a timer could, and a timer keeps an M in netpoll.
//
// DLK-1: reported when, and only when, every M and every P is idle and no timer
// is pending.
#include "runtime/sched/deadlock.h"

#include "runtime/core/fatal.h"
#include "runtime/core/sched.h"

namespace mn {

void CheckDead() {
  const std::int32_t alive = sched.mcount.load(memory_order_relaxed) -
                             sched.nmidle - sched.nmidlelocked - sched.nmsys;
  if (alive > 0 || sched.nforeign > 0) return;
  if (sched.gcwaiting.load(memory_order_relaxed)) return;
  if (sched.runqsize.load(memory_order_relaxed) != 0) return;
  // A P on its way to a thread that is yet to be made, or to be woken: on
  // sched.needm, or in the hands of sysmon, which does not count as alive.
  if (sched.npidle.load(memory_order_relaxed) != Gomaxprocs()) return;
  for (const P* p : Allp()) {
    if (p->timers.NextWhen() != 0) return;
  }
  int waiting = 0;
  ForEachG([](G*, void* n) { ++*static_cast<int*>(n); }, &waiting);
  if (waiting == 0 && sched.main_exited) {
    Throw("no goroutines (main called runtime.Goexit) - deadlock!");
  }
  Throw("all goroutines are asleep - deadlock!");
}

}  // namespace mn
