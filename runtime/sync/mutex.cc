// See mutex.h for the two modes and the invariants MU-1..MU-5.
//
// Protocol:
//   Lock    free: set kLocked (and clear kWoken if that was us). Held: spin a
//           little where that helps, announcing it in kWoken so that Unlock
//           does not wake a second competitor; then, under the list lock, set
//           kQueued *while kLocked is still seen*, queue, park.
//   Unlock  the fast path only knows "held and nothing else". Otherwise, while
//           still holding the lock: take the list lock, take a waiter off,
//           publish the new state, release the list lock, ready the waiter.
// Setting kQueued makes every later Unlock take the list lock, which is free
// only once the waiter is queued and parked: so it finds it (MU-4).
//
// Differs from Go in one point: Go gives the lock up first and looks for
// waiters after; the object may be gone by then, which only a garbage collector
// forgives (WL-1).

#include "runtime/sync/mutex.h"

#include "runtime/core/fatal.h"
#include "runtime/core/nanotime.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sync/spin.h"

namespace mn {

namespace {
constexpr std::int64_t kStarvationNs = 1'000'000;  // Go's
}  // namespace

struct Mutex::Attempt {
  internal::Sleeper waiter;
  std::int64_t since = 0;  // when it first parked; 0: it has not
  bool awoke = false;      // kWoken is ours (MU-3)
  bool starving = false;   // has waited for more than 1 ms
};

void Mutex::LockSlow() {
  ParkingCall call("mn::Mutex::Lock");
  Attempt a;
  int spins = 0;
  std::uint32_t s = state_.load(memory_order_relaxed);
  for (;;) {
    if ((s & kLocked) == 0) {
      const std::uint32_t mine = (s | kLocked) & ~(a.awoke ? kWoken : 0);
      // acquire: pairs with the release in Unlock and WakeOne.
      if (state_.compare_exchange_weak(s, mine, memory_order_acquire,
                                       memory_order_relaxed)) {
        return;  // MU-1
      }
      continue;
    }
    if ((s & kStarving) == 0 && internal::CanSpin(spins)) {
      if (!a.awoke && (s & (kQueued | kWoken)) == kQueued) {
        a.awoke = state_.compare_exchange_weak(s, s | kWoken,
                                               memory_order_relaxed);  // MU-3
      }
      internal::Spin();
      spins++;
      s = state_.load(memory_order_relaxed);
      continue;
    }
    if (Park(a)) return;
    spins = 0;
    s = state_.load(memory_order_relaxed);
  }
}

// Queues up and parks unless the lock has become free. True: the lock was
// granted to us; false: try again.
bool Mutex::Park(Attempt& a) {
  list_lock_.Lock();
  std::uint32_t s = state_.load(memory_order_relaxed);
  std::uint32_t queued;
  do {
    if ((s & kLocked) == 0) {
      list_lock_.Unlock();
      return false;
    }
    queued = s | kQueued;
    if (a.starving) queued |= kStarving;
    if (a.awoke) queued &= ~kWoken;  // MU-3: we no longer compete
  } while (!state_.compare_exchange_weak(s, queued, memory_order_relaxed));
  a.waiter.g = getg();
  if (a.since == 0) {
    a.since = Nanotime();
    waiters_.PushBack(&a.waiter);
  } else {
    waiters_.PushFront(&a.waiter);
  }
  GoparkUnlock(&list_lock_, WaitReason::kMutexLock);

  a.awoke = !a.waiter.granted;
  if (Nanotime() - a.since > kStarvationNs) a.starving = true;
  if (!a.waiter.granted) return false;
  // MU-1: kLocked was left set for us, so nobody else leaves this mode.
  if (!a.starving || (state_.load(memory_order_relaxed) & kQueued) == 0) {
    state_.fetch_and(~kStarving, memory_order_relaxed);
  }
  return true;
}

void Mutex::UnlockSlow() {
  RuntimeCall call("mn::Mutex::Unlock");
  std::uint32_t s = state_.load(memory_order_relaxed);
  for (;;) {
    if ((s & kLocked) == 0) Throw("sync: unlock of unlocked mutex");
    if ((s & kStarving) != 0) return Grant();
    if ((s & kQueued) != 0 && (s & kWoken) == 0) {
      if (WakeOne()) return;
      s = state_.load(memory_order_relaxed);
      continue;
    }
    // Nobody waits, or somebody is on the way already.
    // release: pairs with the acquire in Lock. WL-1: the last touch.
    if (state_.compare_exchange_weak(s, s & ~kLocked, memory_order_release,
                                     memory_order_relaxed)) {
      return;
    }
  }
}

// Starvation mode: the queue's head gets the lock; kLocked stays set. There is
// a head: whoever became owner in this mode left it if the queue was empty, and
// only an owner shortens the queue.
void Mutex::Grant() {
  list_lock_.Lock();
  internal::Sleeper* w = waiters_.PopFront();
  if (waiters_.Empty()) state_.fetch_and(~kQueued, memory_order_relaxed);
  w->granted = true;
  list_lock_.Unlock();
  Goready(w->g);
  // The lock is worth nothing until its owner runs, and runs next here.
  YieldNow();
}

// Normal mode: gives the lock up and wakes the queue's head to compete for it.
// False: somebody announced itself meanwhile; the lock is still held.
bool Mutex::WakeOne() {
  list_lock_.Lock();
  internal::Sleeper* const w = waiters_.Front();
  const std::uint32_t left = w->next != nullptr ? kQueued : 0;
  std::uint32_t s = kLocked | kQueued;
  // release: pairs with the acquire in Lock.
  if (!state_.compare_exchange_strong(s, kWoken | left, memory_order_release,
                                      memory_order_relaxed)) {
    list_lock_.Unlock();
    return false;
  }
  waiters_.PopFront();
  G* const gp = w->g;
  list_lock_.Unlock();
  Goready(gp);
  return true;
}

}  // namespace mn
