// PreemptibleScope: the goroutine is switched away wherever it is, and finds
// every register as it was. Runs with the slice of 10 ms and with one of
// 200 us.
#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "runtime/core/getg.h"
#include "runtime/mn.h"
#include "runtime/preempt.h"
#include "runtime/testing/loops.h"
#include "runtime/testing/needs.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Exited;
using test::HundredLoops;
using test::Mix;
using test::ProcessResult;
using test::RunProgram;
using test::Witness;

#if defined(__x86_64__)
constexpr bool kSignalYield = true;
#else
constexpr bool kSignalYield = false;
#endif

#define MN_NEEDS_SIGNAL_YIELD() \
  MN_NEEDS_ASYNC_SIGNALS();     \
  if (!kSignalYield) GTEST_SKIP() << "not on this processor"

TEST(PreemptibleScope, AHundredLoopsNeedAHandfulOfThreads) {
  MN_NEEDS_SIGNAL_YIELD();
  const ProcessResult r = RunProgram("HundredDeclaredLoops", test::SamePs());
  EXPECT_TRUE(Exited(r, 0));
}

MN_PROGRAM(HundredDeclaredLoops) {
  int most = 0;
  {
    HundredLoops loops(true);
    for (int i = 0; i < 5; i++) {
      Gosched();
      most = std::max(most, NumThreads());
    }
  }
  fprintf(stderr, "%d threads\n", most);
  return most <= GOMAXPROCS() + 8 ? 0 : 1;
}

// In the scope until `stop`; then out of it: an ordinary loop, which keeps its
// thread.
TEST(PreemptibleScope, EndsWhereItEnds) {
  MN_NEEDS_SIGNAL_YIELD();
  const Witness witness;
  WaitGroup wg;
  wg.Go([&] {
    const G* self = getg();
    {
      PreemptibleScope outer;
      {
        PreemptibleScope inner;
        witness.SpinUntilInterrupted();
      }
      EXPECT_EQ(self->preemptible, 1);
      witness.SpinUntilInterrupted();
    }
    EXPECT_EQ(self->preemptible, 0);
  });
  wg.Wait();
}

TEST(PreemptibleScope, Lot2_APinnedGoroutineKeepsItsThread) {
  MN_NEEDS_SIGNAL_YIELD();
  const Witness witness;
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    const int tid = Gettid();
    {
      PreemptibleScope scope;
      for (int i = 0; i < 3; i++) witness.SpinUntilInterrupted();
    }
    EXPECT_EQ(Gettid(), tid);
    UnlockOSThread();
  });
  wg.Wait();
}

TEST(PreemptibleScope, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(test::Died(RunProgram("DeclaresOutside"),
                         "runtime: mn::PreemptibleScope was called outside a "
                         "goroutine"));
}

MN_BARE_PROGRAM(DeclaresOutside) {
  PreemptibleScope scope;
  return 0;
}

#if defined(__x86_64__)

// Each of these runs in a scope, next to others that use the same registers,
// until it was interrupted often. `once` works for some microseconds and says
// whether it found all as it left it.
template <class Once>
void ExpectSurvives(Once once) {
  MN_NEEDS_SIGNAL_YIELD();
  test::Watchdog dog("registers");
  const Witness witness;
  std::atomic<int> wrong{0};
  const long turns = witness.Count();
  WaitGroup wg;
  for (int i = 1; i <= GOMAXPROCS() + 2; i++) {
    wg.Go([&, i] {
      PreemptibleScope scope;
      const auto end = std::chrono::steady_clock::now() + milliseconds(60);
      while (std::chrono::steady_clock::now() < end) {
        if (!once(static_cast<std::uint64_t>(i))) wrong++;
      }
    });
  }
  wg.Wait();
  EXPECT_GT(witness.Count(), turns) << "nobody was interrupted";
  EXPECT_EQ(wrong, 0);
}

constexpr std::uint64_t kSpins = 100'000;

