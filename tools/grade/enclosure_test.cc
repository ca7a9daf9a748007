// What each fence keeps out, tried from inside with a shell. A machine that
// does not give a fence skips its test and says which: the program itself does
// the same.
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "gtest/gtest.h"
#include "tools/common/runfiles.h"

namespace {

namespace fs = std::filesystem;

class EnclosureTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/enclosure.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    base_ = name;
    fs::permissions(base_, fs::perms(0755));
    fs::create_directories(base_ / "scratch");
    fs::create_directories(base_ / "hidden/shown");
    std::ofstream(base_ / "hidden/secret") << "the answer\n";
    std::ofstream(base_ / "hidden/shown/tool") << "a tool\n";
  }
  void TearDown() override { fs::remove_all(base_); }

  // Runs a shell script inside; its standard output is in out_.
  int Run(const std::string& script, const std::string& more = "") {
    const std::string program = mn::tools::FindRunfile("tools/grade/enclosure");
    EXPECT_FALSE(program.empty());
    std::ofstream(base_ / "scratch/script") << script;
    const std::string command =
        program + " --scratch=" + (base_ / "scratch").string() +
        " --hide=" + (base_ / "hidden").string() +
        " --expose=" + (base_ / "hidden/shown").string() +
        " --report=" + (base_ / "report").string() + " " + more +
        " -- /bin/sh " + (base_ / "scratch/script").string() + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    out_.clear();
    for (int c; (c = fgetc(pipe)) != EOF;) out_ += static_cast<char>(c);
    const int status = pclose(pipe);
    std::ifstream report(base_ / "report");
    fences_ = nlohmann::json::parse(report, nullptr, false);
    EXPECT_FALSE(fences_.is_discarded());
    return WEXITSTATUS(status);
  }
  // "" if the fence held, else why not.
  std::string WhyNot(const std::string& fence) {
    if (!fences_.contains(fence)) return "not tried";
    return fences_[fence].is_boolean() ? "" : fences_[fence];
  }

  fs::path base_;
  std::string out_;
  nlohmann::json fences_;
};

#define REQUIRE_FENCE(name) \
  if (!WhyNot(name).empty()) GTEST_SKIP() << name << ": " << WhyNot(name)

TEST_F(EnclosureTest, PassesOutputAndStatusOn) {
  EXPECT_EQ(Run("echo hello; exit 7"), 7);
  EXPECT_EQ(out_, "hello\n");
}

TEST_F(EnclosureTest, SignalIsPassedOnAsAShellDoes) {
  EXPECT_EQ(Run("kill -KILL $$"), 128 + 9);
}

TEST_F(EnclosureTest, WritesInTheScratchDirectoryOnly) {
  std::ofstream(base_ / "outside") << "before\n";
  fs::permissions(base_ / "outside", fs::perms(0666));
  Run("echo in > " + (base_ / "scratch/in").string() + "; echo after > " +
      (base_ / "outside").string());
  REQUIRE_FENCE("read_only");
  EXPECT_TRUE(fs::exists(base_ / "scratch/in"));
  std::string text;
  std::getline(std::ifstream(base_ / "outside"), text);
  EXPECT_EQ(text, "before");
}

TEST_F(EnclosureTest, HidesADirectoryButWhatIsExposedInIt) {
  Run("cat " + (base_ / "hidden/secret").string() + "; cat " +
      (base_ / "hidden/shown/tool").string());
  REQUIRE_FENCE("hidden " + (base_ / "hidden").string());
  EXPECT_EQ(out_.find("the answer"), std::string::npos);
  EXPECT_NE(out_.find("a tool"), std::string::npos);
}

TEST_F(EnclosureTest, HidingCannotBeUndoneFromInside) {
  Run("umount " + (base_ / "hidden").string() + "; unshare -Urm umount " +
      (base_ / "hidden").string() + "; cat " +
      (base_ / "hidden/secret").string());
  REQUIRE_FENCE("hidden " + (base_ / "hidden").string());
  EXPECT_EQ(out_.find("the answer"), std::string::npos);
}

