// Every command but the quiz's (predict_test.cc), on a scratch workspace.
#include "tools/wb/commands.h"

#include <gtest/gtest.h>

#include "tools/wb/scratch.h"

namespace mn::wb {
namespace {

constexpr char kLearners[] = "exercises/04_run_queue/run_queue.cc";
constexpr char kPlugFile[] = ".wb/plug.bazelrc";

// ---- dispatch ------------------------------------------------------------

using Dispatching = Scratch;

TEST_F(Dispatching, AnUnknownWordNamesTheNearestAndLists) {
  EXPECT_EQ(Wb({"tset"}), kUsageExit);
  EXPECT_TRUE(
      Printed("\"tset\" is neither a command nor a lesson. Did you "
              "mean test?"))
      << out_;
  EXPECT_TRUE(Printed("wb doctor")) << out_;
}

TEST_F(Dispatching, AnUnknownNumberListsTheLessons) {
  EXPECT_EQ(Wb({"17"}), kUsageExit);
  EXPECT_TRUE(Printed("there is no lesson \"17\"")) << out_;
  EXPECT_TRUE(Printed("04  run_queue")) << out_;
}

TEST_F(Dispatching, TooManyWordsShowTheUsage) {
  EXPECT_EQ(Wb({"test", "04", "05"}), kUsageExit);
  EXPECT_TRUE(Printed("\"05\" is too much: wb test [04] [--case RQ-3]"))
      << out_;
}

TEST_F(Dispatching, ALessonAloneIsShown) {
  EXPECT_EQ(Wb({"4"}), kOk);
  EXPECT_TRUE(Printed("edit   exercises/04_run_queue/run_queue.cc")) << out_;
  EXPECT_TRUE(Printed("RQ-1  FIFO.")) << out_;
  EXPECT_TRUE(Printed("next: wb read 04")) << out_;
}

TEST_F(Dispatching, TheLessonMayComeFirst) {
  EXPECT_EQ(Wb({"04", "read"}), kOk);
  EXPECT_TRUE(Printed("Read me.")) << out_;
  EXPECT_EQ(Wb({"04", "dance"}), kUsageExit);
  EXPECT_TRUE(Printed("\"dance\" is not a command")) << out_;
}

TEST_F(Dispatching, HelpNamesEveryCommand) {
  EXPECT_EQ(Wb({"help"}), kOk);
  for (const CommandEntry& c : Commands()) {
    EXPECT_TRUE(Printed(tools::Cat("wb ", c.name))) << c.name;
  }
}

// ---- list ----------------------------------------------------------------

using List = Scratch;

TEST_F(List, ShowsEveryLessonAndWhatIsNext) {
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_TRUE(Printed("→ ○ 02  the context switch   0/6      not started"))
      << out_;
  EXPECT_TRUE(Printed("  ○ 04  the local run queue  0/6      not started"))
      << out_;
  EXPECT_TRUE(Printed("0 of 12 points\nnext: wb read 02")) << out_;
}

TEST_F(List, CountsPredictionAndExplanation) {
  SetProgress04([](LessonProgress& p) {
    p.last_result = "green";
    p.score = 5;
    p.predicted_at = p.first_green_at = p.explained_at = "2026-01-01";
  });
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_TRUE(Printed("6/6      predicted, explained, green")) << out_;
}

TEST_F(List, SaysWhenTheProgressWasBroken) {
  Write(".wb/progress.json", "{");
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_TRUE(Printed("progress.json.broken-1")) << out_;
}

TEST_F(List, ADamagedPlugFileIsSaidAndTheListShown) {
  Write(kPlugFile, "# >>> wb plug >>>\n");
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_TRUE(Printed(".wb/plug.bazelrc, line 1: the block has no end"))
      << out_;
  EXPECT_TRUE(Printed("04  the local run queue")) << out_;
}

// ---- read, hint ----------------------------------------------------------

using Reading = Scratch;

TEST_F(Reading, ReadPrintsThePageAndRemembers) {
  EXPECT_EQ(Wb({"read", "04"}), kOk);
  EXPECT_TRUE(Printed("# The local run queue\n\nRead me.\n")) << out_;
  EXPECT_FALSE(ProgressOf04().read_at.empty());
  // 04 is now the lesson one is at.
  EXPECT_EQ(Wb({"read"}), kOk);
  EXPECT_TRUE(Printed("Read me.")) << out_;
}

TEST_F(Reading, AMissingPageIsNamed) {
  EXPECT_EQ(Wb({"read", "02"}), kBrokenExit);
  EXPECT_TRUE(Printed("lessons/02_context_switch/README.md")) << out_;
}

TEST_F(Reading, HintsComeOneByOneAndAreCounted) {
  EXPECT_EQ(Wb({"hint", "04"}), kOk);
  EXPECT_TRUE(Printed("hint 1 of 3")) << out_;
  EXPECT_TRUE(Printed("the first hint")) << out_;
  EXPECT_EQ(Wb({"hint", "04"}), kOk);
  EXPECT_TRUE(Printed("the second hint")) << out_;
  EXPECT_EQ(Wb({"hint", "04"}), kOk);
  EXPECT_EQ(Wb({"hint", "04"}), kOk);
  EXPECT_TRUE(Printed("the third hint")) << out_;
  EXPECT_EQ(ProgressOf04().hints_used, 3);
}

TEST_F(Reading, AHintMayBeSeenAgainButNotEarly) {
  ASSERT_EQ(Wb({"hint", "04"}), kOk);
  EXPECT_EQ(Wb({"hint", "04", "1"}), kOk);
  EXPECT_EQ(ProgressOf04().hints_used, 1);
  EXPECT_EQ(Wb({"hint", "04", "3"}), kUsageExit);
  EXPECT_TRUE(Printed("hint 2 comes before hint 3")) << out_;
  EXPECT_EQ(Wb({"hint", "04", "four"}), kUsageExit);
  EXPECT_TRUE(Printed("\"four\" is not a level: hints are 1 to 3")) << out_;
}

// ---- test, replay --------------------------------------------------------

using Testing = Scratch;

TEST_F(Testing, RedIsRecorded) {
  JudgeSays("failed");
  EXPECT_EQ(Wb({"test", "04"}), kRedExit);
  EXPECT_TRUE(Printed("the judge says so")) << out_;
  EXPECT_TRUE(Printed("again: wb replay 04 0x7:RunQueue.Fifo")) << out_;
  EXPECT_TRUE(Printed("stuck? wb hint 04")) << out_;
  const LessonProgress p = ProgressOf04();
  EXPECT_EQ(p.last_result, "red");
  EXPECT_EQ(p.red, std::vector<std::string>{"RQ-1"});
  EXPECT_EQ(p.score, 2);
  EXPECT_EQ(p.first_green_at, "");
}

TEST_F(Testing, GreenIsRecordedOnce) {
  JudgeSays("passed");
  EXPECT_EQ(Wb({"test", "04"}), kOk);
  const std::string first = ProgressOf04().first_green_at;
  EXPECT_FALSE(first.empty());
  SetProgress04([](LessonProgress& p) { p.first_green_at = "2020-01-01"; });
  EXPECT_EQ(Wb({"test"}), kOk);
  EXPECT_EQ(ProgressOf04().first_green_at, "2020-01-01");
  EXPECT_EQ(ProgressOf04().runs, 2);
}

TEST_F(Testing, TheStarterIsNotRedProgress) {
  JudgeSays("not_implemented");
  EXPECT_EQ(Wb({"test", "04"}), kRedExit);
  EXPECT_EQ(ProgressOf04().last_result, "untouched");
}

TEST_F(Testing, ACompilersComplaintIsShownAlone) {
  BazelBuilds(1, "INFO: noise\nrun_queue.cc:1:1: error: no\nFAILED: noise\n");
  EXPECT_EQ(Wb({"test", "04"}), kRedExit);
  EXPECT_TRUE(Printed("run_queue.cc:1:1: error: no")) << out_;
  EXPECT_FALSE(Printed("noise")) << out_;
  EXPECT_EQ(ProgressOf04().last_result, "build_error");
  EXPECT_NE(Read(".wb/build.log").find("noise"), std::string::npos);
}

TEST_F(Testing, ABrokenBazelIsNotTheLearnersFault) {
  BazelBuilds(37, "ERROR: server terminated\n");
  EXPECT_EQ(Wb({"test", "04"}), kBrokenExit);
  EXPECT_TRUE(Printed("server terminated")) << out_;
  EXPECT_EQ(ProgressOf04().last_result, "");
}

TEST_F(Testing, AJudgeThatFailsIsNotTheLearnersFault) {
  JudgeSays("passed");
  WriteProgram("bin/exercises/04_run_queue/04_run_queue", "exit 64");
  EXPECT_EQ(Wb({"test", "04"}), kBrokenExit);
  EXPECT_TRUE(Printed("the judge failed: exit status 64")) << out_;
}

TEST_F(Testing, AJudgeWithoutARecordIsNotBelieved) {
  JudgeSays("passed");
  WriteProgram("bin/exercises/04_run_queue/04_run_queue", "exit 0");
  EXPECT_EQ(Wb({"test", "04"}), kBrokenExit);
  EXPECT_TRUE(Printed("the judge's record is unusable")) << out_;
  EXPECT_EQ(ProgressOf04().first_green_at, "");
}

TEST_F(Testing, AJudgeThatContradictsItselfIsNotBelieved) {
  JudgeSays("failed");
  WriteProgram(
      "bin/exercises/04_run_queue/04_run_queue",
      tools::Cat("for a in \"$@\"; do case $a in --results=*) cp ", dir_,
                 "/record.json \"${a#--results=}\" ;; esac; done"));
  EXPECT_EQ(Wb({"test", "04"}), kBrokenExit);
  EXPECT_TRUE(Printed("disagree")) << out_;
  EXPECT_EQ(ProgressOf04().last_result, "");
}

TEST_F(Testing, OneInvariantRunsItsCasesAndChangesNoScore) {
  JudgeSays("passed");
  options_.case_text = "rq-4";
  EXPECT_EQ(Wb({"test", "04"}), kOk);
  EXPECT_TRUE(Printed("--gtest_filter=RunQueue.Thieves:RunQueue.TwoThieves"))
      << out_;
  EXPECT_EQ(ProgressOf04().last_result, "");
}

TEST_F(Testing, AnUnknownCaseRunsNothing) {
  options_.case_text = "XX-9";
  EXPECT_EQ(Wb({"test", "04"}), kUsageExit);
  EXPECT_TRUE(Printed("has no case \"XX-9\"")) << out_;
  EXPECT_FALSE(Exists("bazel.log"));
}

TEST_F(Testing, ReplayPassesTheSeedAndTheCase) {
  JudgeSays("failed");
  EXPECT_EQ(Wb({"replay", "04", "0x51f2:RQ-1"}), kRedExit);
  EXPECT_TRUE(Printed("--gtest_filter=RunQueue.Fifo --seed=0x51f2")) << out_;
  EXPECT_EQ(Wb({"replay", "0x7"}), kRedExit);
  EXPECT_TRUE(Printed("--seed=0x7")) << out_;
}

TEST_F(Testing, ReplayWithoutASeedSaysWhereOneIs) {
  EXPECT_EQ(Wb({"replay"}), kUsageExit);
  EXPECT_TRUE(Printed("A failure prints its seed")) << out_;
  EXPECT_EQ(Wb({"replay", "04", "tomorrow"}), kUsageExit);
  EXPECT_TRUE(Printed("\"tomorrow\" is not a seed")) << out_;
}

TEST_F(Testing, WatchWithoutATerminalMakesOnePass) {
  JudgeSays("not_implemented");
  ASSERT_EQ(Wb({"04"}), kOk);
  EXPECT_EQ(Wb({}), kOk);
  EXPECT_TRUE(Printed("the judge says so")) << out_;
  EXPECT_TRUE(Printed("next: wb read 04")) << out_;
}

// ---- reset, diff, explain ------------------------------------------------

using Resetting = Scratch;

TEST_F(Resetting, TheLearnersFileIsKept) {
  Write(kLearners, "// mine\n");
  SetProgress04([](LessonProgress& p) {
    p.last_result = "green";
    p.first_green_at = "2026-01-01";
  });
  EXPECT_EQ(Wb({"reset", "04"}), kOk);
  EXPECT_EQ(Read(kLearners), "// starter\n");
  EXPECT_EQ(Read(".wb/backups/04_run_queue/001/run_queue.cc"), "// mine\n");
  EXPECT_TRUE(Printed("cp .wb/backups/04_run_queue/001/run_queue.cc ")) << out_;
  EXPECT_EQ(ProgressOf04().last_result, "");
  EXPECT_EQ(ProgressOf04().first_green_at, "2026-01-01");
}

TEST_F(Resetting, EachBackupHasItsNumber) {
  Write(kLearners, "// one\n");
  ASSERT_EQ(Wb({"reset", "04"}), kOk);
  Write(kLearners, "// two\n");
  ASSERT_EQ(Wb({"reset", "04"}), kOk);
  EXPECT_EQ(Read(".wb/backups/04_run_queue/001/run_queue.cc"), "// one\n");
  EXPECT_EQ(Read(".wb/backups/04_run_queue/002/run_queue.cc"), "// two\n");
}

TEST_F(Resetting, TheStarterNeedsNoBackup) {
  EXPECT_EQ(Wb({"reset", "04"}), kOk);
  EXPECT_TRUE(Printed("nothing to do")) << out_;
  EXPECT_FALSE(Exists(".wb/backups/04_run_queue"));
}

TEST_F(Resetting, ADeletedFileComesBack) {
  ASSERT_EQ(std::remove((dir_ + "/" + kLearners).c_str()), 0);
  EXPECT_EQ(Wb({"reset", "04"}), kOk);
  EXPECT_EQ(Read(kLearners), "// starter\n");
}

TEST_F(Resetting, WithoutAStarterNothingIsTouched) {
  Write(kLearners, "// mine\n");
  ASSERT_EQ(
      std::remove((dir_ + "/exercises/04_run_queue/judge/starter.cc").c_str()),
      0);
  EXPECT_EQ(Wb({"reset", "04"}), kBrokenExit);
  EXPECT_EQ(Read(kLearners), "// mine\n");
}

TEST_F(Resetting, DiffWaitsForGreen) {
  EXPECT_EQ(Wb({"diff", "04"}), kRedExit);
  EXPECT_TRUE(Printed("get it green first")) << out_;
  SetProgress04([](LessonProgress& p) { p.first_green_at = "2026-01-01"; });
  EXPECT_EQ(Wb({"diff", "04"}), kOk);
  EXPECT_TRUE(Printed("-// starter\n+// the answer\n")) << out_;
}

TEST_F(Resetting, ExplainWantsThreeSentencesOfWhatIsGreen) {
  EXPECT_EQ(Wb({"explain", "04"}, {"It is a queue."}), kRedExit);
  EXPECT_TRUE(Printed("once it is green")) << out_;
  SetProgress04([](LessonProgress& p) { p.first_green_at = "2026-01-01"; });
  EXPECT_EQ(Wb({"explain", "04"}, {"It is a queue."}), kRedExit);
  EXPECT_TRUE(Printed("that is 1 sentence; three are wanted")) << out_;
  EXPECT_EQ(ProgressOf04().explained_at, "");
  EXPECT_EQ(Wb({"explain", "04"}, {"The owner puts at the tail.",
                                   "Thieves take at the head. I "
                                   "did not expect the wrap.",
                                   "", "not read"}),
            kOk);
  EXPECT_EQ(ProgressOf04().explanation,
            "The owner puts at the tail.\nThieves take at the head. I did not "
            "expect the wrap.");
}

// ---- plug, unplug --------------------------------------------------------

using Plugging = Scratch;

TEST_F(Plugging, AGreenPieceGoesInAndOut) {
  JudgeSays("passed");
  EXPECT_EQ(Wb({"plug", "04"}), kOk);
  EXPECT_NE(Read(kPlugFile).find("\nbuild --//runtime/plug:run_queue="
                                 "//exercises/04_run_queue:piece\n"),
            std::string::npos);
  EXPECT_TRUE(Printed("bazel test //conformance/...")) << out_;
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_TRUE(Printed("green, plugged")) << out_;
  EXPECT_EQ(Wb({"unplug", "04"}), kOk);
  EXPECT_EQ(Read(kPlugFile).find("build"), std::string::npos);
}

TEST_F(Plugging, ARedPieceIsRefusedKindly) {
  JudgeSays("not_implemented");
  EXPECT_EQ(Wb({"plug", "04"}), kRedExit);
  EXPECT_TRUE(Printed("your run_queue is still the starter")) << out_;
  JudgeSays("failed");
  EXPECT_EQ(Wb({"plug", "04"}), kRedExit);
  EXPECT_TRUE(Printed("your run_queue is red")) << out_;
  EXPECT_FALSE(Exists(kPlugFile));
}

TEST_F(Plugging, OneThatWasGreenIsJudgedAgain) {
  JudgeSays("passed");
  ASSERT_EQ(Wb({"test", "04"}), kOk);
  JudgeSays("failed");
  EXPECT_EQ(Wb({"plug", "04"}), kRedExit);
  EXPECT_FALSE(Exists(kPlugFile));
}

TEST_F(Plugging, ForcePlugsARedPieceAndSaysTheWayBack) {
  options_.force = true;
  EXPECT_EQ(Wb({"plug", "04"}), kOk);
  EXPECT_TRUE(Exists(kPlugFile));
  EXPECT_TRUE(Printed("rm .wb/plug.bazelrc")) << out_;
}

TEST_F(Plugging, UnplugAllTakesEverythingOut) {
  options_.force = true;
  ASSERT_EQ(Wb({"plug", "04"}), kOk);
  ASSERT_EQ(Wb({"plug", "02"}), kOk);
  EXPECT_EQ(Wb({"unplug", "all"}), kOk);
  EXPECT_TRUE(Printed("context is the runtime's own again")) << out_;
  EXPECT_TRUE(Printed("run_queue is the runtime's own again")) << out_;
  EXPECT_EQ(Wb({"unplug", "all"}), kOk);
  EXPECT_TRUE(Printed("nothing was plugged in")) << out_;
}

TEST_F(Plugging, WhatTheLearnerWroteInTheFileStays) {
  Write(kPlugFile, "build --jobs=1\n");
  options_.force = true;
  ASSERT_EQ(Wb({"plug", "04"}), kOk);
  ASSERT_EQ(Wb({"unplug", "04"}), kOk);
  EXPECT_EQ(Read(kPlugFile), "build --jobs=1\n");
}

TEST_F(Plugging, ADamagedFileIsNotMadeWorse) {
  Write(kPlugFile, "# >>> wb plug >>>\n");
  options_.force = true;
  EXPECT_EQ(Wb({"plug", "04"}), kBrokenExit);
  EXPECT_TRUE(Printed("line 1: the block has no end")) << out_;
  EXPECT_EQ(Read(kPlugFile), "# >>> wb plug >>>\n");
}

// ---- doctor --------------------------------------------------------------

using Doctoring = Scratch;

TEST_F(Doctoring, ChecksSetupAndBazel) {
  Wb({"doctor"});
  EXPECT_TRUE(Printed("packages    everything is installed")) << out_;
  EXPECT_TRUE(Printed("ok    bazel")) << out_;
  EXPECT_TRUE(Printed("ok    plugs")) << out_;
}

TEST_F(Doctoring, AMissingPackageSaysWhatToDo) {
  WriteProgram("setup", "echo 'setup: missing: libabsl-dev' >&2; exit 1");
  EXPECT_EQ(Wb({"doctor"}), kRedExit);
  EXPECT_TRUE(Printed("BAD   packages    setup: missing: libabsl-dev")) << out_;
  EXPECT_TRUE(Printed("→ ./setup")) << out_;
}

TEST_F(Doctoring, ABazelThatDoesNotRunSaysSo) {
  ASSERT_EQ(std::remove((dir_ + "/bazel").c_str()), 0);
  EXPECT_EQ(Wb({"doctor"}), kRedExit);
  EXPECT_TRUE(Printed("BAD   bazel")) << out_;
}

}  // namespace
}  // namespace mn::wb