// Puts seed+k into every register that is free, spins without touching them.
__attribute__((noinline)) bool GeneralRegisters(std::uint64_t seed) {
  std::uint64_t changed;
  asm volatile(
      R"(
      movq %[seed], %%rax
      leaq 1(%%rax), %%rbx
      leaq 2(%%rax), %%rdx
      leaq 3(%%rax), %%rsi
      leaq 4(%%rax), %%rdi
      leaq 5(%%rax), %%r8
      leaq 6(%%rax), %%r9
      leaq 7(%%rax), %%r10
      leaq 8(%%rax), %%r11
      leaq 9(%%rax), %%r12
      leaq 10(%%rax), %%r13
      leaq 11(%%rax), %%r14
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      subq $1, %%rbx
      subq $2, %%rdx
      subq $3, %%rsi
      subq $4, %%rdi
      subq $5, %%r8
      subq $6, %%r9
      subq $7, %%r10
      subq $8, %%r11
      subq $9, %%r12
      subq $10, %%r13
      subq $11, %%r14
      xorl %%ecx, %%ecx
      xorq %%rax, %%rbx
      orq %%rbx, %%rcx
      xorq %%rax, %%rdx
      orq %%rdx, %%rcx
      xorq %%rax, %%rsi
      orq %%rsi, %%rcx
      xorq %%rax, %%rdi
      orq %%rdi, %%rcx
      xorq %%rax, %%r8
      orq %%r8, %%rcx
      xorq %%rax, %%r9
      orq %%r9, %%rcx
      xorq %%rax, %%r10
      orq %%r10, %%rcx
      xorq %%rax, %%r11
      orq %%r11, %%rcx
      xorq %%rax, %%r12
      orq %%r12, %%rcx
      xorq %%rax, %%r13
      orq %%r13, %%rcx
      xorq %%rax, %%r14
      orq %%r14, %%rcx
      )"
      : "=&c"(changed)
      : [seed] "r"(seed), [spins] "i"(kSpins)
      : "rax", "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
        "r13", "r14", "cc", "memory");
  return changed == 0;
}

TEST(PreemptibleScope, GeneralRegistersSurvive) {
  ExpectSurvives(GeneralRegisters);
}

// Carry, parity, zero, sign and direction, kept over a loop that changes no
// flag.
__attribute__((noinline)) bool Flags(std::uint64_t seed) {
  const std::uint64_t want = seed % 2 == 0 ? 0xC5 : 0x00;
  std::uint64_t got = want << 8;
  asm volatile(
      R"(
      leaq -256(%%rsp), %%rsp
      movq %[got], %%rax
      sahf
      std
      movq %[spins], %%rcx
    1:
      leaq -1(%%rcx), %%rcx
      jrcxz 2f
      jmp 1b
    2:
      pushfq
      cld
      popq %[got]
      leaq 256(%%rsp), %%rsp
      )"
      : [got] "+&r"(got)
      : [spins] "i"(kSpins)
      : "rax", "rcx", "cc", "memory");
  return (got & 0xC5) == want && (got & 0x400) != 0;
}

TEST(PreemptibleScope, FlagsSurvive) { ExpectSurvives(Flags); }

// What a leaf function keeps below its stack pointer.
__attribute__((noinline)) bool RedZone(std::uint64_t seed) {
  std::uint64_t changed = 0;
  asm volatile(
      R"(
      leaq -256(%%rsp), %%rsp
      movq $-16, %%rcx
    1:
      leaq (%[seed],%%rcx), %%rax
      movq %%rax, (%%rsp,%%rcx,8)
      incq %%rcx
      jnz 1b
      movq %[spins], %%rcx
    2:
      decq %%rcx
      jnz 2b
      movq $-16, %%rcx
    3:
      leaq (%[seed],%%rcx), %%rax
      xorq (%%rsp,%%rcx,8), %%rax
      orq %%rax, %[changed]
      incq %%rcx
      jnz 3b
      leaq 256(%%rsp), %%rsp
      )"
      : [changed] "+&r"(changed)
      : [seed] "r"(seed), [spins] "i"(kSpins)
      : "rax", "rcx", "cc", "memory");
  return changed == 0;
}

TEST(PreemptibleScope, TheRedZoneSurvives) { ExpectSurvives(RedZone); }

// Each goroutine rounds differently, in SSE and in the x87 unit, whose stack
// holds something too.
__attribute__((noinline)) bool FloatingPoint(std::uint64_t seed) {
  const std::uint32_t rounding = seed % 4;
  std::uint32_t old_mxcsr, mxcsr;
  std::uint16_t old_cw, cw;
  asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(old_mxcsr), "=m"(old_cw));
  const std::uint32_t new_mxcsr = (old_mxcsr & ~0x6000u) | rounding << 13;
  const auto new_cw =
      static_cast<std::uint16_t>((old_cw & ~0x0C00u) | rounding << 10);
  double top = 0;
  asm volatile(
      R"(
      ldmxcsr %[new_mxcsr]
      fldcw %[new_cw]
      fildq %[seed]
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      fstpl %[top]
      stmxcsr %[mxcsr]
      fnstcw %[cw]
      ldmxcsr %[old_mxcsr]
      fldcw %[old_cw]
      )"
      : [top] "=m"(top), [mxcsr] "=m"(mxcsr), [cw] "=m"(cw)
      : [new_mxcsr] "m"(new_mxcsr), [new_cw] "m"(new_cw), [seed] "m"(seed),
        [old_mxcsr] "m"(old_mxcsr), [old_cw] "m"(old_cw), [spins] "i"(kSpins)
      : "rcx", "cc");
  return top == static_cast<double>(seed) &&
         ((mxcsr ^ new_mxcsr) & 0x6000) == 0 && cw == new_cw;
}

