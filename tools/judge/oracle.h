// What the oracles of several lessons have in common. Pure functions of
// observations: oracle_test.cc has a test for each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/judge/judge.h"

namespace mn::judge {

// The observations have come to their end before the oracle's model has.
Verdict TooLittle(const std::string& want);

// An observation that the case's driver does not make: somebody else wrote it.
Verdict Unexpected(const Observation& o, int at);

// What was seen against what a model of the contract does: same kinds, same
// numbers, same order.
//   describe   an observation for people: "G7"
//   complaint  one line about the first difference, "" for the usual one;
//              `number` counts the observations of this kind from 1
// Of two long lists of numbers want and got are the neighbourhood of the first
// difference.
Verdict CompareWithModel(
    const Observations& want, const Observations& seen,
    const std::function<std::string(const Observation&)>& describe,
    const std::function<std::string(const Observation& want,
                                    const Observation& got, int number)>&
        complaint);

// Where two lists differ first, each with a few neighbours: "number 127 of 129:
// … 124 125 >126< 256".
struct Difference {
  std::string want, got;
};
Difference FirstDifference(
    const Numbers& want, const Numbers& got,
    const std::function<std::string(std::int64_t)>& name);

// The numbers 0 … n-1, each exactly once, in any order. `name` is what a number
// is for people, and must not be empty: "G7".
struct ExactlyOnceFault {
  std::string what;  // "G7 was lost"; "" if there is no fault
  std::string got;   // "G7 never came out"
  std::int64_t id = -1;
};
ExactlyOnceFault ExactlyOnce(
    const std::vector<std::int64_t>& ids, std::int64_t n,
    const std::function<std::string(std::int64_t)>& name);

// The first half of the oracle of a ratio case: fast but wrong is wrong. The
// driver's last observation says how many operations took effect, and in how
// many blocks of `per_block`. If none did, the verdict is `none`.
Verdict AllTookEffect(const Observations& seen, std::int64_t per_block,
                      const Verdict& none);

// The second half, for Driver::Measure blocks. What decides is the best of the
// learner's times over the best of the baseline's:
//   at most `max`    passed
//   at most `grey`   passed, with a note. The same code measures a tenth more
//                    or less from one run to the next, so a limit that right
//                    code may lie near gives its points by chance. `grey` is as
//                    far away as no right code gets
//   above            failed if the blocks agree, else inconclusive
Verdict DecideRatio(const Observations& observations, double max, double grey);

}  // namespace mn::judge
