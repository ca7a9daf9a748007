// CTX-P: a swap against the kernel's switch between two threads.
#include <fenv.h>

#include "exercises/02_context_switch/judge/contexts.h"
#include "tools/judge/kernel_ping_pong.h"

namespace mn {
namespace {

constexpr int kSwaps = 2000, kRoundTrips = 100;  // of a block

#ifdef MN_CASE_PROCESS

std::int64_t swaps;

void Body(Fiber& self) {
  for (;;) {
    swaps++;
    CtxSwap(self.context, fibers->main().context);
  }
}

void Drive(Driver& d) {
  constexpr std::int64_t kBudgetNs = 2'000'000'000;  // then: fewer blocks
  Fibers all(1);
  Begin(d, all);
  Fiber& main = all.main();
  all.Make(all[1], Body);
  judge::KernelPingPong kernel;
  const std::int64_t start = judge::NowNs();
  std::int64_t blocks = 0;
  while (blocks < d.number("blocks") && judge::NowNs() - start < kBudgetNs) {
    const std::int64_t begin = judge::NowNs();
    // As the context has it: in a loop like this one, some processors take ten
    // times as long between contexts that have set different flags, and
    // arithmetic sets one.
    feclearexcept(FE_ALL_EXCEPT);
    for (int i = 0; i < kSwaps; i++) CtxSwap(main.context, all[1].context);
    const std::int64_t middle = judge::NowNs();
    for (int i = 0; i < kRoundTrips; i++) kernel.RoundTrip();
    const std::int64_t end = judge::NowNs();
    d.Measure(static_cast<double>(middle - begin) / (2 * kSwaps),
              static_cast<double>(end - middle) / (2 * kRoundTrips));
    blocks++;
  }
  d.Observe("swaps", {swaps, blocks});
}

const bool kRegistered =
    judge::RegisterDriver("Context.CheaperThanTheKernel", Drive);

#else

Workload Make(Random& rng) { return {{"blocks", {rng.Between(30, 34)}}}; }

Observations Right(const Workload& work) {
  const std::int64_t blocks = work.at("blocks")[0];
  return {{"swaps", {blocks * kSwaps, blocks}}};
}

Verdict Decide(const Workload&, const Observations& seen) {
  return judge::AllTookEffect(seen, kSwaps, NothingRan());
}

const bool kRegistered = judge::RegisterCases({
    {"Context.CheaperThanTheKernel", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
