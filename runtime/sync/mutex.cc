// mutex.h describes the two modes and has the invariants MU-1 to MU-5.
//
// Lock of a free Mutex sets kLocked, and clears its own kWoken. Lock of a held
// Mutex spins a little where spinning helps. kWoken announces the spinning, so
// that Unlock does not wake a second competitor. Then Lock takes the list lock,
// sets kQueued while kLocked is still set, joins the list and parks.
//
// Unlock's fast path knows only "held and nothing else". Otherwise Unlock keeps
// the lock and takes the list lock. Then Unlock takes a waiter off, publishes
// the new state, releases the list lock and makes the waiter ready.
//
// Once kQueued is set, every Unlock takes the list lock. The list lock is free
// only after the waiter has joined the list and parked. So Unlock finds the
// waiter (MU-4).
//
// Go differs. Go gives the lock up first and looks for waiters afterwards. The
// object may be gone by then, which only a garbage collector forgives (WL-1).

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
  std::int64_t since = 0;  // the nanotime of its first park, 0 before that
  bool awoke = false;      // kWoken is ours (MU-3)
  bool starving = false;   // has waited for more than 1 ms
};

void Mutex::LockSlow() {
  ParkingCall call("mn::Mutex::Lock");  // ends the process outside a goroutine
  Attempt a;
  int spins = 0;
  std::uint32_t s = state_.load(memory_order_relaxed);
  for (;;) {
    // Free. The first to come gets the lock, woken or new.
    if ((s & kLocked) == 0) {
      const std::uint32_t mine = (s | kLocked) & ~(a.awoke ? kWoken : 0);
      // acquire: pairs with the release in Unlock and WakeOne.
      if (state_.compare_exchange_weak(s, mine, memory_order_acquire,
                                       memory_order_relaxed)) {
        return;  // MU-1
      }
      continue;  // the failed exchange has read the word again
    }
    if ((s & kStarving) == 0 && internal::CanSpin(spins)) {
      // There are waiters and nobody competes yet. With kWoken set, Unlock
      // leaves the lock to this goroutine and wakes nobody.
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
    // Woken to compete, with a new chance that the owner is quick.
    spins = 0;
    s = state_.load(memory_order_relaxed);
  }
}

// Joins the list and parks, unless the lock has become free. Returns true if
// the lock was granted to this goroutine. After false its caller tries again.
bool Mutex::Park(Attempt& a) {
  list_lock_.Lock();
  std::uint32_t s = state_.load(memory_order_relaxed);
  std::uint32_t queued;
  do {
    // MU-4: the owner has left and has not looked at the list. Nobody would
    // wake this goroutine.
    if ((s & kLocked) == 0) {
      list_lock_.Unlock();
      return false;
    }
    queued = s | kQueued;
    // MU-5: kLocked is set. If kWoken is set, it is this goroutine's own, which
    // the line below clears.
    if (a.starving) queued |= kStarving;
    if (a.awoke) queued &= ~kWoken;  // MU-3: we no longer compete
  } while (!state_.compare_exchange_weak(s, queued, memory_order_relaxed));
  a.waiter.g = getg();
  // A goroutine that has lost keeps its place before all later ones.
  if (a.since == 0) {
    a.since = Nanotime();
    waiters_.PushBack(&a.waiter);
  } else {
    waiters_.PushFront(&a.waiter);
  }
  GoparkUnlock(&list_lock_, WaitReason::kMutexLock);

  // WakeOne has set kWoken on this goroutine's behalf, and Grant has not.
  a.awoke = !a.waiter.granted;
  if (Nanotime() - a.since > kStarvationNs) a.starving = true;
  if (!a.waiter.granted) return false;
  // The starvation mode ends if this was the last of the list, or if it has
  // waited for less than 1 ms.
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
    // Until the owner ends this mode, the bit stays set.
    if ((s & kStarving) != 0) return Grant();
    if ((s & kQueued) != 0 && (s & kWoken) == 0) {
      if (WakeOne()) return;
      s = state_.load(memory_order_relaxed);
      continue;
    }
    // Nobody waits, or somebody is on the way already (MU-3).
    // release: pairs with the acquire in Lock. WL-1: the last touch.
    if (state_.compare_exchange_weak(s, s & ~kLocked, memory_order_release,
                                     memory_order_relaxed)) {
      return;
    }
  }
}

// Unlocks in starvation mode. The first of the list gets the lock, and kLocked
// stays set. There is a first, because an owner that found the list empty has
// left this mode, and only owners shorten the list.
void Mutex::Grant() {
  list_lock_.Lock();
  internal::Sleeper* w = waiters_.PopFront();
  if (waiters_.Empty()) state_.fetch_and(~kQueued, memory_order_relaxed);
  w->granted = true;
  list_lock_.Unlock();
  Goready(w->g);
  // The lock is worth nothing until its new owner runs. The owner stands in
  // runnext and runs here at once.
  YieldNow();
}

// Unlocks in normal mode and wakes the first of the list, which has to compete
// for the lock. Returns false, with the lock still held, if the state has
// changed meanwhile. A spinning goroutine may have announced itself.
bool Mutex::WakeOne() {
  list_lock_.Lock();
  // Not taken off yet, since the exchange below may fail.
  internal::Sleeper* const w = waiters_.Front();
  const std::uint32_t left = w->next != nullptr ? kQueued : 0;
  std::uint32_t s = kLocked | kQueued;
  // MU-3, MU-4: one step gives the lock up and says that a waiter is coming.
  // release: pairs with the acquire in Lock.
  if (!state_.compare_exchange_strong(s, kWoken | left, memory_order_release,
                                      memory_order_relaxed)) {
    list_lock_.Unlock();
    return false;
  }
  waiters_.PopFront();
  // WL-1, WL-2: neither w nor the Mutex is touched after the list lock.
  G* const gp = w->g;
  list_lock_.Unlock();
  Goready(gp);
  return true;
}

}  // namespace mn
