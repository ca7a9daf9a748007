// M: an OS thread.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "runtime/core/g.h"
#include "runtime/core/lock.h"

namespace mn {

struct P;

struct M {
  // ---- owner: the thread itself -------------------------------------------
  P* p = nullptr;     // MN-1: curg runs goroutine code only while p is set
  G* curg = nullptr;  // the goroutine on this thread, or &g0
  G g0;               // the thread's own stack: find_runnable runs on it
  EhGlobals* eh = nullptr;  // this thread's __cxa_get_globals()
  P* oldp = nullptr;        // the P given away for a blocking call
  bool spinning = false;    // looking for work; counted in sched.nmspinning
  std::uint64_t rand = 0;   // xorshift state for the order of stealing

  // ---- set by the waker before park.Wakeup() ------------------------------
  P* nextp = nullptr;

  // ---- guarded by sched.lock ----------------------------------------------
  M* schedlink = nullptr;  // sched.midle

  // ---- fixed --------------------------------------------------------------
  std::int64_t id = 0;
  Note park;
  pthread_t thread{};
};

}  // namespace mn
