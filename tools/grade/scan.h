// The look at a submitted file: what the manifest forbids, and what smells of
// tampering with the grader.
//
// A finding is a flag (flag.h): it asks for a person and takes no points, since
// a learner may write `_exit` in good faith. But a flag on honest code costs a
// person's time, so what is looked at is what the compiler made of the file
// (tools/common/own_code.h): a helper called `kill` is none, nor is a name in
// #if 0, and a name that a macro, a carriage return or two strings put together
// is one.
//
// Before the build the file can only be looked at as it was written. That has
// one consequence: an include that reaches outside the course ("/etc/…",
// "../…", a macro) is not built, because a compiler's error quotes what it
// included, and the report would carry somebody's file to the student.
//
// In-process code can always lie; the judge's canary and a person are the next
// lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/own_code.h"
#include "tools/grade/flag.h"

namespace mn::grade {

struct TextScan {
  std::vector<Flag> flags;
  bool build = true;  // false: see "outside" above
};

// Before the build: the text as it was written.
TextScan ScanText(std::string_view file_name, std::string_view text);

// After the build. `allow_asm`: the lesson is about assembly. Needs a stack of
// a megabyte: std::regex recurses (see Go's stack_size). A pattern of
// `forbidden` that is not a regular expression is itself a flag.
std::vector<Flag> ScanCode(std::string_view file_name,
                           const tools::OwnCode& code,
                           const std::vector<tools::Forbidden>& forbidden,
                           bool allow_asm);

}  // namespace mn::grade
