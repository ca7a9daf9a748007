#include "runtime/sync/spin.h"

#include "runtime/core/getg.h"
#include "runtime/core/m.h"
#include "runtime/core/p.h"
#include "runtime/core/sched.h"

namespace mn::internal {

namespace {
constexpr int kMaxSpins = 4;        // Go's
constexpr int kPausesPerSpin = 30;  // Go's
}  // namespace

bool CanSpin(int spins) {
  if (spins >= kMaxSpins || sched.ncpu <= 1) return false;
  // Ps that are idle or whose M looks for work do not hold the lock.
  const int not_working = sched.npidle.load(memory_order_relaxed) +
                          sched.nmspinning.load(memory_order_relaxed);
  if (Gomaxprocs() <= not_working + 1) return false;
  const M* m = getm();
  if (m == nullptr || m->p == nullptr) return false;
  const RunQueue& q = m->p->runq;
  return q.runnext.load(memory_order_relaxed) == nullptr &&
         q.head.load(memory_order_relaxed) == q.tail.load(memory_order_relaxed);
}

void Spin() {
  for (int i = 0; i < kPausesPerSpin; i++) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
}

}  // namespace mn::internal
