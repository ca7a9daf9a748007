// What a judge wrote down (wb.results/1), as far as wb needs it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/common/result.h"

namespace mn::wb {

struct CaseRecord {
  std::string name, inv, status;
  std::string broke;  // the invariant that was found broken, if it is known
};

struct JudgeRecord {
  std::string lesson;
  double score = 0, max = 0;
  std::vector<CaseRecord> cases;

  // The invariants that were broken, each once, in the order of the cases.
  // Cases that could not be judged here (skipped, inconclusive) are not red.
  std::vector<std::string> Red() const;
  // No case but has status not_implemented.
  bool Untouched() const;
};

tools::Result<JudgeRecord> ParseRecord(std::string_view json_text);

}  // namespace mn::wb
