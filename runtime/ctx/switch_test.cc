// What belongs to a goroutine and goes where it goes: exceptions that are being
// handled, floating point modes, its stack. And what a debug build checks
// before every switch.
#include "runtime/ctx/switch.h"

#include <errno.h>
#include <fenv.h>
#include <gtest/gtest.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <atomic>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/core/lock.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

// ---- exceptions ---------------------------------------------------------

// Two goroutines on one thread, each inside a handler of its own: with the
// thread's list of caught exceptions they would leave each other's handlers.
TEST(Exceptions, AGoroutineMayParkInItsHandler) {
  Chan<int> to_second(0);
  Chan<int> to_first(0);
  std::string first;
  std::string second;
  WaitGroup wg;
  wg.Go([&] {
    try {
      throw std::runtime_error("first");
    } catch (const std::runtime_error&) {
      to_second.Send(0);
      to_first.Recv();
      try {
        throw;
      } catch (const std::runtime_error& e) {
        first = e.what();
      }
    }
  });
  wg.Go([&] {
    to_second.Recv();
    try {
      throw std::runtime_error("second");
    } catch (const std::runtime_error&) {
      to_first.Send(0);  // the first leaves its handler before this one does
      for (int i = 0; i < 10; i++) Gosched();
      try {
        throw;
      } catch (const std::runtime_error& e) {
        second = e.what();
      }
    }
  });
  wg.Wait();
  EXPECT_EQ(first, "first");
  EXPECT_EQ(second, "second");
}

