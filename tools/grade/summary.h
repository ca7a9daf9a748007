// The record as an instructor reads it, and as a student may be sent it: what
// was graded, what went wrong and where, what nobody looked at.
#pragma once

#include <string>

#include "tools/grade/submission_record.h"

namespace mn::grade {

// Lines of text; whatever came from the submission is fit for a terminal.
std::string SummaryText(const SubmissionRecord& record);

}  // namespace mn::grade
