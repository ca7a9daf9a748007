// Workloads 4 and 5: channels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/harness/report.h"

namespace mn::bench {

// A sends i on ping and receives from pong; B sends back what it receives. A
// times itself, so that nothing but the two tasks is in the figure. A begins
// with begin_a(), B with begin_b().
template <class Rt, class F, class G>
void PingPong(std::int64_t asked, Report& report, F begin_a, G begin_b) {
  using Chan = typename Rt::template Chan<std::int64_t>;
  const std::int64_t n = report.Bounded("n", asked, Rt::kMostSwitches);
  Chan ping(0);
  Chan pong(0);
  typename Rt::WaitGroup wg;
  wg.Add(2);
  Rt::Go([&wg, &report, ping, pong, n, begin_a]() mutable {
    begin_a();
    for (std::int64_t i = 0; i < n / 10; i++) {
      ping.Send(i);
      pong.Recv();
    }
    Meter meter;
    for (std::int64_t i = 0; i < n; i++) {
      ping.Send(i);
      pong.Recv();
    }
    meter.Stop(report, "ns/round trip", n);
    ping.Close();
    wg.Done();
  });
  Rt::Go([&wg, ping, pong, begin_b]() mutable {
    begin_b();
    while (auto v = ping.Next()) pong.Send(*v);
    wg.Done();
  });
  wg.Wait();
}

// 4
template <class Rt>
void ChanPingPong(const Options& options, Report& report) {
  PingPong<Rt>(
      options.Get("n", 2'000'000), report, [] {}, [] {});
}

// 5: producers and consumers on one channel. Creating the tasks and the channel
// is part of the timed work.
template <class Rt>
void ChanBuffered(const Options& options, Report& report) {
  using Chan = typename Rt::template Chan<std::int64_t>;
  const std::int64_t asked = options.Get("n", 5'000'000);
  const std::int64_t n = report.Bounded("n", asked, Rt::kMostMessages);
  const std::int64_t cap = options.Get("cap", 0);
  const std::int64_t prod =
      report.Bounded("prod", options.Get("prod", 1), Rt::kMostAlive / 2);
  const std::int64_t cons =
      report.Bounded("cons", options.Get("cons", 1), Rt::kMostAlive / 2);
  if (n < prod) throw UsageError{"-n must be at least -prod"};
  report.Param("cap", cap);
  report.Param("slots", Chan::Slots(cap));
  auto run = [=](std::int64_t items) {
    const std::int64_t each = items / prod;
    Chan c(cap);
    typename Rt::WaitGroup sent;
    typename Rt::WaitGroup received;
    typename Rt::Mutex mu;
    std::int64_t total = 0;
    sent.Add(static_cast<int>(prod));
    received.Add(static_cast<int>(cons));
    for (std::int64_t i = 0; i < cons; i++) {
      Rt::Go([&, c]() mutable {
        std::int64_t sum = 0;
        while (auto v = c.Next()) sum += *v;
        mu.Lock();
        total += sum;
        mu.Unlock();
        received.Done();
      });
    }
    for (std::int64_t i = 0; i < prod; i++) {
      Rt::Go([&sent, c, each]() mutable {
        for (std::int64_t j = 0; j < each; j++) c.Send(1);
        sent.Done();
      });
    }
    sent.Wait();
    c.Close();
    received.Wait();
    if (total != each * prod) Wrong("chan_buffered lost or invented items");
  };
  run(n / 10);
  Meter meter;
  run(n);
  meter.Stop(report, "ns/item", n / prod * prod);
}

template <class Rt>
std::vector<Workload> ChannelWorkloads() {
  return {
      {"chan_pingpong", "n", "4: two tasks, two rendezvous channels",
       ChanPingPong<Rt>},
      {"chan_buffered", "n cap prod cons", "5: producers and consumers",
       ChanBuffered<Rt>},
  };
}

}  // namespace mn::bench
