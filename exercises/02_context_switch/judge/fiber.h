// The host around the piece, as runtime/ctx/switch.h is in the real machine,
// reduced to what the cases need.
//
// A Fiber is a Gobuf with a stack, its exceptions, and what the sanitizers know
// about it. Swap is the only way from one to another, but for the case that
// measures.
//
// Why it is hard: a swap that loses a register breaks its caller, which would
// be this driver. So Swap calls the piece through assembly (fiber.cc) that
// keeps the caller's registers on the stack and brings them back, whatever the
// piece did. Every mistake turns the case red that looks for it, and no other.
// The stack pointer is the one register that has to be trusted.
//
// Included by contexts.h, which has the names that stand here undefined.
#pragma once

#include <cxxabi.h>
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "runtime/base/sanitizer.h"
#include "runtime/plug/context.h"

#if MN_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#if MN_TSAN
#include <sanitizer/tsan_interface.h>
#endif

// A function that aligns its stack itself: its callers may be wrong about it.
#if defined(__x86_64__)
#define MN_ALIGNS_STACK __attribute__((force_align_arg_pointer))
#elif defined(__aarch64__)
#define MN_ALIGNS_STACK
#else
#error "lesson 02 knows x86-64 and aarch64"
#endif

namespace mn {

// Calls the piece's CtxSwap with chosen values in the registers that must
// survive, and notes what is in them afterwards. The assembly knows the layout.
struct Probe {
  void (*swap)(Gobuf& from, Gobuf& to) = CtxSwap;
  Gobuf* from = nullptr;
  Gobuf* to = nullptr;
  std::uint64_t before[kRegisterCount] = {};
  std::uint64_t after[kRegisterCount] = {};
};
extern "C" void mn_probe_swap(Probe* probe);

// The C++ ABI's two words about exceptions that are being handled.
struct ExceptionState {
  void* caught = nullptr;
  std::uintptr_t uncaught = 0;
};

inline ExceptionState* CurrentExceptionState() {
  return reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

struct Fiber {
  Gobuf context;
  std::int64_t id = kMain;
  char* lo = nullptr;  // [lo, hi) is its stack
  char* hi = nullptr;
  void (*body)(Fiber& self) = nullptr;
  std::int64_t turns = 0;  // free for the body
  ExceptionState exceptions;
  void* asan_fake_stack = nullptr;
  void* tsan_fiber = nullptr;
};

// Leaves `from`, which runs, for `to`.
inline void Swap(Fiber& from, Fiber& to, Probe& probe) {
  from.exceptions = *CurrentExceptionState();
  *CurrentExceptionState() = to.exceptions;
#if MN_ASAN
  __sanitizer_start_switch_fiber(&from.asan_fake_stack, to.lo,
                                 static_cast<std::size_t>(to.hi - to.lo));
#endif
#if MN_TSAN
  __tsan_switch_to_fiber(to.tsan_fiber, 0);
#endif
  probe.from = &from.context;
  probe.to = &to.context;
  mn_probe_swap(&probe);
#if MN_ASAN
  __sanitizer_finish_switch_fiber(from.asan_fake_stack, nullptr, nullptr);
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
#if MN_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

// `f` is the calling thread from now on.
inline void BecomeThread(Fiber& f) {
  pthread_attr_t attributes;
  void* lo = nullptr;
  std::size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &lo, &size);
    pthread_attr_destroy(&attributes);
  }
  f.lo = static_cast<char*>(lo);
  f.hi = f.lo + size;
#if MN_TSAN
  f.tsan_fiber = __tsan_get_current_fiber();
#endif
}

// The entry of every context whose alignment is not what is looked at.
MN_ALIGNS_STACK inline void Enter(void* arg) {
  Fiber& self = *static_cast<Fiber*>(arg);
  Arrive();
  self.body(self);
  // If what follows is not CtxReturned, anything may come. A function that
  // nobody called may crash.
  driver->Phase("the entry function of context " + std::to_string(self.id) +
                " returned, and nothing was there that leads to CtxReturned");
}

inline constexpr std::size_t kFiberStack = 128 << 10;

// The participants of a case: fibers[0] is this thread, the others have stacks
// of their own, side by side. Never freed: the process ends soon.
//   above   bytes between the end of each stack and the next one (or guard)
//   guards  an unmapped page below each stack
class Fibers;
inline Fibers* fibers;  // those of the case, while they live

class Fibers {
 public:
  explicit Fibers(std::int64_t contexts, std::size_t above = 64,
                  std::size_t stride = kFiberStack, bool guards = true) {
    fibers_.resize(static_cast<std::size_t>(contexts) + 1);
    BecomeThread(main());
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

  ~Fibers() { fibers = nullptr; }
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  Fiber& operator[](std::int64_t id) {
    return fibers_[static_cast<std::size_t>(id)];
  }
  Fiber& main() { return fibers_[0]; }

  // For what the judge says about a crash.
  void NameStacks(Driver& d) const {
    for (std::size_t i = 1; i < fibers_.size(); i++) {
      d.Stack(fibers_[i].lo, fibers_[i].hi, "context " + std::to_string(i));
    }
  }

  // The participant on whose stack `address` is; null if on nobody's.
  Fiber* At(const void* address) {
    const char* at = static_cast<const char*>(address);
    for (Fiber& f : fibers_) {
      if (at >= f.lo && at < f.hi) return &f;
    }
    return nullptr;
  }

  // The top of the stack is as somebody else has left it.
  void Make(Fiber& f, char* hi, void (*entry)(void*), void* arg) {
    std::fill_n(hi - kCtxTop, kCtxTop, static_cast<char>(judge::kStackFill));
#if MN_TSAN
    f.tsan_fiber = __tsan_create_fiber(0);
#endif
    CtxMake(f.context, f.lo, hi, entry, arg);
  }

  void Make(Fiber& f, void (*body)(Fiber& self)) {
    f.body = body;
    Make(f, f.hi, Enter, &f);
  }

  // Makes each context and gives it its first turn at once, so that a piece
  // that can only start one context at a time (CTX-6) passes the other cases.
  void StartAll(void (*body)(Fiber& self)) {
    for (std::size_t i = 1; i < fibers_.size(); i++) {
      Make(fibers_[i], body);
      Swap(main(), fibers_[i]);
    }
  }

 private:
  std::vector<Fiber> fibers_;
};

}  // namespace mn