TEST_F(EnclosureTest, NothingOutlivesTheProgram) {
  const std::string mark = (base_ / "scratch/alive").string();
  Run("(setsid sh -c 'sleep 1; echo x > " + mark + "' >/dev/null 2>&1 &)");
  REQUIRE_FENCE("pid_namespace");
  sleep(2);
  EXPECT_FALSE(fs::exists(mark));
}

TEST_F(EnclosureTest, SeesItsOwnProcessesOnly) {
  Run("ls -d /proc/[0-9]* | wc -l");
  REQUIRE_FENCE("pid_namespace");
  EXPECT_LE(std::stoi(out_), 10) << out_;
}

TEST_F(EnclosureTest, HasNoNetworkButItsOwnLoopback) {
  Run("cat /proc/net/dev");
  REQUIRE_FENCE("own_network");
  REQUIRE_FENCE("pid_namespace");  // whose /proc/net is read
  EXPECT_NE(out_.find("lo:"), std::string::npos);
  EXPECT_EQ(out_.find("eth"), std::string::npos);
}

TEST_F(EnclosureTest, HasNoDisks) {
  Run("ls /dev");
  REQUIRE_FENCE("devices");
  EXPECT_EQ(out_, "fd\nfull\nnull\nrandom\nurandom\nzero\n");
}

// Only with a namespace of our own: elsewhere a bomb would be a real one.
TEST_F(EnclosureTest, ForkBombIsEndedAndTheProgramGoesOn) {
  Run("true");
  REQUIRE_FENCE("pid_namespace");
  EXPECT_EQ(Run("setsid -w sh -c 'f() { f | f & f; }; f' 2>/dev/null\n"
                "echo still here; exit 3",
                "--processes=40"),
            3);
  EXPECT_TRUE(out_.ends_with("still here\n")) << out_;
}

TEST_F(EnclosureTest, ThreadsAreBounded) {
  Run("cat $(sed -n 's|.*:pids:|/sys/fs/cgroup/pids|p' /proc/self/cgroup)"
      "/pids.max",
      "--processes=200");
  REQUIRE_FENCE("pids_cgroup");
  EXPECT_EQ(out_, "3200\n");
}

// As the grader stops it: the keeper dies last and takes its cgroup along.
TEST_F(EnclosureTest, SigtermEndsTheProgramAndLeavesNothing) {
  const std::string scratch = (base_ / "scratch").string();
  const std::string alive = scratch + "/alive";
  const std::string script =
      mn::tools::FindRunfile("tools/grade/enclosure") +
      " --scratch=" + scratch + " --processes=20 -- /bin/sh -c 'touch " +
      alive + "; sleep 100; touch " + alive +
      "2' & keeper=$!\n"
      "while [ ! -e " +
      alive +
      " ]; do sleep 0.05; done\n"
      "kill -TERM $keeper; wait $keeper\n"
      "find /sys/fs/cgroup -ignore_readdir_race -name mn-enclosure-$keeper "
      "2>/dev/null\n";
  FILE* pipe = popen(script.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string left;
  for (int c; (c = fgetc(pipe)) != EOF;) left += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_EQ(left, "");
}

TEST_F(EnclosureTest, HasNoRights) {
  Run("grep -E 'CapEff|NoNewPrivs' /proc/self/status");
  REQUIRE_FENCE("no_rights");
  EXPECT_NE(out_.find("CapEff:\t0000000000000000"), std::string::npos) << out_;
  EXPECT_NE(out_.find("NoNewPrivs:\t1"), std::string::npos) << out_;
}

TEST_F(EnclosureTest, RootBecomesSomebodyElse) {
  Run("id -u");
  REQUIRE_FENCE("other_user");
  EXPECT_EQ(out_, "65534\n");
}

}  // namespace
