// Builds the judge of one lesson, with a submission laid over, in the grading
// tree.
//
// Why it is hard: "it does not compile" must mean the student's file. So the
// course is built once with every starter in place (Prepare); if that fails the
// course is broken and nobody's points are touched; if a later build fails, the
// one file that changed did it. Building for the first time also takes minutes
// where a student's file takes a second, and only the second is held against
// the lesson's build_timeout_s.
//
// The compiler reads what a stranger wrote, so it runs behind walls
// (walled_cc.cc).
//
// Whatever Bazel ends with other than "built" and "does not build" is the
// machine's fault (full disk, no memory, a killed server): kInfra.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/result.h"
#include "tools/common/run_command.h"
#include "tools/common/workspace.h"
#include "tools/grade/tree.h"

namespace mn::grade {

struct BuildResult {
  enum Kind { kBuilt, kDoesNotBuild, kTimeout, kInfra } kind = kInfra;
  std::string text;   // the compiler's first 40 lines, or what went wrong
  std::string judge;  // kBuilt: the judge's path
  std::string log;    // all that Bazel said
};

class Builder {
 public:
  // `cache_dir` holds the output base. `walled_cc` is the program; `weak` lets
  // the compiler run where no walls can be made.
  Builder(const Tree& tree, const std::string& cache_dir,
          const std::string& walled_cc, bool weak,
          std::shared_ptr<tools::Canceller> canceller);

  // REQUIRES: the tree holds every starter.
  tools::Done Prepare(const std::vector<tools::Lesson>& lessons);

  // REQUIRES: Prepare.
  BuildResult Build(const tools::Lesson& lesson);

  // Ends the Bazel server, which would otherwise stay for a while.
  void Shutdown();

 private:
  // Puts the compiler where Bazel finds it each time: another path would mean
  // to build everything anew.
  tools::Done PlaceCompiler() const;
  tools::Outcome Bazel(const std::vector<std::string>& labels, int timeout_s);

  std::string flags_;
  tools::Bazel bazel_;
  std::string cc_dir_;
  std::string walled_cc_;
  bool weak_;
  std::string stamp_;  // file that holds what was built last
  std::string fingerprint_;
  std::shared_ptr<tools::Canceller> canceller_;
  std::string bin_;
};

// What a compiler or linker said, without what Bazel says around it.
std::string CompilerText(std::string_view bazel_output);

}  // namespace mn::grade
