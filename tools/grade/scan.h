// The static look at a submitted file: what the manifest forbids, and what
// smells of tampering with the grader.
//
// A finding is a flag (flag.h): it asks for a person and takes no points, since
// a learner may write `_exit` in good faith. One kind has a consequence: an
// include that reaches outside the course ("/etc/…", "../…", a macro) is not
// built, because a compiler's error quotes what it included, and the report
// would carry somebody's file to the student.
//
// What cheap tricks do not get past it: comments, broken lines, digraphs,
// `std :: mutex`. What expensive ones do: a macro that pastes a name together
// is only seen as pasting. In-process code can always lie; the judge's canary
// and a person are the next lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/common/course.h"
#include "tools/grade/flag.h"

namespace mn::grade {

struct ScanResult {
  std::vector<Flag> flags;
  bool build = true;  // false: see "outside" above
};

// `allowed`: words of the manifest (a lesson about assembly allows "asm").
// Needs a stack of a megabyte: std::regex recurses (see Go's stack_size).
// A pattern of `forbidden` that is not a regular expression is itself a flag.
ScanResult Scan(std::string_view file_name, std::string_view text,
                const std::vector<tools::Forbidden>& forbidden,
                const std::vector<std::string>& allowed);

}  // namespace mn::grade
