#include "runtime/sched/steal.h"

#include <numeric>

#include "runtime/core/nanotime.h"

namespace mn {

namespace {

// xorshift64. The order of stealing needs no better randomness, and a state for
// each M needs no atomic.
std::uint64_t Random(M* m) {
  m->rand ^= m->rand << 13;
  m->rand ^= m->rand >> 7;
  m->rand ^= m->rand << 17;
  return m->rand;
}

// WS-3. From any start, a stride that is coprime to n visits all n Ps once. Go
// keeps a table of such strides. A search takes a few divisions, which is
// little beside the cache misses of a round.
std::uint32_t CoprimeStride(std::uint32_t n, std::uint64_t r) {
  std::uint32_t stride = static_cast<std::uint32_t>(r % n) + 1;
  while (std::gcd(stride, n) != 1) stride = stride % n + 1;
  return stride;
}

// WS-4. Waits, and returns true if victim's owner has scheduled nothing
// meanwhile and `next` still stands in runnext. Two goroutines that ready each
// other by runnext would otherwise be torn apart, and would wander from P to P.
bool OwnerIsBusy(P* victim, G* next) {
  const std::uint32_t tick = victim->schedtick.load(memory_order_relaxed);
  const std::int64_t until = Nanotime() + kPatienceNs;
  do {
    // Pauses, because each look takes the line away from the owner.
    for (int i = 0; i < 16; i++) CpuRelax();
    if (victim->schedtick.load(memory_order_relaxed) != tick ||
        victim->runq.runnext.load(memory_order_relaxed) != next) {
      return false;
    }
  } while (Nanotime() < until);
  return true;
}

}  // namespace

G* RunqSteal(P* thief, P* victim, bool take_runnext) {
  RunQueue& from = victim->runq;
  RunQueue& to = thief->runq;
  // The thief's own ring is empty, so half of a ring fits. The thief is the
  // owner of this ring, so relaxed is enough.
  const std::uint32_t base = to.tail.load(memory_order_relaxed);
  for (;;) {
    // acquire: pairs with the release of head by other consumers.
    std::uint32_t head = from.head.load(memory_order_acquire);
    // acquire: pairs with the release of tail in RunqPut.
    const std::uint32_t tail = from.tail.load(memory_order_acquire);
    std::uint32_t n = tail - head;
    n -= n / 2;  // WS-1
    if (n == 0) {
      // The owner is about to run this goroutine, with warm caches.
      if (!take_runnext) return nullptr;
      G* next = from.runnext.load(memory_order_relaxed);
      if (next == nullptr || !OwnerIsBusy(victim, next)) return nullptr;
      // acquire: pairs with the release in RunqPut.
      if (from.runnext.compare_exchange_strong(
              next, nullptr, memory_order_acquire, memory_order_relaxed)) {
        return next;
      }
      continue;
    }
    // The two loads were not of one moment. The owner has put goroutines behind
    // those that other thieves have taken meanwhile.
    if (n > kRunqSize / 2) continue;
    // The copies come before the claim. After the claim the owner may fill the
    // slots again.
    for (std::uint32_t i = 0; i < n; i++) {
      G* gp = from.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
      to.ring[(base + i) % kRunqSize].store(gp, memory_order_relaxed);
    }
    // release: pairs with the acquire of head in RunqPut (WS-2). So the owner
    // fills a slot again only after the copy. If the swap fails, nothing was
    // taken. The copies lie beyond our tail, and the next try overwrites them.
    if (!from.head.compare_exchange_weak(head, head + n, memory_order_release,
                                         memory_order_relaxed)) {
      continue;
    }
    // The youngest of the batch runs now, as in Go. The others become ours.
    G* gp = to.ring[(base + n - 1) % kRunqSize].load(memory_order_relaxed);
    // release: pairs with the acquire of tail in thieves.
    if (n > 1) to.tail.store(base + n - 1, memory_order_release);
    return gp;
  }
}

G* StealWork(M* m, std::int64_t* now, bool* ran_timer) {
  P* self = m->p;
  const AllPs& all = Allp();
  const auto n = static_cast<std::uint32_t>(all.n);
  for (int round = 0; round < kStealRounds; round++) {
    // The stopper wants this P too.
    if (sched.gcwaiting.load(memory_order_relaxed)) return nullptr;
    const bool last = round == kStealRounds - 1;
    const std::uint64_t r = Random(m);
    std::uint32_t i = static_cast<std::uint32_t>(r % n);
    const std::uint32_t stride = CoprimeStride(n, r >> 32);
    for (std::uint32_t k = 0; k < n; k++, i = (i + stride) % n) {
      P* victim = all.p[i];
      // The own queue was empty a moment ago, and the own timers have run.
      if (victim == self) continue;
      // The owner runs its timers when it schedules next. A thief does it only
      // if nothing else is left to do, because the owner's lines move to the
      // thief's cache.
      if (last) {
        const std::int64_t when = victim->timers.NextWhen();
        if (when != 0) {
          // One look at the clock serves all Ps.
          if (*now == 0) *now = Nanotime();
          if (when <= *now && victim->timers.Run(*now) > 0) {
            *ran_timer = true;
            // A timer's function readies goroutines on the P of the thread that
            // runs the function, and that is ours.
            if (G* gp = RunqGet(self->runq)) return gp;
          }
        }
      }
      // An idle P has nothing in its queue, because its M has looked there. But
      // the P may have timers, so this line comes after them.
      if (victim->status.load(memory_order_relaxed) == PStatus::kIdle) continue;
      if (G* gp = RunqSteal(self, victim, last)) return gp;  // WS-4
    }
  }
  return nullptr;
}

}  // namespace mn
