// base/atomic.h's other implementation: compiled with MN_SIM, mn::atomic is
// this, and every operation is a step of the explorer.
//
// What the runtime and learners use, with std::atomic's spelling. The two last
// arguments of each function are where the caller stands. Operators have no
// room for them, so their steps stand in this file.
#pragma once

#include <atomic>
#include <bit>
#include <cstring>
#include <type_traits>

#include "runtime/sim/ops.h"

#define MN_SIM_HERE \
  const char *file = __builtin_FILE(), int line = __builtin_LINE()

namespace mn {

namespace sim {

template <class T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);

 public:
  constexpr Atomic() noexcept = default;
  constexpr Atomic(T value) noexcept : value_(value) {}  // NOLINT: as std
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  operator T() const { return load(); }  // NOLINT: as std
  T operator=(T value) {                 // NOLINT: as std
    store(value);
    return value;
  }

  T load(std::memory_order order = std::memory_order_seq_cst,
         MN_SIM_HERE) const {
    return From(OpLoad(&value_, kType, order, {file, line}));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst,
             MN_SIM_HERE) {
    OpStore(&value_, kType, To(value), order, {file, line});
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst,
             MN_SIM_HERE) {
    return Do(Rmw::kExchange, value, order, {file, line});
  }
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst,
              MN_SIM_HERE) {
    return Do(Rmw::kAdd, value, order, {file, line});
  }
  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst,
              MN_SIM_HERE) {
    return Do(Rmw::kSub, value, order, {file, line});
  }
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst,
             MN_SIM_HERE) {
    return Do(Rmw::kOr, value, order, {file, line});
  }
  T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst,
              MN_SIM_HERE) {
    return Do(Rmw::kAnd, value, order, {file, line});
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order success,
                               std::memory_order failure, MN_SIM_HERE) {
    Word found = To(expected);
    if (OpCas(&value_, kType, &found, To(desired), success, failure,
              {file, line})) {
      return true;
    }
    expected = From(found);
    return false;
  }
  bool compare_exchange_strong(
      T& expected, T desired,
      std::memory_order order = std::memory_order_seq_cst, MN_SIM_HERE) {
    return compare_exchange_strong(expected, desired, order, ForFailure(order),
                                   file, line);
  }
  // x86 has no spurious failures.
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure, MN_SIM_HERE) {
    return compare_exchange_strong(expected, desired, success, failure, file,
                                   line);
  }
  bool compare_exchange_weak(
      T& expected, T desired,
      std::memory_order order = std::memory_order_seq_cst, MN_SIM_HERE) {
    return compare_exchange_strong(expected, desired, order, ForFailure(order),
                                   file, line);
  }

  static constexpr ValueType kType{sizeof(T),
                                   std::is_pointer_v<T>  ? Form::kPointer
                                   : std::is_signed_v<T> ? Form::kSigned
                                                         : Form::kUnsigned};

 private:
  static Word To(T value) {
    Word word = 0;
    std::memcpy(&word, &value, sizeof value);
    return word;
  }
  static T From(Word word) {
    T value;
    std::memcpy(&value, &word, sizeof value);
    return value;
  }
  static std::memory_order ForFailure(std::memory_order order) {
    return order == std::memory_order_acq_rel   ? std::memory_order_acquire
           : order == std::memory_order_release ? std::memory_order_relaxed
                                                : order;
  }
  T Do(Rmw what, T operand, std::memory_order order, Where where) {
    return From(OpRmw(&value_, kType, what, To(operand), order, where));
  }

  T value_{};  // what is in memory; a thread's own view may be its buffer's
};

}  // namespace sim

template <class T>
using atomic = sim::Atomic<T>;

namespace sim {
// For models: while (a.load(acquire) != value) CpuRelax(), in one step.
template <class T>
void Await(const Atomic<T>& a, T value, MN_SIM_HERE) {
  Word word = 0;
  std::memcpy(&word, &value, sizeof value);
  OpAwait(&a, Atomic<T>::kType, word, {file, line});
}
}  // namespace sim

inline void CpuRelax(MN_SIM_HERE) { sim::OpRelax({file, line}); }
inline void StoreLoadFence(MN_SIM_HERE) { sim::OpFence({file, line}); }

}  // namespace mn
