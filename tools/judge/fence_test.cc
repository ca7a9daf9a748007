// The fence, against case processes that are shell scripts.

#include "tools/judge/fence.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace mn::judge {
namespace {

using End = Outcome::End;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Says hello and reads the request up to its end; $nonce is then set.
constexpr char kHello[] =
    "echo hello 3 >&4\n"
    "while read -r verb value <&3; do\n"
    "  [ \"$verb\" = nonce ] && nonce=$value\n"
    "  [ \"$verb\" = go ] && break\n"
    "done\n";

class Fence : public testing::Test {
 protected:
  Outcome Run(const std::string& script, Limits limits = {.timeout_s = 30}) {
    request_.program = testing::TempDir() + "case.sh";
    std::ofstream(request_.program) << "#!/bin/sh\n" << script;
    chmod(request_.program.c_str(), 0755);
    request_.visible = {"/bin", "/usr/bin", "/etc/alternatives",
                        testing::TempDir()};
    request_.case_name = "Any.Case";
    request_.nonce = 0xabc;
    return RunCase(request_, limits);
  }

  Request request_;
};

TEST_F(Fence, HearsObservationsAndTheEnd) {
  request_.work["ops"] = {1, -2, 3};
  const Outcome outcome =
      Run("echo hello 3 >&4\n"
          "while read -r line <&3; do\n"
          "  [ \"$line\" = 'work ops 1 -2 3' ] && echo o seen 7 -8 >&4\n"
          "  [ \"$line\" = go ] && break\n"
          "done\n"
          "echo end abc 1 >&4\n");
  EXPECT_EQ(outcome.end, End::kFinished);
  ASSERT_EQ(outcome.observations.size(), 1u);
  EXPECT_EQ(outcome.observations[0].kind, "seen");
  EXPECT_THAT(outcome.observations[0].values, ElementsAre(7, -8));
}

TEST_F(Fence, AnEndWithoutTheNonceIsNoEnd) {
  const Outcome outcome =
      Run(std::string(kHello) + "echo o get 1 >&4; echo end dead 1 >&4\n");
  EXPECT_EQ(outcome.end, End::kExited);
  EXPECT_EQ(outcome.exit_status, 0);
}

TEST_F(Fence, AnEndWithAnotherCountIsNoEnd) {
  const Outcome outcome =
      Run(std::string(kHello) + "echo o get 1 >&4; echo end $nonce 9 >&4\n");
  EXPECT_EQ(outcome.end, End::kExited);
}

TEST_F(Fence, NothingIsSentBeforeTheHello) {
  const Outcome outcome =
      Run("read -r line <&3\necho o got 1 >&4\n", {.timeout_s = 0.2});
  EXPECT_EQ(outcome.end, End::kTimeout);
  EXPECT_FALSE(outcome.hello);
  EXPECT_TRUE(outcome.observations.empty());
}

TEST_F(Fence, TheEnvironmentIsClean) {
  setenv("XML_OUTPUT_FILE", "/somewhere/test.xml", 1);
  setenv("TEST_SECRET", "x", 1);
  const Outcome outcome = Run("env; exit 3\n");
  EXPECT_EQ(outcome.end, End::kExited);
  EXPECT_EQ(outcome.exit_status, 3);
  EXPECT_THAT(outcome.printed, HasSubstr("TMPDIR="));
  EXPECT_THAT(outcome.printed, Not(HasSubstr("XML_OUTPUT_FILE")));
  EXPECT_THAT(outcome.printed, Not(HasSubstr("TEST_")));
}

TEST_F(Fence, OnlyTheProtocolsDescriptorsAreOpen) {
  const Outcome outcome =
      Run("for fd in 5 6 7 8 9; do\n"
          "  [ -e /proc/self/fd/$fd ] && echo open $fd\n"
          "done; [ -e /proc/self/fd/4 ] && echo four\n");
  EXPECT_EQ(outcome.printed, "four\n");
}

TEST_F(Fence, TheTemporaryDirectoryIsFreshAndRemoved) {
  const auto count = [] {
    namespace fs = std::filesystem;
    return std::distance(fs::directory_iterator(testing::TempDir()), {});
  };
  Run("");  // makes the script
  const auto before = count();
  const Outcome outcome =
      Run("ls -A; pwd >mine; cmp mine - <<end && ls\n$TMPDIR\nend\n");
  EXPECT_EQ(outcome.printed, "mine\n");
  EXPECT_EQ(count(), before);
}

TEST_F(Fence, ASignalIsSeen) {
  const Outcome outcome = Run("kill -9 $$\n");
  EXPECT_EQ(outcome.end, End::kSignaled);
  EXPECT_EQ(outcome.signal, SIGKILL);
}

TEST_F(Fence, WaitingIsToldFromComputing) {
  Outcome outcome = Run("exec sleep 100\n", {.timeout_s = 0.2});
  EXPECT_EQ(outcome.end, End::kTimeout);
  EXPECT_TRUE(outcome.asleep);
  outcome = Run("while :; do :; done\n", {.timeout_s = 0.2});
  EXPECT_EQ(outcome.end, End::kTimeout);
  EXPECT_FALSE(outcome.asleep);
}

TEST_F(Fence, ACrashReportIsHeardWithItsNames) {
  const Outcome outcome =
      Run("echo hello 3 >&4\n"
          "cat >&4 <<END\n"
          "fault signal 11 128 1f 6\n"
          "fault at 401136 7ffc0010 400000 403000\n"
          "fault code 48 8b\n"
          "fault stack 1000 2000 1 context 3\n"
          "fault phase the entry function of context 3 returned\n"
          "fault in ctx_swap(void**, void*)\n"
          "fault from 401200 pthread_mutex_lock\n"
          "fault done\n"
          "END\n"
          "kill -SEGV $$\n");
  EXPECT_EQ(outcome.end, End::kSignaled);
  const Fault& f = outcome.fault;
  EXPECT_TRUE(f.told);
  EXPECT_EQ(f.sig, SIGSEGV);
  EXPECT_EQ(f.address, 0x1fu);
  EXPECT_EQ(f.pc, 0x401136u);
  EXPECT_EQ(f.base, 0x400000u);
  EXPECT_EQ(f.end, 0x403000u);
  EXPECT_THAT(f.bytes, ElementsAre(0x48, 0x8b));
  EXPECT_TRUE(f.stack.used);
  EXPECT_EQ(f.stack.name, "context 3");
  EXPECT_EQ(f.phase, "the entry function of context 3 returned");
  EXPECT_EQ(f.function, "ctx_swap(void**, void*)");
  EXPECT_EQ(f.caller, 0x401200u);
  EXPECT_EQ(f.callee, "pthread_mutex_lock");
}

TEST_F(Fence, WhoHangsIsAskedWhere) {
  const Outcome outcome =
      Run("trap 'echo fault syscall 1 >&4; echo fault done >&4' USR2\n"
          "while :; do :; done\n",
          {.timeout_s = 0.5});
  EXPECT_EQ(outcome.end, End::kTimeout);
  EXPECT_TRUE(outcome.fault.told);
  EXPECT_TRUE(outcome.fault.in_syscall);
}

TEST_F(Fence, WhatWasPrintedIsCounted) {
  const Outcome outcome = Run("seq 1 5000; printf half\n");
  EXPECT_EQ(outcome.printed_lines, 5001);
  EXPECT_THAT(outcome.printed, HasSubstr("\n5000\nhalf"));
}

TEST_F(Fence, OrphansInTheirOwnSessionDie) {
  // A grandchild that has left session and parent, would outlive both, and
  // holds the writing end of a FIFO as long as it lives.
  const std::string fifo = testing::TempDir() + "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  ASSERT_EQ(chmod(fifo.c_str(), 0666), 0);  // the case is another user
  const int fd = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const Outcome outcome =
      Run(std::string(kHello) + "(setsid sh -c 'exec 7>" + fifo +
          "; echo here >&7; exec sleep 1000' 2>/dev/null &)\n"
          "sleep 1\n"
          "echo end $nonce 0 >&4\n");
  ASSERT_EQ(outcome.end, End::kFinished);
  char text[16];
  ASSERT_EQ(read(fd, text, sizeof(text)), 5) << "the orphan never ran";
  EXPECT_EQ(read(fd, text, sizeof(text)), 0) << "the orphan is alive";
  close(fd);
}

TEST_F(Fence, TooManyProcessesAreStopped) {
  const Outcome outcome = Run("while :; do sleep 1000 & sleep 0.001; done\n",
                              {.timeout_s = 60, .processes = 10});
  EXPECT_EQ(outcome.end, End::kProcesses);
}

// Only the judge can know that a program was not started: the exit statuses are
// the learner's.
TEST_F(Fence, NoExitStatusPassesForAProgramThatWasNotStarted) {
  for (const int status : {70, 71, 72, 73}) {
    const Outcome outcome = Run("exit " + std::to_string(status) + "\n");
    EXPECT_EQ(outcome.end, End::kExited);
    EXPECT_EQ(outcome.exit_status, status);
  }
}

TEST_F(Fence, AProgramThatCannotRunIsNotTheLearnersFault) {
  request_.program = testing::TempDir() + "garbage";
  std::ofstream(request_.program) << "no program";
  chmod(request_.program.c_str(), 0755);
  const Outcome outcome = RunCase(request_, {});
  EXPECT_EQ(outcome.end, End::kNotStarted);
  EXPECT_THAT(outcome.error, HasSubstr("Exec format error"));
}

// The cache of a grader who is root is below /root.
TEST_F(Fence, AProgramBelowADirectoryThatOnlyRootMayEnter) {
  const std::string dir = testing::TempDir() + "private";
  std::filesystem::create_directory(dir);
  chmod(dir.c_str(), 0700);
  request_.program = dir + "/true";
  std::filesystem::copy_file("/bin/true", request_.program);
  const Outcome outcome = RunCase(request_, {.timeout_s = 30});
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.end, End::kExited);
  EXPECT_EQ(outcome.exit_status, 0);
}

TEST_F(Fence, AMissingProgramIsNotTheLearnersFault) {
  Request request;
  request.program = "/no/such/case";
  const Outcome outcome = RunCase(request, {});
  EXPECT_EQ(outcome.end, End::kNotStarted);
  EXPECT_THAT(outcome.error, HasSubstr("/no/such/case"));
}

}  // namespace
}  // namespace mn::judge
