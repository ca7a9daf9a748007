#include "runtime/chan/hchan.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "runtime/panic.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"

namespace mn::internal {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 46;
constexpr std::size_t kBufferOffset =
    (sizeof(Hchan) + alignof(std::max_align_t) - 1) &
    ~(alignof(std::max_align_t) - 1);

std::align_val_t BlockAlign(const ElemType* type) {
  constexpr std::size_t kMin = alignof(std::max_align_t);
  return std::align_val_t{type->align > kMin ? type->align : kMin};
}

std::size_t BufferOffset(const ElemType* type) {
  return (kBufferOffset + type->align - 1) & ~(type->align - 1);
}

// CHN-3: the waiter is on its goroutine's stack; nothing of it may be touched
// after Goready.
void Wake(Waiter* w, bool success) {
  G* gp = w->g;
  w->success = success;
  Goready(gp);
}

}  // namespace

Hchan* Hchan::Make(const ElemType* type, std::ptrdiff_t capacity) {
  if (capacity < 0 ||
      static_cast<std::size_t>(capacity) > kMaxBytes / type->size) {
    throw Panic("makechan: size out of range");
  }
  const auto n = static_cast<std::size_t>(capacity);
  void* block =
      ::operator new(BufferOffset(type) + n * type->size, BlockAlign(type));
  return new (block) Hchan(type, n);
}

void Hchan::Unref() {
  // acq_rel: the last one sees everything that the others did.
  if (refs_.fetch_sub(1, memory_order_acq_rel) != 1) return;
  if (type_->destroy != nullptr) {
    for (; count_ > 0; count_--) {
      type_->destroy(Slot(recvx_));
      recvx_ = recvx_ + 1 == capacity_ ? 0 : recvx_ + 1;
    }
  }
  const std::align_val_t align = BlockAlign(type_);
  this->~Hchan();
  ::operator delete(this, align);
}

void* Hchan::Slot(std::size_t i) {
  return reinterpret_cast<char*>(this) + BufferOffset(type_) + i * type_->size;
}

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
  if (closed_) {
    lock_.Unlock();
    throw Panic("send on closed channel");
  }
  if (Waiter* w = recvq_.Pop()) {  // CHN-2: past the empty buffer
    Move(w->elem, elem);
    lock_.Unlock();
    Wake(w, true);
    return true;
  }
  if (count_ == capacity_) return false;
  Move(Slot(sendx_), elem);
  sendx_ = sendx_ + 1 == capacity_ ? 0 : sendx_ + 1;
  count_++;
  lock_.Unlock();
  return true;
}

bool Hchan::RecvNow(void* slot) {
  if (Waiter* w = sendq_.Pop()) {
    if (capacity_ == 0) {
      Move(slot, w->elem);
    } else {
      // Full: the head is ours, and the sender's value takes its place at the
      // tail, which is the same slot.
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
  if (c == nullptr) GoparkForever(WaitReason::kChanSendNil);
  c->lock_.Lock();
  if (c->SendNow(elem)) return;
  Waiter w{call.g(), elem};
  c->sendq_.Push(&w);
  GoparkUnlock(&c->lock_, WaitReason::kChanSend);
  if (!w.success) throw Panic("send on closed channel");
}

bool Hchan::TrySend(Hchan* c, void* elem) {
  RuntimeCall call("Chan::TrySend");
  if (c == nullptr) return false;
  c->lock_.Lock();
  if (c->SendNow(elem)) return true;
  c->lock_.Unlock();
  return false;
}

bool Hchan::Recv(Hchan* c, void* slot) {
  ParkingCall call("Chan::Recv");
  if (c == nullptr) GoparkForever(WaitReason::kChanReceiveNil);
  c->lock_.Lock();
  if (c->RecvNow(slot)) return true;
  if (c->closed_) {
    c->lock_.Unlock();
    return false;
  }
  Waiter w{call.g(), slot};
  c->recvq_.Push(&w);
  GoparkUnlock(&c->lock_, WaitReason::kChanReceive);
  return w.success;
}

RecvState Hchan::TryRecv(Hchan* c, void* slot) {
  RuntimeCall call("Chan::TryRecv");
  if (c == nullptr) return RecvState::kEmpty;
  c->lock_.Lock();
  if (c->RecvNow(slot)) return RecvState::kValue;
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
  c->closed_ = true;
  // CHN-1: at most one of the queues has anybody.
  WaitQueue waiters = c->recvq_.Empty() ? c->sendq_ : c->recvq_;
  c->recvq_ = {};
  c->sendq_ = {};
  c->lock_.Unlock();
  while (Waiter* w = waiters.Pop()) Wake(w, false);  // CHN-4
}

std::size_t Hchan::Len(Hchan* c) {
  if (c == nullptr) return 0;
  InRuntimeScope scope;
  RtLock lock(c->lock_);
  return c->count_;
}

std::size_t Hchan::Cap(Hchan* c) { return c == nullptr ? 0 : c->capacity_; }

}  // namespace mn::internal
