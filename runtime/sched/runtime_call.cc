#include "runtime/sched/runtime_call.h"

#include <errno.h>

#include "runtime/sched/detach.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/park.h"

namespace mn {

// A compiler may take the address of errno once per function. Inlined into a
// function that switches, errno would be the one of the thread before.
__attribute__((noinline)) int internal::GetErrno() { return errno; }
__attribute__((noinline)) void internal::SetErrno(int value) { errno = value; }

void internal::NotOnGoroutine(const char* function) {
  const M* m = getm();
  // A thread of ours that is on a goroutine's stack without a P is inside a
  // call that blocks. The advice to use mn::Go would be wrong there.
  const bool blocking = m != nullptr && m->p == nullptr && m->curg != &m->g0;
  FatalText text;
  text << "runtime: " << function
       << (blocking
               ? " was called inside mn::Syscall, mn::BlockingCall or "
                 "mn::Foreign, where the thread has no P; call it before or "
                 "after, or through mn::Callback\n"
               : " was called outside a goroutine; call it from inside "
                 "mn::Main or a function started with mn::Go, or through "
                 "mn::Callback\n");
  text.Print();
  Throw("not on a goroutine");
}

void internal::EnterWithoutP(const char* function) {
  M* m = getm();
  // The runtime does not know this thread, or the thread is in the scheduler.
  if (m == nullptr || m->curg == &m->g0) NotOnGoroutine(function);
  if (m->p != nullptr) return;  // a call inside another one
  // A preemption took the P while the goroutine was in a library, and let the
  // thread run on. The runtime may be entered with a P only (MN-1).
  if (m->curg->status.load(memory_order_relaxed) == GStatus::kDetached) {
    return Reattach(m, m->curg);
  }
  NotOnGoroutine(function);
}

void internal::YieldToPreemption() {
  // The note belongs to the thread. After the switch the goroutine may be on
  // another thread, where the note is meant for another goroutine.
  SetPreemptPending(false);
  G* gp = getg();
  SwitchAway(
      gp,
      [](G* g, void*) {
        // This yield answers the request. But if the world stops, the flag
        // stays up, because the next goroutine on this P must go to the
        // scheduler too.
        getp()->preempt.store(sched.gcwaiting.load(memory_order_relaxed),
                              memory_order_relaxed);
        SetStatus(g, GStatus::kRunning, GStatus::kRunnable);
        // To the global queue, not to the own ring. The goroutine has used up
        // its slice, so those who wait on other Ps go first, as in Go.
        InjectGlobal(g);
      },
      nullptr);
}

}  // namespace mn
