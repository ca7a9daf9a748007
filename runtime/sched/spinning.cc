#include "runtime/sched/spinning.h"

#include "runtime/sched/idle.h"

namespace mn {

void internal::WakepSlow() {
  std::int32_t none = 0;
  // Of several Ms that come here at once only one starts an M, so nmspinning
  // goes from 0 to 1. seq_cst: part of the total order of the dangerous pair.
  if (!sched.nmspinning.compare_exchange_strong(none, 1,
                                                memory_order_seq_cst)) {
    return;
  }
  sched.lock.Lock();
  P* p = PidleGet();
  if (p == nullptr) {
    // The idle P has found work meanwhile, so there is no P for a new M.
    // Another M may have seen nmspinning at 1 and relied on us. needspinning
    // asks the next M that idles its P to look once more (S5).
    sched.needspinning.store(1, memory_order_relaxed);
    // seq_cst: pairs with the fence in Wakep, as the decrement in LookAgain
    // does.
    sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
    sched.lock.Unlock();
    return;
  }
  sched.lock.Unlock();
  // Without the lock, because StartM takes the lock itself, and may make a
  // thread.
  StartM(p, true);
}

void CountSpinning() {
  // The request is taken back before the M looks at the queues, with a full
  // barrier in between. So an M that still saw the request, and left its work
  // to us, has queued this work before we look (S5).
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
  // S4. A spinning M looks at all queues again anyway.
  if (spinning) return true;
  // Pairs with the second fence in Wakep (S5). Without this fence the load of
  // needspinning may overtake the store of npidle. Then nobody sees the other.
  StoreLoadFence();
  if (sched.needspinning.load(memory_order_relaxed) == 0) return true;
  // Takes p back. The list is last in, first out, and the lock is still held.
  PidleGet();
  return false;
}

void ResetSpinning(M* m) {
  MN_DCHECK(m->spinning, "S3");
  m->spinning = false;
  // Before Wakep, which must not count this M as one that looks. seq_cst: pairs
  // with the fence in Wakep, as the decrement in LookAgain does.
  sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
  Wakep();
}

}  // namespace mn
