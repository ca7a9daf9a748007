// What is believed of a judge's record, and the whole way of a record: a judge,
// the enclosure, the grader.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tools/common/runfiles.h"
#include "tools/grade/judging.h"

namespace mn::grade {
namespace {

TEST(RecordReader, BelievesWhatEndsWithItsCount) {
  RecordReader reader;
  reader.Add("{\"cases\": [1]}\n{\"cases\"");
  EXPECT_EQ(reader.Latest()["cases"].size(), 1u);
  EXPECT_TRUE(reader.Whole().is_null());
  reader.Add(": [1, 2]}\nend 2\n");
  EXPECT_EQ(reader.Whole()["cases"].size(), 2u);
}

TEST(RecordReader, BelievesNothingElse) {
  for (const char* text :
       {"", "end 0\n", "{\"cases\": [1]}\n", "{\"cases\": [1]}\nend 2\n",
        "{\"cases\": [1]}\nend 1", "{\"cases\": [1]}\nend 1\n{\"cases\": []}\n",
        "{\"cases\": [1]\nend 1\n", "{}\nend 0\n"}) {
    RecordReader reader;
    reader.Add(text);
    EXPECT_TRUE(reader.Whole().is_null()) << text;
  }
}

class JudgeRun : public testing::Test {
 protected:
  // Runs a script as the judge. "--check_walls" is answered with `walls`.
  JudgeResult Run(const std::string& script,
                  const std::string& walls =
                      "processes, network, files, user, rights, calls") {
    const std::string judge = testing::TempDir() + "judge.sh";
    std::ofstream(judge) << "#!/bin/sh\nif [ $1 = --check_walls ]; then echo "
                            "walls: '"
                         << walls << "'; exit; fi\n"
                         << script;
    chmod(judge.c_str(), 0755);
    job_.judge = judge;
    job_.enclosure = tools::FindRunfile("tools/grade/enclosure");
    job_.lesson.max_processes = 64;
    job_.lesson.case_timeout_s = 5;
    return RunJudge(job_);
  }
  JudgeJob job_;
};

constexpr char kRecord[] = "echo '{\"cases\": [1]}' >&3; echo end 1 >&3\n";

TEST_F(JudgeRun, RecordOfAJudgeThatEndedWellCounts) {
  for (const char* exit : {"exit 0\n", "exit 1\n"}) {
    const JudgeResult r = Run(std::string(kRecord) + "echo text\n" + exit);
    EXPECT_EQ(r.incomplete, "");
    EXPECT_EQ(r.record["cases"].size(), 1u);
    EXPECT_EQ(r.log, "text\n");
    EXPECT_EQ(r.left, "");
  }
}

TEST_F(JudgeRun, RecordOfAJudgeThatFailedDoesNotCount) {
  for (const char* end :
       {"exit 2\n", "exit 64\n", "kill -KILL $$\n", "kill -SEGV $$\n"}) {
    const JudgeResult r = Run(std::string(kRecord) + end);
    EXPECT_TRUE(r.record.is_null()) << end;
    EXPECT_NE(r.incomplete.find("nothing of its record counts"),
              std::string::npos)
        << r.incomplete;
  }
}

TEST_F(JudgeRun, RecordWithoutItsEndDoesNotCount) {
  const JudgeResult r = Run("echo '{\"cases\": [1]}' >&3\n");
  EXPECT_TRUE(r.record.is_null());
  EXPECT_NE(r.incomplete, "");
}

// Neither a file beside the judge's nor what a case prints is the record.
TEST_F(JudgeRun, FilesAndOutputAreNoRecord) {
  const JudgeResult r = Run(
      "echo '{\"cases\": [1]}' | tee results.json; echo '{\"cases\": []}' >&2; "
      "echo end 1");
  EXPECT_TRUE(r.record.is_null());
}

TEST_F(JudgeRun, WithoutWallsNothingRunsUnlessAllowed) {
  JudgeResult r = Run(kRecord, "processes, user, rights, calls");
  EXPECT_TRUE(r.record.is_null());
  EXPECT_NE(r.incomplete.find("Missing: network, files."), std::string::npos)
      << r.incomplete;
  EXPECT_NE(r.incomplete.find("--allow_weak_fence"), std::string::npos);
  EXPECT_EQ(r.log, "");
  job_.allow_weak_fence = true;
  r = Run(kRecord, "processes, user, rights, calls");
  EXPECT_EQ(r.incomplete, "");
  EXPECT_EQ(r.record["cases"].size(), 1u);
  EXPECT_EQ(r.fences["walls"]["files"], false);
}

}  // namespace
}  // namespace mn::grade
