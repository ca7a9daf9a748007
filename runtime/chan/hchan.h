// Hchan: the channel behind every Chan<T>, without the type.
//
// Why untyped: one implementation of the protocol, compiled once; elements are
// moved by size or by a function that Chan<T> provides.
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
// Rejected: a lock-free queue (rendezvous, close and select need the two queues
// and the buffer to change together); a condition variable per channel (wakes a
// thread).
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"

namespace mn {

struct G;

namespace internal {

struct ElemType {
  std::size_t size;
  std::size_t align;
  // Move-constructs *to from *from, leaving *from moved-from but alive. Null:
  // copy the bytes.
  void (*move)(void* to, void* from);
  void (*destroy)(void* elem);  // null: nothing to do
};

// A goroutine that waits on a channel; lives on its stack (Go's sudog).
struct Waiter {
  G* g;
  void* elem;  // where the value comes from, or raw memory for it to go to
  bool success = false;  // a value passed; false: the channel was closed
  Waiter* next = nullptr;
};

class WaitQueue {
 public:
  bool Empty() const { return head_ == nullptr; }
  void Push(Waiter* w) {
    (head_ == nullptr ? head_ : tail_->next) = w;
    tail_ = w;
  }
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

// Every function may be called from any goroutine at once; `c` null is the nil
// channel. What they do is documented at Chan<T>.
class Hchan {
 public:
  static Hchan* Make(const ElemType* type, std::ptrdiff_t capacity);

  static void Send(Hchan* c, void* elem);
  static bool TrySend(Hchan* c, void* elem);
  // False: closed and drained, slot untouched. True: a value was moved into the
  // raw memory at slot.
  static bool Recv(Hchan* c, void* slot);
  static RecvState TryRecv(Hchan* c, void* slot);
  static void Close(Hchan* c);
  static std::size_t Len(Hchan* c);
  static std::size_t Cap(Hchan* c);

  void Ref() { refs_.fetch_add(1, memory_order_relaxed); }
  // The last one destroys what is still buffered.
  void Unref();

 private:
  explicit Hchan(const ElemType* type, std::size_t capacity)
      : type_(type), capacity_(capacity) {}
  void Move(void* to, void* from);
  void* Slot(std::size_t i);
  // Move one value in or out if that needs no waiting. REQUIRES: lock_; on true
  // the lock has been released.
  bool SendNow(void* elem);
  bool RecvNow(void* slot);

  RtMutex lock_{LockRank::kObject};
  const ElemType* const type_;
  const std::size_t capacity_;
  // guarded by lock_
  std::size_t count_ = 0;  // values in the buffer
  std::size_t recvx_ = 0;  // slot of the oldest
  std::size_t sendx_ = 0;  // slot for the next
  bool closed_ = false;
  WaitQueue recvq_;
  WaitQueue sendq_;
  mn::atomic<std::int64_t> refs_{1};
  // the buffer follows
};

// A counted reference.
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
