// Chan<T> is Go's channel, a typed first-in first-out queue between goroutines.
//
// Example:
//
//   mn::Chan<int> squares(2);  // a buffer of two values
//   mn::Go([squares]() mutable {
//     for (int i = 1; i <= 3; i++) squares.Send(i * i);
//     squares.Close();
//   });
//   int sum = 0;
//   for (int square : squares) sum += square;
//   assert(sum == 1 + 4 + 9);
//
// A Chan is a handle, as in Go. Copies refer to the same channel, and the last
// copy frees the channel. A default-constructed Chan is the nil channel. On the
// nil channel Send, Recv, Next and range park for ever. TrySend and TryRecv
// return kWouldBlock there, Len and Cap return 0, and Close panics.
//
// REQUIRES: the caller is a goroutine, except for Len and Cap. A call from
// another thread is a fatal error.
// Any number of goroutines may call functions of the same channel at once.
//
// T may be any type whose move constructor does not throw. A value is moved
// into the channel and out again. If sender or receiver waits already, the
// value moves straight from one stack to the other. The move constructor and
// the destructor of T run inside the channel's lock, so they must not park.
// Send a std::unique_ptr to anything that does not move in this way.
#pragma once

#include <cstddef>
#include <iterator>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/chan/hchan.h"

namespace mn {

// What TrySend and TryRecv return.
enum class TryResult {
  kOk,          // The value has gone through.
  kWouldBlock,  // Nothing happened. Send or Recv would have parked.
  kClosed,      // Only TryRecv. The channel is closed and drained.
};

template <class T>
class Chan {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "Chan<T>: T's move constructor must be noexcept; send a "
                "std::unique_ptr<T> instead");

 public:
  // Makes the nil channel. Any thread may do this.
  // Mirrors: var ch chan T.
  Chan() = default;

  // Makes a channel with a buffer of `capacity` values. With capacity 0 every
  // Send waits for its receiver.
  // Does not park. Panics `makechan: size out of range` if the capacity is
  // negative or far too large.
  // Mirrors: make(chan T, capacity).
  explicit Chan(std::ptrdiff_t capacity)
      : h_(internal::HchanRef(internal::Hchan::Make(&kElem, capacity))) {}

  // Sends v.
  // Parks until a receiver or a place in the buffer takes v. Panics `send on
  // closed channel` if the channel is closed or becomes closed meanwhile. Then
  // v is destroyed.
  // Mirrors: ch <- v.
  void Send(T v) { internal::Hchan::Send(h_.get(), &v); }

  // Receives a value.
  // Parks until there is a value. Returns T{} when the channel is closed and
  // drained.
  // Mirrors: v := <-ch.
  T Recv() requires std::is_default_constructible_v<T> {
    Slot slot;
    if (!internal::Hchan::Recv(h_.get(), slot.raw)) return T{};
    return slot.Take();
  }

  // Receives a value, and tells a closed channel from a value.
  // Parks until there is a value. Returns nullopt when the channel is closed
  // and drained.
  // Mirrors: v, ok := <-ch.
  std::optional<T> Next() {
    Slot slot;
    if (!internal::Hchan::Recv(h_.get(), slot.raw)) return std::nullopt;
    return slot.Take();
  }

  // Sends v if that is possible at once.
  // Never parks. `v` is moved from only if the result is kOk. The second form
  // copies v first. Panics `send on closed channel` if the channel is closed.
  // Mirrors: a select with a send and a default.
  TryResult TrySend(T&& v) {
    return internal::Hchan::TrySend(h_.get(), &v) ? TryResult::kOk
                                                  : TryResult::kWouldBlock;
  }
  TryResult TrySend(const T& v) {
    T copy(v);
    return TrySend(std::move(copy));
  }

  // Receives a value if that is possible at once.
  // Never parks. `out` is assigned only if the result is kOk.
  // Mirrors: a select with a receive and a default.
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

  // Closes the channel.
  // Wakes every waiting receiver. Every waiting Send panics. Values in the
  // buffer can still be received. Does not park. Panics `close of closed
  // channel` and `close of nil channel`.
  // Mirrors: close(ch).
  void Close() { internal::Hchan::Close(h_.get()); }

  // The number of values in the buffer, and the number that fits there.
  // Both return 0 for the nil channel. Len may be out of date when Len returns.
  // Any thread may call. Do not park.
  // Mirrors: len(ch), cap(ch).
  std::size_t Len() const { return internal::Hchan::Len(h_.get()); }
  std::size_t Cap() const { return internal::Hchan::Cap(h_.get()); }

  // What `for (T& v : ch)` needs. The loop receives one value each time and
  // ends when the channel is closed and drained. begin and ++ may park.
  // Mirrors: for v := range ch.
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

  // Whether this is not the nil channel, and whether both are handles of the
  // same channel. Any thread may ask.
  // Mirrors: ch != nil, a == b.
  explicit operator bool() const { return static_cast<bool>(h_); }
  friend bool operator==(const Chan& a, const Chan& b) = default;

 private:
  // Raw storage for one value. The sender moves its value into this storage.
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
