// Workload 13: system calls, short ones and such as block the thread.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/process.h"
#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"
#include "runtime/benchmarks/workloads/tasks.h"

namespace mn::bench {

inline constexpr char kNoSyscall[] =
    "nothing keeps the other tasks of a thread going while one blocks it";

// getpid(2), raw or with telling the scheduler that the call may block.
template <class Rt>
void SyscallCost(const Options& options, Report& report) {
  const std::int64_t n = options.Get("n", 5'000'000);
  const std::string variant =
      options.variant.empty() ? "enter" : options.variant;
  if (variant != "raw" && variant != "enter") {
    throw UsageError{"-variant must be raw or enter"};
  }
  report.Param("n", n);
  report.Param("variant", variant);
  auto measure = [&report, n](auto call) {
    RunTasks<Rt>(1, [&report, n, call] {
      for (std::int64_t i = 0; i < n / 10; i++) call();
      Meter meter;
      for (std::int64_t i = 0; i < n; i++) call();
      meter.Stop(report, "ns/getpid", n);
    });
  };
  auto get_pid = [] { return syscall(SYS_getpid); };
  if (variant == "raw") return measure(get_pid);
  if constexpr (requires { Rt::Syscall(get_pid); }) {
    measure([get_pid] { return Rt::Syscall(get_pid); });
  } else {
    throw CannotExpress{
        "syscall -variant enter: there is nobody to tell that a call may block "
        "(-variant raw works)"};
  }
}

// read(2) and write(2) of one time stamp, told to the scheduler. False when the
// pipe is closed.
template <class Rt, class F>
bool Transfer(std::int64_t* stamp, F call) {
  for (;;) {
    int error = 0;
    const ssize_t n = Rt::Syscall([&] {
      const ssize_t done = call(stamp, sizeof(*stamp));
      if (done < 0) error = errno;
      return done;
    });
    if (error != EINTR) return n == sizeof(*stamp);
  }
}

// k readers, each blocked in read(2) on its own pipe; the driver writes to one
// after the other and waits for the acknowledgement.
template <class Rt>
void PipeHandoff(const Options& options, Report& report) {
  const std::int64_t n = options.Get("n", 20'000);
  const std::int64_t k =
      report.Bounded("readers", options.Get("k", 100), Rt::kMostAlive);
  const std::int64_t hogs = options.Get("hogs", 0);
  report.Param("n", n);
  report.Param("hogs", hogs);
  typename Rt::template Chan<std::int64_t> ack(0);
  typename Rt::WaitGroup ready;
  ready.Add(static_cast<int>(k));
  std::vector<int> pipes;
  for (std::int64_t i = 0; i < k; i++) {
    std::array<int, 2> ends;
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      Wrong(std::string("pipe2: ") + std::strerror(errno));
    }
    pipes.push_back(ends[1]);
    Rt::Go([&ready, ack, fd = ends[0]]() mutable {
      ready.Done();
      std::int64_t sent = 0;
      while (Transfer<Rt>(&sent, [fd](void* buffer, std::size_t size) {
        return read(fd, buffer, size);
      })) {
        ack.Send(Nanoseconds() - sent);
      }
    });
  }
  ready.Wait();
  Rt::Sleep(std::chrono::milliseconds(100));
  report.Extra("threads_blocked", StatusField("Threads"));
  StartHogs<Rt>(hogs);
  auto hand_over = [&pipes, ack](std::int64_t i) mutable {
    const int fd = pipes[static_cast<std::size_t>(i) % pipes.size()];
    std::int64_t now = Nanoseconds();
    if (!Transfer<Rt>(&now, [fd](const void* buffer, std::size_t size) {
          return write(fd, buffer, size);
        })) {
      Wrong("pipe_handoff: cannot write to a pipe");
    }
    return ack.Recv();
  };
  for (std::int64_t i = 0; i < n / 10; i++) hand_over(i);
  std::vector<std::int64_t> samples;
  samples.reserve(static_cast<std::size_t>(n));
  Meter meter;
  for (std::int64_t i = 0; i < n; i++) samples.push_back(hand_over(i));
  meter.Stop(report, "ns/write-to-resume (p50)", n);
  report.Extra("cycle_ns", Round(report.ns_per_op(), 1));
  report.Latencies(samples);
}

// A task starts another one, which writes to a pipe, and enters read(2) on it:
// how long the other one, which has no processor until then if there is but
// one, waits. `-variant again`: the same task each time; `first`: a new one.
template <class Rt>
void SyscallHandoff(const Options& options, Report& report) {
  const std::int64_t n = options.Get("n", 3000);
  const std::string variant =
      options.variant.empty() ? "again" : options.variant;
  if (variant != "again" && variant != "first") {
    throw UsageError{"-variant must be again or first"};
  }
  report.Param("n", n);
  report.Param("variant", variant);
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    Wrong(std::string("pipe2: ") + std::strerror(errno));
  }
  auto block = [&ends] {
    std::int64_t ran = 0;
    typename Rt::WaitGroup other;
    other.Add(1);
    const std::int64_t started = Nanoseconds();
    Rt::Go([&] {
      ran = Nanoseconds();
      if (!Transfer<Rt>(&ran, [&](const void* buffer, std::size_t size) {
            return write(ends[1], buffer, size);
          })) {
        Wrong("syscall_handoff: cannot write to the pipe");
      }
      other.Done();
    });
    std::int64_t sent = 0;
    if (!Transfer<Rt>(&sent, [&](void* buffer, std::size_t size) {
          return read(ends[0], buffer, size);
        })) {
      Wrong("syscall_handoff: cannot read from the pipe");
    }
    other.Wait();
    if (sent != ran) Wrong("syscall_handoff: read what nobody wrote");
    return sent - started;
  };
  auto sample = [&] {
    std::int64_t waited = 0;
    if (variant == "again") return block();
    RunTasks<Rt>(1, [&] { waited = block(); });
    return waited;
  };
  for (std::int64_t i = 0; i < n / 10; i++) sample();
  std::vector<std::int64_t> samples;
  samples.reserve(static_cast<std::size_t>(n));
  Meter meter;
  for (std::int64_t i = 0; i < n; i++) samples.push_back(sample());
  meter.Stop(report, "ns/start-to-other (p50)", n);
  report.Extra("cycle_ns", Round(report.ns_per_op(), 1));
  report.Latencies(samples);
}

