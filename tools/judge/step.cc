#include "tools/judge/step.h"

#include <signal.h>
#include <ucontext.h>

#include <algorithm>

namespace mn::judge {

void ForPositions(std::int64_t length, Random& rng,
                  const std::function<void(std::int64_t)>& at) {
  constexpr std::int64_t kSteps = 2400;
  const std::int64_t stride = std::max<std::int64_t>(
      1, length / std::max<std::int64_t>(2, kSteps / length));
  for (std::int64_t i = 1 + rng.Between(0, stride - 1); i <= length;
       i += stride) {
    at(i);
  }
}

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

namespace {

constexpr greg_t kTrapFlag = 0x100;

// One operation at a time, in one thread; the handler runs on that thread.
volatile std::int64_t steps;
volatile std::int64_t act_at;
volatile bool stepping = false;  // the flag should be set outside NotStepped
const std::function<void()>* actor;
// The instruction that is executed next; the one after which the actor acted.
volatile std::uintptr_t next_pc;
volatile std::uintptr_t struck_after;

void OnStep(int, siginfo_t*, void* context) {
  auto* uc = static_cast<ucontext_t*>(context);
  steps = steps + 1;
  const std::uintptr_t executed = next_pc;
  next_pc = static_cast<std::uintptr_t>(uc->uc_mcontext.gregs[REG_RIP]);
  if (steps < act_at) return;
  // `stepping` may have been read already by a NotStepped, whose end then sets
  // the flag once more: the actor acts only once all the same. False before the
  // actor acts: a NotStepped of the actor's must not set the flag in here.
  const bool first = stepping;
  stepping = false;  // run on at full speed
  if (first) {
    struck_after = executed;
    (*actor)();
  }
  uc->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
}

// The pushes stay clear of the red zone below the stack pointer.
inline void SetTrapFlag() {
  asm volatile(
      "lea -128(%%rsp), %%rsp\n\t"
      "pushfq\n\t"
      "orq $0x100, (%%rsp)\n\t"
      "popfq\n\t"
      "lea 128(%%rsp), %%rsp" ::
          : "memory", "cc");
}

inline void ClearTrapFlag() {
  asm volatile(
      "lea -128(%%rsp), %%rsp\n\t"
      "pushfq\n\t"
      "andq $~0x100, (%%rsp)\n\t"
      "popfq\n\t"
      "lea 128(%%rsp), %%rsp" ::
          : "memory", "cc");
}

}  // namespace

std::int64_t StepThrough(std::int64_t position, const std::function<void()>& op,
                         const std::function<void()>& adversary) {
  struct sigaction action = {}, before;
  action.sa_sigaction = OnStep;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, &before);
  steps = 0;
  next_pc = 0;
  struck_after = 0;
  act_at = position;
  actor = &adversary;
  stepping = true;
  SetTrapFlag();
  op();
  ClearTrapFlag();
  stepping = false;
  sigaction(SIGTRAP, &before, nullptr);
  return steps;
}

std::uintptr_t StruckAfter() { return struck_after; }

NotStepped::NotStepped() : stepping_(stepping) { ClearTrapFlag(); }

NotStepped::~NotStepped() {
  if (stepping_) SetTrapFlag();
}

#else

std::int64_t StepThrough(std::int64_t, const std::function<void()>&,
                         const std::function<void()>&) {
  return -1;
}

std::uintptr_t StruckAfter() { return 0; }

NotStepped::NotStepped() : stepping_(false) {}
NotStepped::~NotStepped() = default;

#endif

}  // namespace mn::judge
