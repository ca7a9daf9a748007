// Builds a lesson's judge with Bazel and runs it: what `wb test`, `wb replay`
// and watch mode have in common.
//
// The judge runs directly, not under `bazel test`: what it prints appears while
// it runs, the result is a file of its own, and a second run needs no Bazel. It
// is the same executable that `bazel test //exercises/NN_name` runs.
#pragma once

#include <string>
#include <vector>

#include "tools/wb/context.h"

namespace mn::wb {

struct JudgeRequest {
  std::vector<std::string> cases;  // empty: all
  std::string seed;                // empty: the judge draws one
};

enum class Verdict {
  kGreen,
  kRed,
  kBuildError,  // the learner's file does not compile
  kMissing,     // the learner's file is not there; it was said
  kBroken,      // Bazel or the judge could not do its work; it was said
  kCancelled,
};

// Prints what the learner should see (the compiler's complaint, or its warnings
// and the judge's text) and records a full run in the progress.
Verdict BuildAndJudge(Context& context, const tools::Lesson& lesson,
                      const JudgeRequest& request);

// Builds one target; on failure prints the compiler's lines (kBuildError) or
// Bazel's (kBroken). `flags` are Bazel's ("--config=opt"). kGreen: built.
Verdict BuildTarget(Context& context, const std::string& label,
                    const std::vector<std::string>& flags = {});

}  // namespace mn::wb