// k tasks each run body(us), which blocks the thread for us microseconds: a
// cold round, in which threads are made, then a warm one.
template <class Rt, class F>
void BlockingRounds(const Options& options, Report& report, F body) {
  const std::int64_t k =
      report.Bounded("goroutines", options.Get("k", 100), Rt::kMostAlive);
  const std::int64_t us = options.Get("us", 50'000);
  report.Param("block_us", us);
  auto milliseconds = [](std::int64_t ns) {
    return Round(static_cast<double>(ns) / 1e6, 2);
  };
  auto round = [k, us, body] { RunTasks<Rt>(k, [us, body] { body(us); }); };
  const std::int64_t start = Nanoseconds();
  round();
  report.Extra("cold_wall_ms", milliseconds(Nanoseconds() - start));
  report.Extra("threads_after_cold", StatusField("Threads"));
  Meter meter;
  round();
  report.Extra("warm_wall_ms",
               milliseconds(meter.Stop(report, "ms wall (warm round)", 1)));
}

template <class Rt>
void BlockingSleep(const Options& options, Report& report) {
  BlockingRounds<Rt>(options, report, [](std::int64_t us) {
    timespec left = {us / 1'000'000, us % 1'000'000 * 1000};
    while (Rt::Syscall([&left] {
             return nanosleep(&left, &left) == 0 ? 0 : errno;
           }) == EINTR) {
    }
  });
}

template <class Rt>
std::vector<Workload> SyscallWorkloads() {
  Workload entry = {"syscall_handoff", "n variant",
                    "13: how soon others run when a read blocks", nullptr};
  Workload handoff = {"pipe_handoff", "n k hogs",
                      "13: how late a blocking read returns", nullptr};
  Workload sleep = {"blocking_sleep", "k us",
                    "13: k tasks block their threads in nanosleep", nullptr};
  if constexpr (requires { Rt::Syscall(getpid); }) {
    entry.run = SyscallHandoff<Rt>;
    handoff.run = PipeHandoff<Rt>;
    sleep.run = BlockingSleep<Rt>;
  } else {
    entry.cannot = handoff.cannot = sleep.cannot = kNoSyscall;
  }
  return {{"syscall", "n variant", "13: getpid, raw or told to the scheduler",
           SyscallCost<Rt>},
          entry,
          handoff,
          sleep};
}

}  // namespace mn::bench
