#include "runtime/ctx/switch.h"

#include <cxxabi.h>
#include <pthread.h>

#if MN_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace mn {

void CtxReturned() {
  // GoroutineEntry ends the goroutine itself and never returns.
  Throw("a goroutine's outermost function returned", "CTX-5");
}

void InitThreadStack(M* m) {
  // The bounds are for ASan and for stack walks. The scheduler can do without.
  pthread_attr_t attr;
  void* lo = nullptr;
  std::size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attr) == 0) {
    pthread_attr_getstack(&attr, &lo, &size);
    pthread_attr_destroy(&attr);
  }
  m->g0.stack_lo = reinterpret_cast<std::uintptr_t>(lo);
  m->g0.stack_hi = m->g0.stack_lo + size;
  m->g0.m = m;
  // A thread begins in the scheduler.
  m->curg = &m->g0;
  // The address stays the same for the thread's life, so a switch makes no
  // call.
  m->eh = reinterpret_cast<EhGlobals*>(abi::__cxa_get_globals());
#if MN_ASAN
  // While a goroutine runs on this thread, LSan takes that stack for the
  // thread's and would not look at g0.
  __lsan_register_root_region(lo, size);
#endif
#if MN_TSAN
  m->g0.fiber = __tsan_get_current_fiber();
#endif
}

void LeaveThreadStack(M* m) {
#if MN_ASAN
  __lsan_unregister_root_region(reinterpret_cast<void*>(m->g0.stack_lo),
                                m->g0.stack_hi - m->g0.stack_lo);
#endif
  (void)m;
}

}  // namespace mn
