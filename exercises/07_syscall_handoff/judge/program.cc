// SYS-1, SYS-2, SYS-6, SYS-7: the piece in the whole runtime. The judge counts
// threads in /proc while the program stands still.
#include <algorithm>
#include <cstdint>

#include "tools/judge/both.h"

#ifdef MN_CASE_PROCESS
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "runtime/core/getg.h"
#include "runtime/mn.h"
#endif

namespace mn {
namespace {

constexpr std::int64_t kProcs = 2;
constexpr std::int64_t kCallers = 8;

#ifdef MN_CASE_PROCESS

// Goroutines block here, in read(2), until Open.
class Gate {
 public:
  Gate() {
    if (pipe(fds_) != 0) abort();
  }
  // Called inside mn::Syscall or mn::BlockingCall.
  void Wait() const {
    char c;
    while (read(fds_[0], &c, 1) < 0) {
    }
  }
  // For so many.
  void Open(std::int64_t n) const {
    const std::string bytes(static_cast<std::size_t>(n), 'x');
    if (write(fds_[1], bytes.data(), bytes.size()) < 0) abort();
  }

 private:
  int fds_[2];
};

// Counts, and can be waited for until the count is n.
class Count {
 public:
  void Add() {
    mutex_.Lock();
    n_++;
    mutex_.Unlock();
  }
  std::int64_t Get() {
    mutex_.Lock();
    const std::int64_t n = n_;
    mutex_.Unlock();
    return n;
  }
  void WaitFor(std::int64_t n) {
    while (Get() < n) Sleep(std::chrono::milliseconds(1));
  }

