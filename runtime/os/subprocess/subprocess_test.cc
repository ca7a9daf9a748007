#include "runtime/os/subprocess/subprocess.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace mn::os {
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

TEST(RunCommandBlocking, CapturesBothStreams) {
  const Outcome o = RunCommandBlocking(Shell("echo out; echo err >&2"));
  ASSERT_TRUE(o.started()) << o.start_error;
  EXPECT_EQ(o.exit_code, 0);
  EXPECT_EQ(o.out, "out\n");
  EXPECT_EQ(o.err, "err\n");
}

TEST(RunCommandBlocking, MergesErrIntoOutInOrder) {
  Command c = Shell("echo 1; echo 2 >&2; echo 3");
  c.merge_err = true;
  EXPECT_EQ(RunCommandBlocking(c).out, "1\n2\n3\n");
}

TEST(RunCommandBlocking, TellsTheExitStatus) {
  const Outcome o = RunCommandBlocking(Shell("exit 3"));
  EXPECT_EQ(o.exit_code, 3);
  EXPECT_FALSE(o.ok());
  EXPECT_EQ(o.Describe(), "exit status 3");
}

TEST(RunCommandBlocking, TellsTheSignal) {
  const Outcome o = RunCommandBlocking(Shell("kill -SEGV $$"));
  EXPECT_EQ(o.exit_code, -1);
  EXPECT_EQ(o.signal, SIGSEGV);
  EXPECT_EQ(o.Describe(), "signal 11 (Segmentation fault)");
}

TEST(RunCommandBlocking, AProgramThatIsNotThereIsNamed) {
  Command c;
  c.argv = {"no-such-program-anywhere"};
  const Outcome o = RunCommandBlocking(c);
  EXPECT_FALSE(o.started());
  EXPECT_EQ(o.Describe(),
            "cannot start no-such-program-anywhere: No such file or directory");
}

TEST(RunCommandBlocking, ADirectoryThatIsNotThereIsNamed) {
  Command c = Shell("true");
  c.cwd = "/no/such/directory";
  const Outcome o = RunCommandBlocking(c);
  EXPECT_FALSE(o.started());
  EXPECT_NE(o.start_error.find("/no/such/directory"), std::string::npos);
}

TEST(RunCommandBlocking, AnEmptyCommandIsAnError) {
  EXPECT_EQ(RunCommandBlocking(Command{}).start_error, "no program named");
}

TEST(RunCommandBlocking, RunsInTheDirectoryGiven) {
  Command c = Shell("pwd");
  c.cwd = "/usr";
  EXPECT_EQ(RunCommandBlocking(c).out, "/usr\n");
}

TEST(RunCommandBlocking, ChangesTheEnvironment) {
  ASSERT_EQ(setenv("WB_TEST_KEPT", "k", 1), 0);
  ASSERT_EQ(setenv("WB_TEST_GONE", "g", 1), 0);
  Command c = Shell("echo $WB_TEST_KEPT-$WB_TEST_GONE-$WB_TEST_SET");
  c.unset_env = {"WB_TEST_GONE"};
  c.set_env = {{"WB_TEST_SET", "s"}};
  EXPECT_EQ(RunCommandBlocking(c).out, "k--s\n");
  c.clear_env = true;
  EXPECT_EQ(RunCommandBlocking(c).out, "--s\n");
}

TEST(RunCommandBlocking, AStarUnsetsAllVariablesThatBeginSo) {
  ASSERT_EQ(setenv("WB_TEST_KEPT", "k", 1), 0);
  ASSERT_EQ(setenv("WB_GONE_A", "a", 1), 0);
  ASSERT_EQ(setenv("WB_GONE_B", "b", 1), 0);
  Command c = Shell("echo $WB_TEST_KEPT-$WB_GONE_A-$WB_GONE_B");
  c.unset_env = {"WB_GONE_*"};
  EXPECT_EQ(RunCommandBlocking(c).out, "k--\n");
  c.set_env = {{"WB_GONE_B", "set"}};
  EXPECT_EQ(RunCommandBlocking(c).out, "k--set\n");
}

