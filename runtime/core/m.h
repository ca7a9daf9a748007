// M is an OS thread.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/g.h"
#include "runtime/core/lock.h"

namespace mn {

struct P;

struct alignas(64) M {
  // ---- owned by the thread and its signal handlers -------------------------
  // The first cache line holds what every switch reads.
  P* p = nullptr;     // MN-1: runtime calls are possible only while p is set
  G* curg = nullptr;  // the goroutine on this thread, or &g0
  EhGlobals* eh = nullptr;  // this thread's __cxa_get_globals()
  G* lockedg = nullptr;     // the goroutine that is pinned here
  G* picked = nullptr;      // taken from the queue already, for g0 to run
  P* oldp = nullptr;        // its P before a system call, null if handed off;
                            // also its P before it stopped the world
  std::uint32_t locked_ext = 0;  // LockOSThread calls that are still open
  std::uint32_t locked_int = 0;  // the same, by the runtime (callbacks)
  bool spinning = false;         // looks for work, counted in sched.nmspinning
  bool in_handler = false;       // inside the preemption signal's handler
  bool ending = false;           // its pinned goroutine has ended
  bool foreign = false;          // a program's own thread, lent for a callback
  std::uint64_t rand = 0;        // xorshift state for the order of stealing
  std::int64_t handoff_at = 0;   // nanotime of a hand-off for a call that was
                                 // expected to last (SYS-8), 0 if none
  G g0;  // the thread's own stack, where FindRunnable runs

  // ---- set by the waker before park.Wakeup() ------------------------------
  // Plain, because the note publishes them.
  P* nextp = nullptr;
  bool exit = false;  // no P comes with this wake-up, and the thread ends

  // ---- atomic ---------------------------------------------------------------
  // What the signal asks of the goroutine, in bits of sched/preempt_signal.cc.
  // The sender sets them and the handler takes them back. 0 in the handler
  // means that somebody else has sent the SIGURG.
  mn::atomic<std::uint32_t> preempt_request{0};
  // The thread's tls_preempt_pending.
  mn::atomic<mn::atomic<bool>*> preempt_pending{nullptr};
  // True while its goroutine is kDetached. The thread writes, sysmon reads.
  mn::atomic<bool> detached{false};
  // The thread's id in the kernel. A sender may have read p->m just before the
  // M is given to another thread. Such a signal goes astray and does no harm.
  mn::atomic<std::int32_t> tid{0};

  // ---- guarded by sched.lock ----------------------------------------------
  M* schedlink = nullptr;       // the next M of sched.midle
  M* alllink = nullptr;         // the next M of sched.allm
  std::int64_t idle_since = 0;  // nanotime, while on sched.midle

  // ---- fixed --------------------------------------------------------------
  std::int64_t id = 0;
  Note park;
  pthread_t thread{};
  void* signal_stack = nullptr;  // the runtime's, null if it has its own
};

}  // namespace mn
