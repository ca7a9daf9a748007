// Which faults can be caught: the table in panic.h. Built with several sets of
// options (see BUILD), since what can be caught is the compiler's business.
#include <fenv.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <functional>
#include <string>

#include "runtime/base/sanitizer.h"
#include "runtime/mn.h"
#include "runtime/testing/fault.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

namespace fault = test::fault;
using fault::Caught;
using fault::kNil;
using test::Died;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;
using testing::HasSubstr;
using testing::StartsWith;

// Compiled by gcc for exceptions at any instruction.
#if defined(MN_TRY_ANY_INSTRUCTION) && !defined(__clang__)
constexpr bool kAnyInstruction = true;
#else
constexpr bool kAnyInstruction = false;
#endif

#define MN_NEEDS_CATCHING()                                          \
  if (MN_ASAN) GTEST_SKIP() << "AddressSanitizer reports the fault"; \
  if (MN_TSAN) GTEST_SKIP() << "ThreadSanitizer's frames let no fault pass"

// UBSan reports null pointers in this file before they are followed.
extern "C" __attribute__((weak)) void __ubsan_handle_type_mismatch_v1_abort();
bool UbsanReports() {
  return &__ubsan_handle_type_mismatch_v1_abort != nullptr;
}

// ---- what becomes an exception ----------------------------------------------

TEST(Fault, ReadingThroughNull) {
  MN_NEEDS_CATCHING();
  EXPECT_EQ(Caught([] { fault::Load(nullptr); }), kNil);
}

TEST(Fault, WritingThroughNull) {
  MN_NEEDS_CATCHING();
  EXPECT_EQ(Caught([] { fault::Store(nullptr); }), kNil);
}

TEST(Fault, CallingNull) {
  MN_NEEDS_CATCHING();
  EXPECT_EQ(Caught([] { fault::Call(nullptr); }), kNil);
}

TEST(Fault, AFieldOfANullObject) {
  MN_NEEDS_CATCHING();
  EXPECT_EQ(Caught([] { fault::Load(reinterpret_cast<int*>(4092)); }), kNil);
}

TEST(Fault, DividingByZero) {
  MN_NEEDS_CATCHING();
  EXPECT_EQ(Caught([] { fault::Divide(1, 0); }),
            "runtime error: integer divide by zero");
}

TEST(Fault, AQuotientThatDoesNotFitIsNotCalledADivisionByZero) {
  MN_NEEDS_CATCHING();
  EXPECT_EQ(Caught([] { fault::Divide(INT_MIN, -1); }),
            "runtime error: integer overflow");
}

TEST(Fault, AFloatingPointErrorThatTheProgramAskedFor) {
  MN_NEEDS_CATCHING();
  ::feclearexcept(FE_ALL_EXCEPT);
  ::feenableexcept(FE_DIVBYZERO);
  const std::string says = Caught([] { fault::Divide(1.0, 0.0); });
  ::fedisableexcept(FE_ALL_EXCEPT);
  ::feclearexcept(FE_ALL_EXCEPT);
  EXPECT_EQ(says, "runtime error: floating point error");
}

TEST(Fault, Own1_ALibraryFunctionThatTheProgramCalled) {
  MN_NEEDS_CATCHING();
  EXPECT_EQ(Caught([] { fault::Length(nullptr); }), kNil);
}

TEST(Fault, SaysWhatTheSignalSaid) {
  MN_NEEDS_CATCHING();
  try {
    fault::Load(reinterpret_cast<int*>(64));
    FAIL() << "no fault";
  } catch (const RuntimeError& e) {
    EXPECT_EQ(e.fault().signal, SIGSEGV);
    EXPECT_EQ(e.fault().code, SEGV_MAPERR);
    EXPECT_EQ(e.Addr(), 64u);
    EXPECT_NE(e.fault().pc, 0u);
  }
}

TEST(Fault, IsAPanicAndAStandardException) {
  MN_NEEDS_CATCHING();
  EXPECT_THROW(fault::Load(nullptr), Panic);
  EXPECT_THROW(fault::Load(nullptr), std::exception);
}

// ---- where it can be caught -------------------------------------------------

TEST(Catching, AnywhereUpTheStack) {
  MN_NEEDS_CATCHING();
  struct Recursion {
    __attribute__((noinline)) static int Down(int n) {
      const int r = n == 0 ? fault::Load(nullptr) : Down(n - 1);
      asm volatile("");
      return r + 1;
    }
  };
  EXPECT_EQ(Caught([] { Recursion::Down(20); }), kNil);
}

