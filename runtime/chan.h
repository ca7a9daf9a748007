// Chan<T>: Go's channel, a typed FIFO that goroutines meet at.
//
// A Chan is a handle, as in Go: copies refer to the same channel; the last copy
// frees it. Default-constructed it is the nil channel, on which Send, Recv,
// Next and range park for ever, TrySend and TryRecv return kWouldBlock, Len and
// Cap are 0, and Close panics.
//
// Thread-safety: every function may be called from any goroutine at once.
// Elements: any type with a move constructor that does not throw; moved in and
// out, straight from the sender's stack to the receiver's when one of the two
// is already waiting. Its move constructor and destructor run inside the
// channel's lock: they must not park. Put what moves badly into a unique_ptr.
#pragma once

#include <cstddef>
#include <iterator>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/chan/hchan.h"

namespace mn {

enum class TryResult {
  kOk,          // done
  kWouldBlock,  // nothing done: full, empty, or nobody on the other side
  kClosed,      // TryRecv only: closed and drained
};

template <class T>
class Chan {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "Chan<T>: T's move constructor must be noexcept; send a "
                "std::unique_ptr<T> instead");

 public:
  // The nil channel.
  Chan() = default;

  // make(chan T, capacity): 0 is a rendezvous. A negative or absurd capacity
  // panics `makechan: size out of range`.
  explicit Chan(std::ptrdiff_t capacity)
      : h_(internal::HchanRef(internal::Hchan::Make(&kElem, capacity))) {}

  // ch <- v. Parks until a receiver or a buffer slot takes it. Panics `send on
  // closed channel` if the channel is or becomes closed; v is destroyed then.
  void Send(T v) { internal::Hchan::Send(h_.get(), &v); }

  // v := <-ch. Parks until there is a value; T{} once closed and drained.
  T Recv() requires std::is_default_constructible_v<T> {
    Slot slot;
    if (!internal::Hchan::Recv(h_.get(), slot.raw)) return T{};
    return slot.Take();
  }

  // v, ok := <-ch. nullopt once closed and drained. May park.
  std::optional<T> Next() {
    Slot slot;
    if (!internal::Hchan::Recv(h_.get(), slot.raw)) return std::nullopt;
    return slot.Take();
  }

  // A send that never parks (select with default). `v` is moved from only on
  // kOk. Panics if closed.
  TryResult TrySend(T&& v) {
    return internal::Hchan::TrySend(h_.get(), &v) ? TryResult::kOk
                                                  : TryResult::kWouldBlock;
  }
  TryResult TrySend(const T& v) {
    T copy(v);
    return TrySend(std::move(copy));
  }

  // A receive that never parks (select with default). `out` is assigned only
  // on kOk.
  TryResult TryRecv(T& out) {
    Slot slot;
    switch (internal::Hchan::TryRecv(h_.get(), slot.raw)) {
      case internal::RecvState::kValue:
        out = slot.Take();
        return TryResult::kOk;
      case internal::RecvState::kClosed:
        return TryResult::kClosed;
      case internal::RecvState::kEmpty:
        break;
    }
    return TryResult::kWouldBlock;
  }

  // close(ch): wakes every receiver, panics every waiting sender. Panics `close
  // of closed channel` and `close of nil channel`. Does not park.
  void Close() { internal::Hchan::Close(h_.get()); }

  // len(ch) and cap(ch); 0 for the nil channel. A snapshot; does not park.
  std::size_t Len() const { return internal::Hchan::Len(h_.get()); }
  std::size_t Cap() const { return internal::Hchan::Cap(h_.get()); }

  // for v := range ch: ends when the channel is closed and drained. May park.
  class Iterator {
   public:
    explicit Iterator(Chan* c) : c_(c), v_(c->Next()) {}
    T& operator*() { return *v_; }
    Iterator& operator++() {
      v_ = c_->Next();
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return !v_.has_value(); }

   private:
    Chan* c_;
    std::optional<T> v_;
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() { return {}; }

  // ch != nil, and whether both are the same channel.
  explicit operator bool() const { return static_cast<bool>(h_); }
  friend bool operator==(const Chan& a, const Chan& b) = default;

 private:
  // Raw storage that a value is moved into by whoever sends it.
  struct Slot {
    alignas(T) unsigned char raw[sizeof(T)];
    T Take() {
      T* p = std::launder(reinterpret_cast<T*>(raw));
      struct Destroy {
        T* p;
        ~Destroy() { p->~T(); }
      } destroy{p};
      return std::move(*p);
    }
  };

  static void MoveElem(void* to, void* from) {
    new (to) T(std::move(*static_cast<T*>(from)));
  }
  static void DestroyElem(void* p) { static_cast<T*>(p)->~T(); }
  static constexpr bool kBytes = std::is_trivially_copyable_v<T>;
  static constexpr internal::ElemType kElem = {sizeof(T), alignof(T),
                                               kBytes ? nullptr : &MoveElem,
                                               kBytes ? nullptr : &DestroyElem};

  internal::HchanRef h_;
};

}  // namespace mn