TEST(RunCommandBlocking, GivesInput) {
  Command c = Shell("cat");
  c.input = std::string(300'000, 'x');
  EXPECT_EQ(RunCommandBlocking(c).out, c.input);
}

TEST(RunCommandBlocking, WithoutInputTheChildSeesTheEnd) {
  EXPECT_EQ(RunCommandBlocking(Shell("cat; echo end")).out, "end\n");
}

TEST(RunCommandBlocking, KeepsOnlyWhatMayBeKept) {
  Command c = Shell("head -c 100000 /dev/zero");
  c.max_capture = 1000;
  const Outcome o = RunCommandBlocking(c);
  EXPECT_EQ(o.exit_code, 0);
  EXPECT_EQ(o.out.size(), 1000u);
  EXPECT_EQ(o.dropped, 99'000u);
}

TEST(RunCommandBlocking, HandsOutputOnAsItComes) {
  std::string seen;
  Command c = Shell("echo a; echo b");
  c.on_out = [&](std::string_view piece) { seen.append(piece); };
  EXPECT_TRUE(RunCommandBlocking(c).ok());
  EXPECT_EQ(seen, "a\nb\n");
}

TEST(RunCommandBlocking, ErrorsAreHandedOnApartIfAsked) {
  std::string out, err;
  Command c = Shell("echo 1; echo 2 >&2");
  c.on_out = [&](std::string_view piece) { out.append(piece); };
  c.on_err = [&](std::string_view piece) { err.append(piece); };
  RunCommandBlocking(c);
  EXPECT_EQ(out, "1\n");
  EXPECT_EQ(err, "2\n");
}

TEST(RunCommandBlocking, ATimeoutEndsTheChild) {
  Command c = Shell("exec sleep 1000");
  c.timeout = milliseconds(100);
  const Outcome o = RunCommandBlocking(c);
  EXPECT_TRUE(o.timed_out);
  EXPECT_EQ(o.signal, SIGKILL);
  EXPECT_EQ(o.Describe().substr(0, 15), "timed out after");
}

TEST(RunCommandBlocking, ATimeoutEndsAChildThatWritesWithoutEnd) {
  Command c = Shell("exec yes");
  c.timeout = milliseconds(100);
  c.max_capture = 10;
  EXPECT_TRUE(RunCommandBlocking(c).timed_out);
}

TEST(RunCommandBlocking, ACancelReachesGrandchildrenInTheGroup) {
  const Outcome o = RunCommandBlocking(
      CancelledWhenReady("sleep 1000 & echo $!; echo ready; wait"));
  ASSERT_TRUE(o.cancelled);
  const pid_t grandchild = std::atoi(o.out.c_str());
  ASSERT_GT(grandchild, 0);
  // Dead at once, but init may take a moment to reap it.
  while (kill(grandchild, 0) == 0) {
    std::ifstream file("/proc/" + std::to_string(grandchild) + "/stat");
    const std::string stat(std::istreambuf_iterator<char>(file), {});
    if (stat.empty() || stat.find(") Z ") != std::string::npos) break;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

TEST(RunCommandBlocking, WithGraceTheChildMayTidyUp) {
  Command c = CancelledWhenReady(
      "trap 'echo tidy; exit 7' TERM; echo ready; sleep 1000 & wait");
  c.kill_grace = seconds(100);
  const Outcome o = RunCommandBlocking(c);
  EXPECT_TRUE(o.cancelled);
  EXPECT_EQ(o.out, "ready\ntidy\n");
  EXPECT_EQ(o.exit_code, 7);
}

TEST(RunCommandBlocking, AfterTheGraceComesKill) {
  Command c = CancelledWhenReady(
      "trap '' TERM; echo ready; while :; do sleep 1000; done");
  c.kill_grace = milliseconds(50);
  const Outcome o = RunCommandBlocking(c);
  EXPECT_TRUE(o.cancelled);
  EXPECT_EQ(o.signal, SIGKILL);
  EXPECT_EQ(o.out, "ready\n");
}

TEST(RunCommandBlocking, IsNotHeldUpByAGrandchildThatKeepsThePipe) {
  const Outcome o = RunCommandBlocking(Shell("sleep 1000 & echo $!"));
  EXPECT_EQ(o.exit_code, 0);
  const pid_t grandchild = std::atoi(o.out.c_str());
  ASSERT_GT(grandchild, 0);
  EXPECT_EQ(kill(grandchild, SIGKILL), 0) << "it was still there";
}

TEST(RunCommandBlocking, AnotherThreadMayCancel) {
  Command c = Shell("exec sleep 1000");
  c.canceller = std::make_shared<Canceller>();
  std::thread other([canceller = c.canceller] {
    std::this_thread::sleep_for(milliseconds(50));
    canceller->Cancel();
  });
  const Outcome o = RunCommandBlocking(c);
  other.join();
  EXPECT_TRUE(o.cancelled);
  EXPECT_EQ(o.Describe(), "cancelled");
}

TEST(RunCommandBlocking, LooksAtOnceAndThenAsOftenAsAsked) {
  Command c = Shell("exec sleep 1000");
  c.canceller = std::make_shared<Canceller>();
  std::vector<pid_t> pids;
  c.look = [&](pid_t pid) {
    pids.push_back(pid);
    if (pids.size() == 3) c.canceller->Cancel();
    return milliseconds(1);
  };
  EXPECT_TRUE(RunCommandBlocking(c).cancelled);
  ASSERT_GE(pids.size(), 3u);
  EXPECT_GT(pids[0], 0);
  EXPECT_EQ(pids, std::vector<pid_t>(pids.size(), pids[0]));
}

TEST(RunCommandBlocking, TellsTheTimeItTook) {
  EXPECT_GE(RunCommandBlocking(Shell("sleep 0.05")).elapsed, milliseconds(50));
}

TEST(RunCommandBlocking, TellsTheCpuTime) {
  const Outcome o = RunCommandBlocking(
      Shell("i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done"));
  EXPECT_GT(o.cpu, milliseconds(5));
}

TEST(RunCommandBlocking, TheChildInheritsNoDescriptor) {
  const int fd = dup(1);  // not close-on-exec
  ASSERT_GE(fd, 3);
  const Outcome o = RunCommandBlocking(Shell("ls /proc/self/fd"));
  close(fd);
  // 3 is ls reading the directory.
  EXPECT_EQ(o.out, "0\n1\n2\n3\n");
}

}  // namespace
}  // namespace mn::os