TEST(Catching, DestructorsOnTheWayRun) {
  MN_NEEDS_CATCHING();
  int destroyed = 0;
  struct Counts {
    int& n;
    ~Counts() { n++; }
  };
  Caught([&] {
    Counts outer{destroyed};
    Counts inner{destroyed};
    fault::Load(nullptr);
  });
  EXPECT_EQ(destroyed, 2);
}

TEST(Catching, AgainAndAgain) {
  MN_NEEDS_CATCHING();
  for (int i = 0; i < 1000; i++) {
    ASSERT_EQ(Caught([] { fault::Load(nullptr); }), kNil);
    ASSERT_EQ(Caught([] { fault::Divide(1, 0); }),
              "runtime error: integer divide by zero");
  }
}

TEST(Catching, OnANewGoroutineAndAfterAMove) {
  MN_NEEDS_CATCHING();
  std::string caught[8];
  WaitGroup wg;
  for (std::string& what : caught) {
    wg.Go([&what] {
      for (int i = 0; i < 50; i++) {
        Gosched();
        what = Caught([] { fault::Load(nullptr); });
      }
    });
  }
  wg.Wait();
  for (const std::string& what : caught) EXPECT_EQ(what, kNil);
}

TEST(Catching, OnAPinnedGoroutine) {
  MN_NEEDS_CATCHING();
  std::string caught;
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    caught = Caught([] { fault::Load(nullptr); });
    UnlockOSThread();
  });
  wg.Wait();
  EXPECT_EQ(caught, kNil);
}

TEST(Catching, WhileAnotherExceptionIsHandled) {
  MN_NEEDS_CATCHING();
  try {
    throw 7;
  } catch (int n) {
    EXPECT_EQ(Caught([] { fault::Load(nullptr); }), kNil);
    EXPECT_EQ(n, 7);
  }
}

// The compiler sees all of it here: f itself faults.
TEST(Catching, MayFaultWorksWithCodeThatTheCompilerSees) {
  MN_NEEDS_CATCHING();
  int* volatile null = nullptr;
  std::string caught;
  try {
    MayFault([&]() MN_FAULTS { return *fault::Hide(null); });
  } catch (const RuntimeError& e) {
    caught = e.what();
  }
  EXPECT_EQ(caught, kNil);
}

TEST(Catching, MayFaultReturnsWhatTheFunctionReturns) {
  EXPECT_EQ(MayFault([] { return std::string("value"); }), "value");
  int calls = 0;
  MayFault([&] { calls++; });
  EXPECT_EQ(calls, 1);
}

TEST(Catching, AnyInstructionOfATryBlock) {
  MN_NEEDS_CATCHING();
  if (!kAnyInstruction) GTEST_SKIP() << "needs gcc's -fnon-call-exceptions";
  if (UbsanReports()) GTEST_SKIP() << "UBSan reports the null pointers";
  int* volatile null = nullptr;
  std::string caught;
  try {
    (void)*static_cast<volatile int*>(null);
  } catch (const RuntimeError& e) {
    caught = e.what();
  }
  EXPECT_EQ(caught, kNil);
}

TEST(Catching, InAFunctionWithADestructor) {
  MN_NEEDS_CATCHING();
  if (!kAnyInstruction) GTEST_SKIP() << "needs gcc's -fnon-call-exceptions";
  if (UbsanReports()) GTEST_SKIP() << "UBSan reports the null pointers";
  int destroyed = 0;
  struct Counts {
    int& n;
    ~Counts() { n++; }
  };
  int* volatile null = nullptr;
  EXPECT_EQ(Caught([&] {
              Counts counts{destroyed};
              (void)*static_cast<volatile int*>(null);
            }),
            kNil);
  EXPECT_EQ(destroyed, 1);
}

// ---- SetPanicOnFault --------------------------------------------------------