TEST(PreemptibleScope, RoundingModesAndTheX87StackSurvive) {
  ExpectSurvives(FloatingPoint);
}

struct Vectors {
  explicit Vectors(std::uint64_t seed) {
    for (std::uint64_t& x : word) x = seed = Mix(seed + 1);
  }
  bool operator==(const Vectors&) const = default;
  alignas(64) std::uint64_t word[32 * 8];
};

__attribute__((noinline)) bool Sse(std::uint64_t seed) {
  const Vectors in(seed);
  Vectors out = in;
  asm volatile(
      R"(
      movaps 0(%[in]), %%xmm0
      movaps 64(%[in]), %%xmm1
      movaps 128(%[in]), %%xmm7
      movaps 192(%[in]), %%xmm8
      movaps 256(%[in]), %%xmm15
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      movaps %%xmm0, 0(%[out])
      movaps %%xmm1, 64(%[out])
      movaps %%xmm7, 128(%[out])
      movaps %%xmm8, 192(%[out])
      movaps %%xmm15, 256(%[out])
      )"
      :
      : [in] "r"(in.word), [out] "r"(out.word), [spins] "i"(kSpins)
      : "rcx", "xmm0", "xmm1", "xmm7", "xmm8", "xmm15", "cc", "memory");
  return in == out;
}

TEST(PreemptibleScope, SseRegistersSurvive) { ExpectSurvives(Sse); }

__attribute__((noinline, target("avx"))) bool Avx(std::uint64_t seed) {
  const Vectors in(seed);
  Vectors out = in;
  asm volatile(
      R"(
      vmovaps 0(%[in]), %%ymm0
      vmovaps 64(%[in]), %%ymm1
      vmovaps 128(%[in]), %%ymm7
      vmovaps 192(%[in]), %%ymm8
      vmovaps 256(%[in]), %%ymm15
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      vmovaps %%ymm0, 0(%[out])
      vmovaps %%ymm1, 64(%[out])
      vmovaps %%ymm7, 128(%[out])
      vmovaps %%ymm8, 192(%[out])
      vmovaps %%ymm15, 256(%[out])
      vzeroupper
      )"
      :
      : [in] "r"(in.word), [out] "r"(out.word), [spins] "i"(kSpins)
      : "rcx", "ymm0", "ymm1", "ymm7", "ymm8", "ymm15", "cc", "memory");
  return in == out;
}

TEST(PreemptibleScope, AvxRegistersSurvive) {
  if (!__builtin_cpu_supports("avx")) GTEST_SKIP() << "no AVX here";
  ExpectSurvives(Avx);
}

__attribute__((noinline, target("avx512f"))) bool Avx512(std::uint64_t seed) {
  const Vectors in(seed);
  Vectors out = in;
  asm volatile(
      R"(
      vmovaps 0(%[in]), %%zmm0
      vmovaps 64(%[in]), %%zmm1
      vmovaps 128(%[in]), %%zmm15
      vmovaps 192(%[in]), %%zmm16
      vmovaps 256(%[in]), %%zmm31
      kmovw 320(%[in]), %%k1
      kmovw 384(%[in]), %%k7
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      vmovaps %%zmm0, 0(%[out])
      vmovaps %%zmm1, 64(%[out])
      vmovaps %%zmm15, 128(%[out])
      vmovaps %%zmm16, 192(%[out])
      vmovaps %%zmm31, 256(%[out])
      kmovw %%k1, 320(%[out])
      kmovw %%k7, 384(%[out])
      vzeroupper
      )"
      :
      : [in] "r"(in.word), [out] "r"(out.word), [spins] "i"(kSpins)
      : "rcx", "zmm0", "zmm1", "zmm15", "zmm16", "zmm31", "k1", "k7", "cc",
        "memory");
  return in == out;
}

TEST(PreemptibleScope, Avx512RegistersSurvive) {
  if (!__builtin_cpu_supports("avx512f")) GTEST_SKIP() << "no AVX-512 here";
  ExpectSurvives(Avx512);
}

TEST(PreemptibleScope, FloatingPointSumsAreExact) {
  const auto sum = [](std::uint64_t seed) {
    double s = 0;
    for (int i = 1; i < 3000; i++) s += static_cast<double>(seed) / i;
    return s;
  };
  static double want[64];
  for (std::uint64_t i = 0; i < 64; i++) want[i] = sum(i);
  ExpectSurvives([&](std::uint64_t seed) { return sum(seed) == want[seed]; });
}

#endif

}  // namespace
}  // namespace mn
