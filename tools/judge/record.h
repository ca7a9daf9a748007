// The record of a run of the judge (schema wb.results/1), which every other
// report is made from.
#pragma once

#include <string>
#include <vector>

#include "tools/common/course.h"
#include "tools/judge/judge.h"

namespace mn::judge {

// Writes the record of `results` to `path`: a new file, renamed over the old
// one, so that a reader never sees half a record. Cases of the lesson that have
// no result yet are left out. "score" counts passed cases; "max" is the points
// of the cases that were judged (not skipped, inconclusive or infra_error).
// If `path` is "fd:N", each record is instead one line written to descriptor N,
// which a file system cannot lead elsewhere and no other process can open.
// Returns "" or what went wrong.
std::string WriteRecord(const std::string& path, const std::string& course_id,
                        const Judge& judge,
                        const std::vector<CaseResult>& results);

// The last line of a record on a descriptor: "end CASES". Without that line the
// judge did not come to its end. Of a file: does nothing.
std::string EndRecord(const std::string& path, std::size_t cases);

}  // namespace mn::judge
