// For the files exercises/NN_name/judge/*.cc. Each holds all of a case, or of a
// few that belong together: what the case makes, what it drives, and how it
// decides. The file is compiled twice.
//
//   with MN_CASE_PROCESS     for the case process, beside the learner's code:
//                            the drivers
//   without                  for the judge, which never contains the learner's
//                            code: workloads and oracles
#pragma once

#include "runtime/base/sanitizer.h"
#include "tools/judge/protocol.h"

#ifdef MN_CASE_PROCESS
#include "tools/judge/case.h"
#include "tools/judge/clock.h"
#include "tools/judge/counters.h"
#include "tools/judge/step.h"

namespace mn {
using judge::Driver;
using judge::Numbers;
using judge::Random;
}  // namespace mn
#else
#include "tools/judge/judge.h"
#include "tools/judge/oracle.h"

namespace mn {
using judge::Numbers;
using judge::Observation;
using judge::Observations;
using judge::Random;
using judge::Verdict;
using judge::Workload;
}  // namespace mn
#endif
