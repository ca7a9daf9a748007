// Texts for people: what a failed case means (what a crash was: crash.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/judge/judge.h"

namespace mn::judge {

// A number that was observed. What needs more than 32 bits is an address, a
// register or random bits, and is written in hex.
std::string NumberText(std::int64_t value);

// Where a sanitizer's report begins in what was printed; lines.size(): nowhere.
std::size_t LineOfSanitizer(const std::vector<std::string>& lines);

// True if of two red cases `a` is the one to explain: what is broken comes
// before what is missing; then, the page's steps decide.
bool ComesFirst(const tools::Lesson& lesson, const CaseResult& a,
                const CaseResult& b);

// The block that a learner sees about one case that is red.
std::string ExplainCase(const Judge& judge, const CaseResult& result);

// The block about an exercise that nobody has started yet.
std::string ExplainNotImplemented(const Judge& judge);

// What --seed repeats the run with: a number, or the schedule.
std::string SeedText(const CaseResult& result);

// The command that repeats one case with one seed.
std::string ReplayCommand(const tools::Lesson& lesson,
                          const CaseResult& result);

// The command that judges one case: wb's if wb started this judge.
std::string CaseCommand(const Judge& judge, const std::string& case_name);

// "exercises/04_run_queue/run_queue.cc"
std::string FileToEdit(const tools::Lesson& lesson);

}  // namespace mn::judge
