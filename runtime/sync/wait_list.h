// WaitList: the goroutines parked on one object, first come first served.
//
// Every primitive here holds a list of its own, guarded by an RtMutex of its
// own. Rejected: Go's table of semaphores keyed by address (a hash, a tree and
// a shared lock per wake-up, which Go needs because a Mutex is 8 bytes there).
//
// A Sleeper lives in the parked goroutine's frame, so parking allocates
// nothing, and whoever takes a Sleeper off a list must be done with it before
// the goroutine can run again: read what you need, then Goready.
//
// Invariants, which make it safe to destroy an object as soon as the last call
// on it that the *program* knows of has returned (`mu.Unlock(); delete this`):
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

struct Sleeper {
  G* g = nullptr;
  Sleeper* next = nullptr;
  // Set by the waker: the object is the woken goroutine's already.
  bool granted = false;
};

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

  // REQUIRES: !Empty().
  Sleeper* PopFront() {
    Sleeper* w = head_;
    head_ = w->next;
    if (head_ == nullptr) tail_ = nullptr;
    return w;
  }

  // Detaches all of them, linked through next.
  Sleeper* TakeAll() {
    Sleeper* all = head_;
    head_ = tail_ = nullptr;
    return all;
  }

 private:
  Sleeper* head_ = nullptr;
  Sleeper* tail_ = nullptr;
};

// Makes every goroutine of a detached chain runnable, in order.
void ReadyAll(Sleeper* chain);

}  // namespace internal
}  // namespace mn