int* BadPage() {
  return static_cast<int*>(
      ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

// While it lives, whatever becomes of the test.
struct PanicsOnFault {
  PanicsOnFault() { EXPECT_FALSE(SetPanicOnFault(true)); }
  ~PanicsOnFault() { EXPECT_TRUE(SetPanicOnFault(false)); }
};

TEST(PanicOnFault, MakesAnyAddressCatchable) {
  MN_NEEDS_CATCHING();
  int* bad = BadPage();
  PanicsOnFault panics;
  try {
    fault::Store(bad);
    FAIL() << "no fault";
  } catch (const RuntimeError& e) {
    EXPECT_EQ(e.what(), std::string(kNil));
    EXPECT_EQ(e.Addr(), reinterpret_cast<std::uintptr_t>(bad));
  }
}

TEST(PanicOnFault, ABusErrorToo) {
  MN_NEEDS_CATCHING();
  int* gone = fault::PastTheEndOfAFile();
  ASSERT_NE(gone, nullptr);
  PanicsOnFault panics;
  try {
    fault::Load(gone);
    FAIL() << "no fault";
  } catch (const RuntimeError& e) {
    EXPECT_EQ(e.what(), std::string(kNil));
    EXPECT_EQ(e.fault().signal, SIGBUS);
    EXPECT_EQ(e.fault().code, BUS_ADRERR);
    EXPECT_EQ(e.Addr(), reinterpret_cast<std::uintptr_t>(gone));
  }
}

TEST(PanicOnFault, ACallToABadAddressToo) {
  MN_NEEDS_CATCHING();
  PanicsOnFault panics;
  EXPECT_EQ(
      Caught([] { fault::Call(reinterpret_cast<void (*)()>(BadPage())); }),
      kNil);
}

TEST(PanicOnFault, IsTheGoroutinesOwn) {
  PanicsOnFault panics;
  bool others = true;
  WaitGroup wg;
  wg.Go([&] { others = SetPanicOnFault(true); });
  wg.Wait();
  EXPECT_FALSE(others);
  bool next = true;  // on the same recycled stack
  wg.Go([&] { next = SetPanicOnFault(false); });
  wg.Wait();
  EXPECT_FALSE(next);
}

// ---- where it cannot be caught: the report, never anything else

struct Says {
  const char* what;
  ~Says() { puts(what); }
};

__attribute__((noinline)) void Noexcept() noexcept { fault::Load(nullptr); }

MN_PROGRAM(FaultsInNoexcept) {
  try {
    Noexcept();
  } catch (...) {
    puts("caught");
  }
  return 0;
}

TEST(NotCaught, ThroughNoexcept) {
  MN_NEEDS_CATCHING();
  const ProcessResult r = RunProgram("FaultsInNoexcept");
  EXPECT_TRUE(Died(r, std::string("panic: ") + kNil + "\n[signal SIGSEGV: "));
  EXPECT_EQ(r.out, "");
}

// Where the compiler decides whether there is a handler: either it is found, or
// the report comes.

#define MN_LOAD_HERE(p) \
  (void)*static_cast<const volatile int*>(static_cast<int*>(p))

MN_PROGRAM(FaultsBetweenCalls) {
  int* volatile null = nullptr;
  try {
    Says says{"destroyed"};
    fault::Load(fault::Valid());
    MN_LOAD_HERE(null);
    fault::Load(fault::Valid());
  } catch (const RuntimeError&) {
    puts("caught");
  }
  return 0;
}

MN_PROGRAM(FaultsAloneInTheTryBlock) {
  int* volatile null = nullptr;
  try {
    MN_LOAD_HERE(null);
    puts("destroyed");
  } catch (const RuntimeError&) {
    puts("destroyed");
    puts("caught");
  }
  return 0;
}

MN_PROGRAM(FaultsWithADestructorAlive) {
  int* volatile null = nullptr;
  try {
    MayFault([&] {
      Says says{"destroyed"};
      MN_LOAD_HERE(null);
    });
  } catch (const RuntimeError&) {
    puts("caught");
  }
  return 0;
}

__attribute__((noinline)) static int LoadVisibly(const volatile int* p) {
  return *p;
}

MN_PROGRAM(FaultsInAVisibleFunction) {
  int* volatile null = nullptr;
  try {
    Says says{"destroyed"};
    LoadVisibly(null);
  } catch (const RuntimeError&) {
    puts("caught");
  }
  return 0;
}

TEST(NotCaught, OrCaughtAndNothingElse) {
  MN_NEEDS_CATCHING();
  if (UbsanReports()) GTEST_SKIP() << "UBSan reports the null pointers";
  for (const char* program :
       {"FaultsBetweenCalls", "FaultsAloneInTheTryBlock",
        "FaultsWithADestructorAlive", "FaultsInAVisibleFunction"}) {
    const ProcessResult r = RunProgram(program);
    RecordProperty(program, r.exit_status);
    if (r.exit_status == 0) {
      // An object of the very function that faults may be forgotten.
      if (kAnyInstruction || r.out != "caught\n") {
        EXPECT_EQ(r.out, "destroyed\ncaught\n") << program << r.Describe();
      }
    } else {
      EXPECT_FALSE(kAnyInstruction) << program;
      EXPECT_TRUE(Died(r, std::string("panic: ") + kNil + "\n")) << program;
      EXPECT_EQ(r.out, "") << program;
    }
  }
}

}  // namespace
}  // namespace mn
