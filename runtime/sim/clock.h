// Vector clocks: what a thread knows of every thread's past.
//
// A thread's own entry counts its releases; another thread's entry says up to
// which of them this thread has synchronised. An access made by thread t at
// time c happened before everything a thread does that knows t up to c or more.
#pragma once

#include <cstdint>

namespace mn::sim {

inline constexpr int kMaxThreads = 8;

struct Clock {
  std::uint32_t at[kMaxThreads] = {};

  void Join(const Clock& o) {
    for (int i = 0; i < kMaxThreads; i++) {
      if (at[i] < o.at[i]) at[i] = o.at[i];
    }
  }
};

}  // namespace mn::sim