TEST(Exceptions, CurrentExceptionIsTheGoroutinesOwn) {
  Chan<int> turn(0);
  Chan<int> back(0);
  bool others_is_null = false;
  Go([&] {
    turn.Recv();
    others_is_null = std::current_exception() == nullptr;
    back.Send(0);
  });
  try {
    throw 1;
  } catch (int) {
    turn.Send(0);
    back.Recv();
    EXPECT_NE(std::current_exception(), nullptr);
  }
  EXPECT_TRUE(others_is_null);
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(Exceptions, UncaughtExceptionsIsTheGoroutinesOwn) {
  int in_the_other = -1;
  int in_unwinding = -1;
  Chan<int> turn(0);
  Chan<int> back(0);
  Go([&] {
    turn.Recv();
    in_the_other = std::uncaught_exceptions();
    back.Send(0);
  });
  struct Parks {
    Chan<int>& turn;
    Chan<int>& back;
    int& n;
    ~Parks() {  // while an exception is in flight
      turn.Send(0);
      back.Recv();
      n = std::uncaught_exceptions();
    }
  };
  try {
    Parks parks{turn, back, in_unwinding};
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(in_the_other, 0);
  EXPECT_EQ(in_unwinding, 1);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST(Exceptions, ANewGoroutineStartsWithNone) {
  // On a recycled stack, after one that ended inside a handler.
  for (int i = 0; i < 50; i++) {
    Chan<bool> clean(0);
    WaitGroup wg;
    wg.Go([] {
      try {
        throw 1;
      } catch (int) {
        Goexit();
      }
    });
    wg.Wait();
    Go([clean]() mutable {
      clean.Send(std::current_exception() == nullptr &&
                 std::uncaught_exceptions() == 0);
    });
    ASSERT_TRUE(clean.Recv());
  }
}

TEST(Exceptions, AnExceptionMayBePassedToAnotherGoroutine) {
  std::exception_ptr e;
  WaitGroup wg;
  wg.Go([&] {
    try {
      throw std::runtime_error("travels");
    } catch (...) {
      e = std::current_exception();
    }
  });
  // Not before the other one has left its handler: TSan does not see how
  // libstdc++ counts the references.
  wg.Wait();
  try {
    std::rethrow_exception(e);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "travels");
  }
}

TEST(Exceptions, ManyGoroutinesInNestedHandlersAtOnce) {
  const int n = MN_TSAN ? 100 : 1000;
  std::atomic<int> good{0};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&, i] {
      try {
        throw i;
      } catch (int a) {
        Gosched();
        try {
          throw std::to_string(i);
        } catch (const std::string& b) {
          Gosched();
          try {
            throw;
          } catch (const std::string& c) {
            if (a == i && c == std::to_string(i) && b == c) good.fetch_add(1);
          }
        }
        Gosched();
        try {
          throw;
        } catch (int d) {
          if (d != i) good.fetch_sub(1);
        }
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(good.load(), n);
}

// ---- floating point -----------------------------------------------------

// volatile: the compiler must not compute it under its own mode.
double OneThird() {
  volatile double one = 1.0;
  volatile double three = 3.0;
  return one / three;
}

TEST(FloatingPoint, TheRoundingModeIsTheGoroutinesOwn) {
  const double nearest = OneThird();
  Chan<int> turn(0);
  Chan<int> back(0);
  double up = 0;
  int up_mode = -1;
  Go([&] {
    fesetround(FE_UPWARD);
    turn.Send(0);
    back.Recv();
    up = OneThird();
    up_mode = fegetround();
    turn.Send(0);
  });
  turn.Recv();
  EXPECT_EQ(fegetround(), FE_TONEAREST);
  EXPECT_EQ(OneThird(), nearest);
  back.Send(0);
  turn.Recv();
  EXPECT_EQ(up_mode, FE_UPWARD);
  EXPECT_GT(up, nearest);
}

#if defined(__x86_64__)
std::uint16_t X87ControlWord() {
  std::uint16_t cw;
  asm volatile("fnstcw %0" : "=m"(cw));
  return cw;
}
void SetX87ControlWord(std::uint16_t cw) { asm volatile("fldcw %0" ::"m"(cw)); }

TEST(FloatingPoint, MxcsrAndTheX87ControlWordSurviveAPark) {
  const std::uint16_t cw_of_main = X87ControlWord();
  const unsigned csr_of_main = _mm_getcsr();
  const std::uint16_t single = cw_of_main & ~0x300;  // 24 bits of precision
  ASSERT_NE(single, cw_of_main);
  Chan<int> turn(0);
  std::uint16_t cw = 0;
  unsigned csr = 0;
  WaitGroup wg;
  wg.Go([&] {
    SetX87ControlWord(single);
    _mm_setcsr(csr_of_main | 0x8040);  // flush to zero, denormals are zero
    turn.Send(0);
    turn.Recv();
    cw = X87ControlWord();
    csr = _mm_getcsr();
  });
  turn.Recv();
  EXPECT_EQ(X87ControlWord(), cw_of_main);
  EXPECT_EQ(_mm_getcsr() & 0x8040, csr_of_main & 0x8040);
  turn.Send(0);
  wg.Wait();
  EXPECT_EQ(cw, single);
  EXPECT_EQ(csr & 0x8040, 0x8040u);
}
#endif

// ---- errno --------------------------------------------------------------

// errno is the thread's. Its value can be used until the next call that may
// park. A function of its own, since the compiler takes errno's address once
// per function and would keep it across the park.
__attribute__((noinline)) int ErrnoOfAFailedClose() {
  errno = 0;
  return ::close(-1) == 0 ? 0 : errno;
}

TEST(Errno, IsValidUntilTheGoroutineParks) {
  std::atomic<bool> stop{false};
  WaitGroup wg;
  wg.Go([&] {  // so that there is somebody to be moved around by
    while (!stop.load()) Gosched();
  });
  for (int i = 0; i < 1000; i++) {
    const int saved = ErrnoOfAFailedClose();
    Gosched();
    ASSERT_EQ(saved, EBADF);
  }
  stop.store(true);
  wg.Wait();
}

// ---- stacks -------------------------------------------------------------

__attribute__((noinline)) std::uintptr_t HereWith(int* depth_left) {
  volatile char frame[512];
  frame[0] = 1;
  frame[511] = 2;
  // Somebody may know where it is: no compiler makes a loop of this.
  asm volatile("" ::"r"(frame) : "memory");
  if (--*depth_left <= 0) {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  }
  const std::uintptr_t deepest = HereWith(depth_left);
  return frame[0] == 1 && frame[511] == 2 ? deepest : 0;
}

TEST(Stack, FramesSurviveParksAtEveryDepth) {
  struct Recurse {
    static int Down(int depth) {
      volatile int here = depth;
      if (depth == 0) {
        Gosched();
        return 0;
      }
      const int below = Down(depth - 1);
      if (depth % 8 == 0) Gosched();
      return below + (here == depth ? 1 : 0);
    }
  };
  const int kDepth = MN_ASAN || MN_TSAN ? 60 : 200;
  const int n = MN_TSAN ? 50 : 500;
  std::atomic<int> good{0};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      if (Recurse::Down(kDepth) == kDepth) good.fetch_add(1);
    });
  }
  wg.Wait();
  EXPECT_EQ(good.load(), n);
}

TEST(Stack, TheDefaultCarriesDeepRecursion) {
  // 64 KiB less the guard, the callable and what ASan adds to every frame.
  WaitGroup wg;
  wg.Go([] {
    int depth = MN_ASAN || MN_TSAN ? 25 : 70;
    EXPECT_NE(HereWith(&depth), 0u);
  });
  wg.Wait();
}

TEST(Stack, ALargeOneCarriesMore) {
  WaitGroup wg;
  wg.Add(1);
  Go({.stack_size = 64 << 20}, [&] {
    int depth = 50'000;  // 25 MiB of frames at least
    const auto top =
        reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    EXPECT_GT(top - HereWith(&depth), std::uintptr_t{20} << 20);
    wg.Done();
  });
  wg.Wait();
}

