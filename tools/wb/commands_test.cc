// Every command but the quiz's (predict_test.cc), on a scratch workspace.
#include "tools/wb/commands.h"

#include <gtest/gtest.h>

#include "tools/common/files.h"
#include "tools/wb/scratch.h"
#include "tools/wb/test_course.h"

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
  EXPECT_TRUE(Printed("usage: wb COMMAND")) << out_;
}

TEST_F(Dispatching, AnUnknownNumberListsTheLessons) {
  EXPECT_EQ(Wb({"17"}), kUsageExit);
  EXPECT_TRUE(Printed("there is no lesson \"17\"")) << out_;
  EXPECT_TRUE(Printed("04  run_queue")) << out_;
}

TEST_F(Dispatching, TooManyWordsShowTheUsage) {
  EXPECT_EQ(Wb({"test", "04", "05"}), kUsageExit);
  EXPECT_TRUE(Printed("\"05\" is too much: wb test [04] [--case NAME]"))
      << out_;
}

TEST_F(Dispatching, ALessonAloneIsShown) {
  EXPECT_EQ(Wb({"4"}), kOk);
  EXPECT_TRUE(Printed("edit   exercises/04_run_queue/run_queue.cc")) << out_;
  EXPECT_TRUE(Printed("RQ-1  FIFO.")) << out_;
  EXPECT_TRUE(Printed("points: 0 of 6 (cases 0 of 5, prediction 0 of 0.5, "))
      << out_;
  EXPECT_TRUE(Printed("next: wb predict 04")) << out_;
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
    EXPECT_TRUE(Printed(tools::Cat("\n  ", c.name))) << c.name;
  }
}

TEST_F(Dispatching, HelpOnACommandHasItsUsageAndAnExample) {
  for (const CommandEntry& c : Commands()) {
    EXPECT_EQ(Wb({"help", std::string(c.name)}), kOk);
    EXPECT_TRUE(Printed(tools::Cat("usage:   wb ", c.name))) << out_;
    EXPECT_TRUE(Printed(tools::Cat("example: wb ", c.example))) << out_;
  }
  EXPECT_EQ(Wb({"help", "tset"}), kUsageExit);
  EXPECT_TRUE(Printed("\"tset\" is no command. Did you mean test?")) << out_;
}

TEST_F(Dispatching, CommandsArePrintedAsTheyHaveToBeTyped) {
  name_ = "bazel run //tools:wb --";
  JudgeSays("failed");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"list"},
        {"04"},
        {"test", "04"},
        {"help"},
        {"hint", "04"},
        {"explain", "04"},
        {"measure", "04"},
        {"diff", "04"},
        {"replay"},
        {"plug", "04"},
        {"scratch"},
        {}}) {
    Wb(words);
    // "wb COMMAND" stands only where the whole way to start it does.
    std::string text = tools::ReplaceAll(out_, name_, "");
    for (const CommandEntry& c : Commands()) {
      EXPECT_EQ(text.find(tools::Cat("wb ", c.name)), text.npos) << out_;
    }
  }
}

