// wb update: what a pull changed in a starter, merged into the learner's file.
#include <gtest/gtest.h>

#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/wb/scratch.h"

namespace mn::wb {
namespace {

using tools::Cat;

constexpr char kLearners[] = "exercises/04_run_queue/run_queue.cc";
constexpr char kStarter[] = "exercises/04_run_queue/judge/starter.cc";
constexpr char kOld[] = "// the contract\n\n\n\nint F() { return 0; }\n";
constexpr char kMine[] = "// the contract\n\n\n\nint F() { return 42; }\n";
constexpr char kNew[] = "// the new contract\n\n\n\nint F() { return 0; }\n";
constexpr char kBoth[] = "// the new contract\n\n\n\nint F() { return 42; }\n";

class Updating : public Scratch {
 protected:
  void SetUp() override {
    Scratch::SetUp();
    Write(kLearners, kOld);
    Write(kStarter, kOld);
    ASSERT_EQ(Wb({"list"}), kOk);  // sees the starter
  }
  void Shell(const std::string& script) {
    tools::Command c;
    c.argv = {"/bin/bash", "-ec", Cat("cd ", dir_, "; ", script)};
    c.merge_err = true;
    const tools::Outcome o = tools::RunCommand(c);
    ASSERT_TRUE(o.ok()) << o.out;
  }
};

TEST_F(Updating, AStarterThatChangedIsSaid) {
  Write(kLearners, kMine);
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_FALSE(Printed("has changed since you began")) << out_;
  Write(kStarter, kNew);
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_TRUE(
      Printed("the starter of lesson 04 has changed since you began. "
              "wb update 04"))
      << out_;
}

TEST_F(Updating, TheChangeIsMergedAndYoursIsKept) {
  Write(kLearners, kMine);
  Write(kStarter, kNew);
  EXPECT_EQ(Wb({"update", "04"}), kOk) << out_;
  EXPECT_EQ(Read(kLearners), kBoth);
  EXPECT_EQ(Read(".wb/backups/04_run_queue/001/run_queue.cc"), kMine);
  EXPECT_TRUE(Printed("back: cp .wb/backups/04_run_queue/001/")) << out_;
  EXPECT_EQ(Wb({"update", "04"}), kOk);
  EXPECT_TRUE(Printed("up to date")) << out_;
  EXPECT_EQ(Wb({"list"}), kOk);
  EXPECT_FALSE(Printed("has changed since")) << out_;
}

TEST_F(Updating, WhereBothChangedTheSameTheLearnerDecides) {
  Write(kLearners, "// my contract\n\n\n\nint F() { return 0; }\n");
  Write(kStarter, kNew);
  EXPECT_EQ(Wb({"update", "04"}), kRedExit);
  EXPECT_TRUE(Printed("1 place needs you: look for <<<<<<< in it.")) << out_;
  EXPECT_NE(Read(kLearners).find("<<<<<<< yours\n// my contract"),
            std::string::npos);
}

TEST_F(Updating, AFileThatNobodyTouchedFollows) {
  Write(kStarter, kNew);
  EXPECT_EQ(Wb({"update", "04"}), kOk);
  EXPECT_EQ(Read(kLearners), kNew);
}

// What `git pull` alone refuses: "Your local changes would be overwritten".
TEST_F(Updating, PullsUnderAnEditedFile) {
  Shell(Cat(
      "export GIT_CONFIG_GLOBAL=/dev/null; echo .wb > .gitignore; "
      "git init -q -b main origin; cd origin; git config user.name a; "
      "git config user.email a@b; mkdir -p exercises/04_run_queue/judge; "
      "printf '%s' '",
      kOld, "' | tee ", kLearners, " > ", kStarter,
      "; git add .; git commit -qm one; cd ..; "
      "git init -q -b main .; git remote add origin ./origin; "
      "rm -r exercises/04_run_queue; git fetch -q origin; "
      "git reset -q --hard origin/main; git branch -q -u origin/main; "
      "cd origin; printf '%s' '",
      kNew, "' | tee ", kLearners, " > ", kStarter, "; git commit -qam two"));
  Write(kLearners, kMine);
  EXPECT_EQ(Wb({"update"}), kOk) << out_;
  EXPECT_TRUE(Printed("pulled.")) << out_;
  EXPECT_EQ(Read(kStarter), kNew);
  EXPECT_EQ(Read(kLearners), kBoth);
}

TEST_F(Updating, AFailedPullLosesNothing) {
  Shell(
      "export GIT_CONFIG_GLOBAL=/dev/null; git init -q -b main .; "
      "git config user.name a; git config user.email a@b; git add exercises; "
      "git commit -qm one; git remote add origin ./none; "
      "git config branch.main.remote origin; "
      "git config branch.main.merge refs/heads/main; "
      "git update-ref refs/remotes/origin/main HEAD");
  Write(kLearners, kMine);
  EXPECT_EQ(Wb({"update"}), kOk) << out_;
  EXPECT_TRUE(Printed("git pull did not work")) << out_;
  EXPECT_EQ(Read(kLearners), kMine);
}

}  // namespace
}  // namespace mn::wb
