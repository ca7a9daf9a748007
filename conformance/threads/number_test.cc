// How many threads there are, may be, and stay.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using std::chrono::milliseconds;

// `n` goroutines in the kernel at once, and back.
void Storm(int n) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  WaitGroup all;
  for (int i = 0; i < n; i++) {
    all.Go([&] {
      BlockingCall([&] {
        inside++;
        while (!release) usleep(200);
      });
    });
  }
  while (inside != n) Gosched();
  release = true;
  all.Wait();
}

MN_PROGRAM(CountsThreads) {
  Storm(20);
  while (NumThreads() != KernelThreads()) Sleep(milliseconds(1));
  Say("threads", NumThreads());
  return 0;
}

CLAIM(Number, OfThreadsIsTheKernels,
      {.id = "threads.number",
       .section = 13,
       .source = "thread count: there is no public API; Go "
                 "/sched/threads/total:threads",
       .says = "NumThreads says how many threads /proc shows."}) {
  const ProcessResult r = RunProgram("CountsThreads", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "threads"), 20);
  Measured(Text(r, "threads") + " by both counts");
}

MN_PROGRAM(ExceedsTheLimit) {
  Say("before", SetMaxThreads(10));
  Storm(20);
  return 0;
}

CLAIM(Number, OfThreadsHasALimit,
      {.id = "threads.limit",
       .section = 0,
       .source = "Go proc.go checkmcount, debug.SetMaxThreads",
       .says = "The thread beyond the limit, 10000 unless it was set, ends the "
               "process with `thread exhaustion`."}) {
  const ProcessResult r = RunProgram("ExceedsTheLimit", OnProcs(1));
  EXPECT_TRUE(Died(r,
                   "runtime: program exceeds 10-thread limit\n"
                   "fatal error: thread exhaustion\n"));
  EXPECT_EQ(Number(r, "before"), 10000);
  Measured("10000 at the start; the eleventh of 10 is fatal");
}

// Threads that idle for 100 ms are long idle here.
ProcessOptions InProfile(const std::string& profile) {
  return {.env = {{"GOMAXPROCS", "2"},
                  {"MN_PROFILE", profile},
                  {"GODEBUG", "idlethreadms=100"}}};
}

// Until few are left, or, told how long, for that long.
MN_PROGRAM(AfterAStorm) {
  const int kept = static_cast<int>(Parameter("KEPT"));
  const milliseconds at_least(Parameter("MS"));
  Storm(40);
  Say("peak", NumThreads());
  const long long start = Nanotime();
  while (NumThreads() > kept ||
         Nanotime() - start < at_least.count() * 1000000) {
    Sleep(milliseconds(1));
  }
  Say("later", NumThreads());
  return 0;
}

// Main's, sysmon's, who sleeps here, and GOMAXPROCS + 4 that are kept.
constexpr int kKept = 2 + 4 + 3;

CLAIM(Number, OfIdleThreadsShrinksInTheDocumentsProfile,
      {.id = "threads.idle_end",
       .section = 6,
       .source = "the runtime keeps a small pool of parked Ms but eventually "
                 "destroys excess",
       .says = "Threads that have long been idle end, all but GOMAXPROCS + 4.",
       .profile = kDocument}) {
  ProcessOptions options = InProfile("document");
  options.env.push_back({"KEPT", std::to_string(kKept)});
  options.env.push_back({"MS", "0"});
  const ProcessResult r = RunProgram("AfterAStorm", options);
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "peak"), 40);
  EXPECT_LE(Number(r, "later"), kKept);
  Measured(Text(r, "peak") + " threads, then " + Text(r, "later"));
}

