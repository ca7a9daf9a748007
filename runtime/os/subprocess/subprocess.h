// Child processes: started, watched, timed out and reaped.
//
// One implementation serves the tests of the runtime (testing/process.h), the
// benchmarks (benchmarks/comparison/measured_run.h) and the commands
// (tools/common/run_command.h). It needs no runtime.
//
// Why it is hard: fork() in a process with many threads gives the child one
// thread and everybody's locks, and copies the page tables of a sanitizer's
// 20 TB. So the child is made by posix_spawn, which runs nothing of ours
// between fork and exec. A child may leave grandchildren that keep the output
// pipe open, so the end of output is not the end of the child. Both are waited
// for, and the pipe only a moment longer than the child. The caller may be a
// goroutine: nothing large lives on the stack, and any call may be interrupted.
//
// Protocol: one thread, one child. The thread waits in poll, over the pipes,
// the child's pidfd and the canceller. The callbacks run on the same thread.
//
// Invariant: when RunCommandBlocking returns, the child is reaped. With
// own_group, everything that stayed in its process group has been sent SIGKILL.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mn::os {

// Stops commands from another thread or goroutine. Thread-safe. One canceller
// may serve several commands.
class Canceller {
 public:
  Canceller();
  ~Canceller();
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

  void Cancel();
  bool cancelled() const;
  int fd() const { return fd_; }  // readable for ever once cancelled

 private:
  int fd_;
};

struct Command {
  // argv[0] is looked up in PATH unless it has a '/'.
  std::vector<std::string> argv;
  std::string cwd;  // empty: ours

  // The child's environment: ours (or nothing), minus `unset_env`, plus
  // `set_env`.
  bool clear_env = false;
  std::vector<std::string> unset_env;  // "GTEST_*": all that begin with GTEST_
  std::vector<std::pair<std::string, std::string>> set_env;

  enum class Io {
    kCapture,   // into Outcome::out / err
    kTerminal,  // the child writes where we write
    kDiscard,
  };
  Io out = Io::kCapture;
  Io err = Io::kCapture;
  bool merge_err = false;  // err goes wherever out goes
  // Bytes kept of each captured stream; what is beyond is read and counted.
  std::size_t max_capture = 4u << 20;
  // Called with each piece of captured output as it arrives (before capping).
  // Must not call into the runtime: the thread is in a system call.
  std::function<void(std::string_view)> on_out;
  // The same for standard error alone. Unset: on_out hears both.
  std::function<void(std::string_view)> on_err;
  // Called with the child's pid as soon as it runs, and again whenever the time
  // that the last call returned has passed, until it ends. As on_out.
  std::function<std::chrono::milliseconds(pid_t)> look;

  bool terminal_stdin = false;  // otherwise /dev/null, or `input` if not empty
  std::string input;

  // A process group of its own, so that a timeout reaches the grandchildren.
  // Without it the terminal's Ctrl-C reaches the child as well as us.
  bool own_group = false;

  std::chrono::milliseconds timeout{0};  // 0: none
  // At the timeout or on cancel: SIGTERM, and SIGKILL after this long. 0:
  // SIGKILL at once.
  std::chrono::milliseconds kill_grace{0};
  std::shared_ptr<Canceller> canceller;
};

struct Outcome {
  // Why the child could not be started; empty if it was. The fields below mean
  // something only then.
  std::string start_error;

  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;      // 0 when it exited
  bool timed_out = false;
  bool cancelled = false;

  std::string out, err;
  std::size_t dropped = 0;  // bytes beyond max_capture, both streams

  // From just before it was started until it had ended.
  std::chrono::nanoseconds elapsed{0};
  // User and system time of all its threads, and of the children it waited for.
  std::chrono::nanoseconds cpu{0};

  bool started() const { return start_error.empty(); }
  bool ok() const { return started() && exit_code == 0; }
  // "exit status 3", "signal 11 (Segmentation fault)", "timed out after 5 s",
  // or the start error.
  std::string Describe() const;
};

// Runs it to its end. Blocks the calling thread (in a goroutine: call it inside
// mn::BlockingCall). Never throws for anything the child does.
Outcome RunCommandBlocking(const Command& command);

}  // namespace mn::os
