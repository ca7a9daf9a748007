// Faults of a goroutine's own code: which become panics, which end the process,
// and how much a dying process says.
#include "runtime/testing/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>
#include <thread>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

namespace fault = test::fault;
using fault::Caught;
using fault::kNil;
using ::testing::HasSubstr;

#define MN_NEEDS_FAULTS()                                      \
  if (MN_ASAN) {                                               \
    MN_NOT_ON_THIS_MACHINE("AddressSanitizer reports faults"); \
  }                                                            \
  if (MN_TSAN) {                                               \
    MN_NOT_ON_THIS_MACHINE("ThreadSanitizer lets none pass");  \
  }

std::string CaughtNil() {
  return Caught([] { fault::Load(nullptr); });
}

MN_PROGRAM(FollowsNull) {
  Say("main", CaughtNil());
  WaitGroup wg;
  wg.Go([] { Say("goroutine", CaughtNil()); });
  wg.Wait();
  wg.Go([] {
    LockOSThread();
    Say("pinned", CaughtNil());
  });
  wg.Wait();
  std::thread([] { Callback([] { Say("foreign", CaughtNil()); }); }).join();
  Say("divide", Caught([] { fault::Divide(1, 0); }));
  return 0;
}

CLAIM(
    Fault, ANullPointerIsAPanicOnEveryThread,
    {.id = "fault.nil",
     .section = 11,
     .source = "go:PAN-14",
     .says = "Following a null pointer is a panic that can be caught, on main, "
             "on a pinned goroutine and on a foreign thread that called in."}) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("FollowsNull");
  EXPECT_TRUE(Exited(r, 0));
  for (const char* where : {"main", "goroutine", "pinned", "foreign"}) {
    EXPECT_EQ(Text(r, where), kNil) << where;
  }
  Measured("caught in 4 of 4 places");
}

CLAIM(Fault, ADivisionByZeroIsAPanic,
      {.id = "fault.divide",
       .section = 11,
       .source = "go:PAN-14",
       .says = "An integer division by zero is a panic that can be caught."}) {
  MN_NEEDS_FAULTS();
  EXPECT_EQ(Text(RunProgram("FollowsNull"), "divide"),
            "runtime error: integer divide by zero");
  Measured("caught");
}

MN_PROGRAM(FollowsNullUncaught) {
  Go([] { fault::Load(nullptr); });
  Chan<int>(0).Recv();
  return 0;
}

CLAIM(Fault, ThatNobodyCatchesNamesTheSignalAndTheGoroutine,
      {.id = "fault.uncaught",
       .section = 11,
       .source = "go:PAN-14",
       .says = "A fault that nobody catches ends the process with Go's text, "
               "the signal and the goroutine, status 2."}) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("FollowsNullUncaught");
  EXPECT_TRUE(Died(r, std::string("panic: ") + kNil + "\n[signal SIGSEGV: "));
  ASSERT_GE(Dump(r.err).size(), 1u) << r.Describe();
  EXPECT_GT(Dump(r.err)[0].id, 1);
  Measured("exit status 2");
}

int* BadPage() {
  return static_cast<int*>(
      ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

MN_PROGRAM(FollowsABadPointer) {
  int* bad = BadPage();
  if (Parameter("PANIC") != 0) SetPanicOnFault(true);
  try {
    fault::Load(bad);
  } catch (const RuntimeError& e) {
    Say("same", e.Addr() == reinterpret_cast<std::uintptr_t>(bad));
  }
  return 0;
}

CLAIM(Fault, ABadAddressIsFatal,
      {.id = "fault.bad_address",
       .section = 11,
       .source = "go:PAN-15",
       .says = "A fault at any other bad address is fatal."}) {
  MN_NEEDS_FAULTS();
  const ProcessResult r =
      RunProgram("FollowsABadPointer", {.env = {{"PANIC", "0"}}});
  EXPECT_TRUE(Died(r, "unexpected fault address 0x"));
  EXPECT_THAT(r.err, HasSubstr("\nfatal error: fault\n[signal SIGSEGV: "));
  EXPECT_EQ(r.out, "");
  Measured("exit status 2, cannot be caught");
}

CLAIM(Fault, ABadAddressIsAPanicIfAskedFor,
      {.id = "fault.panic_on_fault",
       .section = 11,
       .source = "go:PAN-15",
       .says = "After SetPanicOnFault it is a panic of that goroutine, with "
               "the address."}) {
  MN_NEEDS_FAULTS();
  const ProcessResult r =
      RunProgram("FollowsABadPointer", {.env = {{"PANIC", "1"}}});
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "same"), 1);
  Measured("caught, with its address");
}

// One that panics and two that wait.
MN_PROGRAM(PanicsAmongThree) {
  for (int i = 0; i < 2; i++) {
    Go([] { Chan<int>(0).Recv(); });
  }
  Gosched();
  if (const std::string set = TextParameter("SET"); set != "-") {
    SetTraceback(set);
  }
  throw Panic("boom");
}

ProcessResult PanicAt(const char* gotraceback, const char* set = "-") {
  return RunProgram("PanicsAmongThree",
                    {.env = {{"GOTRACEBACK", gotraceback}, {"SET", set}}});
}

// At level `system` a header says more than Dump reads.
int Headers(const std::string& err) {
  int n = 0;
  for (auto at = err.find("\ngoroutine "); at != std::string::npos;
       at = err.find("\ngoroutine ", at + 1)) {
    n++;
  }
  return n;
}

CLAIM(Traceback, GotracebackSaysHowMuchIsShown,
      {.id = "traceback.levels",
       .section = 0,
       .source = "go:PAN-18",
       .says = "GOTRACEBACK=none, single, all and crash show no goroutine, the "
               "one that failed, all, and all before SIGABRT."}) {
  const std::pair<const char*, std::size_t> kShown[] = {
      {"none", 0}, {"0", 0}, {"", 1}, {"single", 1}, {"1", 3}, {"all", 3}};
  for (const auto& [level, goroutines] : kShown) {
    const ProcessResult r = PanicAt(level);
    EXPECT_TRUE(Died(r, "panic: boom\n")) << level;
    EXPECT_EQ(Dump(r.err).size(), goroutines) << level << r.Describe();
  }
  EXPECT_EQ(Headers(PanicAt("system").err), 3);
  const ProcessResult crash = PanicAt("crash");
  EXPECT_EQ(crash.signal, SIGABRT) << crash.Describe();
  EXPECT_EQ(Headers(crash.err), 3) << crash.Describe();
  Measured("0, 1, 3 goroutines; crash ends with SIGABRT");
}

CLAIM(Traceback, TheEnvironmentIsAFloorForSetTraceback,
      {.id = "traceback.floor",
       .section = 0,
       .source = "go:PAN-18",
       .says = "SetTraceback adds to GOTRACEBACK and never takes from it."}) {
  EXPECT_EQ(Dump(PanicAt("single", "all").err).size(), 3u);
  EXPECT_EQ(Dump(PanicAt("all", "single").err).size(), 3u);
  Measured("single + all: 3; all + single: 3");
}

}  // namespace
}  // namespace mn::conformance
