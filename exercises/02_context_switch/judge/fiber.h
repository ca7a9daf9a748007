// Lesson 02, case process: the host around the piece, as runtime/ctx/switch.h
// is in the real machine, reduced to what the cases need.
//
// A Fiber is a Context with a stack, its exceptions, and what the sanitizers
// know about it. Swap is the only way from one to another, but for the case
// that measures. It hides the piece's mistakes from the driver (probe.h), so
// that every mistake turns the case red that looks for it, and no other.
//
// Included by case.cc only.
#pragma once

#include <cxxabi.h>
#include <pthread.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "exercises/02_context_switch/judge/probe.h"
#include "runtime/plug/context.h"

#if defined(__SANITIZE_ADDRESS__)
#define MN_JUDGE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MN_JUDGE_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define MN_JUDGE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MN_JUDGE_TSAN 1
#endif
#endif

#ifdef MN_JUDGE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef MN_JUDGE_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace mn {

// The C++ ABI's two words about exceptions that are being handled.
struct ExceptionState {
  void* caught = nullptr;
  std::uintptr_t uncaught = 0;
};

inline ExceptionState* CurrentExceptionState() {
  return reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

struct Fiber {
  Context context;
  std::int64_t id = kMain;
  char* lo = nullptr;  // [lo, hi) is its stack
  char* hi = nullptr;
  void (*body)(Fiber& self) = nullptr;
  std::int64_t turns = 0;  // free for the body
  ExceptionState exceptions;
#ifdef MN_JUDGE_ASAN
  void* fake_stack = nullptr;
#endif
#ifdef MN_JUDGE_TSAN
  void* tsan = nullptr;
#endif
};

// Leaves `from`, which runs, for `to`.
inline void Swap(Fiber& from, Fiber& to, Probe& probe) {
  from.exceptions = *CurrentExceptionState();
  *CurrentExceptionState() = to.exceptions;
#ifdef MN_JUDGE_ASAN
  __sanitizer_start_switch_fiber(&from.fake_stack, to.lo,
                                 static_cast<std::size_t>(to.hi - to.lo));
#endif
#ifdef MN_JUDGE_TSAN
  __tsan_switch_to_fiber(to.tsan, 0);
#endif
  probe.from = &from.context;
  probe.to = &to.context;
  ProbeSwap(probe);
#ifdef MN_JUDGE_ASAN
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

inline void Swap(Fiber& from, Fiber& to) {
  Probe probe;
  Swap(from, to, probe);
}

// A body that has nothing left to do. Nobody ought to come back to it.
[[noreturn]] inline void Leave(Fiber& from, Fiber& to) {
  for (;;) Swap(from, to);
}

// First thing in every context.
inline void Arrive() {
#ifdef MN_JUDGE_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

// The entry of every context whose alignment is not what is looked at.
MN_ALIGNS_STACK inline void Enter(void* arg) {
  Fiber& self = *static_cast<Fiber*>(arg);
  Arrive();
  self.body(self);
}

inline constexpr std::size_t kFiberStack = 128 << 10;

// The participants of a case: fibers[0] is this thread, the others have stacks
// of their own, side by side. Never freed: the process ends soon.
//   above   bytes between the end of each stack and the next one (or guard)
//   guards  an unmapped page below each stack
class Fibers {
 public:
  explicit Fibers(std::int64_t contexts, std::size_t above = 64,
                  std::size_t stride = kFiberStack, bool guards = true) {
    fibers_.resize(static_cast<std::size_t>(contexts) + 1);
    Fiber& thread = fibers_[0];
    pthread_attr_t attributes;
    void* lo = nullptr;
    std::size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
      pthread_attr_getstack(&attributes, &lo, &size);
      pthread_attr_destroy(&attributes);
    }
    thread.lo = static_cast<char*>(lo);
    thread.hi = thread.lo + size;
#ifdef MN_JUDGE_TSAN
    thread.tsan = __tsan_get_current_fiber();
#endif
    const std::size_t all = static_cast<std::size_t>(contexts) * stride;
    void* slab = mmap(nullptr, all, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slab == MAP_FAILED) {
      std::fprintf(stderr, "the judge's driver: no memory for stacks\n");
      std::abort();
    }
    for (std::size_t i = 1; i < fibers_.size(); i++) {
      Fiber& f = fibers_[i];
      f.id = static_cast<std::int64_t>(i);
      f.lo = static_cast<char*>(slab) + (i - 1) * stride;
      f.hi = f.lo + stride - above;
      if (guards) {
        mprotect(f.lo, 4096, PROT_NONE);
        f.lo += 4096;
      }
    }
  }

  Fiber& operator[](std::int64_t id) {
    return fibers_[static_cast<std::size_t>(id)];
  }
  Fiber& main() { return fibers_[0]; }
  std::int64_t contexts() const {
    return static_cast<std::int64_t>(fibers_.size()) - 1;
  }

  // The participant on whose stack `address` is; null if on nobody's.
  Fiber* At(const void* address) {
    const char* at = static_cast<const char*>(address);
    for (Fiber& f : fibers_) {
      if (at >= f.lo && at < f.hi) return &f;
    }
    return nullptr;
  }

  void Make(Fiber& f, void (*body)(Fiber& self)) {
    f.body = body;
#ifdef MN_JUDGE_TSAN
    f.tsan = __tsan_create_fiber(0);
#endif
    CtxMake(f.context, f.lo, f.hi, Enter, &f);
  }

  // Makes it and gives it its first turn at once, so that a piece that can
  // only start one context at a time (CTX-6) passes the other cases.
  void Start(Fiber& f, void (*body)(Fiber& self)) {
    Make(f, body);
    Swap(main(), f);
  }

 private:
  std::vector<Fiber> fibers_;
};

}  // namespace mn
