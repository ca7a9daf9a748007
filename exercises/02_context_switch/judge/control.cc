// CTX-4: each participant computes with a floating-point control state of its
// own, and a new one begins with that of its maker.
#include "exercises/02_context_switch/judge/contexts.h"

namespace mn {
namespace {

struct Control {
  std::int64_t sse;  // mxcsr, without its flags; fpcr on aarch64
  std::int64_t x87;  // the x87 control word; 0 on aarch64
};

// Rounding, flush-to-zero and x87 precision, with all exceptions masked. Two
// participants, or two turns of one, hardly ever have the same.
Control ControlValue(std::int64_t seed, std::int64_t who, std::int64_t nth) {
  const auto bits =
      static_cast<std::int64_t>(RegisterValue(seed, who, nth, 1000) >> 32);
#if defined(__x86_64__)
  constexpr std::int64_t kPrecision[] = {0, 2, 3, 3};
  return {0x1f80 | (bits & 1) << 6 | (bits >> 1 & 7) << 13,
          0x3f | kPrecision[bits >> 4 & 3] << 8 | (bits >> 6 & 3) << 10};
#else
  return {(bits & 7) << 22, 0};
#endif
}

#ifdef MN_CASE_PROCESS

#if defined(__x86_64__)

Control GetControl() {
  std::uint32_t sse;
  std::uint16_t x87;
  asm volatile("stmxcsr %0" : "=m"(sse)::"memory");
  asm volatile("fnstcw %0" : "=m"(x87)::"memory");
  return {sse & 0xffc0, x87 & 0x0f3f};
}

void SetControl(Control control) {
  const auto sse = static_cast<std::uint32_t>(control.sse);
  const auto x87 = static_cast<std::uint16_t>(control.x87);
  asm volatile("ldmxcsr %0" ::"m"(sse) : "memory");
  asm volatile("fldcw %0" ::"m"(x87) : "memory");
}

#elif defined(__aarch64__)

Control GetControl() {
  std::int64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr)::"memory");
  return {fpcr, 0};
}

void SetControl(Control control) {
  asm volatile("msr fpcr, %0" ::"r"(control.sse) : "memory");
}

#endif

void Look(const char* kind, Fiber& self) {
  const Control control = GetControl();
  driver->Observe(kind, {self.id, self.turns, control.sse, control.x87});
}

void Turn(Fiber& self, Fiber& next) {
  SetControl(ControlValue(driver->number("seed"), self.id, ++self.turns));
  Swap(self, next);
  Look("control", self);
}

void Body(Fiber& self) {
  Look("born", self);
  Turn(self, fibers->main());
  FollowSchedule(self, Turn);
}

void Drive(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  Fiber& main = all.main();
  for (std::int64_t id = 1; id <= kContexts; id++) {
    // What main has when it makes the context is what the context has when it
    // begins, although main has something else by then.
    SetControl(ControlValue(d.number("seed"), kMain, -id));
    all.Make(all[id], Body);
    Turn(main, all[id]);
  }
  FollowSchedule(main, Turn);
}

const bool kRegistered =
    judge::RegisterDriver("Context.FloatingPointControl", Drive);

#else

#if defined(__x86_64__)
constexpr const char* kNames[] = {"mxcsr", "x87 control word"};
#else
constexpr const char* kNames[] = {"fpcr", ""};
#endif

Observation Seen(const Workload& work, const char* kind, std::int64_t id,
                 std::int64_t nth) {
  const std::int64_t seed = work.at("seed")[0];
  const Control control = kind == std::string("born")
                              ? ControlValue(seed, kMain, -id)
                              : ControlValue(seed, id, nth);
  return {kind, {id, nth, control.sse, control.x87}};
}

Observations Right(const Workload& work) {
  Observations right;
  for (std::int64_t id = 1; id <= kContexts; id++) {
    right.push_back(Seen(work, "born", id, 0));
    right.push_back(Seen(work, "control", kMain, id));
  }
  for (const auto& [id, nth] : Returns(work.at("schedule"), kContexts)) {
    right.push_back(Seen(work, "control", id, nth));
  }
  return right;
}

Verdict Decide(const Workload& work, const Observations& seen) {
  if (OnlyMainRan(seen)) return NothingRan();
  std::int64_t born = 0;
  for (std::size_t i = 0; i < seen.size(); i++) {
    const Observation& o = seen[i];
    const int at = static_cast<int>(i);
    if (o.values.size() != 4) return judge::Unexpected(o, at);
    const bool is_born = o.kind == "born";
    born += is_born;
    const std::string what =
        is_born ? ": " + Who(o.values[0]) +
                      " did not begin with what the caller of CtxMake had"
                : DidNotSurvive(o.values);
    const Observation want =
        Seen(work, o.kind.c_str(), o.values[0], o.values[1]);
    const Verdict verdict =
        CompareRegisters(kNames, want.values, o.values, what, at);
    if (verdict.status != judge::Status::kPassed) return verdict;
  }
  const std::size_t want = 2 * kContexts + work.at("schedule").size();
  if (seen.size() == want && born == kContexts) return Verdict::Passed();
  return judge::TooLittle(std::to_string(want) + " observations");
}

const bool kRegistered = judge::RegisterCases({
    {"Context.FloatingPointControl", MakeScheduled, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
