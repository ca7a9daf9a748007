// M: an OS thread.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/g.h"
#include "runtime/core/lock.h"

namespace mn {

struct P;

struct alignas(64) M {
  // ---- owner: the thread itself and its signal handlers --------------------
  // The first line is what every switch reads.
  P* p = nullptr;     // MN-1: runtime calls are possible only while p is set
  G* curg = nullptr;  // the goroutine on this thread, or &g0
  EhGlobals* eh = nullptr;  // this thread's __cxa_get_globals()
  G* lockedg = nullptr;     // the goroutine that is pinned here
  G* picked = nullptr;      // to be run next, brought along to g0
  P* oldp = nullptr;        // the P it held before a system call (null: handed
                            // off), or before it stopped the world
  std::uint32_t locked_ext = 0;  // LockOSThread calls that are still open
  std::uint32_t locked_int = 0;  // the same, by the runtime (callbacks)
  bool spinning = false;        // looking for work; counted in sched.nmspinning
  bool in_handler = false;      // of the preemption signal
  bool ending = false;          // the goroutine that was pinned here has ended
  bool foreign = false;         // not our thread: borrowed for a callback
  std::uint64_t rand = 0;       // xorshift state for the order of stealing
  std::int64_t handoff_at = 0;  // when it handed its P off for a system call
                                // that was expected to last (SYS-8)
  G g0;  // the thread's own stack: find_runnable runs on it

  // ---- set by the waker before park.Wakeup() ------------------------------
  P* nextp = nullptr;
  bool exit = false;  // no P is coming: the thread ends

  // ---- atomic ---------------------------------------------------------------
  // What is asked of its goroutine: bits of sched/preempt_signal.cc. Set by
  // whoever sends the preemption signal, taken back by its handler:
  // tells ours from a SIGURG of somebody else.
  mn::atomic<std::uint32_t> preempt_request{0};
  // The thread's tls_preempt_pending.
  mn::atomic<mn::atomic<bool>*> preempt_pending{nullptr};
  // The goroutine on it is kDetached. Written by the thread, read by sysmon.
  mn::atomic<bool> detached{false};
  // Whoever sends the signal may have read p->m just before this M was given to
  // another thread: the signal then goes astray, which does no harm.
  mn::atomic<std::int32_t> tid{0};

  // ---- guarded by sched.lock ----------------------------------------------
  M* schedlink = nullptr;       // sched.midle
  M* alllink = nullptr;         // sched.allm
  std::int64_t idle_since = 0;  // while on sched.midle

  // ---- fixed --------------------------------------------------------------
  std::int64_t id = 0;
  Note park;
  pthread_t thread{};
  void* signal_stack = nullptr;  // what it was given (ctx/stack.h)
};

}  // namespace mn
