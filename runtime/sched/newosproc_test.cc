// What happens when the kernel refuses a thread. This program is linked with
// --wrap=pthread_create: __wrap_pthread_create stands in for it.
#include <errno.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>

#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace {
// An errno, 0: threads are made.
std::atomic<int> refuse_with{0};
}  // namespace

extern "C" {
int __real_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*),
                          void*);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attr,
                          void* (*run)(void*), void* arg) {
  if (refuse_with != 0) return refuse_with;
  return __real_pthread_create(thread, attr, run, arg);
}
}

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;

// Needs a third thread: the first one blocks, the second one is sysmon.
int NeedsAThread(int error) {
  refuse_with = error;
  std::atomic<bool> ran{false};
  Go([&] { ran = true; });
  BlockingCall([&] {
    while (!ran) ::usleep(1000);
  });
  return 9;
}

MN_PROGRAM(IsNotRefused) { return NeedsAThread(0); }
MN_PROGRAM(IsRefusedForALimit) { return NeedsAThread(EAGAIN); }
MN_PROGRAM(IsRefusedForARight) { return NeedsAThread(EPERM); }

const test::ProcessOptions kOneP = {.env = {{"GOMAXPROCS", "1"}}};

TEST(NewOsProc, NothingIsSaidOtherwise) {
  EXPECT_TRUE(Exited(RunProgram("IsNotRefused", kOneP), 9));
}

TEST(NewOsProc, ALimitIsNamed) {
  const ProcessResult r = RunProgram("IsRefusedForALimit", kOneP);
  EXPECT_TRUE(Died(
      r,
      "runtime: failed to create new OS thread (have 2 already; errno=11)\n"
      "runtime: may need to increase max user processes (ulimit -u), the "
      "cgroup's pids.max or kernel.threads-max\n"
      "fatal error: newosproc\n"));
}

TEST(NewOsProc, AnotherErrorIsNamedWithoutAdvice) {
  const ProcessResult r = RunProgram("IsRefusedForARight", kOneP);
  EXPECT_TRUE(
      Died(r,
           "runtime: failed to create new OS thread (have 2 already; errno=1)\n"
           "fatal error: newosproc\n"));
}

MN_BARE_PROGRAM(SysmonIsRefused) {
  refuse_with = EAGAIN;
  return Main([] { return 9; });
}

TEST(NewOsProc, TheMonitorThreadIsNamed) {
  EXPECT_TRUE(Died(RunProgram("SysmonIsRefused"),
                   "runtime: cannot create the monitor thread\n"
                   "fatal error: newosproc\n"));
}

}  // namespace
}  // namespace mn
