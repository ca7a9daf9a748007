// How a program ends when nothing went wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

struct SaysGoodbye {
  const char* who;
  ~SaysGoodbye() { Say("goodbye", who); }
};

// When goroutine 1 returns, one goroutine waits and one spins.
MN_PROGRAM(ReturnsWhileOthersGoOn) {
  static std::atomic<int> up{0};
  static Chan<int> ch(0);
  Go([] {
    SaysGoodbye goodbye{"waiter"};
    up++;
    ch.Recv();
  });
  Go([] {
    SaysGoodbye goodbye{"spinner"};
    up++;
    for (;;) Spin();
  });
  while (up < 2) Gosched();
  return 7;
}

CLAIM(Main, ReturningEndsTheProcessAtOnceWithItsStatus,
      {.id = "main.returns",
       .section = 0,
       .source = "go:PAN-20",
       .says = "When main returns the process ends at once with main's status, "
               "and no other goroutine is waited for or unwound."}) {
  const ProcessResult r = RunProgram("ReturnsWhileOthersGoOn", OnProcs(2));
  EXPECT_TRUE(Exited(r, 7));
  EXPECT_EQ(r.out, "") << "goroutines are not unwound when the program ends";
  EXPECT_EQ(r.err, "");
  Measured("exit status 7");
}

MN_PROGRAM(AnotherExits) {
  SaysGoodbye goodbye{"main"};
  Go([] {
    SaysGoodbye goodbye{"another"};
    exit(9);
  });
  Chan<int>().Recv();
  return 0;
}

CLAIM(Main, ExitUnwindsNoGoroutine,
      {.id = "main.exit",
       .section = 0,
       .source = "go:PAN-20",
       .says = "exit(n) in a goroutine ends the process with n, and no "
               "goroutine is unwound."}) {
  const ProcessResult r = RunProgram("AnotherExits", OnProcs(2));
  EXPECT_TRUE(Exited(r, 9));
  EXPECT_EQ(r.out, "");
  EXPECT_EQ(r.err, "");
  Measured("exit status 9");
}

// Goexit ends one goroutine: what is on its stack is destroyed, what comes
// after it does not run, and the others do not notice.
MN_PROGRAM(OneGoexits) {
  WaitGroup all;
  all.Add(1);
  Go([&all] {
    struct Done {
      WaitGroup& all;
      ~Done() { all.Done(); }
    } done{all};
    SaysGoodbye goodbye{"leaver"};
    Goexit();
  });
  all.Wait();
  Say("goroutines", NumGoroutine());
  return 0;
}

CLAIM(Main, GoexitEndsOneGoroutineAndRunsItsDestructors,
      {.id = "main.goexit",
       .section = 0,
       .source = "go:PAN-06",
       .says = "Goexit ends one goroutine, runs the destructors on its stack "
               "and nothing after it."}) {
  const ProcessResult r = RunProgram("OneGoexits", OnProcs(1));
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(Text(r, "goodbye"), "leaver");
  EXPECT_LE(Number(r, "goroutines"), 2);
  Measured("destructors ran");
}

}  // namespace
}  // namespace mn::conformance
