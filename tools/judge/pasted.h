// Failures that a page shows: what the judge printed once, held to what the
// judge prints today.
//
// Why it is hard: a page shows less than the judge prints, since a timeline has
// sixty rows and a reader looks at ten. And a few words of a run are another in
// each run. So the comparison has to know what may be missing and what may
// differ, and nothing else.
//
// A page says in the line before the block which run it shows:
//
//   <!-- judge: mutant lifo, case RunQueue.Fifo, seed 0x8892070f -->
//
// The mutant is a heading of the lesson's MUTANTS.md and stands in "pasted" of
// its manifest. The seed may be missing where the judge finds the same failure
// each time, as with most cases of kind schedules.
//
// What may differ:
//   - a line that is `…` stands for any lines, or for none. It is not needed
//     before the first line and after the last one;
//   - rows of a timeline may be left out, since their numbers show it;
//   - `…` inside a line stands for any words, or for none;
//   - white space, so columns may be moved together;
//   - the place at the end of a row of a timeline, which may be left out;
//   - numbers of a run: addresses (0x and at least five digits), times in ms,
//     process ids. Seeds are compared.
//
// Rejected: a page that the build writes. What a reader has to see of a failure
// is the author's choice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mn::judge {

struct Pasted {
  std::string mutant, case_name, seed;  // all empty: the block has no marker
  std::vector<std::string> lines;
  int line = 0;  // of the page, where the block begins
};

// The blocks of a page that have a marker, or look like a failure of the judge.
// A marker that is none is an entry of its own, without lines.
std::vector<Pasted> FindPasted(std::string_view page);

// "" if `printed` has the lines of the block, in order. Otherwise the first
// line that it has not.
std::string FirstDifference(const Pasted& block, std::string_view printed);

}  // namespace mn::judge
