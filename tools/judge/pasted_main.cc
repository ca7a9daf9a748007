// The test page_failures of each lesson's solutions (pasted.h). Runs the judge
// on the mutant that a block names, and compares.
//
// To mend a page, see what the judge prints today:
//   bazel run //solutions/NN_name:page_failures -- --print
#include <stdio.h>

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "runtime/os/subprocess/subprocess.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"
#include "tools/judge/pasted.h"
#include "tools/judge/source.h"

ABSL_FLAG(std::string, page, "", "the page, a path below the workspace");
ABSL_FLAG(std::string, judge, "", "the judge of the lesson");
ABSL_FLAG(std::string, mutants, "", "the folder with the mutants");
ABSL_FLAG(bool, print, false, "print what the judge says of each block");

namespace mn::judge {
namespace {

// "" if the page shows what the judge says.
std::string Complaint(const Pasted& block, bool print) {
  if (block.mutant.empty() || block.lines.empty()) {
    return "before the block of a failure stands a line such as\n"
           "  <!-- judge: mutant NAME, case NAME, seed SEED -->\n"
           "and between the two nothing";
  }
  const std::string program =
      tools::Cat(absl::GetFlag(FLAGS_mutants), "/mutant_", block.mutant);
  const std::string source = tools::FindRunfile(program + ".cc");
  if (source.empty()) {
    return tools::Cat("the mutant ", block.mutant,
                      " is not in \"pasted\" of the lesson's manifest");
  }
  os::Command judge;
  judge.argv = {tools::FindRunfile(absl::GetFlag(FLAGS_judge)),
                tools::Cat("--program=", program, "_dies_case"),
                tools::Cat("--source=", source),
                tools::Cat("--case=", block.case_name)};
  if (!block.seed.empty()) judge.argv.push_back("--seed=" + block.seed);
  judge.merge_err = true;
  const std::string printed = os::RunCommandBlocking(judge).out;
  if (print) printf("%s\n", printed.c_str());
  const std::string line = FirstDifference(block, printed);
  if (line.empty()) return "";
  return tools::Cat("the judge does not print this line, or not there:\n", line,
                    print ? "" : "\nIt prints\n" + printed);
}

int Main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const std::string page = absl::GetFlag(FLAGS_page);
  const bool print = absl::GetFlag(FLAGS_print);
  const std::vector<Pasted> blocks =
      FindPasted(ReadFile(tools::FindRunfile(page)));
  int wrong = 0;
  for (const Pasted& block : blocks) {
    if (print) printf("---- %s:%d\n", page.c_str(), block.line);
    const std::string complaint = Complaint(block, print);
    if (complaint.empty()) continue;
    printf("%s:%d: %s\n", page.c_str(), block.line, complaint.c_str());
    wrong++;
  }
  if (blocks.empty()) {
    printf("%s shows no failure\n", page.c_str());
    wrong++;
  }
  printf("%d failures on the page, %d not as the judge prints them\n",
         static_cast<int>(blocks.size()), wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mn::judge

int main(int argc, char** argv) { return mn::judge::Main(argc, argv); }