CLAIM(Number, OfIdleThreadsStaysInGosProfile,
      {.id = "threads.idle_stay",
       .section = 6,
       .source =
           "Go proc.go stopm, mput; go:THR-03: parked Ms are never destroyed",
       .says = "Threads that have long been idle stay.",
       .profile = kGo}) {
  ProcessOptions options = InProfile("go");
  options.env.push_back({"KEPT", "1000000"});
  options.env.push_back({"MS", "3000"});
  const ProcessResult r = RunProgram("AfterAStorm", options);
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "peak"), 40);
  EXPECT_GE(Number(r, "later"), Number(r, "peak"));
  Measured(Text(r, "peak") + " threads, " + Text(r, "later") + " after 3 s");
}

// How many threads the calling process has, without malloc: after fork in a
// process with threads nothing else is safe.
int ThreadsAfterFork() {
  const int fd = open("/proc/self/status", O_RDONLY);
  char text[4096] = {};
  const ssize_t n = read(fd, text, sizeof(text) - 1);
  close(fd);
  const char* line = n > 0 ? strstr(text, "\nThreads:") : nullptr;
  return line == nullptr ? -1 : atoi(line + 9);
}

MN_PROGRAM(Forks) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  WaitGroup all;
  for (int i = 0; i < 20; i++) {
    all.Go([&] {
      BlockingCall([&] {
        inside++;
        while (!release) usleep(200);
      });
    });
  }
  while (inside != 20) Gosched();
  Say("parent", KernelThreads());
  const int child = BlockingCall([] {
    const pid_t pid = fork();
    if (pid == 0) _exit(ThreadsAfterFork());
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  });
  release = true;
  all.Wait();
  Say("child", child);
  return 0;
}

CLAIM(
    Number, OfThreadsOfAForkedChildIsOne,
    {.id = "threads.fork",
     .section = 14,
     .source = "gotcha 1: the post-fork child briefly has all the parent's Ms",
     .says = "A forked child has one thread."}) {
  const ProcessResult r = RunProgram("Forks", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "parent"), 20);
  EXPECT_EQ(Number(r, "child"), 1);
  Measured(Text(r, "parent") + " threads in the parent, " + Text(r, "child") +
           " in the child");
}

// A hundred goroutines read what nobody has written, READERS at a time.
MN_PROGRAM(BoundedReads) {
  const int readers = static_cast<int>(Parameter("READERS"));
  int fds[2];
  if (pipe(fds) != 0) abort();
  Chan<int> semaphore(readers);
  std::atomic<int> reading{0}, read{0};
  WaitGroup all;
  for (int i = 0; i < 100; i++) {
    all.Go([&] {
      semaphore.Send(1);
      char c = 0;
      reading++;
      if (sys::Read(fds[0], &c, 1).value == 1) read++;
      semaphore.Recv();
    });
  }
  while (reading != readers) Gosched();
  for (int i = 0; i < 100; i++) {
    if (sys::Write(fds[1], "x", 1).value != 1) abort();
  }
  all.Wait();
  Say("read", read);
  Say("threads", KernelThreads());
  return 0;
}

CLAIM(Number, OfThreadsThatReadIsThatOfASemaphore,
      {.id = "threads.reads",
       .section = 14,
       .source = "gotcha 3: file I/O parks Ms; bound it by a semaphore",
       .says = "A hundred goroutines in read need a hundred threads, and with "
               "a semaphore of four only those."}) {
  auto run = [](const std::string& readers) {
    return RunProgram("BoundedReads", {.env = {{"GOMAXPROCS", "2"},
                                               {"GODEBUG", "asyncpreemptoff=1"},
                                               {"READERS", readers}}});
  };
  const ProcessResult all = run("100");
  ASSERT_TRUE(Exited(all, 0));
  EXPECT_EQ(Number(all, "read"), 100);
  EXPECT_GE(Number(all, "threads"), 100);
  const ProcessResult four = run("4");
  ASSERT_TRUE(Exited(four, 0));
  EXPECT_EQ(Number(four, "read"), 100);
  EXPECT_LE(four.max_threads, 4 + 2 + 4);
  Measured(Text(all, "threads") + " threads, with a semaphore of 4 " +
           std::to_string(four.max_threads));
}

}  // namespace
}  // namespace mn::conformance
