// Workloads 9 and 10: trees of tasks that answer over channels, and the sieve.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {

template <class Rt>
using IntChan = typename Rt::template Chan<std::int64_t>;

// 9: a task with size 1 sends its number; any other starts ten children for a
// tenth of the range each, and sends the sum of what they send.
template <class Rt>
void SkynetTask(IntChan<Rt> c, std::int64_t num, std::int64_t size) {
  if (size == 1) {
    c.Send(num);
    return;
  }
  IntChan<Rt> rc(0);
  const std::int64_t part = size / 10;
  for (std::int64_t i = 0; i < 10; i++) {
    Rt::Go([rc, child = num + i * part, part] {
      SkynetTask<Rt>(rc, child, part);
    });
  }
  std::int64_t sum = 0;
  for (int i = 0; i < 10; i++) sum += rc.Recv();
  c.Send(sum);
}

template <class Rt>
void Skynet(const Options& options, Report& report) {
  const std::int64_t asked = options.Get("n", 1'000'000);
  std::int64_t most = 1;
  std::int64_t tasks = 0;
  while (most * 10 <= std::min(asked, Rt::kMostAlive)) most *= 10;
  const std::int64_t n = report.Bounded("n", asked, most);
  for (std::int64_t power = asked; power > 1; power /= 10) {
    if (power % 10 != 0) throw UsageError{"-n must be a power of 10"};
  }
  for (std::int64_t size = n; size >= 1; size /= 10) tasks += n / size;
  auto run = [n] {
    IntChan<Rt> c(0);
    Rt::Go([c, n] { SkynetTask<Rt>(c, 0, n); });
    if (c.Recv() != n * (n - 1) / 2) Wrong("skynet: wrong sum");
  };
  std::int64_t start = Nanoseconds();
  run();
  std::int64_t cold = Nanoseconds() - start;
  Meter meter;
  run();
  std::int64_t warm = meter.Stop(report, "ns/goroutine", tasks);
  report.Extra("goroutines", tasks);
  report.Extra("total_ms", Round(static_cast<double>(warm) / 1e6, 2));
  report.Extra("cold_ms", Round(static_cast<double>(cold) / 1e6, 2));
}

// 10: f(n - 1) in a task of its own, f(n - 2) in this one.
template <class Rt>
std::int64_t Parfib(std::int64_t n, std::int64_t cutoff) {
  if (n < cutoff) return Fib(n);
  IntChan<Rt> c(1);
  Rt::Go([c, n, cutoff]() mutable { c.Send(Parfib<Rt>(n - 1, cutoff)); });
  std::int64_t y = Parfib<Rt>(n - 2, cutoff);
  return c.Recv() + y;
}

// s(n) = 0 below the cutoff, 1 + s(n - 1) + s(n - 2) from there on.
inline std::int64_t ParfibSpawns(std::int64_t n, std::int64_t cutoff) {
  std::int64_t before = 0;
  std::int64_t spawns = 0;
  for (std::int64_t i = cutoff; i <= n; i++) {
    spawns = 1 + spawns + std::exchange(before, spawns);
  }
  return spawns;
}

template <class Rt>
void ParfibRun(const Options& options, Report& report) {
  const std::int64_t asked = options.Get("n", 30);
  const std::int64_t cutoff = options.Get("cutoff", 2);
  if (asked > 50)
    throw UsageError{"-n must be at most 50: fib(50) takes a minute"};
  if (cutoff < 2) throw UsageError{"-cutoff must be at least 2"};
  std::int64_t most = asked;
  while (most > 0 && ParfibSpawns(most, cutoff) > Rt::kMostAlive) most--;
  const std::int64_t n = report.Bounded("n", asked, most);
  const std::int64_t spawns = ParfibSpawns(n, cutoff);
  if (spawns == 0) throw UsageError{"-n must be at least -cutoff"};
  const std::int64_t reps =
      report.Bounded("reps", options.Get("reps", 1),
                     std::max<std::int64_t>(1, Rt::kMostSpawns / spawns));
  report.Param("cutoff", cutoff);
  std::int64_t start = Nanoseconds();
  const std::int64_t want = Fib(n);
  const std::int64_t sequential = Nanoseconds() - start;
  auto run = [=](std::int64_t times) {
    for (std::int64_t i = 0; i < times; i++) {
      if (Parfib<Rt>(n, cutoff) != want) Wrong("parfib: wrong number");
    }
  };
  run(std::max<std::int64_t>(1, reps / 10));
  Meter meter;
  run(reps);
  std::int64_t wall = meter.Stop(report, "ns/spawn", spawns * reps);
  report.Extra("spawns", spawns);
  report.Extra(
      "total_ms",
      Round(static_cast<double>(wall) / 1e6 / static_cast<double>(reps), 3));
  report.Extra("seq_ms", Round(static_cast<double>(sequential) / 1e6, 3));
}

// 10: a generator and one filter per prime, in a row. They never end: they stay
// behind, blocked, when the prime that was wanted has come out.
template <class Rt>
std::int64_t Sieve(std::int64_t primes) {
  IntChan<Rt> ch(0);
  Rt::Go([ch]() mutable {
    for (std::int64_t i = 2;; i++) ch.Send(i);
  });
  std::int64_t prime = 0;
  for (std::int64_t i = 0; i < primes; i++) {
    prime = ch.Recv();
    IntChan<Rt> next(0);
    Rt::Go([in = ch, out = next, prime]() mutable {
      for (;;) {
        std::int64_t v = in.Recv();
        if (v % prime != 0) out.Send(v);
      }
    });
    ch = next;
  }
  return prime;
}

struct SievePlan {
  std::int64_t last_prime;
  std::int64_t messages;  // sends that it takes to deliver the last prime
};

inline SievePlan PlanSieve(std::int64_t count) {
  std::vector<std::int64_t> primes;
  std::int64_t messages = 0;
  for (std::int64_t i = 2; static_cast<std::int64_t>(primes.size()) < count;
       i++) {
    messages++;
    bool prime = true;
    for (std::int64_t p : primes) {
      if (i % p == 0) {
        prime = false;
        break;
      }
      messages++;
    }
    if (prime) primes.push_back(i);
  }
  return {primes.empty() ? 0 : primes.back(), messages};
}

template <class Rt>
void SieveRun(const Options& options, Report& report) {
  const std::int64_t n =
      report.Bounded("n", options.Get("n", 2000), Rt::kMostPrimes);
  const SievePlan plan = PlanSieve(n);
  Sieve<Rt>(n / 10);
  Meter meter;
  std::int64_t got = Sieve<Rt>(n);
  std::int64_t wall = meter.Stop(report, "ns/message", plan.messages);
  if (got != plan.last_prime) Wrong("sieve: not the prime that was wanted");
  report.Extra("last_prime", got);
  report.Extra("messages", plan.messages);
  report.Extra("total_ms", Round(static_cast<double>(wall) / 1e6, 2));
}

template <class Rt>
std::vector<Workload> TreeWorkloads() {
  return {
      {"skynet", "n", "9: a 10-ary tree of tasks with n leaves", Skynet<Rt>},
      {"parfib", "n cutoff reps", "10: fib(n), a task per call", ParfibRun<Rt>},
      {"sieve", "n", "10: the first n primes through n filters", SieveRun<Rt>},
  };
}

}  // namespace mn::bench