 private:
  Mutex mutex_;
  std::int64_t n_ = 0;
};

template <class F>
void Run(judge::Driver& d, F body) {
  setenv("GOMAXPROCS", std::to_string(kProcs).c_str(), 1);
  Main([&d, body] {
    body();
    d.Finish();
    return 0;
  });
}

// As many goroutines as there are Ps block, then another one takes turns with
// goroutine 1.
void OthersGoOn(judge::Driver& d) {
  Run(d, [&d] {
    const Gate gate;
    Count entered, left;
    for (std::int64_t i = 0; i < kProcs; i++) {
      Go([&] {
        entered.Add();
        Syscall([&] { gate.Wait(); });
        left.Add();
      });
    }
    entered.WaitFor(kProcs);
    Chan<int> ping(0), pong(0);
    Go([&] {
      for (int turn : ping) pong.Send(turn);
    });
    std::int64_t turns = 0;
    for (; turns < d.number("turns"); turns++) {
      ping.Send(0);
      pong.Recv();
    }
    d.Observe("turns", turns);
    d.Observe("blocked", kProcs - left.Get());
    gate.Open(kProcs);
    left.WaitFor(kProcs);
    d.Observe("left", left.Get());
  });
}

// Two storms of goroutines in calls that block. They come back while every P is
// taken by a goroutine that computes, so their threads have to wait, and the
// second storm can use these threads again.
void ThreadsAreBounded(judge::Driver& d) {
  Run(d, [&d] {
    const std::int64_t n = d.number("calls");
    for (int storm = 0; storm < 2; storm++) {
      const Gate gate;
      Count entered, left;
      std::atomic<std::int64_t> back{0};
      for (std::int64_t i = 0; i < n; i++) {
        Go([&, i] {
          const auto call = [&] {
            gate.Wait();
            back++;
          };
          entered.Add();
          if (i % 2 == 0) {
            Syscall(call);
          } else {
            BlockingCall(call);
          }
          left.Add();
        });
      }
      entered.WaitFor(n);
      d.Look();
      const auto compute = [&back, n] {
        const double start = judge::NowNs();
        while (back < n || judge::NowNs() - start < 5e6) {
        }
      };
      for (std::int64_t i = 1; i < kProcs; i++) Go(compute);
      gate.Open(n);
      compute();
      left.WaitFor(n);
      d.Observe("left", left.Get());
    }
  });
}

// More goroutines than Ps, so that somebody always waits behind the call.
void ShortCallsMakeNoThread(judge::Driver& d) {
  Run(d, [&d] {
    const std::int64_t each = d.number("calls") / kCallers;
    Count done;
    std::atomic<std::int64_t> in_calls{0};
    d.Look();
    for (std::int64_t i = 0; i < kCallers; i++) {
      Go([&] {
        for (std::int64_t n = 0; n < each; n++) {
          in_calls += Syscall([] {
            getppid();
            return getg()->status.load() == GStatus::kSyscall;
          });
        }
        done.Add();
      });
    }
    done.WaitFor(kCallers);
    d.Look();
    d.Observe("in_calls", in_calls.load());
  });
}

// Each goroutine reads twice through a pool. Goroutine i stands in the pool, or
// waits there, before goroutine i + 1 comes. A goroutine that leaves comes
// again at once. It must not overtake those that wait.
void PoolBoundsThreads(judge::Driver& d) {
  Run(d, [&d] {
    const std::int64_t reads = d.number("reads");
    const Gate gate;
    BlockingPool pool(static_cast<int>(d.number("places")));
    Mutex mutex;
    std::vector<std::int64_t> order;
    Count done;
    for (std::int64_t i = 0; i < reads; i++) {
      std::atomic<G*> self{nullptr};
      Go([&, i] {
        self = getg();
        for (const std::int64_t visit : {i, i + reads}) {
          pool.Call([&] { gate.Wait(); });
          mutex.Lock();
          order.push_back(visit);
          mutex.Unlock();
          done.Add();
        }
      });
      for (;;) {
        const G* gp = self;
        const GStatus status =
            gp == nullptr ? GStatus::kIdle : gp->status.load();
        if (status == GStatus::kSyscall || status == GStatus::kWaiting) break;
        Sleep(std::chrono::microseconds(100));
      }
    }
    d.Look();
    d.Observe("done", done.Get());
    for (std::int64_t i = 0; i < 2 * reads; i++) {
      if (i == reads) d.Look();
      gate.Open(1);
      done.WaitFor(i + 1);
    }
    d.Observe("order", order);
  });
}

const bool kRegistered[] = {
    judge::RegisterDriver("Syscall.OthersGoOn", OthersGoOn),
    judge::RegisterDriver("Syscall.ThreadsAreBounded", ThreadsAreBounded),
    judge::RegisterDriver("Syscall.ShortCallsMakeNoThread",
                          ShortCallsMakeNoThread),
    judge::RegisterDriver("Syscall.PoolBoundsThreads", PoolBoundsThreads),
};

#else

using judge::Observation;
using judge::Observations;
using judge::Random;
using judge::Verdict;
using judge::Workload;

// Threads besides those that block and those that have a P: the first one of
// the process, sysmon, and a few that wait to be used again.
constexpr std::int64_t kBesides = 6;

// ---- what the oracles share: looks are checked, everything else is compared

std::string Describe(const Observation& o) {
  std::string text = o.kind;
  for (std::size_t i = 0; i < o.values.size() && i < 8; i++) {
    text += " " + std::to_string(o.values[i]);
  }
  return text;
}

// What was seen, with each look that keeps its bound as it is in `right`.
// Otherwise the complaint.
Verdict Compare(const Observations& right, Observations seen,
                const std::vector<std::int64_t>& most_threads) {
  std::size_t look = 0;
  for (std::size_t i = 0; i < seen.size() && i < right.size(); i++) {
    if (seen[i].kind != judge::kThreads || right[i].kind != judge::kThreads) {
      continue;
    }
    const std::int64_t most = most_threads.at(look++);
    if (seen[i].values.at(0) > most) {
      return Verdict::Failed(
          "look number " + std::to_string(look) + " found too many threads",
          "at most " + std::to_string(most) + " threads",
          std::to_string(seen[i].values[0]) + " threads", static_cast<int>(i));
    }
    seen[i].values = right[i].values;
  }
  return judge::CompareWithModel(
      right, seen, Describe,
      [](const Observation& want, const Observation&, int) {
        return "the program did not see " + Describe(want);
      });
}

Observation Look(std::int64_t threads) {
  return {judge::kThreads, {threads, 0, 0}};
}

// ---- SYS-1

Workload MakeOthers(Random& rng) {
  return {{"turns", {rng.Between(200, 300)}}};
}

Observations RightOthers(const Workload& work) {
  return {
      {"turns", work.at("turns")}, {"blocked", {kProcs}}, {"left", {kProcs}}};
}

Verdict DecideOthers(const Workload& work, const Observations& seen) {
  return Compare(RightOthers(work), seen, {});
}

// ---- SYS-2

Workload MakeStorm(Random& rng) { return {{"calls", {rng.Between(40, 80)}}}; }

Observations RightStorm(const Workload& work) {
  const std::int64_t n = work.at("calls")[0];
  return {Look(n + kProcs), {"left", {n}}, Look(n + kProcs), {"left", {n}}};
}

Verdict DecideStorm(const Workload& work, const Observations& seen) {
  const std::int64_t most = work.at("calls")[0] + kProcs + kBesides;
  return Compare(RightStorm(work), seen, {most, most});
}

// ---- SYS-6

Workload MakeShort(Random& rng) {
  return {{"calls", {kCallers * rng.Between(4000, 5000)}}};
}

Observations RightShort(const Workload& work) {
  return {Look(kProcs + 2), Look(kProcs + 2), {"in_calls", work.at("calls")}};
}

Verdict DecideShort(const Workload& work, const Observations& seen) {
  // A call in which the kernel takes the CPU away is not short any more, and on
  // a busy machine each caller may be in such a call.
  const std::int64_t most = kCallers + kProcs + kBesides;
  const Verdict verdict = Compare(RightShort(work), seen, {most, most});
  if (verdict.status != judge::Status::kPassed) return verdict;
  const std::int64_t calls = work.at("calls")[0];
  const std::int64_t sleeps = seen[1].values.at(2) - seen[0].values.at(2);
  if (sleeps > calls / 4) {
    return Verdict::Failed(
        std::to_string(calls) +
            " calls that take no time, and threads wake each other for them",
        "threads went to sleep at most " + std::to_string(calls / 4) + " times",
        std::to_string(sleeps) + " times", 1);
  }
  return verdict;
}

// ---- SYS-7

Workload MakePool(Random& rng) {
  return {{"places", {rng.Between(3, 8)}}, {"reads", {100}}};
}

Observations RightPool(const Workload& work) {
  Observation order = {"order", {}};
  for (std::int64_t i = 0; i < 2 * work.at("reads")[0]; i++) {
    order.values.push_back(i);
  }
  return {Look(kProcs), {"done", {0}}, Look(kProcs), order};
}

// "" if nobody was overtaken. Those who are inside together may leave in any
// order.
std::string Overtaken(const std::vector<std::int64_t>& order,
                      std::int64_t reads, std::int64_t places) {
  for (std::int64_t at = 0; at < std::ssize(order); at++) {
    const std::int64_t visit = order[static_cast<std::size_t>(at)];
    if (visit < reads && visit >= at + places) {
      return "goroutine " + std::to_string(visit) +
             " got its place before others that came first";
    }
    if (visit >= reads && at < reads - places) {
      return "goroutine " + std::to_string(visit - reads) +
             " came a second time and overtook others that waited";
    }
  }
  return "";
}

Verdict DecidePool(const Workload& work, const Observations& seen) {
  const std::int64_t places = work.at("places")[0];
  const std::int64_t most = places + kProcs + kBesides;
  Observations sorted = seen;
  if (sorted.size() == 4 && sorted[3].kind == "order") {
    const std::string fault =
        Overtaken(seen[3].values, work.at("reads")[0], places);
    if (!fault.empty()) {
      return Verdict::Failed(fault,
                             "first come, first served, with " +
                                 std::to_string(places) + " places",
                             "somebody was overtaken", 3);
    }
    std::sort(sorted[3].values.begin(), sorted[3].values.end());
  }
  return Compare(RightPool(work), sorted, {most, most});
}

const bool kRegistered = judge::RegisterCases({
    {"Syscall.OthersGoOn", MakeOthers, DecideOthers, RightOthers},
    {"Syscall.ThreadsAreBounded", MakeStorm, DecideStorm, RightStorm},
    {"Syscall.ShortCallsMakeNoThread", MakeShort, DecideShort, RightShort},
    {"Syscall.PoolBoundsThreads", MakePool, DecidePool, RightPool},
});

#endif

}  // namespace
}  // namespace mn
