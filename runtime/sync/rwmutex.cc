// rwmutex.h has the invariants RW-1 to RW-5.
//
// Once kWriter is set, everything below happens under the list lock.
//   writer arrives   If kWriter is clear, the writer sets kWriter. The readers
//                    counted in that very operation must leave first (RW-3). If
//                    kWriter is set, the writer joins the queue.
//   reader leaves    If kWriter was set, the reader is among those readers. The
//                    last of them makes pending_ ready.
//   reader arrives   If kWriter was set, the reader takes a pass or parks.
//   writer leaves    The r readers counted now are admitted. If a writer is
//                    queued, kWriter stays, and the queued writer becomes
//                    pending on the r readers, or owner if r = 0. If no writer
//                    is queued, kWriter is cleared.
// A reader's slow path begins after its atomic operation, and then waits for
// the list lock. So the reader sees what the writer wrote under that lock.
//
// This differs from Go. There writers first take a Mutex and give the Mutex
// back after the readers have been let in. Here the writers' queue is part of
// the same word. So an Unlock is one atomic operation, or at its end somebody
// is inside, who keeps the program from destroying the object (WL-1).

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
  // RW-4: an Unlock has let this reader in already.
  if (passes_ > 0) {
    passes_--;
    list_lock_.Unlock();
    return;
  }
  // Counted already, so the next Unlock admits it.
  Sleeper w{.g = call.g()};
  readers_.PushBack(&w);
  GoparkUnlock(&list_lock_, WaitReason::kRWMutexRLock);
}

// `was` is the state before this reader's subtraction.
void RWMutex::RUnlockSlow(std::uint64_t was) {
  if ((was & kReaders) == 0) Throw("sync: RUnlock of unlocked RWMutex");
  RuntimeCall call("mn::RWMutex::RUnlock");
  list_lock_.Lock();
  // RW-3: a writer that is inside waits for nobody.
  if (departing_ == 0) Throw("sync: RUnlock of unlocked RWMutex");
  // Readers that came after the writer are not counted here. They wait for it.
  Sleeper* ready = nullptr;
  if (--departing_ == 0) {
    ready = pending_;
    pending_ = nullptr;
  }
  list_lock_.Unlock();
  // WL-1, WL-2: the writer may unlock and destroy the object from here on.
  if (ready != nullptr) Goready(ready->g);
}

void RWMutex::LockSlow() {
  ParkingCall call("mn::RWMutex::Lock");
  // As in Mutex, since the owner may be about to leave. Behind a queue of
  // writers that is in vain.
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
  // `s` is the word before this writer's change. It says what the writer is.
  Sleeper w{.g = call.g()};
  if ((s & kWriter) != 0) {
    writers_.PushBack(&w);  // RW-5
  } else if (s == 0) {      // nobody was inside, so this writer is
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
  // Unlock has found more than kWriter. So a reader or a writer is inside RLock
  // or Lock and stays there until it is let in. The object outlives its use
  // here (WL-1).
  list_lock_.Lock();
  // kWriter is set for a writer that still waits, so no writer is inside.
  if (pending_ != nullptr) Throw("sync: Unlock of unlocked RWMutex");
  Sleeper* ready = nullptr;
  if (!writers_.Empty()) {
    const auto readers = static_cast<std::uint32_t>(
        state_.load(memory_order_relaxed) & kReaders);
    Sleeper* const writer = PopWriter();
    if (readers == 0) {
      // The writer owns the lock now, since kWriter was never clear.
      ready = writer;
      ready->next = nullptr;  // a chain of one for ReadyAll
    } else {
      departing_ = readers;  // RW-3
      pending_ = writer;
      ready = Admit(readers);
    }
  } else {
    // A loop, since readers add themselves meanwhile. The readers in the word
    // of the exchange are those to admit (RW-4).
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

// RW-4: lets `readers` readers in. Returns those that have parked, as a chain,
// and leaves a pass for each of the others.
Sleeper* RWMutex::Admit(std::uint32_t readers) {
  Sleeper* const all = readers_.TakeAll();
  std::uint32_t parked = 0;
  for (const Sleeper* w = all; w != nullptr; w = w->next) parked++;
  passes_ += readers - parked;
  return all;
}

// REQUIRES: the list lock, and a writer in the queue.
Sleeper* RWMutex::PopWriter() {
  Sleeper* const w = writers_.PopFront();
  if (writers_.Empty()) {
    state_.fetch_and(~kQueued, memory_order_relaxed);  // RW-5
  }
  return w;
}

}  // namespace mn
