// WaitList holds the goroutines parked on an object, first come first served.
//
// Every primitive of this folder has a list of its own, and an RtMutex of its
// own guards the list.
//
// Rejected: Go's table of semaphores by address. It costs a hash, a tree and a
// shared lock per wake-up. Go needs the table, as its Mutex has only 8 bytes.
//
// A Sleeper lives in the frame of the parked goroutine, so parking allocates
// nothing. A waker that takes a Sleeper off a list must be done with the
// Sleeper before the goroutine can run again. So it reads what it needs and
// calls Goready last.
//
// The invariants allow a program to destroy an object as soon as the last call
// that the program knows of has returned, as in `mu.Unlock(); delete this`.
//   WL-1 a waker touches the object for the last time before its first Goready;
//   WL-2 the object's list lock is released before the first Goready.
// Internal to runtime/sync.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"

namespace mn {

struct G;

namespace internal {

// A goroutine that waits.
struct Sleeper {
  G* g = nullptr;
  Sleeper* next = nullptr;
  // Set by the waker if the object belongs to the woken goroutine already.
  bool granted = false;
};

// Thread-safety: none. The object's list lock guards every call.
class WaitList {
 public:
  bool Empty() const { return head_ == nullptr; }
  Sleeper* Front() const { return head_; }

  void PushBack(Sleeper* w) {
    w->next = nullptr;
    if (tail_ != nullptr) {
      tail_->next = w;
    } else {
      head_ = w;
    }
    tail_ = w;
  }

  void PushFront(Sleeper* w) {
    w->next = head_;
    head_ = w;
    if (tail_ == nullptr) tail_ = w;
  }

  // Takes the first Sleeper off.
  // REQUIRES: !Empty().
  Sleeper* PopFront() {
    Sleeper* w = head_;
    head_ = w->next;
    if (head_ == nullptr) tail_ = nullptr;
    return w;
  }

  // Takes all Sleepers off. Returns the first, which links to the others.
  Sleeper* TakeAll() {
    Sleeper* all = head_;
    head_ = tail_ = nullptr;
    return all;
  }

 private:
  Sleeper* head_ = nullptr;
  Sleeper* tail_ = nullptr;
};

// Makes every goroutine of a chain that TakeAll returned runnable, in order.
// REQUIRES: the list lock is not held (WL-2).
// Caller: a thread with a P, in the runtime. Does not park.
void ReadyAll(Sleeper* chain);

}  // namespace internal
}  // namespace mn
