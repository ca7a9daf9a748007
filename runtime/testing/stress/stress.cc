#include "runtime/testing/stress/stress.h"

#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/core/sched.h"

namespace mn::test {

namespace {

constexpr std::chrono::seconds kHung{60};

std::uint64_t EnvNumber(const char* name, std::uint64_t otherwise) {
  const char* s = ::getenv(name);
  return s == nullptr ? otherwise : std::strtoull(s, nullptr, 10);
}

std::uint64_t FirstSeed() {
  static const std::uint64_t seed =
      EnvNumber("MN_STRESS_SEED", std::random_device{}());
  return seed;
}

// Prints the seed when the test program has failed.
class PrintSeed : public ::testing::EmptyTestEventListener {
  void OnTestEnd(const ::testing::TestInfo& info) override {
    if (info.result()->Failed()) {
      fprintf(stderr, "stress: MN_STRESS_SEED=%llu\n",
              static_cast<unsigned long long>(FirstSeed()));
    }
  }
};

void PrintG(G* gp, void* left) {
  if (--*static_cast<int*>(left) < 0) return;
  fprintf(stderr, "  G%llu %s (%s) created by G%llu\n",
          static_cast<unsigned long long>(gp->goid),
          GStatusText(gp->status.load(std::memory_order_relaxed)),
          WaitReasonText(gp->waitreason.load(std::memory_order_relaxed)),
          static_cast<unsigned long long>(gp->parent_goid));
}

// No lock is taken: whoever hangs may hold it. Fields that are not atomic are
// read all the same; the process is about to end.
void DumpScheduler() {
  fprintf(stderr,
          "  nmspinning=%d needspinning=%u npidle=%d nmidle=%d mcount=%d "
          "runqsize=%d lastpoll=%lld poll_until=%lld\n",
          sched.nmspinning.load(), sched.needspinning.load(),
          sched.npidle.load(), sched.nmidle, sched.mcount.load(),
          sched.runqsize.load(), static_cast<long long>(sched.lastpoll.load()),
          static_cast<long long>(sched.poll_until.load()));
  for (const P* each : Allp()) {
    const P& p = *each;
    fprintf(stderr, "  P%d %s ring=%u runnext=%p next timer=%lld\n", p.id,
            p.status.load() == PStatus::kIdle ? "idle" : "running",
            p.runq.tail.load() - p.runq.head.load(),
            static_cast<void*>(p.runq.runnext.load()),
            static_cast<long long>(p.timers.NextWhen()));
  }
  int left = 200;
  ForEachG(PrintG, &left);
  if (left < 0) fprintf(stderr, "  and %d more\n", -left);
}

}  // namespace

StressTime::StressTime() : end_(std::chrono::steady_clock::now()) {
  const auto seconds =
      static_cast<std::int64_t>(EnvNumber("MN_STRESS_SECONDS", -1));
  end_ += std::chrono::milliseconds(seconds > 0    ? 1000 * seconds
                                    : seconds == 0 ? 5
                                                   : 333);
}

std::uint64_t NextSeed() {
  static std::atomic<std::uint64_t> n{0};
  [[maybe_unused]] static const bool listening = [] {
    ::testing::UnitTest::GetInstance()->listeners().Append(new PrintSeed);
    return true;
  }();
  return FirstSeed() + 0x9E3779B97F4A7C15u * n.fetch_add(1);
}

Watchdog::Watchdog(std::string what)
    : what_(std::move(what)), thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard<std::mutex> lock(mu_);
    done_ = true;
  }
  cv_.notify_one();
  thread_.join();
}

void Watchdog::Watch() {
  std::unique_lock<std::mutex> lock(mu_);
  std::uint64_t seen = steps_.load(std::memory_order_relaxed);
  while (!cv_.wait_for(lock, kHung, [this] { return done_; })) {
    const std::uint64_t now = steps_.load(std::memory_order_relaxed);
    if (now == seen) {
      fprintf(stderr,
              "stress: HUNG after %llu steps: %s\n"
              "stress: MN_STRESS_SEED=%llu\n",
              static_cast<unsigned long long>(now), what_.c_str(),
              static_cast<unsigned long long>(FirstSeed()));
      DumpScheduler();
      abort();
    }
    seen = now;
  }
}

void Spin(std::chrono::nanoseconds d) {
  const auto end = std::chrono::steady_clock::now() + d;
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace mn::test
