// Lesson 02, judge: random schedules and the oracles of CTX-1 … CTX-7, CTX-P.
//
// Who must have run is read off the schedule; what must have been in a register
// is computed from the seed (script.h). An oracle looks at its own invariant
// only: who ran in the wrong order is the business of CTX-3.

#include "tools/judge/judge.h"

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "exercises/02_context_switch/judge/script.h"

namespace mn {
namespace {

using judge::Observation;
using judge::Observations;
using judge::Random;
using judge::Verdict;
using judge::Workload;

using Numbers = std::vector<std::int64_t>;

std::string Who(std::int64_t id) {
  return id == kMain ? "main" : "context " + std::to_string(id);
}

std::string Hex(std::int64_t value) {
  char text[32];
  std::snprintf(text, sizeof(text), "0x%llx",
                static_cast<unsigned long long>(value));
  return text;
}

Verdict NothingRan() { return Verdict::NotImplemented("no context ever ran"); }

// True if all that was seen is main's.
bool OnlyMainRan(const Observations& seen) {
  for (const Observation& o : seen) {
    if (o.values.empty() || o.values[0] != kMain) return false;
  }
  return true;
}

Verdict TooLittle(const std::string& want, std::size_t got) {
  return Verdict::Failed("too little was seen", want,
                         std::to_string(got) + " observations");
}

Verdict Unexpected(const Observation& o, int at) {
  return Verdict::Failed(
      "an observation that makes no sense", "those of the driver",
      o.kind + " with " + std::to_string(o.values.size()) + " numbers", at);
}

std::int64_t AnySeed(Random& rng) { return rng.Between(1, INT64_C(1) << 62); }

// Participants in random order, nobody twice in a row, main first to leave and
// last to come.
Numbers MakeSchedule(Random& rng, std::int64_t length) {
  Numbers schedule;
  std::int64_t running = kMain;
  for (std::int64_t i = 0; i < length; i++) {
    const std::int64_t next =
        (running + rng.Between(1, kContexts)) % (kContexts + 1);
    schedule.push_back(running = next);
  }
  if (running != kMain) schedule.push_back(kMain);
  return schedule;
}

Workload MakeScheduled(Random& rng) {
  const std::int64_t length = rng.Between(150, 300);
  return {{"seed", {AnySeed(rng)}}, {"schedule", MakeSchedule(rng, length)}};
}

// ---- CTX-3

Verdict DecidePingPong(const Workload& work, const Observations& seen) {
  const Numbers& schedule = work.at("schedule");
  if (OnlyMainRan(seen)) return NothingRan();
  std::map<std::int64_t, std::int64_t> turns;
  const auto describe = [](std::int64_t id, std::int64_t turn) {
    return Who(id) + ", its turn number " + std::to_string(turn);
  };
  std::int64_t left = kMain;
  for (std::size_t i = 0; i < schedule.size(); i++) {
    const std::int64_t id = schedule[i];
    const std::int64_t turn = ++turns[id];
    if (i >= seen.size()) return TooLittle(describe(id, turn), seen.size());
    const Observation& o = seen[i];
    const int at = static_cast<int>(i);
    if (o.kind != "ran" || o.values.size() != 2) return Unexpected(o, at);
    if (o.values != Numbers{id, turn}) {
      return Verdict::Failed(
          "swap number " + std::to_string(i + 1) + ", from " + Who(left) +
              " to " + Who(id) + ", did not go on with that one",
          describe(id, turn), describe(o.values[0], o.values[1]), at);
    }
    left = id;
  }
  if (seen.size() > schedule.size()) {
    return Verdict::Failed("somebody ran after the end", "the end",
                           seen[schedule.size()].kind,
                           static_cast<int>(schedule.size()));
  }
  return Verdict::Passed();
}

// ---- CTX-1

Verdict DecideRegisters(const Workload& work, const Observations& seen) {
  if (OnlyMainRan(seen)) return NothingRan();
  for (std::size_t i = 0; i < seen.size(); i++) {
    const Numbers& v = seen[i].values;
    const int at = static_cast<int>(i);
    if (seen[i].kind != "registers" || v.size() != 2 + kRegisterCount) {
      return Unexpected(seen[i], at);
    }
    for (std::size_t reg = 0; reg < kRegisterCount; reg++) {
      const auto want = static_cast<std::int64_t>(
          RegisterValue(work.at("seed")[0], v[0], v[1], reg));
      if (v[2 + reg] == want) continue;
      const std::string name = kRegisters[reg];
      return Verdict::Failed(name + " did not survive swap number " +
                                 std::to_string(v[1]) + " of " + Who(v[0]),
                             name + " = " + Hex(want),
                             name + " = " + Hex(v[2 + reg]), at);
    }
  }
  // Each entry of the schedule lets somebody come back from a swap.
  const std::size_t want = work.at("schedule").size();
  if (seen.size() != want) {
    return TooLittle(std::to_string(want) + " swaps that returned",
                     seen.size());
  }
  return Verdict::Passed();
}

// ---- CTX-2

constexpr std::int64_t kMostOnTop = 512;  // bytes above sp at the entry

// Tops that are multiples of 16 and of nothing more.
Workload MakeTops(Random& rng) {
  Numbers tops;
  for (int i = 0; i < 12; i++) tops.push_back(16 * rng.Between(0, 255));
  tops.push_back(0);
  tops.push_back(16);
  return {{"tops", tops}};
}

Verdict DecideEntry(const Workload& work, const Observations& seen) {
  if (seen.empty()) return NothingRan();
  for (std::size_t i = 0; i < seen.size(); i++) {
    constexpr const char* kKinds[] = {
        "argument_is_right", "bytes_below_the_top", "sp_mod_16", "went_on"};
    const auto id = static_cast<std::int64_t>(i / 4 + 1);
    const Numbers& v = seen[i].values;
    const int at = static_cast<int>(i);
    if (seen[i].kind != kKinds[i % 4] || v.size() != (i % 4 == 3 ? 1 : 2) ||
        v[0] != id) {
      return Unexpected(seen[i], at);
    }
    if (i % 4 == 0 && v[1] != 1) {
      return Verdict::Failed(
          "the entry function of " + Who(id) + " did not get its argument",
          "the arg of CtxMake", "something else", at);
    }
    if (i % 4 == 1 && (v[1] < 0 || v[1] > kMostOnTop)) {
      return Verdict::Failed(
          Who(id) + " does not begin at the top of its stack",
          "sp at most " + std::to_string(kMostOnTop) + " bytes below stack_hi",
          "sp " + std::to_string(v[1]) + " bytes below stack_hi", at);
    }
    if (i % 4 == 2 && v[1] != kEntryMod16) {
      return Verdict::Failed(
          "the stack pointer at the entry of " + Who(id) + " is not aligned",
          std::to_string(kEntryMod16) + " mod 16",
          std::to_string(v[1]) + " mod 16", at);
    }
  }
  const std::size_t contexts = work.at("tops").size();
  if (seen.size() != 4 * contexts) {
    return TooLittle(std::to_string(contexts) + " contexts", seen.size());
  }
  return Verdict::Passed();
}

// ---- CTX-4

Verdict CompareControl(const std::string& what, const Control& want,
                       std::int64_t sse, std::int64_t x87, int at) {
#if defined(__x86_64__)
  const char *name = "mxcsr", *other = "x87 control word";
#else
  const char *name = "fpcr", *other = "";
#endif
  if (sse != want.sse) {
    return Verdict::Failed(std::string(name) + what,
                           name + (" = " + Hex(want.sse)),
                           name + (" = " + Hex(sse)), at);
  }
  if (x87 != want.x87) {
    return Verdict::Failed(std::string(other) + what,
                           other + (" = " + Hex(want.x87)),
                           other + (" = " + Hex(x87)), at);
  }
  return Verdict::Passed();
}

Verdict DecideControl(const Workload& work, const Observations& seen) {
  if (OnlyMainRan(seen)) return NothingRan();
  const std::int64_t seed = work.at("seed")[0];
  std::size_t born = 0;
  for (std::size_t i = 0; i < seen.size(); i++) {
    const Observation& o = seen[i];
    const int at = static_cast<int>(i);
    if (o.values.size() != 4) return Unexpected(o, at);
    const std::int64_t id = o.values[0], nth = o.values[1];
    Verdict verdict;
    if (o.kind == "born") {
      born++;
      verdict = CompareControl(
          ": " + Who(id) + " did not begin with what the caller of CtxMake had",
          ControlValue(seed, kMain, -id), o.values[2], o.values[3], at);
    } else {
      verdict = CompareControl(" did not survive swap number " +
                                   std::to_string(nth) + " of " + Who(id),
                               ControlValue(seed, id, nth), o.values[2],
                               o.values[3], at);
    }
    if (verdict.status != judge::Status::kPassed) return verdict;
  }
  const std::size_t want = 2 * kContexts + work.at("schedule").size();
  if (seen.size() != want || born != kContexts) {
    return TooLittle(std::to_string(want) + " observations", seen.size());
  }
  return Verdict::Passed();
}

// ---- CTX-5

Workload MakeReturns(Random& rng) {
  Numbers turns, schedule;
  for (std::int64_t id = 1; id <= 8; id++) {
    turns.push_back(id == 1 ? 0 : rng.Between(0, 6));
    schedule.insert(schedule.end(), static_cast<std::size_t>(turns.back() + 1),
                    id);
  }
  for (std::size_t i = schedule.size() - 1; i > 0; i--) {
    std::swap(schedule[i], schedule[static_cast<std::size_t>(
                               rng.Between(0, static_cast<std::int64_t>(i)))]);
  }
  return {{"turns", turns}, {"schedule", schedule}};
}

Verdict DecideReturns(const Workload& work, const Observations& seen) {
  const Numbers &turns = work.at("turns"), &schedule = work.at("schedule");
  if (OnlyMainRan(seen)) return NothingRan();
  std::map<std::int64_t, std::int64_t> ran;
  for (std::size_t i = 0; i < schedule.size(); i++) {
    const std::int64_t id = schedule[i];
    const bool returns = ran[id] == turns[static_cast<std::size_t>(id - 1)];
    const std::string want =
        returns ? Who(id) + " reaches CtxReturned, on its stack"
                : Who(id) + " runs";
    const int at = static_cast<int>(i);
    if (i >= seen.size()) return TooLittle(want, seen.size());
    const Observation& o = seen[i];
    if (o.values.empty()) return Unexpected(o, at);
    if (returns && o.kind == "returned" && o.values == Numbers{id}) continue;
    if (!returns && o.kind == "ran" && o.values == Numbers{id, ++ran[id]}) {
      continue;
    }
    return Verdict::Failed(
        returns ? "the entry function of " + Who(id) + " returned"
                : "the wrong one ran",
        want,
        o.values[0] < 0        ? "CtxReturned on a stack of nobody"
        : o.kind == "returned" ? Who(o.values[0]) + " reached CtxReturned"
                               : Who(o.values[0]) + " ran",
        at);
  }
  return Verdict::Passed();
}

// ---- CTX-6

Workload MakeMany(Random& rng) {
  return {{"seed", {AnySeed(rng)}},
          {"count", {kMany}},
          {"rounds", {rng.Between(3, 5)}}};
}

Verdict DecideMany(const Workload& work, const Observations& seen) {
  const std::int64_t count = work.at("count")[0];
  const std::int64_t rounds = work.at("rounds")[0];
  if (seen.empty() || seen[0].kind != "turns" || seen[0].values.size() != 1) {
    return TooLittle("the number of turns", seen.size());
  }
  if (seen[0].values[0] == 0) return NothingRan();
  if (seen[0].values[0] != count * rounds) {
    return Verdict::Failed(std::to_string(count) + " contexts with " +
                               std::to_string(rounds) + " turns each",
                           std::to_string(count * rounds) + " turns",
                           std::to_string(seen[0].values[0]) + " turns", 0);
  }
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(count) + 1);
  Random order(static_cast<std::uint64_t>(work.at("seed")[0]));
  std::int64_t position = 0;
  for (std::int64_t round = 0; round < rounds; round++) {
    for (std::int64_t id : Permutation(order, count)) {
      std::uint64_t& sum = sums[static_cast<std::size_t>(id)];
      sum = NextSum(sum, ++position);
    }
  }
  std::int64_t right = 0;
  for (std::size_t i = 1; i + 1 < seen.size(); i++) {
    const Numbers& v = seen[i].values;
    const int at = static_cast<int>(i);
    if (seen[i].kind != "sums" || v.size() < 2 || v[0] < 1 ||
        v[0] + std::ssize(v) - 2 > count) {
      return Unexpected(seen[i], at);
    }
    for (std::size_t k = 1; k < v.size(); k++) {
      const std::int64_t id = v[0] + static_cast<std::int64_t>(k) - 1;
      const auto want =
          static_cast<std::int64_t>(sums[static_cast<std::size_t>(id)]);
      if (v[k] != want) {
        return Verdict::Failed(
            Who(id) + " of " + std::to_string(count) +
                " did not keep its locals, or ran out of turn",
            "the sum " + Hex(want), "the sum " + Hex(v[k]), at);
      }
      right++;
    }
  }
  const Observation& last = seen.back();
  if (right != count || last.kind != "written_outside" ||
      last.values.size() != 1) {
    return TooLittle(std::to_string(count) + " sums", seen.size());
  }
  if (last.values[0] != 0) {
    return Verdict::Failed(
        "memory outside of the top of the contexts' stacks was written",
        "0 words", std::to_string(last.values[0]) + " words");
  }
  return Verdict::Passed();
}

// ---- CTX-7

Workload MakeThrowing(Random& rng) {
  return {{"schedule", MakeSchedule(rng, rng.Between(200, 400))}};
}

Verdict DecideThrowing(const Workload& work, const Observations& seen) {
  if (OnlyMainRan(seen)) return NothingRan();
  std::map<std::int64_t, std::int64_t> turns;
  std::size_t caught = 0;
  for (std::size_t i = 0; i < seen.size(); i++) {
    const Observation& o = seen[i];
    const Numbers& v = o.values;
    const int at = static_cast<int>(i);
    if (o.kind != "caught" || v.size() != 8) return Unexpected(o, at);
    caught++;
    const std::int64_t id = v[0], nth = ++turns[id], depth = 2 + nth % 5;
    const auto describe = [](const Numbers& n) {
      return Who(n[0]) + " catches exception " + std::to_string(n[3]) + " of " +
             Who(n[2]) + (n[4] == 1 ? "" : " (a copy)") + " after " +
             std::to_string(n[6]) + " of " + std::to_string(n[5]) +
             " frames, with " + std::to_string(n[7]) + " more in flight";
    };
    const Numbers want = {id, nth, id, nth, 1, depth, depth, 0};
    if (v != want) {
      return Verdict::Failed(
          Who(id) + " did not get back what it had thrown while others ran",
          describe(want), describe(v), at);
    }
  }
  // Every participant's last turn may be cut short by the end.
  const std::size_t least = work.at("schedule").size() / 3 - (kContexts + 1);
  if (caught < least) {
    return TooLittle(std::to_string(least) + " exceptions caught", caught);
  }
  return Verdict::Passed();
}

Workload MakeUncaught(Random& rng) {
  return {{"schedule", Permutation(rng, kContexts)}};
}

Verdict DecideUncaught(const Workload& work, const Observations& seen) {
  bool began = false;
  for (const Observation& o : seen) began |= o.kind != "main_went_on";
  if (!began) return NothingRan();
  std::size_t i = 0;
  for (std::int64_t id : work.at("schedule")) {
    const Observation nothing{"the end", {kMain}};
    const int at = static_cast<int>(i);
    const Observation& o = i < seen.size() ? seen[i++] : nothing;
    if (o.kind != "terminate" || o.values != Numbers{id}) {
      return Verdict::Failed(Who(id) + " throws what it does not catch",
                             "std::terminate in " + Who(id),
                             o.kind == "neighbour"
                                 ? "the unwinder went on above the stack of " +
                                       Who(id) + " and a neighbour caught it"
                                 : o.kind,
                             at);
    }
    if (i >= seen.size() || seen[i].kind != "main_went_on" ||
        seen[i].values != Numbers{id}) {
      return TooLittle("main goes on", seen.size());
    }
    i++;
  }
  return Verdict::Passed();
}

// ---- CTX-P

Workload MakeCheaper(Random& rng) {
  return {{"blocks", {rng.Between(30, 34)}}};
}

Verdict DecideCheaper(const Workload&, const Observations& seen) {
  if (seen.empty() || seen.back().kind != "swaps" ||
      seen.back().values.size() != 2) {
    return TooLittle("a number of swaps", seen.size());
  }
  const std::int64_t got = seen.back().values[0];
  const std::int64_t want = seen.back().values[1] * kSwapsPerBlock;
  if (got == 0) return NothingRan();
  if (got == want) return Verdict::Passed();
  return Verdict::Failed("fast, but the context did not run each time",
                         std::to_string(want) + " turns",
                         std::to_string(got) + " turns");
}

const bool kRegistered = judge::RegisterCases({
    {"Context.PingPong", MakeScheduled, DecidePingPong},
    {"Context.RegistersSurvive", MakeScheduled, DecideRegisters},
    {"Context.EntryAligned", MakeTops, DecideEntry},
    {"Context.FloatingPointControl", MakeScheduled, DecideControl},
    {"Context.EntryReturns", MakeReturns, DecideReturns},
    {"Context.TenThousand", MakeMany, DecideMany},
    {"Context.ExceptionsStayHome", MakeThrowing, DecideThrowing},
    {"Context.UncaughtEndsAtTheEntry", MakeUncaught, DecideUncaught},
    {"Context.CheaperThanTheKernel", MakeCheaper, DecideCheaper},
});

}  // namespace
}  // namespace mn
