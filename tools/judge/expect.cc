#include "tools/judge/expect.h"

#include "runtime/base/sanitizer.h"
#include "tools/common/text.h"
#include "tools/judge/source.h"

namespace mn::judge {
namespace {

std::string Describe(const CaseResult& result) {
  return tools::Cat(result.entry->name, " is ", StatusName(result.status), " (",
                    result.inv, ": ", result.message, ")");
}

std::string CheckDies(const Judge& judge,
                      const std::vector<CaseResult>& results) {
  const std::string inv = MutantDiesOf(ReadFile(judge.options().source));
  if (inv.empty()) {
    return tools::Cat("line 1 of ", judge.options().source,
                      " does not say `// Mutant NAME: dies of INV`");
  }
  bool judged = true;
  for (const CaseResult& r : results) {
    if (r.entry->inv == inv &&
        (r.status == Status::kSkipped || r.status == Status::kInconclusive)) {
      judged = false;
    }
    if (!IsRed(r.status)) continue;
    if (r.inv == inv) return "";
    return tools::Cat("it should die of ", inv, ", but first ", Describe(r));
  }
  // Where not all of its cases can be judged, nothing is shown either way.
  return judged ? tools::Cat("it should die of ", inv, ", but it lives") : "";
}

}  // namespace

std::string MutantDiesOf(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  const std::string key = ": dies of ";
  const std::size_t at = line.find(key);
  if (!line.starts_with("// Mutant ") || at == std::string::npos) return "";
  const std::string verdict = line.substr(at + key.size());
  return std::string(tools::Trim(verdict.substr(0, verdict.find(','))));
}

std::string CheckExpectation(const std::string& expected, const Judge& judge,
                             const std::vector<CaseResult>& results) {
  if (results.empty()) return "no case was judged";
  if (expected == "dies") return CheckDies(judge, results);
  if (expected == "green") {
    for (const CaseResult& r : results) {
      if (IsRed(r.status)) return Describe(r);
    }
    return "";
  }
  if (expected == "not_implemented") {
    for (const CaseResult& r : results) {
      if (r.status == Status::kSkipped) continue;
      if (r.status != Status::kNotImplemented ||
          r.inv != NotImplemented(judge.lesson()).id) {
        return Describe(r);
      }
    }
    return "";
  }
  std::string all;
  for (const CaseResult& r : results) {
    const std::string seen = tools::Cat(StatusName(r.status), ":", r.inv);
    if (expected == seen) return "";
    if (!expected.starts_with(seen + ":")) {
      all += tools::Cat("\n  ", Describe(r));
      continue;
    }
    // A sanitizer says it in its own words, and answers no question.
    const std::string part = expected.substr(seen.size() + 1);
    if (MN_ASAN || MN_TSAN || r.message.find(part) != std::string::npos ||
        r.message.starts_with("stopped by the sanitizer")) {
      return "";
    }
    all += tools::Cat("\n  ", Describe(r));
  }
  return tools::Cat("no case is that; there are:", all);
}

}  // namespace mn::judge
