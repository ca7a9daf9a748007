#include "runtime/sched/spinning.h"

#include "runtime/sched/idle.h"

namespace mn {

void internal::WakepSlow() {
  std::int32_t none = 0;
  // At most one: whoever wins starts an M. seq_cst: part of the total order of
  // the dangerous pair.
  if (!sched.nmspinning.compare_exchange_strong(none, 1,
                                                memory_order_seq_cst)) {
    return;
  }
  sched.lock.Lock();
  P* p = PidleGet();
  if (p == nullptr) {
    // The idle P found itself work meanwhile. An M that is on its way to sleep
    // must not rely on us: needspinning asks it to look once more.
    sched.needspinning.store(1, memory_order_relaxed);
    // seq_cst: as the decrement in LookAgain.
    sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
    sched.lock.Unlock();
    return;
  }
  sched.lock.Unlock();
  StartM(p, true);
}

void CountSpinning() {
  // The request is taken back before the M looks at the queues, with a full
  // barrier between: who still saw it has its work seen (S5).
  sched.needspinning.store(0, memory_order_relaxed);
  // seq_cst: pairs with Wakep's fence before it reads nmspinning.
  sched.nmspinning.fetch_add(1, memory_order_seq_cst);
  StoreLoadFence();
}

void BecomeSpinning(M* m) {
  m->spinning = true;
  CountSpinning();
}

bool IdleP(P* p, bool spinning) {
  PidlePut(p);
  if (spinning) return true;  // S4: it looks again
  StoreLoadFence();           // pairs with the second fence in Wakep (S5)
  if (sched.needspinning.load(memory_order_relaxed) == 0) return true;
  PidleGet();  // p: under the lock, still the last one in
  return false;
}

void ResetSpinning(M* m) {
  MN_DCHECK(m->spinning, "S3");
  m->spinning = false;
  // seq_cst: as the decrement in LookAgain; Wakep looks at the count next.
  sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
  Wakep();
}

}  // namespace mn
