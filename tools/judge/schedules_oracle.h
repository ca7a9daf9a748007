// The judge's half of a case of kind schedules.
//
// What: the case process (schedules.cc) is the learner's piece, compiled for
// the explorer, with a model of runtime/sim/models. The explorer runs the model
// under every interleaving up to a bound, in both memory models, and reports
// what it searched. This is the same for every lesson, so an exercise writes
// nothing for such a case: its manifest names the model's configurations.
//
// Why it is hard to forge: the judge knows which searches it asked for, and
// each must be reported with its own numbers. In a canary run the driver
// falsifies them, so a report that was not made by the driver shows.
//
// The seed of a failure is the schedule itself, CONFIG/MEMORY/CHOICES. It
// repeats the run step by step, as long as the piece stays as it is.
#pragma once

#include <string>

#include "tools/common/course.h"
#include "tools/judge/judge.h"
#include "tools/judge/protocol.h"

namespace mn::judge {

// What is asked for: the configurations of the case, or one schedule. A canary
// run shows that the driver's reports are its own, for which one small search
// is enough.
Texts ScheduleTexts(const tools::CourseCase& entry, const std::string& schedule,
                    bool canary);

// True of CONFIG/MEMORY/CHOICES.
bool IsSchedule(const std::string& seed);

Verdict DecideSchedules(const tools::Lesson& lesson, const Texts& asked,
                        const Observations& seen);

}  // namespace mn::judge
