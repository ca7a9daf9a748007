#include "runtime/ctx/switch.h"

#include <cxxabi.h>
#include <pthread.h>

#if MN_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace mn {

void CtxReturned() {
  Throw("a goroutine's outermost function returned", "CTX-5");
}

void InitThreadStack(M* m) {
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
  m->curg = &m->g0;
  m->eh = reinterpret_cast<EhGlobals*>(abi::__cxa_get_globals());
#if MN_ASAN
  // While a goroutine runs here LSan takes its stack for the thread's.
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
