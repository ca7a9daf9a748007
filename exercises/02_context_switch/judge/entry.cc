// CTX-2: what the first instruction of an entry function finds.
#include <algorithm>

#include "exercises/02_context_switch/judge/contexts.h"
#include "runtime/plug/context.h"

namespace mn {

#ifdef MN_CASE_PROCESS

// An entry function that notes sp and its argument, calls mn_turn_is_over(),
// and then does with its stack what compilers do.
extern "C" {
void entry_of_the_context(void* arg);
std::uint64_t mn_entry_sp;
std::uint64_t mn_entry_arg;
void mn_turn_is_over();
}

#if defined(__x86_64__)
asm(R"(
    .text
    .p2align 4
    .type entry_of_the_context, @function
    .globl entry_of_the_context
entry_of_the_context:
    movq %rsp, mn_entry_sp(%rip)
    movq %rdi, mn_entry_arg(%rip)
    subq $24, %rsp
    callq mn_turn_is_over
    movaps %xmm0, (%rsp)           # 0 mod 16, if rsp was 8 mod 16
    callq mn_turn_is_over
    ud2
    .size entry_of_the_context, . - entry_of_the_context
)");
#elif defined(__aarch64__)
asm(R"(
    .text
    .p2align 4
    .type entry_of_the_context, %function
    .globl entry_of_the_context
entry_of_the_context:
    mov x9, sp
    adrp x10, mn_entry_sp
    str x9, [x10, :lo12:mn_entry_sp]
    adrp x10, mn_entry_arg
    str x0, [x10, :lo12:mn_entry_arg]
    bl mn_turn_is_over
    stp x0, x1, [sp, #-16]!        // faults if sp is not a multiple of 16
    bl mn_turn_is_over
    brk #0
    .size entry_of_the_context, . - entry_of_the_context
)");
#endif

namespace {

Fiber* entered;  // whose entry is looked at

}  // namespace

MN_ALIGNS_STACK void mn_turn_is_over() {
  if (entered->turns++ == 0) Arrive();
  Swap(*entered, fibers->main());
}

namespace {

// Reports the stack pointer before the context does anything that needs it to
// be aligned: if that crashes, the cause has been seen.
void Drive(Driver& d) {
  const Numbers& tops = d.work("tops");
  Fibers all(std::ssize(tops));
  Begin(d, all);
  for (std::int64_t id = 1; id <= std::ssize(tops); id++) {
    entered = &all[id];
    mn_entry_sp = mn_entry_arg = 0;
    char* hi = entered->hi - tops[static_cast<std::size_t>(id - 1)];
    const auto arg = static_cast<std::uintptr_t>(d.rng().Between(1, 1 << 30));
    all.Make(*entered, hi, entry_of_the_context, reinterpret_cast<void*>(arg));
    Swap(all.main(), *entered);
    if (mn_entry_sp == 0) continue;  // it never began
    const auto top = reinterpret_cast<std::uint64_t>(hi);
    d.Observe("argument_is_right", {id, mn_entry_arg == arg});
    d.Observe("bytes_below_the_top",
              {id, static_cast<std::int64_t>(top - mn_entry_sp)});
    d.Observe("sp_mod_16", {id, static_cast<std::int64_t>(mn_entry_sp % 16)});
    Swap(all.main(), *entered);
    d.Observe("went_on", id);
  }
}

const bool kRegistered = judge::RegisterDriver("Context.EntryAligned", Drive);

#else

namespace {

#if defined(__x86_64__)
constexpr std::int64_t kEntryMod16 = 8;
#else
constexpr std::int64_t kEntryMod16 = 0;
#endif

// Tops that are multiples of 16 and of nothing more.
Workload Make(Random& rng) {
  Numbers tops;
  for (int i = 0; i < 12; i++) tops.push_back(16 * rng.Between(0, 255));
  tops.insert(tops.end(), {0, 16});
  return {{"tops", tops}};
}

Observations Right(const Workload& work) {
  Observations right;
  for (std::int64_t id = 1; id <= std::ssize(work.at("tops")); id++) {
    right.push_back({"argument_is_right", {id, 1}});
    right.push_back({"bytes_below_the_top", {id, kEntryMod16}});
    right.push_back({"sp_mod_16", {id, kEntryMod16}});
    right.push_back({"went_on", {id}});
  }
  return right;
}

std::string Describe(const Observation& o) {
  if (o.values.size() != 2) return o.kind;
  const std::string n = std::to_string(o.values[1]);
  if (o.kind == "sp_mod_16") return n + " mod 16";
  if (o.kind == "bytes_below_the_top") return n + " bytes below stack_hi";
  return o.values[1] == 1 ? "the arg of CtxMake" : "something else";
}

std::string Complaint(const Observation& want, const Observation&, int) {
  const std::string who = Who(want.values[0]);
  if (want.kind == "sp_mod_16") {
    return "the stack pointer at the entry of " + who + " is not aligned";
  }
  if (want.kind == "bytes_below_the_top") {
    return who + " does not begin at the top of its stack";
  }
  return "the entry function of " + who + " did not get its argument";
}

Verdict Decide(const Workload& work, const Observations& seen) {
  if (seen.empty()) return NothingRan();
  Observations right = Right(work);
  for (std::size_t i = 1; i < std::min(right.size(), seen.size()); i += 4) {
    const Numbers& v = seen[i].values;
    if (v.size() == 2 && v[1] >= 0 && v[1] <= kCtxTop) {
      right[i].values[1] = v[1];
    }
  }
  return judge::CompareWithModel(right, seen, Describe, Complaint);
}

const bool kRegistered = judge::RegisterCases({
    {"Context.EntryAligned", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
