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
  // On a single CPU the holder cannot run while this thread spins.
  if (spins >= kMaxSpins || sched.ncpu <= 1) return false;
  // Ps that are idle or whose M looks for work do not run the holder. This P
  // does not either.
  const int not_working = sched.npidle.load(memory_order_relaxed) +
                          sched.nmspinning.load(memory_order_relaxed);
  if (Gomaxprocs() <= not_working + 1) return false;
  // A thread without a P has no queue to look at.
  const M* m = getm();
  if (m == nullptr || m->p == nullptr) return false;
  // A goroutine that waits for this P has the better use for the time.
  const RunQueue& q = m->p->runq;
  return q.runnext.load(memory_order_relaxed) == nullptr &&
         q.head.load(memory_order_relaxed) == q.tail.load(memory_order_relaxed);
}

void Spin() {
  // Pauses, because the holder may be the other hardware thread of this core.
  for (int i = 0; i < kPausesPerSpin; i++) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
}

}  // namespace mn::internal
