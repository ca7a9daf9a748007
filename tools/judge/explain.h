// Texts for people: what a crash was, and what a failed case means.
#pragma once

#include <string>

#include "tools/judge/fence.h"
#include "tools/judge/judge.h"

namespace mn::judge {

// One line about a process that a signal ended: the signal, where, and what it
// usually means.
std::string ExplainCrash(const Outcome& outcome);

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
