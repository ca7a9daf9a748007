// wb test: the judge on the learner's file. wb replay: one schedule again.
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/judge_run.h"
#include "tools/wb/resolve.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Lesson;

int ExitStatus(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGreen:
      return kOk;
    case Verdict::kRed:
    case Verdict::kBuildError:
    case Verdict::kMissing:
      return kRedExit;
    case Verdict::kBroken:
    case Verdict::kCancelled:
      return kBrokenExit;
  }
  return kBrokenExit;
}

// Fills request->cases from a case's or an invariant's name; empty: all.
bool AskForCases(Context& context, const Lesson& lesson,
                 const std::string& text, JudgeRequest* request) {
  if (text.empty()) return true;
  tools::Result<std::vector<std::string>> cases = ResolveCases(lesson, text);
  if (!cases.ok()) {
    context.Fail(cases.error());
    return false;
  }
  request->cases = *std::move(cases);
  return true;
}

}  // namespace

int CmdTest(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  JudgeRequest request;
  if (!AskForCases(context, *lesson, context.options.case_text, &request)) {
    return kUsageExit;
  }
  if (!context.options.seed.empty()) {
    const tools::Result<Replay> replay = ParseReplay(context.options.seed);
    if (!replay.ok()) return context.Fail(replay.error());
    request.seed = replay->seed;
  }
  const Verdict verdict = BuildAndJudge(context, *lesson, request);
  if (verdict == Verdict::kGreen || verdict == Verdict::kRed) {
    PrintNext(context, *lesson);
  }
  if (verdict == Verdict::kRed) {
    context.terminal.Line("stuck? ", context.terminal.Bold(context.Call(Cat(
                                         "hint ", lesson->id.substr(0, 2)))));
  }
  return ExitStatus(verdict);
}

int CmdReplay(Context& context, const Args& args) {
  if (args.empty()) {
    return context.Fail(Cat("replay what? A failure prints its seed: ",
                            context.Call("replay 04 0x51f2:RQ-3")));
  }
  // `wb replay 0x51f2` means the lesson that one is at.
  const Args which = args.size() > 1 ? Args{args[0]} : Args{};
  const tools::Result<Replay> replay = ParseReplay(args.back());
  if (!replay.ok()) return context.Fail(replay.error());
  const Lesson* lesson = PickLesson(context, which);
  if (lesson == nullptr) return kUsageExit;
  const std::string& case_text =
      replay->case_text.empty() ? context.options.case_text : replay->case_text;
  JudgeRequest request;
  request.seed = replay->seed;
  if (!AskForCases(context, *lesson, case_text, &request)) return kUsageExit;
  return ExitStatus(BuildAndJudge(context, *lesson, request));
}

}  // namespace mn::wb
