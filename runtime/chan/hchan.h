// Hchan is the channel behind every Chan<T>, without the type.
//
// Why untyped: the protocol has one implementation, which is compiled once.
// Elements are moved by their size, or by a function that Chan<T> provides.
//
// Protocol (all under `lock`):
//   CHN-1 receivers wait only while the buffer is empty, senders only while it
//         is full: never both queues at once;
//   CHN-2 a send that finds a waiting receiver moves the value straight into
//         that receiver's slot, past the (empty) buffer; a receive that finds a
//         waiting sender on a full buffer takes the buffer's head and moves the
//         sender's value to its tail: FIFO over buffer and waiters together;
//   CHN-3 whoever takes a waiter off a queue owns its wake-up, and sets
//         waiter->success before it;
//   CHN-4 close takes all waiters off, under the lock, and wakes them after it.
//
// Rejected: a lock-free queue, since rendezvous, close and select need the two
// queues and the buffer to change together. A condition variable per channel,
// which wakes a thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"

namespace mn {

struct G;

namespace internal {

// What the channel has to know of its elements' type.
struct ElemType {
  std::size_t size;
  std::size_t align;
  // Move-constructs *to from *from. *from is moved-from afterwards, and alive.
  // Null if a copy of the bytes does the same.
  void (*move)(void* to, void* from);
  void (*destroy)(void* elem);  // null if there is nothing to do
};

// A goroutine that waits on a channel. The Waiter lives on its goroutine's
// stack, so waiting allocates nothing. Go's sudog.
struct Waiter {
  G* g;
  void* elem;  // a sender's value, or a receiver's raw memory for a value
  bool success = false;  // true if a value passed, false if the channel closed
  Waiter* next = nullptr;
};

// Waiters, first come first served. The channel's lock guards it.
class WaitQueue {
 public:
  bool Empty() const { return head_ == nullptr; }
  void Push(Waiter* w) {
    (head_ == nullptr ? head_ : tail_->next) = w;
    tail_ = w;
  }
  // Takes the first waiter off. Null if there is none.
  Waiter* Pop() {
    Waiter* w = head_;
    if (w != nullptr) head_ = w->next;
    return w;
  }

 private:
  Waiter* head_ = nullptr;
  Waiter* tail_ = nullptr;
};

enum class RecvState { kValue, kEmpty, kClosed };

// The channel. A null `c` is the nil channel. Chan<T> (runtime/chan.h)
// documents what the functions do, which errors they throw and what they
// mirror. Thread-safety: any goroutine may call every function at any time.
class Hchan {
 public:
  // Makes a channel with one reference. Throws Panic if the size is negative or
  // too large, and std::bad_alloc.
  static Hchan* Make(const ElemType* type, std::ptrdiff_t capacity);

  // Moves a value from *elem. Send may park.
  static void Send(Hchan* c, void* elem);
  static bool TrySend(Hchan* c, void* elem);
  // Moves a value into the raw memory at slot and returns true. Returns false,
  // and leaves slot alone, if the channel is closed and empty. Recv may park.
  static bool Recv(Hchan* c, void* slot);
  static RecvState TryRecv(Hchan* c, void* slot);
  static void Close(Hchan* c);
  static std::size_t Len(Hchan* c);
  static std::size_t Cap(Hchan* c);

  // Adds a reference. Relaxed, since the caller has a reference already.
  void Ref() { refs_.fetch_add(1, memory_order_relaxed); }
  // Drops a reference. The last drop destroys the channel and what is buffered.
  void Unref();

 private:
  explicit Hchan(const ElemType* type, std::size_t capacity)
      : type_(type), capacity_(capacity) {}
  void Move(void* to, void* from);
  void* Slot(std::size_t i);
  // Moves a value in or out if no wait is needed, and returns whether it did.
  // REQUIRES: lock_.
  // On true the lock has been released, and before a Panic too. On false the
  // caller still holds the lock.
  bool SendNow(void* elem);
  bool RecvNow(void* slot);

  RtMutex lock_{LockRank::kObject};
  const ElemType* const type_;
  const std::size_t capacity_;
  // guarded by lock_
  std::size_t count_ = 0;  // values in the buffer
  std::size_t recvx_ = 0;  // the slot of the oldest value
  std::size_t sendx_ = 0;  // the slot for the next value
  bool closed_ = false;
  WaitQueue recvq_;
  WaitQueue sendq_;
  mn::atomic<std::int64_t> refs_{1};
  // The buffer follows in the same block, so that a channel is one allocation.
};

// A counted reference to a channel. A copy is a second reference. Thread-safety
// as of a pointer, while the channel itself may be shared.
class HchanRef {
 public:
  HchanRef() = default;
  explicit HchanRef(Hchan* h) : h_(h) {}  // takes over the count
  HchanRef(const HchanRef& o) noexcept : h_(o.h_) {
    if (h_ != nullptr) h_->Ref();
  }
  HchanRef(HchanRef&& o) noexcept : h_(o.h_) { o.h_ = nullptr; }
  HchanRef& operator=(HchanRef o) noexcept {
    Hchan* h = h_;
    h_ = o.h_;
    o.h_ = h;
    return *this;
  }
  ~HchanRef() {
    if (h_ != nullptr) h_->Unref();
  }
  Hchan* get() const { return h_; }
  explicit operator bool() const { return h_ != nullptr; }
  friend bool operator==(const HchanRef&, const HchanRef&) = default;

 private:
  Hchan* h_ = nullptr;
};

}  // namespace internal
}  // namespace mn
