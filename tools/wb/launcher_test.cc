// tools/bin/wb: when it builds, with which flags, and what happens if it
// cannot.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Command;
using tools::Outcome;

class Launcher : public testing::Test {
 protected:
  void SetUp() override {
    const auto dir = tools::MakeTempDir("launcher");
    ASSERT_TRUE(dir.ok()) << dir.error();
    dir_ = *dir;
    const auto script = tools::ReadFile(tools::FindRunfile("tools/bin/wb"));
    ASSERT_TRUE(script.ok()) << script.error();
    WriteProgram("tools/bin/wb", *script);
    for (const char* source :
         {".bazelrc", "WORKSPACE", "course.bzl", "runtime/go.h",
          "third_party/BUILD", "tools/common/text.h", "tools/wb/main.cc",
          "tools/judge/course_json.bzl", "tools/judge/manifest.bzl",
          "lessons/04_run_queue/lesson.bzl"}) {
      Write(source, "");
      Age(source);
    }
    Age("tools/bin/wb");
    for (const char* d :
         {"runtime", "third_party", "tools/bin", "tools/common", "tools/wb"}) {
      Age(d);
    }
    // Bazel: `info` says where, everything is written down, the rest is what
    // the test wants.
    WriteProgram("bazel",
                 Cat("#!/bin/bash\necho \"$@\" >> ", dir_,
                     "/bazel.log\ncase \" $* \" in *\" info \"*) echo ", dir_,
                     "/out;; *) exit $(cat ", dir_, "/build.status);; esac\n"));
    Write("build.status", "0");
    Write("out/tools/judge/course.json", "{}");
    WriteProgram("out/tools/wb/wb", "#!/bin/bash\necho program one: \"$@\"\n");
  }
  void TearDown() override { EXPECT_TRUE(tools::RemoveTree(dir_).ok()); }

  Outcome Wb(std::vector<std::string> args, const std::string& flags = "") {
    Command c;
    c.argv = {dir_ + "/tools/bin/wb"};
    c.argv.insert(c.argv.end(), args.begin(), args.end());
    c.cwd = "/";
    c.unset_env = {"BUILD_WORKSPACE_DIRECTORY"};
    c.set_env = {{"BAZEL", dir_ + "/bazel"}, {"WB_BAZEL_FLAGS", flags}};
    return tools::RunCommand(c);
  }

  void Write(const std::string& path, std::string_view text) {
    const std::string full = dir_ + "/" + path;
    const auto made = tools::MakeDirs(full.substr(0, full.rfind('/')));
    ASSERT_TRUE(made.ok()) << made.error();
    const auto written = tools::WriteFileAtomic(full, text);
    ASSERT_TRUE(written.ok()) << written.error();
  }
  void WriteProgram(const std::string& path, std::string_view text) {
    Write(path, text);
    ASSERT_EQ(chmod((dir_ + "/" + path).c_str(), 0755), 0);
  }
  // Makes the file an hour old.
  void Age(const std::string& path) {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const timespec then[2] = {{now.tv_sec - 3600, 0}, {now.tv_sec - 3600, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, (dir_ + "/" + path).c_str(), then, 0), 0);
  }
  std::string BazelLog() {
    const auto log = tools::ReadFile(dir_ + "/bazel.log");
    return log.ok() ? *log : "";
  }

  std::string dir_;
};

TEST_F(Launcher, BuildsOnceAndThenStartsTheCopy) {
  Outcome o = Wb({"list", "a b"});
  EXPECT_EQ(o.out, "program one: list a b\n") << o.err;
  EXPECT_NE(o.err.find("building it once"), std::string::npos);
  const std::string log = BazelLog();
  EXPECT_NE(log.find("build "), std::string::npos);
  o = Wb({"list"});
  EXPECT_EQ(o.out, "program one: list\n");
  EXPECT_EQ(o.err, "");
  EXPECT_EQ(BazelLog(), log);
}

TEST_F(Launcher, ANewerSourceBuildsAgain) {
  ASSERT_TRUE(Wb({}).ok());
  WriteProgram("out/tools/wb/wb", "#!/bin/bash\necho program two\n");
  Write("runtime/go.h", "changed");
  const Outcome o = Wb({});
  EXPECT_EQ(o.out, "program two\n");
  EXPECT_EQ(o.err, "wb: its sources have changed, building it again\n");
}

TEST_F(Launcher, AFailedBuildKeepsTheProgramFromBefore) {
  ASSERT_TRUE(Wb({}).ok());
  Write("runtime/go.h", "broken");
  Write("build.status", "1");
  const Outcome o = Wb({"list"});
  EXPECT_EQ(o.out, "program one: list\n");
  EXPECT_NE(o.err.find("could not be built again"), std::string::npos);
}

TEST_F(Launcher, WithoutAProgramAFailedBuildIsTheEnd) {
  Write("build.status", "1");
  EXPECT_EQ(Wb({"list"}).exit_code, 3);
}

TEST_F(Launcher, WithoutBazelSaysSetup) {
  ASSERT_EQ(unlink((dir_ + "/bazel").c_str()), 0);
  const Outcome o = Wb({"list"});
  EXPECT_EQ(o.exit_code, 3);
  EXPECT_NE(o.err.find("run ./setup first"), std::string::npos);
}

TEST_F(Launcher, IsBuiltOnTheRuntimesOwnPieces) {
  Write(".wb/plug.bazelrc",
        "# >>> wb plug >>>\n"
        "build --//runtime/plug:run_queue=//exercises/04_run_queue:piece\n"
        "# <<< wb plug <<<\n");
  ASSERT_TRUE(Wb({}).ok());
  EXPECT_NE(BazelLog().find("--//runtime/plug:run_queue="
                            "//runtime/plug:run_queue_default"),
            std::string::npos)
      << BazelLog();
}

TEST_F(Launcher, PutsEachFlagWhereBazelWantsIt) {
  ASSERT_TRUE(Wb({}, "--disk_cache=/d --output_base=/o").ok());
  EXPECT_EQ(BazelLog().substr(0, 42),
            "--output_base=/o build --disk_cache=/d --n");
}

TEST_F(Launcher, TheProgramsExitStatusIsOurs) {
  WriteProgram("out/tools/wb/wb", "#!/bin/bash\nexit 7\n");
  EXPECT_EQ(Wb({}).exit_code, 7);
}

}  // namespace
}  // namespace mn::wb
