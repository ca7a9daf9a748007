#include "tools/common/run_command.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "runtime/go.h"
#include "runtime/sync.h"
#include "runtime/time.h"

namespace mn::tools {
namespace {

using std::chrono::milliseconds;

Command Shell(std::string script) {
  Command c;
  c.argv = {"/bin/sh", "-c", std::move(script)};
  return c;
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

TEST(ShellText, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(ShellText({"bazel", "build", "//a:b", "--x=$y z", "", "it's"}),
            "bazel build //a:b '--x=$y z' '' 'it'\\''s'");
}

}  // namespace
}  // namespace mn::tools
