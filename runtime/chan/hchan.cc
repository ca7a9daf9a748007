#include "runtime/chan/hchan.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "runtime/panic.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"

namespace mn::internal {

namespace {

// Half of the address space that a process has, so that sizes cannot overflow.
constexpr std::size_t kMaxBytes = std::size_t{1} << 46;
// The end of the Hchan, rounded up for elements of any ordinary alignment.
constexpr std::size_t kBufferOffset =
    (sizeof(Hchan) + alignof(std::max_align_t) - 1) &
    ~(alignof(std::max_align_t) - 1);

// How the block of a channel is aligned. The buffer may need more than Hchan.
std::align_val_t BlockAlign(const ElemType* type) {
  constexpr std::size_t kMin = alignof(std::max_align_t);
  return std::align_val_t{type->align > kMin ? type->align : kMin};
}

// Where the buffer begins in the block, at the first place that fits elements.
std::size_t BufferOffset(const ElemType* type) {
  return (kBufferOffset + type->align - 1) & ~(type->align - 1);
}

// CHN-3: the caller has taken w off its queue and has given the lock up.
void Wake(Waiter* w, bool success) {
  // Read first. The waiter is on the stack of its goroutine, and after Goready
  // the goroutine may run on and return.
  G* gp = w->g;
  w->success = success;
  Goready(gp);
}

}  // namespace

Hchan* Hchan::Make(const ElemType* type, std::ptrdiff_t capacity) {
  // A division, since the product could overflow. The words are Go's.
  if (capacity < 0 ||
      static_cast<std::size_t>(capacity) > kMaxBytes / type->size) {
    throw Panic("makechan: size out of range");
  }
  // One block for the channel and its buffer.
  const auto n = static_cast<std::size_t>(capacity);
  void* block =
      ::operator new(BufferOffset(type) + n * type->size, BlockAlign(type));
  return new (block) Hchan(type, n);
}

void Hchan::Unref() {
  // acq_rel: release pairs with the acquire of the last Unref, which destroys
  // what all the others have written.
  if (refs_.fetch_sub(1, memory_order_acq_rel) != 1) return;
  // Nobody else has the channel, so the lock is not needed.
  if (type_->destroy != nullptr) {
    for (; count_ > 0; count_--) {
      type_->destroy(Slot(recvx_));
      recvx_ = recvx_ + 1 == capacity_ ? 0 : recvx_ + 1;
    }
  }
  // Read before the destructor ends the life of type_ and of `this`.
  const std::align_val_t align = BlockAlign(type_);
  this->~Hchan();
  ::operator delete(this, align);
}

// Computed, since a pointer to the buffer would cost a load more.
void* Hchan::Slot(std::size_t i) {
  return reinterpret_cast<char*>(this) + BufferOffset(type_) + i * type_->size;
}

// REQUIRES: the lock. An element's move constructor runs under the lock, so it
// must not use the channel.
void Hchan::Move(void* to, void* from) {
  if (type_->move != nullptr) {
    type_->move(to, from);
  } else if (type_->size == sizeof(std::uint64_t)) {
    std::memcpy(to, from, sizeof(std::uint64_t));  // one word, no call
  } else {
    std::memcpy(to, from, type_->size);
  }
}

bool Hchan::SendNow(void* elem) {
  // First, because Go panics even if there is room.
  if (closed_) {
    // By hand, since an RtMutex that an exception skips would stay locked.
    lock_.Unlock();
    throw Panic("send on closed channel");
  }
  // CHN-2: past the empty buffer, so the value is moved once and not twice.
  if (Waiter* w = recvq_.Pop()) {
    // The receiver does not run before Wake, so its stack may be written to.
    Move(w->elem, elem);
    // Before Wake, or the receiver might run at once and wait for the lock.
    lock_.Unlock();
    Wake(w, true);
    return true;
  }
  // Without a buffer this holds at once, as 0 equals 0.
  if (count_ == capacity_) return false;
  Move(Slot(sendx_), elem);
  sendx_ = sendx_ + 1 == capacity_ ? 0 : sendx_ + 1;
  count_++;
  lock_.Unlock();
  return true;
}

// If a sender waits, the buffer is full or there is none (CHN-1). Then the
// oldest value goes out and the sender's value comes in.
bool Hchan::RecvNow(void* slot) {
  if (Waiter* w = sendq_.Pop()) {
    if (capacity_ == 0) {
      Move(slot, w->elem);
    } else {
      // A sender waits, so the buffer is full (CHN-1). The oldest value is
      // ours. The sender's value goes to the tail, and in a full ring the tail
      // is the slot that has just become free (CHN-2).
      Move(slot, Slot(recvx_));
      if (type_->destroy != nullptr) type_->destroy(Slot(recvx_));
      Move(Slot(recvx_), w->elem);
      recvx_ = recvx_ + 1 == capacity_ ? 0 : recvx_ + 1;
      sendx_ = recvx_;
    }
    lock_.Unlock();
    Wake(w, true);
    return true;
  }
  if (count_ == 0) return false;
  // No sender waits, so the buffer just gets shorter.
  void* head = Slot(recvx_);
  Move(slot, head);
  if (type_->destroy != nullptr) type_->destroy(head);
  recvx_ = recvx_ + 1 == capacity_ ? 0 : recvx_ + 1;
  count_--;
  lock_.Unlock();
  return true;
}

void Hchan::Send(Hchan* c, void* elem) {
  ParkingCall call("Chan::Send");
  // Go's rule, which lets a select switch a case off by a nil channel.
  if (c == nullptr) GoparkForever(WaitReason::kChanSendNil);
  c->lock_.Lock();
  // Under the same lock as the push below, or a receiver in between would be
  // missed.
  if (c->SendNow(elem)) return;
  // On this stack, which stays as it is while the goroutine waits.
  Waiter w{call.g(), elem};
  c->sendq_.Push(&w);
  // The lock is released once the goroutine has left its stack, so a receiver
  // does not find w too early (PARK-5).
  GoparkUnlock(&c->lock_, WaitReason::kChanSend);
  // A receiver took the value, or Close took the waiter (CHN-4).
  if (!w.success) throw Panic("send on closed channel");
}

// No ParkingCall, because TrySend never parks.
bool Hchan::TrySend(Hchan* c, void* elem) {
  RuntimeCall call("Chan::TrySend");
  if (c == nullptr) return false;
  c->lock_.Lock();
  if (c->SendNow(elem)) return true;
  c->lock_.Unlock();  // SendNow keeps the lock for those who want to wait
  return false;
}

bool Hchan::Recv(Hchan* c, void* slot) {
  ParkingCall call("Chan::Recv");
  if (c == nullptr) GoparkForever(WaitReason::kChanReceiveNil);
  c->lock_.Lock();
  if (c->RecvNow(slot)) return true;
  // After RecvNow, because what is buffered can be received after the close.
  if (c->closed_) {
    c->lock_.Unlock();
    return false;
  }
  // As in Send. The sender moves its value straight into slot (CHN-2).
  Waiter w{call.g(), slot};
  c->recvq_.Push(&w);
  GoparkUnlock(&c->lock_, WaitReason::kChanReceive);
  return w.success;
}

// Never parks either.
RecvState Hchan::TryRecv(Hchan* c, void* slot) {
  RuntimeCall call("Chan::TryRecv");
  if (c == nullptr) return RecvState::kEmpty;
  c->lock_.Lock();
  if (c->RecvNow(slot)) return RecvState::kValue;
  // Under the lock still, so both answers are of the same moment.
  const bool closed = c->closed_;
  c->lock_.Unlock();
  return closed ? RecvState::kClosed : RecvState::kEmpty;
}

void Hchan::Close(Hchan* c) {
  RuntimeCall call("Chan::Close");
  if (c == nullptr) throw Panic("close of nil channel");
  c->lock_.Lock();
  if (c->closed_) {
    c->lock_.Unlock();
    throw Panic("close of closed channel");
  }
  // Under the lock, so nobody can join the queues after the look at them.
  c->closed_ = true;
  // CHN-1: at most one of the two queues has waiters.
  // Moved aside, to be woken without the lock. No second Close can come here.
  WaitQueue waiters = c->recvq_.Empty() ? c->sendq_ : c->recvq_;
  c->recvq_ = {};
  c->sendq_ = {};
  c->lock_.Unlock();
  // Each of them is taken off before its wake-up, after which it is gone.
  // CHN-4: after the unlock, since a long queue would keep the lock for long.
  while (Waiter* w = waiters.Pop()) Wake(w, false);
}

std::size_t Hchan::Len(Hchan* c) {
  if (c == nullptr) return 0;
  // No RuntimeCall, since this needs no P and any thread may ask.
  InRuntimeScope scope;
  RtLock lock(c->lock_);
  return c->count_;
}

// Needs no lock, since the capacity never changes.
std::size_t Hchan::Cap(Hchan* c) { return c == nullptr ? 0 : c->capacity_; }

}  // namespace mn::internal
