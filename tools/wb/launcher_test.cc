// tools/bin/wb: when it builds, with which flags, and what happens if it
// cannot.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

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
         {"course.bzl", "runtime/go.h", "runtime/plug/run_queue.h",
          "tools/common/text.h", "tools/wb/main.cc", "tools/wb/main_test.cc",
          "tools/judge/course_json.bzl", "tools/judge/manifest.bzl",
          "lessons/04_run_queue/lesson.bzl"}) {
      Write(source, "");
      Age(source);
    }
    Age("tools/bin/wb");
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

  using Environment = std::vector<std::pair<std::string, std::string>>;

  Outcome Wb(std::vector<std::string> args, const std::string& flags = "") {
    args.insert(args.begin(), dir_ + "/tools/bin/wb");
    return Start(std::move(args), {{"WB_BAZEL_FLAGS", flags}});
  }
  Outcome Start(std::vector<std::string> argv, const Environment& environment,
                const std::string& cwd = "/") {
    Command c;
    c.argv = std::move(argv);
    c.cwd = cwd;
    c.unset_env = {"BUILD_WORKSPACE_DIRECTORY"};
    std::map<std::string, std::string> all = {{"BAZEL", dir_ + "/bazel"},
                                              {"PATH", "/usr/bin:/bin"}};
    for (const auto& [name, value] : environment) all[name] = value;
    c.set_env.assign(all.begin(), all.end());
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
  Write("tools/wb/main.cc", "changed");
  const Outcome o = Wb({});
  EXPECT_EQ(o.out, "program two\n");
  EXPECT_EQ(o.err, "wb: its own sources have changed, building it again\n");
}

TEST_F(Launcher, WhatALearnerEditsBuildsNothing) {
  ASSERT_TRUE(Wb({}).ok());
  const std::string log = BazelLog();
  for (const char* edited : {"runtime/go.h", "runtime/plug/run_queue.h",
                             "tools/wb/main_test.cc", "tools/wb/README.md"}) {
    Write(edited, "kRunqSize = 16;");
  }
  EXPECT_EQ(Wb({}).err, "");
  EXPECT_EQ(BazelLog(), log);
}

TEST_F(Launcher, ANewerManifestIsMadeWithoutBuildingWb) {
  ASSERT_TRUE(Wb({}).ok());
  ASSERT_EQ(unlink((dir_ + "/bazel.log").c_str()), 0);
  Write("out/tools/judge/course.json", "{\"new\": 1}");
  Write("lessons/04_run_queue/lesson.bzl", "changed");
  ASSERT_TRUE(Wb({}).ok());
  EXPECT_NE(BazelLog().find("//tools/judge:course_json"), std::string::npos);
  EXPECT_EQ(BazelLog().find("//tools/wb"), std::string::npos);
  const auto kept =
      tools::ReadFile(dir_ + "/.wb/bin/wb.runfiles/mn/tools/judge/course.json");
  ASSERT_TRUE(kept.ok()) << kept.error();
  EXPECT_EQ(*kept, "{\"new\": 1}");
}

TEST_F(Launcher, ABuildThatFailedIsNotTriedAtEveryStart) {
  ASSERT_TRUE(Wb({}).ok());
  Write("tools/wb/main.cc", "broken");
  Write("build.status", "1");
  ASSERT_NE(Wb({}).err, "");
  EXPECT_EQ(Wb({}).err, "");
  Write("build.status", "0");
  Write("tools/wb/main.cc", "mended");
  EXPECT_EQ(Wb({}).err,
            "wb: its own sources have changed, building it again\n");
}

TEST_F(Launcher, TellsTheProgramHowItWasStarted) {
  WriteProgram("out/tools/wb/wb", "#!/bin/bash\necho \"$WB_NAME\"\n");
  const std::string typed = dir_ + "/tools/bin/wb";
  EXPECT_EQ(Wb({}).out, typed + "\n");
  // bazel run
  EXPECT_EQ(Start({typed}, {{"BUILD_WORKSPACE_DIRECTORY", dir_}}).out,
            "bazel run //tools:wb --\n");
  // A link on PATH, whichever way it was started.
  ASSERT_TRUE(tools::MakeDirs(dir_ + "/path").ok());
  ASSERT_EQ(symlink(typed.c_str(), (dir_ + "/path/wb").c_str()), 0);
  const std::string path = dir_ + "/path:/usr/bin:/bin";
  EXPECT_EQ(Start({"/usr/bin/env", "wb"}, {{"PATH", path}}).out, "wb\n");
  EXPECT_EQ(
      Start({typed}, {{"PATH", path}, {"BUILD_WORKSPACE_DIRECTORY", dir_}}).out,
      "wb\n");
}

// One link on PATH serves every checkout.
TEST_F(Launcher, TheCheckoutThatOneStandsInIsMeant) {
  WriteProgram("out/tools/wb/wb",
               "#!/bin/bash\necho \"$BUILD_WORKSPACE_DIRECTORY\"\n");
  const std::string other = dir_ + "/other";
  ASSERT_TRUE(tools::MakeDirs(other + "/lessons/04_run_queue").ok());
  ASSERT_TRUE(tools::MakeDirs(other + "/tools").ok());
  Command copy;
  copy.argv = {"cp",
               "-a",
               "-t",
               other,
               dir_ + "/tools",
               dir_ + "/lessons",
               dir_ + "/course.bzl"};
  ASSERT_TRUE(tools::RunCommand(copy).ok());
  EXPECT_EQ(Start({dir_ + "/tools/bin/wb"}, {}, other + "/lessons").out,
            other + "\n");
}

TEST_F(Launcher, WhereTheCheckoutIsReadOnlyTheCopyIsInTheCache) {
  Write(".wb", "");  // no directory can be made, for root neither
  EXPECT_EQ(Start({dir_ + "/tools/bin/wb", "list"},
                  {{"XDG_CACHE_HOME", dir_ + "/cache"}})
                .out,
            "program one: list\n");
  EXPECT_TRUE(tools::FileExists(dir_ + "/cache/mn-workbook"));
}

TEST_F(Launcher, AFailedBuildKeepsTheProgramFromBefore) {
  ASSERT_TRUE(Wb({}).ok());
  Write("tools/wb/main.cc", "broken");
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
