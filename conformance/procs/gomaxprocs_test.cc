// How many Ps: the environment variable GOMAXPROCS and the CPUs of the machine.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

MN_PROGRAM(SaysProcs) {
  Say("procs", GOMAXPROCS());
  Say("cpus", NumCPU());
  return 0;
}

ProcessResult WithGomaxprocs(const std::string& value) {
  ProcessResult r = RunProgram("SaysProcs", {.env = {{"GOMAXPROCS", value}}});
  EXPECT_TRUE(Exited(r, 0)) << "GOMAXPROCS=`" << value << "`";
  return r;
}

// Whatever the quota of this machine: procs/quota_test has the others.
CLAIM(Gomaxprocs, DefaultIsTheNumberOfCpus,
      {.id = "procs.default",
       .section = 8,
       .source = "bare metal, dedicated machine: default (NumCPU)",
       .says = "Without GOMAXPROCS and without a quota there are as many Ps as "
               "CPUs that the process may use."}) {
  const ProcessResult r =
      RunProgram("SaysProcs", {.env = {{"GODEBUG", "containermaxprocs=0"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "cpus"), 1);
  EXPECT_EQ(Number(r, "procs"), Number(r, "cpus"));
  Measured(Text(r, "procs") + " Ps on " + Text(r, "cpus") + " CPUs");
}

// A number that is not this machine's default, so that what is accepted can be
// told from what is ignored.
int NotTheDefault() {
  return static_cast<int>(Number(RunProgram("SaysProcs"), "procs")) + 1;
}

CLAIM(Gomaxprocs, PositiveDecimalIsAccepted,
      {.id = "procs.env_accepted",
       .section = 8,
       .source = "the environment variable is honoured at startup; Go proc.go "
                 "procresize at schedinit",
       .says = "GOMAXPROCS=N sets the number of Ps for a positive decimal N, "
               "with a plus sign or leading zeros if you like."}) {
  const int want = NotTheDefault();
  const std::string n = std::to_string(want);
  for (const std::string& value : {n, "+" + n, "0" + n, "000" + n}) {
    EXPECT_EQ(Number(WithGomaxprocs(value), "procs"), want)
        << "GOMAXPROCS=`" << value << "`";
  }
  Measured("N, +N, 0N, 000N");
}

CLAIM(Gomaxprocs, AnythingElseIsIgnoredSilently,
      {.id = "procs.env_ignored",
       .section = 8,
       .source = "Go: strconv's atoi32, and anything it refuses",
       .says = "Any other value of GOMAXPROCS is ignored without a word."}) {
  const int number = NotTheDefault();
  const std::string n = std::to_string(number);
  const std::vector<std::string> values = {
      "",       "0",           "-1",
      "-" + n,  "abc",         "0x" + n,
      " " + n,  n + " ",       n + ".0",
      "1_0",    "2147483648",  "+",
      "+-" + n, "++" + n,      n + "abc",
      n + "\n", "-2147483649", "18446744073709551617"};
  for (const std::string& value : values) {
    const ProcessResult r = WithGomaxprocs(value);
    EXPECT_EQ(Number(r, "procs"), number - 1) << "GOMAXPROCS=`" << value << "`";
    EXPECT_EQ(r.err, "") << "GOMAXPROCS=`" << value << "`";
  }
  Measured(std::to_string(values.size()) + " spellings ignored");
}

CLAIM(
    Gomaxprocs, MayExceedTheCpus,
    {.id = "procs.many",
     .section = 8,
     .source = "Go proc_test.go TestBigGOMAXPROCS, go:SCH-22",
     .says =
         "A program with 1024 Ps runs, and Ps without work cost no threads."}) {
  const ProcessResult r = WithGomaxprocs("1024");
  EXPECT_EQ(Number(r, "procs"), 1024);
  EXPECT_LT(Number(r, "cpus"), 1024);
  EXPECT_LT(r.max_threads, 1024) << "a P without work needs no thread";
  Measured("1024 Ps, " + std::to_string(r.max_threads) + " threads");
}

// Narrows the affinity mask to one CPU before the runtime starts, widens it
// afterwards.
MN_BARE_PROGRAM(OnOneCpu) {
  static cpu_set_t all, one;
  sched_getaffinity(0, sizeof(all), &all);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &all)) {
      CPU_SET(cpu, &one);
      break;
    }
  }
  sched_setaffinity(0, sizeof(one), &one);
  return Main([] {
    Say("procs", GOMAXPROCS());
    Say("cpus", NumCPU());
    sched_setaffinity(0, sizeof(all), &all);
    Say("cpus_later", NumCPU());
    return 0;
  });
}

CLAIM(Gomaxprocs, CpusAreThoseOfTheAffinityMaskAtTheStart,
      {.id = "procs.affinity",
       .section = 8,
       .source = "Go debug.go NumCPU, go:GMP-18",
       .says = "The CPUs that count are those of the affinity mask when the "
               "program starts; later changes do not."}) {
  cpu_set_t mine;
  ASSERT_EQ(sched_getaffinity(0, sizeof(mine), &mine), 0);
  if (CPU_COUNT(&mine) < 2) {
    MN_NOT_ON_THIS_MACHINE("needs 2 CPUs, this process may use 1");
  }
  const ProcessResult r = RunProgram("OnOneCpu");
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "cpus"), 1);
  EXPECT_EQ(Number(r, "procs"), 1);
  EXPECT_EQ(Number(r, "cpus_later"), 1);
  Measured("1 of " + std::to_string(CPU_COUNT(&mine)) + " CPUs");
}

