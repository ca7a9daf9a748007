// wb watch, with somebody at the terminal: what is on the screen, and which
// keys are answered when.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>

#include "runtime/chan.h"
#include "runtime/go.h"
#include "runtime/syscall.h"
#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/wb/scratch.h"
#include "tools/wb/test_course.h"

namespace mn::wb {
namespace {

using tools::Cat;

// What was written, for a goroutine that waits for it.
class Screen {
 public:
  void Write(std::string_view text) {
    const std::lock_guard lock(mutex_);
    all_ += text;
    changed_.notify_all();
  }
  // Parks until `text` was written after the last WaitFor's.
  void WaitFor(const std::string& text) {
    mn::BlockingCall([&] {
      std::unique_lock lock(mutex_);
      std::size_t at;
      changed_.wait(lock, [&] {
        return (at = all_.find(text, seen_)) != std::string::npos;
      });
      seen_ = at + text.size();
    });
  }
  std::string All() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;  // of the thread: a run writes from within a system call
  std::condition_variable changed_;
  std::string all_;
  std::size_t seen_ = 0;
};

class Watching : public Scratch {
 protected:
  void SetUp() override {
    Scratch::SetUp();
    JudgeSays("failed");
    ASSERT_EQ(mkfifo((dir_ + "/gate").c_str(), 0600), 0);
  }

  // A build that says how far it is, and goes on when Open() is called.
  void BuildWaits() {
    WriteProgram(
        "bazel",
        Cat("case $1 in build) echo '[1 / 2] Compiling a very long name of a "
            "file in a directory, and more of it'; read < ",
            dir_, "/gate; exit 0 ;; info) echo ", dir_, "/bin ;; esac"));
  }
  void Open() {
    mn::BlockingCall([&] { std::ofstream(dir_ + "/gate") << "\n"; });
  }

  void Start(int width = 80) {
    context_ = std::make_unique<Context>(
        dir_, TestCourse(),
        tools::Bazel(dir_, tools::JoinPath(dir_, "bazel"), ""),
        Terminal::FakeInteractive(
            [this](std::string_view s) { screen_.Write(s); },
            [keys = keys_]() mutable { return keys.Recv(); }, width));
    mn::Go([this, done = done_]() mutable {
      done.Send(Dispatch(*context_, {"watch", "04"}));
    });
  }
  void Press(char key) { keys_.Send(key); }
  void Quit() {
    Press('q');
    EXPECT_EQ(done_.Recv(), kOk);
    keys_.Close();
  }

  Screen screen_;
  mn::Chan<char> keys_{0};
  mn::Chan<int> done_{1};
  std::unique_ptr<Context> context_;
};

TEST_F(Watching, TheScreenIsNeverCleared) {
  Start();
  screen_.WaitFor("keys: ");
  Press('r');
  screen_.WaitFor("keys: ");
  Quit();
  const std::string all = screen_.All();
  EXPECT_EQ(all.find("\x1b[2J"), all.npos);
  EXPECT_EQ(all.find("\x1b[3J"), all.npos);
  EXPECT_EQ(all.find("\x1b[H"), all.npos);
}

TEST_F(Watching, KeysAreAnsweredDuringARun) {
  BuildWaits();
  Start();
  screen_.WaitFor("building [1 / 2]");
  Press('h');
  screen_.WaitFor("the first hint");
  Press('l');
  screen_.WaitFor("of 12 points");
  Press('x');  // no key of ours: which there are
  screen_.WaitFor("keys: ");
  Open();
  screen_.WaitFor("the judge says so");
  screen_.WaitFor("keys: ");
  Quit();
}

TEST_F(Watching, QuitStopsARun) {
  BuildWaits();
  Start();
  screen_.WaitFor("building [1 / 2]");
  Quit();
}

TEST_F(Watching, ASaveBeginsAnewBelowWhatWasSaidLast) {
  Start();
  screen_.WaitFor("the judge says so");
  screen_.WaitFor("keys: ");
  Write("exercises/04_run_queue/run_queue.cc", "// new\n");
  screen_.WaitFor("04  the local run queue  ─");
  screen_.WaitFor("the judge says so");
  screen_.WaitFor("keys: ");
  Quit();
}

TEST_F(Watching, ADeletedFileIsNoticed) {
  Start();
  screen_.WaitFor("keys: ");
  ASSERT_EQ(
      std::remove((dir_ + "/exercises/04_run_queue/run_queue.cc").c_str()), 0);
  screen_.WaitFor("run_queue.cc is not there");
  screen_.WaitFor("wb reset 04");
  Quit();
}

// Nothing that watch itself writes is wider than the terminal, and no momentary
// line fills it: a full line makes some terminals begin the next one.
TEST_F(Watching, NothingWrapsIn80Columns) {
  BuildWaits();
  Start(80);
  screen_.WaitFor("building [1 / 2]");
  Open();
  screen_.WaitFor("keys: ");
  Quit();
  std::string all = tools::ReplaceAll(screen_.All(), "\r\x1b[K", "\n");
  for (const std::string& line : tools::Lines(all)) {
    // One word that is longer than the terminal, of the judge's.
    if (line.starts_with("--results=")) continue;
    EXPECT_LT(DisplayWidth(line), 80) << line;
  }
}

}  // namespace
}  // namespace mn::wb
