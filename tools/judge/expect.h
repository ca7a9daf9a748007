// Tests of the course itself: a solution must be green, a starter red in the
// intended way, and a mutant must die of the invariant that it names.
#pragma once

#include <string>
#include <vector>

#include "tools/judge/judge.h"

namespace mn::judge {

// `expected` is one of
//   green             no case is red
//   not_implemented   every case is not_implemented or skipped, none crashed
//   dies              the first red case broke the invariant that line 1 of the
//                     source names: `// Mutant lifo: dies of RQ-1`
//   STATUS:INV        some case has this status, and INV is what broke:
//                     crashed:RQ-1, timeout:RQ-1, suspicious:RQ-1
//   STATUS:INV:TEXT   and TEXT is a part of its message
// Returns "" if the results are as expected, else what is different.
std::string CheckExpectation(const std::string& expected, const Judge& judge,
                             const std::vector<CaseResult>& results);

// The invariant named on line 1 of a mutant's text; "" if there is none. The
// line comes from a heading of MUTANTS.md (tools/mutants/mutate.awk).
std::string MutantDiesOf(const std::string& text);

}  // namespace mn::judge
