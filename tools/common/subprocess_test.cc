#include "tools/common/subprocess.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/go.h"
#include "runtime/sync.h"
#include "runtime/time.h"
#include "tools/common/files.h"

namespace mn::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Command Shell(std::string script) {
  Command c;
  c.argv = {"/bin/sh", "-c", std::move(script)};
  return c;
}

// Is cancelled once it has said "ready": what comes before has happened.
Command CancelledWhenReady(std::string script) {
  Command c = Shell(std::move(script));
  c.own_group = true;
  c.canceller = std::make_shared<Canceller>();
  c.on_out = [canceller = c.canceller,
              heard = std::string()](std::string_view piece) mutable {
    heard += piece;
    if (heard.find("ready\n") != heard.npos) canceller->Cancel();
  };
  return c;
}

TEST(RunCommand, CapturesBothStreams) {
  const Outcome o = RunCommand(Shell("echo out; echo err >&2"));
  ASSERT_TRUE(o.started()) << o.start_error;
  EXPECT_EQ(o.exit_code, 0);
  EXPECT_EQ(o.out, "out\n");
  EXPECT_EQ(o.err, "err\n");
}

TEST(RunCommand, MergesErrIntoOutInOrder) {
  Command c = Shell("echo 1; echo 2 >&2; echo 3");
  c.merge_err = true;
  EXPECT_EQ(RunCommand(c).out, "1\n2\n3\n");
}

TEST(RunCommand, TellsTheExitStatus) {
  const Outcome o = RunCommand(Shell("exit 3"));
  EXPECT_EQ(o.exit_code, 3);
  EXPECT_FALSE(o.ok());
  EXPECT_EQ(o.Describe(), "exit status 3");
}

TEST(RunCommand, TellsTheSignal) {
  const Outcome o = RunCommand(Shell("kill -SEGV $$"));
  EXPECT_EQ(o.exit_code, -1);
  EXPECT_EQ(o.signal, SIGSEGV);
  EXPECT_EQ(o.Describe(), "signal 11 (Segmentation fault)");
}

TEST(RunCommand, AProgramThatIsNotThereIsNamed) {
  Command c;
  c.argv = {"no-such-program-anywhere"};
  const Outcome o = RunCommand(c);
  EXPECT_FALSE(o.started());
  EXPECT_EQ(o.Describe(),
            "cannot start no-such-program-anywhere: No such file or directory");
}

TEST(RunCommand, ADirectoryThatIsNotThereIsNamed) {
  Command c = Shell("true");
  c.cwd = "/no/such/directory";
  const Outcome o = RunCommand(c);
  EXPECT_FALSE(o.started());
  EXPECT_NE(o.start_error.find("/no/such/directory"), std::string::npos);
}

TEST(RunCommand, AnEmptyCommandIsAnError) {
  EXPECT_EQ(RunCommand(Command{}).start_error, "no program named");
}

TEST(RunCommand, RunsInTheDirectoryGiven) {
  Command c = Shell("pwd");
  c.cwd = "/usr";
  EXPECT_EQ(RunCommand(c).out, "/usr\n");
}

TEST(RunCommand, ChangesTheEnvironment) {
  ASSERT_EQ(setenv("WB_TEST_KEPT", "k", 1), 0);
  ASSERT_EQ(setenv("WB_TEST_GONE", "g", 1), 0);
  Command c = Shell("echo $WB_TEST_KEPT-$WB_TEST_GONE-$WB_TEST_SET");
  c.unset_env = {"WB_TEST_GONE"};
  c.set_env = {{"WB_TEST_SET", "s"}};
  EXPECT_EQ(RunCommand(c).out, "k--s\n");
  c.clear_env = true;
  EXPECT_EQ(RunCommand(c).out, "--s\n");
}

