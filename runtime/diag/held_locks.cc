#include "runtime/diag/held_locks.h"

#if MN_HELD_LOCKS

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/park_check.h"
#include "runtime/diag/pcs.h"
#include "runtime/diag/traceback.h"

namespace mn {

namespace {

constexpr int kMaxHeld = 8;
constexpr int kMaxFrames = 12;
constexpr int kMaxPlaces = 64;

struct Held {
  const volatile void* lock = nullptr;
  const char* kind = nullptr;
  int frames = 0;
  std::uintptr_t pc[kMaxFrames] = {};
};

struct HeldList {
  int n = 0;
  Held held[kMaxHeld];
};
constinit thread_local HeldList list{};

// HLD-1.
bool IsGoroutine(const M* m) {
  return m != nullptr && m->curg != nullptr && m->curg != &m->g0 &&
         !InRuntime();
}

// Not inline: the list's address is good while the thread is in the runtime.
__attribute__((noinline)) void Push(const G* gp, const volatile void* lock,
                                    const char* kind, void* frame) {
  if (list.n == kMaxHeld) return;
  Held& held = list.held[list.n];
  held.lock = lock;
  held.kind = kind;
  held.frames = StackPcs(reinterpret_cast<std::uintptr_t>(frame), gp->stack_lo,
                         gp->stack_hi, held.pc, kMaxFrames);
  list.n++;
}

__attribute__((noinline)) void Pop(const volatile void* lock) {
  for (int i = list.n - 1; i >= 0; i--) {
    if (list.held[i].lock != lock) continue;
    list.n--;
    for (; i < list.n; i++) list.held[i] = list.held[i + 1];
    return;
  }
}

// `frame`: of the function that the program called.
void NoteLock(int result, const volatile void* lock, const char* kind,
              void* frame) {
  if (result != 0 && result != EOWNERDEAD) return;
  const M* m = getm();
  if (!IsGoroutine(m)) return;
  const InRuntimeScope scope;  // no preemption: it would be another list's
  Push(m->curg, lock, kind, frame);
}

void ForgetLock(const volatile void* lock) {
  if (getm() == nullptr) return;
  const InRuntimeScope scope;
  Pop(lock);
}

// True the first time for each place.
bool IsNewPlace(const Held& held) {
  static mn::atomic<std::uintptr_t> places[kMaxPlaces];
  std::uintptr_t place = 1;
  for (int i = 0; i < held.frames; i++) place = place * 31 + held.pc[i];
  for (auto& known : places) {
    std::uintptr_t none = 0;
    if (known.compare_exchange_strong(none, place, memory_order_relaxed)) {
      return true;
    }
    if (none == place) return false;
  }
  return false;  // that many: the message is known by now
}

void Report(G* gp, Held& held) {
  FatalText text;
  text << "runtime: goroutine " << static_cast<std::int64_t>(gp->goid)
       << " parks while holding a thread-level lock (" << held.kind
       << "): another goroutine may run on this thread and deadlock; use "
          "mn::Mutex or unlock first\nlocked at\n";
  text.Print();
  if (held.frames > 0) held.pc[0]--;  // PrintPcs: not a return address
  PrintPcs(held.pc, held.frames);
  PrintGoroutine(gp);
}

__attribute__((constructor)) void InstallParkCheck() {
  park_check = CheckHeldLocksAtPark;
}

// libc's function of that name.
template <class F>
class Real {
 public:
  constexpr explicit Real(const char* name) : name_(name) {}
  template <class... Args>
  int operator()(Args... args) {
    F* f = f_.load(memory_order_relaxed);
    if (f == nullptr) {
      f = reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name_));
      if (f == nullptr) Throw(name_, "libc has no such function");
      f_.store(f, memory_order_relaxed);
    }
    return f(args...);
  }

 private:
  const char* name_;
  mn::atomic<F*> f_{nullptr};
};

constexpr char kMutex[] = "std::mutex";
constexpr char kRwlock[] = "std::shared_mutex";
constexpr char kSpin[] = "pthread_spinlock_t";

}  // namespace

__attribute__((noinline)) int HeldThreadLocks() { return list.n; }

__attribute__((noinline)) void CheckHeldLocksAtPark(G* gp) {
  if (list.n == 0) return;
  // HLD-3: nor when this thread's scheduler looks for the pinned one.
  if (gp->lockedm != nullptr || gp->goid == 0) return;
  Held last = list.held[list.n - 1];
  list.n = 0;  // HLD-2
  if (IsNewPlace(last)) Report(gp, last);
}

}  // namespace mn

// The program's own versions. `static constinit`: they may be called before any
// constructor has run.
#define MN_LOCKS(kind, name, parameters, ...)                     \
  extern "C" int name parameters noexcept {                       \
    static constinit mn::Real<int parameters> real(#name);        \
    const int result = real(__VA_ARGS__);                         \
    mn::NoteLock(result, lock, kind, __builtin_frame_address(0)); \
    return result;                                                \
  }
#define MN_UNLOCKS(name, type)                         \
  extern "C" int name(type* lock) noexcept {           \
    static constinit mn::Real<int(type*)> real(#name); \
    mn::ForgetLock(lock);                              \
    return real(lock);                                 \
  }

MN_LOCKS(mn::kMutex, pthread_mutex_lock, (pthread_mutex_t * lock), lock)
MN_LOCKS(mn::kMutex, pthread_mutex_trylock, (pthread_mutex_t * lock), lock)
MN_LOCKS(mn::kMutex, pthread_mutex_timedlock,
         (pthread_mutex_t * lock, const timespec* until), lock, until)
MN_UNLOCKS(pthread_mutex_unlock, pthread_mutex_t)

MN_LOCKS(mn::kRwlock, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), lock)
MN_LOCKS(mn::kRwlock, pthread_rwlock_tryrdlock, (pthread_rwlock_t * lock), lock)
MN_LOCKS(mn::kRwlock, pthread_rwlock_timedrdlock,
         (pthread_rwlock_t * lock, const timespec* until), lock, until)
MN_LOCKS(mn::kRwlock, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), lock)
MN_LOCKS(mn::kRwlock, pthread_rwlock_trywrlock, (pthread_rwlock_t * lock), lock)
MN_LOCKS(mn::kRwlock, pthread_rwlock_timedwrlock,
         (pthread_rwlock_t * lock, const timespec* until), lock, until)
MN_UNLOCKS(pthread_rwlock_unlock, pthread_rwlock_t)

#if __GLIBC_PREREQ(2, 30)
MN_LOCKS(mn::kMutex, pthread_mutex_clocklock,
         (pthread_mutex_t * lock, clockid_t clock, const timespec* until), lock,
         clock, until)
MN_LOCKS(mn::kRwlock, pthread_rwlock_clockrdlock,
         (pthread_rwlock_t * lock, clockid_t clock, const timespec* until),
         lock, clock, until)
MN_LOCKS(mn::kRwlock, pthread_rwlock_clockwrlock,
         (pthread_rwlock_t * lock, clockid_t clock, const timespec* until),
         lock, clock, until)
#endif

MN_LOCKS(mn::kSpin, pthread_spin_lock, (pthread_spinlock_t * lock), lock)
MN_LOCKS(mn::kSpin, pthread_spin_trylock, (pthread_spinlock_t * lock), lock)
MN_UNLOCKS(pthread_spin_unlock, pthread_spinlock_t)

#else

namespace mn {
int HeldThreadLocks() { return 0; }
void CheckHeldLocksAtPark(G*) {}
}  // namespace mn

#endif
