// wb: the learner's command. Finds the checkout and the manifest, reads the
// flags, and hands the words to Dispatch. Everything runs as goroutines of the
// runtime that the workbook is about.
#include <cstdio>
#include <cstdlib>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "runtime/go.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/flag_words.h"

ABSL_FLAG(std::string, case, "",
          "test: judge this case or invariant only (RQ-3, RunQueue.Fifo)");
ABSL_FLAG(std::string, seed, "", "test: the seed that a failure printed");
ABSL_FLAG(bool, force, false,
          "plug: also a piece that is not green; diff, measure: also before "
          "green or without a prediction");

namespace mn::wb {
namespace {

// How wb was started: the launcher says.
std::string Name() {
  const char* name = std::getenv("WB_NAME");
  return name == nullptr || *name == 0 ? "wb" : name;
}

int Complain(const std::string& message) {
  std::fprintf(stderr, "wb: %s\n", message.c_str());
  return kUsageExit;
}

int Run(const std::vector<std::string>& words) {
  const tools::Result<std::string> workspace = tools::FindWorkspace();
  if (!workspace.ok()) return Complain(workspace.error());
  const std::string manifest = tools::FindRunfile("tools/judge/course.json");
  if (manifest.empty()) {
    return Complain(
        "course.json is not beside this program: start it with tools/bin/wb");
  }
  tools::Result<tools::Course> course = tools::LoadCourse(manifest);
  if (!course.ok()) return Complain(course.error());
  Context context(*workspace, *std::move(course), tools::Bazel(*workspace),
                  Terminal::Real());
  context.name = Name();
  context.options.case_text = absl::GetFlag(FLAGS_case);
  context.options.seed = absl::GetFlag(FLAGS_seed);
  context.options.force = absl::GetFlag(FLAGS_force);
  return Dispatch(context, words);
}

}  // namespace
}  // namespace mn::wb

int main(int argc, char** argv) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (mn::wb::AsksForHelp(given)) {
    // Abseil's --help lists every flag of every library.
    std::vector<std::string> words = {"help"};
    if (!given[0].starts_with('-')) words.push_back(given[0]);
    return mn::Main([words] { return mn::wb::Run(words); });
  }
  if (const std::string error =
          mn::wb::UnknownFlag(given, mn::tools::Cat(mn::wb::Name(), " help"));
      !error.empty()) {
    return mn::wb::Complain(error);
  }
  absl::SetProgramUsageMessage("the workbook's command");
  const std::vector<char*> left = absl::ParseCommandLine(argc, argv);
  const std::vector<std::string> words(left.begin() + 1, left.end());
  return mn::Main([words] { return mn::wb::Run(words); });
}
