#include "runtime/sched/steal.h"

#include <numeric>

#include "runtime/core/nanotime.h"

namespace mn {

namespace {

std::uint64_t Random(M* m) {  // xorshift64; any order will do
  m->rand ^= m->rand << 13;
  m->rand ^= m->rand >> 7;
  m->rand ^= m->rand << 17;
  return m->rand;
}

// WS-3: starting anywhere, a stride coprime to n visits all n.
std::uint32_t CoprimeStride(std::uint32_t n, std::uint64_t r) {
  std::uint32_t stride = static_cast<std::uint32_t>(r % n) + 1;
  while (std::gcd(stride, n) != 1) stride = stride % n + 1;
  return stride;
}

// WS-4. True: victim's owner has scheduled nothing since before the wait, and
// `next` is still waiting there.
bool OwnerIsBusy(P* victim, G* next) {
  const std::uint32_t tick = victim->schedtick.load(memory_order_relaxed);
  const std::int64_t until = Nanotime() + kPatienceNs;
  do {
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
  // The thief's own ring is empty, so half of a ring fits.
  const std::uint32_t base = to.tail.load(memory_order_relaxed);
  for (;;) {
    // acquire: pairs with the release of head by other consumers.
    std::uint32_t head = from.head.load(memory_order_acquire);
    // acquire: pairs with the release of tail in RunqPut.
    const std::uint32_t tail = from.tail.load(memory_order_acquire);
    std::uint32_t n = tail - head;
    n -= n / 2;  // WS-1
    if (n == 0) {
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
    if (n > kRunqSize / 2) continue;  // head and tail were not of one moment
    for (std::uint32_t i = 0; i < n; i++) {
      G* gp = from.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
      to.ring[(base + i) % kRunqSize].store(gp, memory_order_relaxed);
    }
    // release: pairs with the acquire of head in RunqPut (WS-2). On failure
    // nothing was taken; the copies are beyond our tail and are overwritten.
    if (!from.head.compare_exchange_weak(head, head + n, memory_order_release,
                                         memory_order_relaxed)) {
      continue;
    }
    // The youngest of the batch runs now, the others become ours.
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
    if (sched.gcwaiting.load(memory_order_relaxed)) return nullptr;
    const bool last = round == kStealRounds - 1;
    const std::uint64_t r = Random(m);
    std::uint32_t i = static_cast<std::uint32_t>(r % n);
    const std::uint32_t stride = CoprimeStride(n, r >> 32);
    for (std::uint32_t k = 0; k < n; k++, i = (i + stride) % n) {
      P* victim = all.p[i];
      if (victim == self) continue;
      if (last) {
        const std::int64_t when = victim->timers.NextWhen();
        if (when != 0) {
          if (*now == 0) *now = Nanotime();
          if (when <= *now && victim->timers.Run(*now) > 0) {
            *ran_timer = true;
            if (G* gp = RunqGet(self->runq)) return gp;
          }
        }
      }
      // An idle P has nothing in its queue: it was looked at before it idled.
      if (victim->status.load(memory_order_relaxed) == PStatus::kIdle) continue;
      if (G* gp = RunqSteal(self, victim, last)) return gp;  // WS-4
    }
  }
  return nullptr;
}

}  // namespace mn
