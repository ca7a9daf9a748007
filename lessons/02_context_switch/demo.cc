// Lesson 02, to run and watch: what a context is, and what leaving one costs.
//
//   bazel run //lessons/02_context_switch:demo              a tour
//   bazel run //lessons/02_context_switch:demo -- --measure the quiz's answers
//
// It runs on the piece alone, without the runtime around it: on yours if it is
// plugged in (--//runtime/plug:context=//exercises/02_context_switch:piece).

#include "lessons/demo.h"

#include <fenv.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/plug/context.h"
#include "tools/judge/kernel_ping_pong.h"

namespace mn {

void CtxReturned() {
  std::fprintf(stderr, "demo: an entry function returned\n");
  std::abort();
}

namespace {

constexpr std::size_t kStack = 64 << 10;

struct alignas(16) Stack {
  char bytes[kStack];
};

// A context with a stack of its own.
struct Fiber {
  Gobuf context;
  std::unique_ptr<Stack> stack{new Stack};
  Gobuf* back = nullptr;  // where to go when the turn is over
  char name = 0;

  void Make(void (*entry)(void*)) {
    CtxMake(context, stack->bytes, stack->bytes + kStack, entry, this);
  }
};

// ---- the tour

std::string story;

void TellsAStory(void* arg) {
  Fiber& self = *static_cast<Fiber*>(arg);
  for (int step = 1;; step++) {
    story += std::string(" ") + self.name + std::to_string(step);
    CtxSwap(self.context, *self.back);
  }
}

// Also says how much of its stack each holds while it waits.
std::string Interleaving(std::initializer_list<std::size_t> order,
                         std::vector<std::ptrdiff_t>* used) {
  Gobuf main;
  std::vector<Fiber> fibers(3);
  for (Fiber& f : fibers) {
    f.name = static_cast<char>('A' + (&f - fibers.data()));
    f.back = &main;
    f.Make(TellsAStory);
  }
  story.clear();
  for (std::size_t i : order) CtxSwap(main, fibers[i].context);
  for (const Fiber& f : fibers) {
    used->push_back(f.stack->bytes + kStack - static_cast<char*>(f.context.sp));
  }
  return story.substr(1);
}

// ---- what a context begins with

std::uintptr_t entry_frame;
int entry_rounding;

void LooksAround(void* arg) {
  Fiber& self = *static_cast<Fiber*>(arg);
  entry_frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  entry_rounding = fegetround();
  CtxSwap(self.context, *self.back);
}

// A context that is made while rounding is upward, and runs when it is not.
void LookAround() {
  Gobuf main;
  Fiber f;
  f.back = &main;
  fesetround(FE_UPWARD);
  f.Make(LooksAround);
  fesetround(FE_TONEAREST);
  CtxSwap(main, f.context);
}

std::string EntryAlignment() {
  LookAround();
#if defined(__x86_64__)
  entry_frame += 8;  // it begins below the return address and the saved rbp
#endif
  return std::to_string(entry_frame % 16) + " mod 16";
}

std::string EntryRounding() {
  LookAround();
  return entry_rounding == FE_UPWARD ? "upward" : "to nearest";
}

// ---- cost

void GoesBack(void* arg) {
  Fiber& self = *static_cast<Fiber*>(arg);
  for (;;) CtxSwap(self.context, *self.back);
}

// Main and n contexts, of which each goes on with the next one, and the last
// one with main. If they are `mixed`, main divides 1 by 3 after it has made
// them. That sets a flag ("a result was not exact") in the register that a swap
// brings back, so main and the others have different contents there.
double RingNs(std::size_t n, bool mixed = false) {
  Gobuf main;
  std::vector<Fiber> fibers(n);
  feclearexcept(FE_ALL_EXCEPT);
  for (std::size_t i = 0; i < n; i++) {
    fibers[i].back = i + 1 < n ? &fibers[i + 1].context : &main;
    fibers[i].Make(GoesBack);
  }
  volatile double one = 1, three = 3;
  if (mixed) one = one / three;
  const std::size_t rounds = 1 + 20'000 / n;
  return BestNs(40, rounds * (n + 1), [&] {
    for (std::size_t i = 0; i < rounds; i++) CtxSwap(main, fibers[0].context);
  });
}

ucontext_t libc_main, libc_other;

void LibcGoesBack() {
  for (;;) swapcontext(&libc_other, &libc_main);
}

double SwapcontextNs() {
  constexpr int kFew = 2'000;
  const auto stack = std::make_unique<Stack>();
  getcontext(&libc_other);
  libc_other.uc_stack.ss_sp = stack->bytes;
  libc_other.uc_stack.ss_size = kStack;
  libc_other.uc_link = nullptr;
  makecontext(&libc_other, LibcGoesBack, 0);
  return BestNs(20, 2 * kFew, [&] {
    for (int i = 0; i < kFew; i++) swapcontext(&libc_main, &libc_other);
  });
}

double KernelNs() {
  constexpr int kFew = 500;
  judge::KernelPingPong kernel;
  return BestNs(20, 2 * kFew, [&] {
    for (int i = 0; i < kFew; i++) kernel.RoundTrip();
  });
}

// The best of all rounds. Other programs come and go, so rounds that lie apart
// say more than one long one. What is compared is measured in turns.
struct Costs {
  double swap = 1e9, mixed = 1e9, ring = 1e9, libc = 1e9, kernel = 1e9;
};

Costs BestCosts() {
  Costs best;
  for (int round = 0; round < 5; round++) {
    best.swap = std::min(best.swap, RingNs(1));
    best.libc = std::min(best.libc, SwapcontextNs());
    best.kernel = std::min(best.kernel, KernelNs());
    best.mixed = std::min(best.mixed, RingNs(1, /*mixed=*/true));
    best.ring = std::min(best.ring, RingNs(10'000));
  }
  return best;
}

void Measure() {
  const Costs costs = BestCosts();
  Measured("entry_alignment", EntryAlignment());
  Measured("entry_rounding", EntryRounding());
  Measured("swap_ns", costs.swap);
  Measured("mixed_ns", costs.mixed);
  Measured("ring_10000_ns", costs.ring);
  Measured("kernel_ns", costs.kernel);
  Measured("swapcontext_ratio", costs.libc / costs.swap);
}

void Tour() {
  std::vector<std::ptrdiff_t> used;
  std::printf("three contexts, resumed in the order 0 1 2 0 0 2 1:\n  %s\n",
              Interleaving({0, 1, 2, 0, 0, 2, 1}, &used).c_str());
  std::printf(
      "bytes of its stack that each holds while it waits: %td %td %td\n",
      used[0], used[1], used[2]);
  std::printf("the stack pointer where a context begins: %s\n",
              EntryAlignment().c_str());
  std::printf("made while rounding was upward, run later: rounds %s\n\n",
              EntryRounding().c_str());
  std::printf("ns for one switch\n");
  std::printf("  two contexts in turns     %8.1f\n", RingNs(1));
  std::printf("  one has divided by 3      %8.1f\n", RingNs(1, /*mixed=*/true));
  for (std::size_t n : {10, 1'000, 10'000}) {
    std::printf("  a ring of %6zu          %8.1f\n", n, RingNs(n));
  }
  std::printf("  swapcontext of libc       %8.1f\n", SwapcontextNs());
  std::printf("  two threads on one CPU    %8.1f\n", KernelNs());
}

}  // namespace
}  // namespace mn

int main(int argc, char** argv) {
  return mn::DemoMain(argc, argv, mn::Tour, mn::Measure);
}