// As many goroutines as it is asked for meet by spinning: all execute at once.
bool MeetOnPs(int n) {
  std::atomic<int> arrived{0};
  WaitGroup all;
  for (int i = 0; i < n; i++) {
    all.Go([&] {
      arrived++;
      while (arrived < n) {
      }
    });
  }
  all.Wait();
  return arrived == n;
}

MN_PROGRAM(SetsProcs) {
  Say("read", GOMAXPROCS(0));
  Say("read_negative", GOMAXPROCS(-3));
  Say("old", GOMAXPROCS(4));
  Say("met", MeetOnPs(4));
  Say("older", GOMAXPROCS(1));
  Say("now", GOMAXPROCS());
  return 0;
}

CLAIM(Gomaxprocs, CallSetsTheNumberAndReturnsTheOld,
      {.id = "procs.call",
       .section = 8,
       .source = "runtime.GOMAXPROCS(0) reads, GOMAXPROCS(4) sets; go:GMP-11",
       .says = "GOMAXPROCS(n) returns the old number, after which n goroutines "
               "can execute at once; n of 0 and less only reads."}) {
  const ProcessResult r = RunProgram("SetsProcs", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "read"), 2);
  EXPECT_EQ(Number(r, "read_negative"), 2);
  EXPECT_EQ(Number(r, "old"), 2);
  EXPECT_EQ(Number(r, "met"), 1);
  EXPECT_EQ(Number(r, "older"), 4);
  EXPECT_EQ(Number(r, "now"), 1);
  Measured("2, then 4 that execute at once, then 1");
}

MN_PROGRAM(SetsTheDefault) {
  Say("env", GOMAXPROCS());
  SetDefaultGOMAXPROCS();
  Say("standard", GOMAXPROCS());
  GOMAXPROCS(GOMAXPROCS() + 5);
  SetDefaultGOMAXPROCS();
  Say("again", GOMAXPROCS());
  return 0;
}

CLAIM(Gomaxprocs, SetDefaultUndoesTheEnvironmentAndTheCall,
      {.id = "procs.set_default",
       .section = 8,
       .source = "Go debug.go SetDefaultGOMAXPROCS, go:GMP-07",
       .says = "SetDefaultGOMAXPROCS undoes the environment variable and the "
               "call."}) {
  const int want = NotTheDefault();
  const ProcessResult r = RunProgram("SetsTheDefault", OnProcs(want));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "env"), want);
  EXPECT_EQ(Number(r, "standard"), want - 1);
  EXPECT_EQ(Number(r, "again"), want - 1);
  Measured(Text(r, "env") + " by the environment, " + Text(r, "standard") +
           " by default");
}

// A hundred changes while goroutines are queued, asleep, in the kernel and on
// channels.
MN_PROGRAM(ChangesUnderLoad) {
  constexpr int kEach = 20, kRounds = 50;
  std::atomic<int> rounds{0};
  std::atomic<bool> over{false};
  WaitGroup all;
  for (int i = 0; i < kEach; i++) {
    all.Go([&] {
      for (int k = 0; k < kRounds; k++, rounds++) Gosched();
    });
    all.Go([&] {
      for (int k = 0; k < kRounds; k++, rounds++) {
        Sleep(std::chrono::microseconds(200));
      }
    });
    all.Go([&] {
      for (int k = 0; k < kRounds; k++, rounds++) Syscall([] { usleep(200); });
    });
    Chan<int> ch(0);
    all.Go([&, ch]() mutable {
      for (int k = 0; k < kRounds; k++, rounds++) ch.Send(k);
    });
    all.Go([&, ch]() mutable {
      for (int k = 0; k < kRounds; k++) rounds += ch.Recv() == k ? 1 : 0;
    });
  }
  WaitGroup changer;
  int changes = 0;
  changer.Go([&] {
    for (int n = 1; changes < 100 || !over; n = n % 7 + 1) {
      GOMAXPROCS(n);
      changes++;
      Sleep(std::chrono::microseconds(100));
    }
  });
  all.Wait();
  over = true;
  changer.Wait();
  Say("changes", changes);
  Say("rounds", rounds);
  Say("want", 5 * kEach * kRounds);
  Say("goroutines", NumGoroutine());
  return 0;
}

CLAIM(Gomaxprocs, ChangesUnderLoadLoseNothing,
      {.id = "procs.under_load",
       .section = 8,
       .source = "set early, to avoid runtime reshuffling",
       .says = "A hundred changes of GOMAXPROCS lose no goroutine, timer or "
               "system call of a busy program."}) {
  const ProcessResult r = RunProgram("ChangesUnderLoad", OnProcs(4));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "changes"), 100);
  EXPECT_EQ(Number(r, "rounds"), Number(r, "want"));
  Measured(Text(r, "changes") + " changes, " + Text(r, "rounds") + " of " +
           Text(r, "want") + " rounds");
}

CLAIM(Gomaxprocs, MaxprocsSaysWhatItIsAndWhy,
      {.id = "quota.explained",
       .section = 9,
       .source = "always log GOMAXPROCS at startup",
       .says = "GODEBUG=maxprocs=1 says at the start how many Ps there are and "
               "why."}) {
  const ProcessResult fixed = RunProgram(
      "SaysProcs", {.env = {{"GOMAXPROCS", "3"}, {"GODEBUG", "maxprocs=1"}}});
  EXPECT_EQ(fixed.err, "maxprocs: GOMAXPROCS=3: from the environment\n");
  const ProcessResult r =
      RunProgram("SaysProcs", {.env = {{"GODEBUG", "maxprocs=1"}}});
  const std::string start = "maxprocs: GOMAXPROCS=" + Text(r, "procs") + ": ";
  EXPECT_TRUE(r.err.starts_with(start)) << r.err;
  Measured(r.err.substr(0, r.err.find('\n')));
}

}  // namespace
}  // namespace mn::conformance
