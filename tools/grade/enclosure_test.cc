// What each measure does, tried from inside with a shell. A machine that does
// not give one skips its test and says which: the program itself does the same.
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
  }
  void TearDown() override { fs::remove_all(base_); }

  // Runs a shell script inside; its standard output is in out_.
  int Run(const std::string& script, const std::string& more = "",
          const std::string& redirect = "2>&1") {
    const std::string program = mn::tools::FindRunfile("tools/grade/enclosure");
    EXPECT_FALSE(program.empty());
    std::ofstream(base_ / "script") << script;
    const std::string command =
        program + " --report=" + (base_ / "report").string() + " " + more +
        " -- /bin/sh " + (base_ / "script").string() + " " + redirect;
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

TEST_F(EnclosureTest, RecordIsTheProgramsDescriptorThree) {
  const std::string text = "echo text; echo record >&3";
  Run(text, "--record", "2>/dev/null");
  EXPECT_EQ(out_, "record\n");
  Run(text, "--record", "2>&1 >/dev/null");
  EXPECT_EQ(out_, "text\n");
}

TEST_F(EnclosureTest, NothingOutlivesTheProgram) {
  const std::string mark = (base_ / "alive").string();
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
  const std::string alive = (base_ / "alive").string();
  const std::string script =
      mn::tools::FindRunfile("tools/grade/enclosure") +
      " --processes=20 -- /bin/sh -c 'touch " + alive + "; sleep 100; touch " +
      alive +
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

TEST_F(EnclosureTest, HasNoMoreRightsThanWallsNeed) {
  Run("grep -E 'CapEff|NoNewPrivs' /proc/self/status");
  REQUIRE_FENCE("few_rights");
  EXPECT_NE(out_.find("NoNewPrivs:\t1"), std::string::npos) << out_;
  const std::size_t at = out_.find("CapEff:\t");
  ASSERT_NE(at, std::string::npos);
  const unsigned long long rights =
      std::stoull(out_.substr(at + 8), nullptr, 16);
  // CAP_SYS_MODULE, RAWIO, PTRACE, BOOT, TIME, MKNOD
  for (const int right : {16, 17, 19, 22, 25, 27})
    EXPECT_EQ(rights >> right & 1, 0u) << right;
  if (geteuid() != 0) {
    EXPECT_EQ(rights, 0u);
  }
}

}  // namespace