TEST(RunCommand, GivesInput) {
  Command c = Shell("cat");
  c.input = std::string(300'000, 'x');
  EXPECT_EQ(RunCommand(c).out, c.input);
}

TEST(RunCommand, WithoutInputTheChildSeesTheEnd) {
  EXPECT_EQ(RunCommand(Shell("cat; echo end")).out, "end\n");
}

TEST(RunCommand, KeepsOnlyWhatMayBeKept) {
  Command c = Shell("head -c 100000 /dev/zero");
  c.max_capture = 1000;
  const Outcome o = RunCommand(c);
  EXPECT_EQ(o.exit_code, 0);
  EXPECT_EQ(o.out.size(), 1000u);
  EXPECT_EQ(o.dropped, 99'000u);
}

TEST(RunCommand, HandsOutputOnAsItComes) {
  std::string seen;
  Command c = Shell("echo a; echo b");
  c.on_out = [&](std::string_view piece) { seen.append(piece); };
  EXPECT_TRUE(RunCommand(c).ok());
  EXPECT_EQ(seen, "a\nb\n");
}

TEST(RunCommand, ATimeoutEndsTheChild) {
  Command c = Shell("exec sleep 1000");
  c.timeout = milliseconds(100);
  const Outcome o = RunCommand(c);
  EXPECT_TRUE(o.timed_out);
  EXPECT_EQ(o.signal, SIGKILL);
  EXPECT_EQ(o.Describe().substr(0, 15), "timed out after");
}

TEST(RunCommand, ATimeoutEndsAChildThatWritesWithoutEnd) {
  Command c = Shell("exec yes");
  c.timeout = milliseconds(100);
  c.max_capture = 10;
  EXPECT_TRUE(RunCommand(c).timed_out);
}

TEST(RunCommand, ACancelReachesGrandchildrenInTheGroup) {
  const Outcome o =
      RunCommand(CancelledWhenReady("sleep 1000 & echo $!; echo ready; wait"));
  ASSERT_TRUE(o.cancelled);
  const pid_t grandchild = std::atoi(o.out.c_str());
  ASSERT_GT(grandchild, 0);
  // Dead at once, but init may take a moment to reap it.
  while (kill(grandchild, 0) == 0) {
    Result<std::string> stat =
        ReadFile("/proc/" + std::to_string(grandchild) + "/stat");
    if (!stat.ok() || stat->find(") Z ") != std::string::npos) break;
    mn::Sleep(milliseconds(1));
  }
}

TEST(RunCommand, WithGraceTheChildMayTidyUp) {
  Command c = CancelledWhenReady(
      "trap 'echo tidy; exit 7' TERM; echo ready; sleep 1000 & wait");
  c.kill_grace = seconds(100);
  const Outcome o = RunCommand(c);
  EXPECT_TRUE(o.cancelled);
  EXPECT_EQ(o.out, "ready\ntidy\n");
  EXPECT_EQ(o.exit_code, 7);
}

TEST(RunCommand, AfterTheGraceComesKill) {
  Command c = CancelledWhenReady(
      "trap '' TERM; echo ready; while :; do sleep 1000; done");
  c.kill_grace = milliseconds(50);
  const Outcome o = RunCommand(c);
  EXPECT_TRUE(o.cancelled);
  EXPECT_EQ(o.signal, SIGKILL);
  EXPECT_EQ(o.out, "ready\n");
}

TEST(RunCommand, IsNotHeldUpByAGrandchildThatKeepsThePipe) {
  const Outcome o = RunCommand(Shell("sleep 1000 & echo $!"));
  EXPECT_EQ(o.exit_code, 0);
  const pid_t grandchild = std::atoi(o.out.c_str());
  ASSERT_GT(grandchild, 0);
  EXPECT_EQ(kill(grandchild, SIGKILL), 0) << "it was still there";
}

TEST(RunCommand, AnotherGoroutineMayCancel) {
  Command c = Shell("exec sleep 1000");
  c.canceller = std::make_shared<Canceller>();
  mn::Go([canceller = c.canceller] {
    mn::Sleep(milliseconds(50));
    canceller->Cancel();
  });
  const Outcome o = RunCommand(c);
  EXPECT_TRUE(o.cancelled);
  EXPECT_EQ(o.Describe(), "cancelled");
}

TEST(RunCommand, OtherGoroutinesGoOnMeanwhile) {
  mn::WaitGroup wg;
  Outcome outcomes[8];
  for (Outcome& o : outcomes) {
    wg.Add(1);
    mn::Go([&o, &wg] {
      o = RunCommand(Shell("sleep 0.2; echo done"));
      wg.Done();
    });
  }
  wg.Wait();
  for (const Outcome& o : outcomes) EXPECT_EQ(o.out, "done\n");
}

TEST(RunCommand, TheChildInheritsNoDescriptor) {
  const int fd = dup(1);  // not close-on-exec
  ASSERT_GE(fd, 3);
  const Outcome o = RunCommand(Shell("ls /proc/self/fd"));
  close(fd);
  // 3 is ls reading the directory.
  EXPECT_EQ(o.out, "0\n1\n2\n3\n");
}

TEST(ShellText, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(ShellText({"bazel", "build", "//a:b", "--x=$y z", "", "it's"}),
            "bazel build //a:b '--x=$y z' '' 'it'\\''s'");
}

}  // namespace
}  // namespace mn::tools
