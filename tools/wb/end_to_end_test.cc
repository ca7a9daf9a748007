// A learner's way through lesson 04 with the real Bazel: red starter, green
// solution, plugged into the runtime, out again, reset.
//
// Works on a copy of the checkout that this test was built from, with an output
// base of its own; $WB_E2E_FLAGS (pass it with --test_env) adds Bazel flags,
// for example --disk_cache=DIR, which turns minutes into seconds.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Command;
using tools::Outcome;

constexpr char kLearners[] = "exercises/04_run_queue/run_queue.cc";

class EndToEnd : public testing::Test {
 protected:
  void SetUp() override {
    const auto dir = tools::MakeTempDir("wb_e2e");
    ASSERT_TRUE(dir.ok()) << dir.error();
    scratch_ = *dir;
    tree_ = scratch_ + "/tree";
    // The runfile is a link to tools/bin/wb in the checkout.
    const std::string launcher = tools::FindRunfile("tools/bin/wb");
    ASSERT_FALSE(launcher.empty());
    const std::string checkout = std::filesystem::canonical(launcher)
                                     .parent_path()
                                     .parent_path()
                                     .parent_path()
                                     .string();
    ASSERT_TRUE(tools::MakeDirs(tree_).ok());
    const Outcome copied = Shell(Cat(
        "tar -C ", checkout,
        " --exclude='./bazel-*' --exclude=./.git --exclude=./.wb -cf - . | "
        "tar -C ",
        tree_, " -xf - && cp ", tree_,
        "/exercises/04_run_queue/judge/starter.cc ", tree_, "/", kLearners));
    ASSERT_TRUE(copied.ok()) << copied.err;
    const char* more = std::getenv("WB_E2E_FLAGS");
    const auto written = tools::WriteFileAtomic(
        tree_ + "/user.bazelrc",
        Cat("startup --output_user_root=", scratch_, "/bazel\n",
            "startup --max_idle_secs=60\nbuild ", more == nullptr ? "" : more,
            "\n"));
    ASSERT_TRUE(written.ok()) << written.error();
  }
  void TearDown() override {
    InTree(Cat("bazel shutdown; chmod -R u+w ", scratch_));
    EXPECT_TRUE(tools::RemoveTree(scratch_).ok());
  }

  Outcome Shell(const std::string& script) {
    Command c;
    c.argv = {"/bin/bash", "-c", script};
    c.merge_err = true;
    // Bazel would take the one for its output, and the judge the other for its
    // own.
    c.unset_env = {"TEST_TMPDIR", "TEST_PREMATURE_EXIT_FILE"};
    Outcome o = tools::RunCommand(c);
    std::printf("$ %s\n%s", script.c_str(), o.out.c_str());
    return o;
  }
  Outcome InTree(const std::string& script) {
    return Shell(Cat("cd ", tree_, " && { ", script, "; }"));
  }
  Outcome Wb(const std::string& args) { return InTree("tools/bin/wb " + args); }

  std::string scratch_, tree_;
};

TEST_F(EndToEnd, FromRedToPlugged) {
  Outcome o = Wb("test 04");
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_NE(o.out.find("RQ-0"), std::string::npos);
  EXPECT_NE(o.out.find("not a broken setup"), std::string::npos);

  EXPECT_EQ(Wb("plug 04").exit_code, 1) << "a starter must not be plugged in";

  ASSERT_TRUE(InTree(Cat("echo 'int x = ;' >> ", kLearners)).ok());
  o = Wb("test 04");
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_NE(o.out.find("run_queue.cc"), std::string::npos);
  EXPECT_NE(o.out.find("error:"), std::string::npos);

  ASSERT_TRUE(InTree(Cat("cp runtime/sched/run_queue.cc ", kLearners)).ok());
  o = Wb("test 04");
  EXPECT_EQ(o.exit_code, 0);
  EXPECT_NE(Wb("list").out.find("green"), std::string::npos);

  EXPECT_EQ(Wb("plug 04").exit_code, 0);
  o = InTree("bazel test //conformance:sched/run_queue_test");
  EXPECT_EQ(o.exit_code, 0);
  EXPECT_EQ(Wb("unplug 04").exit_code, 0);

  EXPECT_EQ(Wb("reset 04").exit_code, 0);
  EXPECT_TRUE(
      tools::FileExists(tree_ + "/.wb/backups/04_run_queue/001/run_queue.cc"));
  EXPECT_EQ(Wb("test 04").exit_code, 1);
}

}  // namespace
}  // namespace mn::wb
