// Ids: one id, one meaning, one sentence.
//
// An id is the name of an invariant, RQ-3, or of a row of conformance/
// GO_ROWS.md, go:SCH-21: what a test of Go's asserts.
//
// Where an invariant is defined:
//   * in a comment of a .h or .cc file, on a line that the id begins, three
//     spaces in; its sentence follows, on deeper lines too
//         //   RQ-3 overflow: put number 257 moves half of the ring and
//         //        the new goroutine to the global queue;
//   * in the manifest of a lesson (course.bzl), id and sentence.
// A second definition must have the same words. The case of the first letter
// and the last period or semicolon do not matter.
//
// Where an id is used: everywhere else in the tree. In the name of a test
// Rq3_Overflows uses RQ-3, and GoSch21_ABreakEndsIt uses go:SCH-21.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mn::lint {

struct Definition {
  std::string id;
  std::string sentence;
  std::string where;  // FILE:LINE
};

struct Use {
  std::string id;
  std::string where;
};

struct Ids {
  std::vector<Definition> definitions;
  std::vector<Use> uses;
};

// A .h or .cc file.
void ScanSource(std::string_view path, std::string_view text, Ids* ids);
// Any other text: no definitions.
void ScanProse(std::string_view path, std::string_view text, Ids* ids);
// conformance/GO_ROWS.md: lines such as "| go:SCH-21 | what Go asserts |".
void ScanRows(std::string_view path, std::string_view text, Ids* ids);

// One line for each id that has two meanings or none, in order of the ids.
std::vector<std::string> Complaints(const Ids& ids);

// One line for each prefix that the table of HACKING does not lead to its file:
// a line "| `RQ` | `plug/run_queue.h` | ... |" names every file of runtime/
// that defines an RQ-n.
std::vector<std::string> TableComplaints(const Ids& ids,
                                         std::string_view hacking);

}  // namespace mn::lint
