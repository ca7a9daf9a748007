// PARK-2 and PARK-4: the piece in the whole runtime, looked at from outside.
#include <cstdint>

#include "tools/judge/both.h"

#ifdef MN_CASE_PROCESS
#include <stdlib.h>
#include <unistd.h>

#include <atomic>

#include "runtime/core/getg.h"
#include "runtime/mn.h"
#include "runtime/plug/park.h"
#include "runtime/sched/runtime_call.h"
#endif

namespace mn {
namespace {

constexpr std::int64_t kParked = 100;

#ifdef MN_CASE_PROCESS

// Goroutine 1 runs, so it does not wait.
void ReadyOfARunner(judge::Driver& d) {
  Main([&d] {
    d.Observe("runs", 1);
    if (d.Provoke()) {
      const RuntimeCall call("the judge");
      Goready(call.g());
    }
    d.Finish();
    return 0;
  });
}

// A goroutine that was made ready is runnable and does not wait any more. With
// one P nobody runs it in between.
void ReadyTwice(judge::Driver& d) {
  setenv("GOMAXPROCS", "1", 1);
  Main([&d] {
    static std::atomic<G*> parked{nullptr};
    Go([] {
      const RuntimeCall call("the judge");
      const auto publish = [](G* gp, void*) {
        parked = gp;
        return true;
      };
      Gopark(publish, nullptr, WaitReason::kSemacquire);
    });
    while (parked == nullptr) Gosched();
    d.Observe("waits", 1);
    {
      const RuntimeCall call("the judge");
      Goready(parked);
      if (d.Provoke()) Goready(parked);
    }
    d.Finish();
    return 0;
  });
}

// A goroutine that is in a system call does not wait either.
void ReadyOfACaller(judge::Driver& d) {
  Main([&d] {
    static std::atomic<G*> caller{nullptr};
    Go([] {
      G* self = getg();
      Syscall([self] {
        caller = self;
        for (;;) pause();
      });
    });
    while (caller == nullptr) Gosched();
    d.Observe("calls", 1);
    if (d.Provoke()) {
      const RuntimeCall call("the judge");
      Goready(caller);
    }
    d.Finish();
    return 0;
  });
}

// While the others wait for `go`, goroutine 1 sleeps, and nobody runs.
void CostsNothing(judge::Driver& d) {
  Main([&d] {
    Chan<int> go(0);
    WaitGroup woken;
    std::int64_t n = 0;
    Mutex mutex;
    woken.Add(kParked);
    for (std::int64_t i = 0; i < kParked; i++) {
      Go([&] {
        go.Recv();
        mutex.Lock();
        n++;
        mutex.Unlock();
        woken.Done();
      });
    }
    Sleep(std::chrono::milliseconds(
        20));  // to reach Recv is cheap, if some are late
    d.Look();
    Sleep(std::chrono::milliseconds(400));
    d.Look();
    for (std::int64_t i = 0; i < kParked; i++) go.Send(0);
    woken.Wait();
    d.Observe("woken", n);
    d.Finish();
    return 0;
  });
}

const bool kRegistered[] = {
    judge::RegisterDriver("Park.ReadyOfARunner", ReadyOfARunner),
    judge::RegisterDriver("Park.ReadyTwice", ReadyTwice),
    judge::RegisterDriver("Park.ReadyOfACaller", ReadyOfACaller),
    judge::RegisterDriver("Park.CostsNothing", CostsNothing),
};

#else

using judge::Observation;
using judge::Observations;
using judge::Outcome;
using judge::Verdict;
using judge::Workload;

Workload NoWorkload(judge::Random&) { return {}; }

// ---- PARK-2

Verdict DidNotEnd(const Workload&, const Observations&) {
  return Verdict::Failed("the program went on", "a fatal error", "no end");
}

Verdict Ended(const Outcome& outcome) {
  const auto printed = [&outcome](const char* text) {
    return outcome.printed.find(text) != std::string::npos;
  };
  const bool fatal = printed("fatal error: ");
  if (printed("invariant PARK-3 broken")) {
    return Verdict::Failed(
        "Goready did not look whether the goroutine waits",
        "Goready itself ends the program",
        "only SetStatus noticed, whose check an optimised build does not have");
  }
  if (outcome.exit_status == 2 && fatal) return Verdict::Passed();
  return Verdict::Failed(
      "the program did not end with a fatal error",
      "exit status 2 and a line that begins with `fatal error: `",
      "exit status " + std::to_string(outcome.exit_status) +
          (fatal ? "" : ", no such line"));
}

Outcome RightEnd() {
  Outcome outcome;
  outcome.end = Outcome::End::kExited;
  outcome.exit_status = 2;
  outcome.printed = "fatal error: Goready of a goroutine that does not wait\n";
  return outcome;
}

// ---- PARK-4

// A goroutine that spins would use nearly all of the 400 ms.
constexpr std::int64_t kMaxCpuMs = 100;
constexpr std::int64_t kMinWaitMs = 350;

Observations Right(const Workload&) {
  return {{judge::kThreads, {4, 10, 0, 30}},
          {judge::kThreads, {4, 10, 0, 430}},
          {"woken", {kParked}}};
}

Verdict Decide(const Workload&, const Observations& seen) {
  if (seen.size() != 3 || seen[0].kind != judge::kThreads ||
      seen[1].kind != judge::kThreads || seen[2].kind != "woken") {
    return judge::TooLittle("two looks, and how many were woken");
  }
  const std::int64_t waited = seen[1].values[3] - seen[0].values[3];
  if (waited < kMinWaitMs) {
    Verdict verdict = Verdict::Failed(
        "a goroutine that sleeps for 400 ms went on at once: it did not park",
        "at least " + std::to_string(kMinWaitMs) + " ms between the two looks",
        std::to_string(waited) + " ms", 1);
    verdict.inv = "PARK-0";
    return verdict;
  }
  const std::int64_t cpu = seen[1].values[1] - seen[0].values[1];
  if (cpu > kMaxCpuMs) {
    return Verdict::Failed(
        "100 goroutines wait for 400 ms, and the process computes",
        "at most " + std::to_string(kMaxCpuMs) + " ms of CPU time",
        std::to_string(cpu) + " ms", 1);
  }
  if (seen[2].values != std::vector<std::int64_t>{kParked}) {
    return Verdict::Failed("not all of them were woken",
                           std::to_string(kParked),
                           std::to_string(seen[2].values.at(0)));
  }
  return Verdict::Passed();
}

const bool kRegistered = judge::RegisterCases({
    {"Park.ReadyOfARunner", NoWorkload, DidNotEnd, nullptr, Ended, RightEnd},
    {"Park.ReadyTwice", NoWorkload, DidNotEnd, nullptr, Ended, RightEnd},
    {"Park.ReadyOfACaller", NoWorkload, DidNotEnd, nullptr, Ended, RightEnd},
    {"Park.CostsNothing", NoWorkload, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
