// What judge.cc and case.cc of lesson 02 agree on: who takes part, and the
// values that both compute for themselves.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tools/judge/protocol.h"

namespace mn {

// Participant 0 is the thread's own stack, 1 … 3 are contexts.
inline constexpr std::int64_t kMain = 0;
inline constexpr std::int64_t kContexts = 3;

// ---- CTX-1: the registers that a function must preserve

#if defined(__x86_64__)
inline constexpr const char* kRegisters[] = {"rbx", "rbp", "r12",
                                             "r13", "r14", "r15"};
#else
inline constexpr const char* kRegisters[] = {
    "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
    "x29", "d8",  "d9",  "d10", "d11", "d12", "d13", "d14", "d15"};
#endif
inline constexpr std::size_t kRegisterCount = std::size(kRegisters);

// What participant `who` has in a register during its `nth` swap.
inline std::uint64_t RegisterValue(std::int64_t seed, std::int64_t who,
                                   std::int64_t nth, std::size_t reg) {
  judge::Random rng(static_cast<std::uint64_t>(seed) ^
                    (static_cast<std::uint64_t>(who) << 48) ^
                    (static_cast<std::uint64_t>(nth) << 16) ^ reg);
  return rng.Next();
}

// ---- CTX-2: the stack pointer at the entry of a function

#if defined(__x86_64__)
inline constexpr std::int64_t kEntryMod16 = 8;
#else
inline constexpr std::int64_t kEntryMod16 = 0;
#endif

// ---- CTX-4: the floating-point control state

struct Control {
  std::int64_t sse;  // mxcsr, without its flags; fpcr on aarch64
  std::int64_t x87;  // the x87 control word; 0 on aarch64
};

// Rounding, flush-to-zero and x87 precision, with all exceptions masked. Two
// participants, or two turns of one, hardly ever have the same.
inline Control ControlValue(std::int64_t seed, std::int64_t who,
                            std::int64_t nth) {
  const auto bits =
      static_cast<std::int64_t>(RegisterValue(seed, who, nth, 1000) >> 32);
#if defined(__x86_64__)
  constexpr std::int64_t kPrecision[] = {0, 2, 3, 3};
  return {0x1f80 | (bits & 1) << 6 | (bits >> 1 & 7) << 13,
          0x3f | kPrecision[bits >> 4 & 3] << 8 | (bits >> 6 & 3) << 10};
#else
  return {(bits & 7) << 22, 0};
#endif
}

// ---- CTX-6: many contexts

// More fibers than this, TSan does not take.
#if defined(__SANITIZE_THREAD__)
inline constexpr std::int64_t kMany = 1'000;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr std::int64_t kMany = 1'000;
#else
inline constexpr std::int64_t kMany = 10'000;
#endif
#else
inline constexpr std::int64_t kMany = 10'000;
#endif

// A context's running sum, after a turn that was the `position`-th of all.
inline std::uint64_t NextSum(std::uint64_t sum, std::int64_t position) {
  return judge::Random::Mix(sum + static_cast<std::uint64_t>(position));
}

// ---- CTX-P

inline constexpr std::int64_t kSwapsPerBlock = 2000;

// 1 … n in random order.
inline std::vector<std::int64_t> Permutation(judge::Random& rng,
                                             std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; i++) {
    order[static_cast<std::size_t>(i)] = i + 1;
  }
  for (std::int64_t i = n - 1; i > 0; i--) {
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(rng.Between(0, i))]);
  }
  return order;
}

}  // namespace mn
