#include "tools/judge/counters.h"

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

#include "runtime/base/sanitizer.h"

namespace mn::judge {
namespace {

// Plain thread_locals of the executable: reading them allocates nothing.
thread_local bool counting = false;
thread_local Counts counts;

void CountAllocation() {
  if (counting) counts.allocations++;
}

}  // namespace

void StartCounting() {
  counts = Counts();
  counting = true;
}

Counts StopCounting() {
  counting = false;
  return counts;
}

NotCounted::NotCounted() : counting_(counting) { counting = false; }
NotCounted::~NotCounted() { counting = counting_; }

}  // namespace mn::judge

#if MN_ASAN || MN_TSAN

extern "C" void __sanitizer_malloc_hook(const volatile void*, size_t) {
  mn::judge::CountAllocation();
}
extern "C" void __sanitizer_free_hook(const volatile void*) {}

#else

extern "C" {

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t n) {
  mn::judge::CountAllocation();
  return __libc_malloc(n);
}
void* calloc(size_t n, size_t size) {
  mn::judge::CountAllocation();
  return __libc_calloc(n, size);
}
void* realloc(void* p, size_t n) {
  mn::judge::CountAllocation();
  return __libc_realloc(p, n);
}
void* aligned_alloc(size_t align, size_t n) {
  mn::judge::CountAllocation();
  return __libc_memalign(align, n);
}

}  // extern "C"

// Found on first use: dlsym takes no pthread lock of the interposed kinds.
#define MN_JUDGE_COUNT_LOCK(function, type)                      \
  extern "C" int function(type* object) {                        \
    using Function = int (*)(type*);                             \
    static const Function real =                                 \
        reinterpret_cast<Function>(dlsym(RTLD_NEXT, #function)); \
    if (mn::judge::counting) mn::judge::counts.locks++;          \
    return real(object);                                         \
  }

MN_JUDGE_COUNT_LOCK(pthread_mutex_lock, pthread_mutex_t)
MN_JUDGE_COUNT_LOCK(pthread_mutex_trylock, pthread_mutex_t)
MN_JUDGE_COUNT_LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
MN_JUDGE_COUNT_LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
MN_JUDGE_COUNT_LOCK(pthread_spin_lock, pthread_spinlock_t)
MN_JUDGE_COUNT_LOCK(sem_wait, sem_t)

#endif
