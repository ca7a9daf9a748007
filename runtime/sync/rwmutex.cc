// See rwmutex.h for the invariants RW-1..RW-5.
//
// Protocol, all of it under list lock once kWriter is set:
//   writer arrives   kWriter clear: set it; the readers counted in that very
//                    operation must leave first (RW-3). kWriter set: queue.
//   reader leaves    kWriter was set: one of those; the last readies pending_.
//   reader arrives   kWriter was set: take a pass or park.
//   writer leaves    admits the r readers counted now; if a writer is queued it
//                    becomes pending on those r (or owner if r = 0) and kWriter
//                    stays; if none is, kWriter is cleared.
// A reader's slow path starts after its atomic operation and then waits for the
// list lock: so it sees what the writer that set kWriter wrote there.
//
// Differs from Go: there, writers first take a Mutex and give it back after the
// readers have been let in; here they are one queue in the same word, so that
// giving the lock up is one atomic operation or ends with nobody able to
// destroy the object (WL-1).

#include "runtime/sync/rwmutex.h"

#include "runtime/core/fatal.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sync/spin.h"

namespace mn {

using internal::Sleeper;

void RWMutex::RLockSlow() {
  ParkingCall call("mn::RWMutex::RLock");
  list_lock_.Lock();
  if (passes_ > 0) {  // RW-4
    passes_--;
    list_lock_.Unlock();
    return;
  }
  Sleeper w{.g = call.g()};
  readers_.PushBack(&w);
  GoparkUnlock(&list_lock_, WaitReason::kRWMutexRLock);
}

// `was`: the state before our subtraction.
void RWMutex::RUnlockSlow(std::uint64_t was) {
  if ((was & kReaders) == 0) Throw("sync: RUnlock of unlocked RWMutex");
  RuntimeCall call("mn::RWMutex::RUnlock");
  list_lock_.Lock();
  // RW-3: a writer that is inside waits for nobody.
  if (departing_ == 0) Throw("sync: RUnlock of unlocked RWMutex");
  Sleeper* ready = nullptr;
  if (--departing_ == 0) {
    ready = pending_;
    pending_ = nullptr;
  }
  list_lock_.Unlock();
  if (ready != nullptr) Goready(ready->g);
}

void RWMutex::LockSlow() {
  ParkingCall call("mn::RWMutex::Lock");
  // As in Mutex: the owner may be about to leave. In vain behind a queue.
  std::uint64_t s = state_.load(memory_order_relaxed);
  for (int i = 0; (s & kQueued) == 0 && internal::CanSpin(i); i++) {
    if (s == 0 && TryLock()) return;
    internal::Spin();
    s = state_.load(memory_order_relaxed);
  }
  list_lock_.Lock();
  s = state_.load(memory_order_relaxed);
  std::uint64_t mine;
  do {
    mine = s | ((s & kWriter) == 0 ? kWriter : kQueued);
    // acquire: pairs with the release in Unlock and RUnlock.
  } while (!state_.compare_exchange_weak(s, mine, memory_order_acquire,
                                         memory_order_relaxed));
  Sleeper w{.g = call.g()};
  if ((s & kWriter) != 0) {
    writers_.PushBack(&w);  // RW-5
  } else if (s == 0) {
    list_lock_.Unlock();
    return;
  } else {
    departing_ = static_cast<std::uint32_t>(s & kReaders);  // RW-3
    pending_ = &w;
  }
  GoparkUnlock(&list_lock_, WaitReason::kRWMutexLock);
}

void RWMutex::UnlockSlow() {
  std::uint64_t s = state_.load(memory_order_relaxed);
  if ((s & kWriter) == 0) Throw("sync: Unlock of unlocked RWMutex");
  RuntimeCall call("mn::RWMutex::Unlock");
  // Unlock found more than kWriter: a reader or a writer is inside RLock or
  // Lock and stays there until we let it go, so the object outlives our use of
  // it (WL-1).
  list_lock_.Lock();
  if (pending_ != nullptr) Throw("sync: Unlock of unlocked RWMutex");
  Sleeper* ready = nullptr;
  if (!writers_.Empty()) {
    const auto readers = static_cast<std::uint32_t>(
        state_.load(memory_order_relaxed) & kReaders);
    Sleeper* const writer = PopWriter();
    if (readers == 0) {
      ready = writer;
      ready->next = nullptr;
    } else {
      departing_ = readers;  // RW-3
      pending_ = writer;
      ready = Admit(readers);
    }
  } else {
    s = state_.load(memory_order_relaxed);
    // release: pairs with the acquire in RLock.
    while (!state_.compare_exchange_weak(s, s & kReaders, memory_order_release,
                                         memory_order_relaxed)) {
    }
    ready = Admit(static_cast<std::uint32_t>(s & kReaders));
  }
  list_lock_.Unlock();
  internal::ReadyAll(ready);
}

// RW-4. Returns the parked readers, detached.
Sleeper* RWMutex::Admit(std::uint32_t readers) {
  Sleeper* const all = readers_.TakeAll();
  std::uint32_t parked = 0;
  for (const Sleeper* w = all; w != nullptr; w = w->next) parked++;
  passes_ += readers - parked;
  return all;
}

Sleeper* RWMutex::PopWriter() {
  Sleeper* const w = writers_.PopFront();
  if (writers_.Empty()) {
    state_.fetch_and(~kQueued, memory_order_relaxed);  // RW-5
  }
  return w;
}

}  // namespace mn