TEST_F(Dispatching, NothingIsWiderThan80Columns) {
  name_ = "bazel run //tools:wb --";
  JudgeSays("failed");
  SetProgress04([](LessonProgress& p) {
    p.read_at = p.predicted_at = p.first_green_at = p.measured_at = "2026";
    p.last_result = "red";
    p.red = {"RQ-1", "RQ-2", "RQ-3", "RQ-4", "RQ-5", "RQ-6", "RQ-7"};
  });
  std::vector<std::vector<std::string>> calls = {
      {"list"}, {"04"}, {"help"}, {"explain", "04"}, {"hint", "04"}, {"02"}};
  for (const CommandEntry& c : Commands()) {
    calls.push_back({"help", std::string(c.name)});
  }
  for (const auto& words : calls) {
    Wb(words);
    for (const std::string& line : tools::Lines(out_)) {
      EXPECT_LE(DisplayWidth(line), 80) << line;
    }
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
  EXPECT_TRUE(Printed("0 of 12 points\nnext: wb predict 02")) << out_;
}

TEST_F(List, CountsPredictionAndExplanation) {
  SetProgress04([](LessonProgress& p) {
    p.last_result = "green";
    p.score = p.best_score = 5;
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

TEST_F(List, ShowsTheBestAndTheLast) {
  JudgeSays("passed");
  ASSERT_EQ(Wb({"test", "04"}), kOk);
  JudgeSays("failed");
  ASSERT_EQ(Wb({"test", "04"}), kRedExit);
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_TRUE(Printed("5/6      green, now red (RQ-1)")) << out_;
  EXPECT_EQ(Wb({"04"}), kOk);
  EXPECT_TRUE(Printed("best   green, ")) << out_;
  EXPECT_TRUE(Printed("last   red, ")) << out_;
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

// ---- where nothing can be written --------------------------------------

// For root as well: .wb cannot be a directory.
class ReadOnly : public Scratch {
 protected:
  void SetUp() override {
    Scratch::SetUp();
    Write(".wb", "");
  }
};

TEST_F(ReadOnly, WhatOnlyReadsWorksAndSaysWhatIsNotSaved) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"list"},
        {"04"},
        {"read", "04"},
        {"hint", "04"},
        {"help"},
        {
            "diff",
            "04",
        }}) {
    options_.force = true;  // diff before green
    EXPECT_EQ(Wb(words), kOk) << out_;
  }
  EXPECT_EQ(Wb({"read", "04"}), kOk);
  EXPECT_TRUE(Printed("Read me.")) << out_;
  EXPECT_TRUE(Printed("wb: your progress is not saved: ")) << out_;
  // Once.
  EXPECT_EQ(out_.find("not saved"), out_.rfind("not saved")) << out_;
}

TEST_F(ReadOnly, TheJudgeJudges) {
  JudgeSays("passed");
  EXPECT_EQ(Wb({"test", "04"}), kOk);
  EXPECT_TRUE(Printed("the judge says so")) << out_;
  EXPECT_TRUE(Printed("your progress is not saved")) << out_;
}

TEST_F(ReadOnly, TheDoctorNamesIt) {
  EXPECT_EQ(Wb({"doctor"}), kRedExit);
  EXPECT_TRUE(Printed("ok    bazel")) << out_;
  EXPECT_TRUE(Printed("BAD   progress")) << out_;
}

// ---- test, replay --------------------------------------------------------

using Testing = Scratch;

TEST_F(Testing, RedIsRecorded) {
  JudgeSays("failed");
  EXPECT_EQ(Wb({"test", "04"}), kRedExit);
  EXPECT_TRUE(Printed("the judge says so")) << out_;
  EXPECT_TRUE(Printed("--wb=wb")) << out_;
  EXPECT_TRUE(Printed("points: 2 of 6 (cases 2 of 5")) << out_;
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

TEST_F(Testing, WarningsOfABuildThatSucceedsAreShown) {
  JudgeSays("passed");
  BazelBuilds(0, "INFO: noise\nrun_queue.cc:1:1: warning: unused\n");
  EXPECT_EQ(Wb({"test", "04"}), kOk);
  EXPECT_TRUE(Printed("the compiler warns:\nrun_queue.cc:1:1: warning: unused"))
      << out_;
  EXPECT_FALSE(Printed("noise")) << out_;
}

TEST_F(Testing, AFileThatIsGoneIsSaidWithTheWayBack) {
  ASSERT_EQ(std::remove((dir_ + "/" + kLearners).c_str()), 0);
  EXPECT_EQ(Wb({"test", "04"}), kRedExit);
  EXPECT_TRUE(Printed("exercises/04_run_queue/run_queue.cc is not there. "))
      << out_;
  EXPECT_TRUE(Printed("wb reset 04.")) << out_;
  EXPECT_FALSE(Exists("bazel.log"));
}

TEST_F(Testing, WatchWithoutATerminalMakesOnePass) {
  JudgeSays("not_implemented");
  ASSERT_EQ(Wb({"04"}), kOk);
  EXPECT_EQ(Wb({}), kOk);
  EXPECT_TRUE(Printed("the judge says so")) << out_;
  EXPECT_TRUE(Printed("next: wb predict 04")) << out_;
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
  SetProgress04([](LessonProgress& p) { p.explanation_draft = ""; });
  EXPECT_EQ(Wb({"explain", "04"}, {"The owner puts at the tail.",
                                   "Thieves take at the head. I "
                                   "did not expect the wrap.",
                                   "", "not read"}),
            kOk);
  EXPECT_EQ(ProgressOf04().explanation,
            "The owner puts at the tail.\nThieves take at the head. I did not "
            "expect the wrap.");
}

TEST_F(Resetting, AnExplanationThatIsTooShortIsKeptAndGoneOnWith) {
  SetProgress04([](LessonProgress& p) { p.first_green_at = "2026-01-01"; });
  // An empty line asks once; Ctrl-D and a second empty line leave.
  EXPECT_EQ(Wb({"explain", "04"}, {"the owner puts", "", ""}), kRedExit);
  EXPECT_TRUE(Printed("wb explain 04 goes on with it")) << out_;
  EXPECT_EQ(Wb({"explain", "04"}, {"thieves take"}), kRedExit);
  EXPECT_TRUE(Printed("you began with:\n  the owner puts\n")) << out_;
  EXPECT_EQ(Wb({"explain", "04"}, {"", "the wrap was new"}), kOk) << out_;
  EXPECT_EQ(ProgressOf04().explanation,
            "the owner puts\nthieves take\nthe wrap was new");
  EXPECT_EQ(ProgressOf04().explanation_draft, "");
  EXPECT_TRUE(Printed("explanation 0.5 of 0.5")) << out_;
}

TEST_F(Resetting, EveryLineOfAnExplanationIsSafeAtOnce) {
  SetProgress04([](LessonProgress& p) { p.first_green_at = "2026-01-01"; });
  std::string seen;
  Context context(dir_, TestCourse(), tools::Bazel(dir_, "/none", ""),
                  Terminal::Fake(&seen, {"the owner puts"}));
  EXPECT_EQ(Dispatch(context, {"explain", "04"}), kRedExit);
  EXPECT_EQ(ProgressOf04().explanation_draft, "the owner puts");
}

TEST_F(Resetting, AnExplanationThatCannotBeSavedIsShown) {
  SetProgress04([](LessonProgress& p) { p.first_green_at = "2026-01-01"; });
  // A lock that cannot be taken, for root as well.
  ASSERT_EQ(std::remove((dir_ + "/.wb/lock").c_str()), 0);
  ASSERT_TRUE(tools::MakeDirs(dir_ + "/.wb/lock").ok());
  EXPECT_EQ(Wb({"explain", "04"}, {"one is so", "two is so", "three is so"}),
            kBrokenExit);
  EXPECT_TRUE(
      Printed("Copy it to a safe place:\none is so\ntwo is so\nthree "
              "is so"))
      << out_;
}

// ---- scratch ---------------------------------------------------------------

using Scratching = Scratch;

TEST_F(Scratching, ACopyOfAllButWhatBelongsHere) {
  Write(kLearners, "// mine\n");
  Write(".git/HEAD", "");
  Write("bazel-out/x", "");
  Write(".wb/bin/wb", "program");
  Write(".wb/progress.json", "{}");
  EXPECT_EQ(Wb({"scratch"}), kOk);
  EXPECT_TRUE(Printed(tools::Cat("cd ", dir_, "/.wb/scratch"))) << out_;
  EXPECT_EQ(Read(tools::Cat(".wb/scratch/", kLearners)), "// mine\n");
  EXPECT_EQ(Read(".wb/scratch/.wb/bin/wb"), "program");
  EXPECT_FALSE(Exists(".wb/scratch/.git"));
  EXPECT_FALSE(Exists(".wb/scratch/bazel-out"));
  EXPECT_FALSE(Exists(".wb/scratch/.wb/progress.json"));
}

TEST_F(Scratching, WhatIsChangedInTheCopyStaysUntilForced) {
  ASSERT_EQ(Wb({"scratch"}), kOk);
  Write(".wb/scratch/runtime/run_queue.cc", "changed");
  EXPECT_EQ(Wb({"scratch"}), kOk);
  EXPECT_TRUE(Printed("there is one already")) << out_;
  EXPECT_EQ(Read(".wb/scratch/runtime/run_queue.cc"), "changed");
  options_.force = true;
  EXPECT_EQ(Wb({"scratch"}), kOk);
  EXPECT_EQ(Read(".wb/scratch/runtime/run_queue.cc"), "// the answer\n");
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