TEST(Stack, MainHasARoomyOne) {
  int depth = 5000;
  EXPECT_NE(HereWith(&depth), 0u);
}

TEST(Stack, IsAlignedAtEntry) {
  // The callable's frame: movaps on its locals would fault otherwise.
  for (std::size_t size : {std::size_t{1}, std::size_t{16384},
                           std::size_t{65536}, std::size_t{1} << 20}) {
    Chan<std::uintptr_t> at(0);
    Go({.stack_size = size}, [at]() mutable {
      at.Send(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
    });
    EXPECT_EQ(at.Recv() % 16, 0u);
  }
}

TEST(Stack, SizesAreTakenFromTheOption) {
  struct Case {
    std::size_t asked;
    std::size_t got;
  };
  for (const Case& c :
       {Case{0, 16 << 10}, Case{16 << 10, 16 << 10}, Case{17 << 10, 32 << 10},
        Case{64 << 10, 64 << 10}, Case{1 << 20, 1 << 20}}) {
    Chan<std::uint32_t> stack_class(0);
    Go({.stack_size = c.asked},
       [stack_class]() mutable { stack_class.Send(getg()->stack_class); });
    EXPECT_EQ(std::size_t{1} << stack_class.Recv(), c.got) << c.asked;
  }
}

TEST(Stack, TenThousandLiveKeepTheirLocals) {
  const int n = MN_TSAN ? 1000 : 10'000;
  Chan<int> gate(0);
  std::atomic<int> good{0};
  std::atomic<int> waiting{0};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&, gate, i]() mutable {
      volatile int local[16];
      for (int& k : const_cast<int(&)[16]>(local)) k = i;
      waiting.fetch_add(1);
      gate.Next();
      for (int k = 0; k < 16; k++) {
        if (local[k] != i) return;
      }
      good.fetch_add(1);
    });
  }
  while (waiting.load() != n) Gosched();
  gate.Close();
  wg.Wait();
  EXPECT_EQ(good.load(), n);
}

#ifndef NDEBUG
// ---- what must hold at a switch ------------------------------------------

// Each program breaks one invariant and none of the others.
void Publish(G*, void*) {}

testing::AssertionResult DiedOf(const char* id, const char* program) {
  const std::string text =
      std::string("runtime: invariant ") + id + " broken: ";
  return test::Died(test::RunProgram(program), text);
}

MN_PROGRAM(LeavesOutsideTheRuntime) {
  G* gp = getg();
  SwitchTo(gp, &gp->m->g0, Publish, nullptr);
  return 0;
}

TEST(Checks, Pre1_ASwitchHappensInTheRuntime) {
  EXPECT_TRUE(DiedOf("PRE-1", "LeavesOutsideTheRuntime"));
}

MN_PROGRAM(LeavesAnotherGoroutine) {
  std::atomic<G*> waiting{nullptr};
  Go([&waiting] {
    waiting.store(getg());
    Chan<int>(0).Recv();
  });
  while (waiting.load() == nullptr) Gosched();
  G* other = waiting.load();
  EnterRuntime();
  SwitchTo(other, &other->m->g0, Publish, nullptr);
  return 0;
}

TEST(Checks, Swt3_OnlyTheRunningGoroutineIsLeft) {
  EXPECT_TRUE(DiedOf("SWT-3", "LeavesAnotherGoroutine"));
}

MN_PROGRAM(LeavesForNoContext) {
  G blank;
  EnterRuntime();
  SwitchTo(getg(), &blank, Publish, nullptr);
  return 0;
}

TEST(Checks, Swt4_TheOtherSideHasASavedContext) {
  EXPECT_TRUE(DiedOf("SWT-4", "LeavesForNoContext"));
}

MN_PROGRAM(LeavesWithTheSchedulersLock) {
  RtMutex lock{LockRank::kSched};
  EnterRuntime();
  lock.Lock();
  SwitchTo(getg(), &getm()->g0, Publish, nullptr);
  return 0;
}

TEST(Checks, Swt5_OnlyAnObjectsLockIsHeldAcross) {
  EXPECT_TRUE(DiedOf("SWT-5", "LeavesWithTheSchedulersLock"));
}

MN_PROGRAM(LeavesUnpublished) {
  EnterRuntime();
  SwitchTo(getg(), &getm()->g0, nullptr, nullptr);
  return 0;
}

TEST(Checks, Park1_ARunningGoroutineIsLeftToSomebody) {
  EXPECT_TRUE(DiedOf("PARK-1", "LeavesUnpublished"));
}
#endif

}  // namespace
}  // namespace mn
