// sys::Read and the others: results, errors by value, EINTR.
#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "runtime/core/getg.h"
#include "runtime/mn.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;

// A file that is there as long as this.
class TempFile {
 public:
  TempFile() {
    fd_ = ::mkstemp(path_.data());
    EXPECT_GE(fd_, 0);
  }
  ~TempFile() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  int fd() const { return fd_; }
  const char* path() const { return path_.c_str(); }

 private:
  static std::string Pattern() {
    const char* dir = ::getenv("TEST_TMPDIR");
    return std::string(dir != nullptr ? dir : ".") + "/sys.XXXXXX";
  }
  std::string path_ = Pattern();
  int fd_ = -1;
};

struct Pipe {
  Pipe() {
    if (::pipe(end) != 0) abort();
  }
  ~Pipe() {
    ::close(end[0]);
    ::close(end[1]);
  }
  int end[2];
};

void ExpectFails(const sys::Result& r, int error) {
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.value, -1);
  EXPECT_EQ(r.error, error);
}

TEST(SysRead, ReturnsTheBytesAndTheirNumber) {
  Pipe pipe;
  ASSERT_EQ(::write(pipe.end[1], "abc", 3), 3);
  char buffer[8] = {};
  const sys::Result r = sys::Read(pipe.end[0], buffer, sizeof buffer);
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.value, 3);
  EXPECT_STREQ(buffer, "abc");
}

TEST(SysRead, ReturnsZeroAtTheEnd) {
  TempFile file;
  char c;
  const sys::Result r = sys::Read(file.fd(), &c, 1);
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.value, 0);
}

TEST(SysRead, ErrorByValue) {
  char c;
  ExpectFails(sys::Read(-1, &c, 1), EBADF);
}

TEST(SysWrite, WritesAndReturnsTheNumber) {
  Pipe pipe;
  EXPECT_EQ(sys::Write(pipe.end[1], "xy", 2).value, 2);
  char buffer[2];
  EXPECT_EQ(::read(pipe.end[0], buffer, 2), 2);
  EXPECT_EQ(std::string_view(buffer, 2), "xy");
}

TEST(SysWrite, Sys8_IsAnotherPlaceThanRead) {
  TempFile file;
  char c = 'x';
  EXPECT_EQ(sys::Write(file.fd(), &c, 1).value, 1);
  const void* write = getg()->syscallpc;
  EXPECT_EQ(sys::Read(file.fd(), &c, 1).value, 0);
  const void* read = getg()->syscallpc;
  EXPECT_NE(write, read);
  EXPECT_EQ(sys::Read(file.fd(), &c, 1).value, 0);
  EXPECT_EQ(getg()->syscallpc, read);
}

TEST(SysWrite, ErrorByValue) { ExpectFails(sys::Write(-1, "x", 1), EBADF); }

TEST(SysPreadPwrite, ReadAndWriteAtAPlace) {
  TempFile file;
  EXPECT_EQ(sys::Pwrite(file.fd(), "world", 5, 6).value, 5);
  EXPECT_EQ(sys::Pwrite(file.fd(), "hello ", 6, 0).value, 6);
  char buffer[11];
  EXPECT_EQ(sys::Pread(file.fd(), buffer, sizeof buffer, 0).value, 11);
  EXPECT_EQ(std::string_view(buffer, 11), "hello world");
  EXPECT_EQ(sys::Pread(file.fd(), buffer, 3, 8).value, 3);
  EXPECT_EQ(std::string_view(buffer, 3), "rld");
}

TEST(SysPreadPwrite, ErrorByValue) {
  Pipe pipe;
  char c;
  ExpectFails(sys::Pread(pipe.end[0], &c, 1, 0), ESPIPE);
  ExpectFails(sys::Pwrite(pipe.end[1], "x", 1, 0), ESPIPE);
}

TEST(SysOpenClose, OpenReturnsADescriptorThatCloseCloses) {
  TempFile file;
  const sys::Result opened = sys::Open(file.path(), O_RDONLY);
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(sys::Close(static_cast<int>(opened.value)).ok());
  ExpectFails(sys::Close(static_cast<int>(opened.value)), EBADF);
}

TEST(SysOpenClose, OpenCreatesWithTheMode) {
  TempFile file;
  ASSERT_EQ(::unlink(file.path()), 0);
  const sys::Result opened =
      sys::Open(file.path(), O_CREAT | O_EXCL | O_WRONLY, 0600);
  ASSERT_TRUE(opened.ok());
  struct stat st;
  EXPECT_EQ(::fstat(static_cast<int>(opened.value), &st), 0);
  EXPECT_EQ(st.st_mode & 0777u, 0600u);
  EXPECT_TRUE(sys::Close(static_cast<int>(opened.value)).ok());
}

TEST(SysOpenClose, ErrorByValue) {
  ExpectFails(sys::Open("no such directory/file", O_RDONLY), ENOENT);
}

TEST(SysFsync, SyncsAFileAndFailsOnAPipe) {
  TempFile file;
  EXPECT_TRUE(sys::Fsync(file.fd()).ok());
  Pipe pipe;
  ExpectFails(sys::Fsync(pipe.end[0]), EINVAL);
}

// At one P too: whoever holds the lock goes on while we wait for it.
TEST(SysFlock, WaitsWhileOthersGoOn) {
  TempFile file;
  const sys::Result other = sys::Open(file.path(), O_RDONLY);
  const int fd = static_cast<int>(other.value);
  ASSERT_TRUE(sys::Flock(file.fd(), LOCK_EX).ok());
  ExpectFails(sys::Flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  std::atomic<bool> released{false};
  WaitGroup wg;
  wg.Go([&] {
    released = true;
    ::flock(file.fd(), LOCK_UN);
  });
  EXPECT_TRUE(sys::Flock(fd, LOCK_EX).ok());
  EXPECT_TRUE(released);
  wg.Wait();
  EXPECT_TRUE(sys::Close(fd).ok());
}

pid_t StartShell(const char* command) {
  pid_t pid = -1;
  std::string text = command;
  char sh[] = "sh", c[] = "-c";
  char* argv[] = {sh, c, text.data(), nullptr};
  EXPECT_EQ(::posix_spawn(&pid, "/bin/sh", nullptr, nullptr, argv, environ), 0);
  return pid;
}

TEST(SysWait4, ReturnsTheChildAndItsStatus) {
  const pid_t pid = StartShell("exit 7");
  int status = 0;
  const sys::Result r = sys::Wait4(pid, &status, 0);
  EXPECT_EQ(r.value, pid);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(SysWait4, ErrorByValue) {
  int status;
  ExpectFails(sys::Wait4(::getpid(), &status, 0), ECHILD);
}

TEST(SysNanosleep, NeverEndsEarly) {
  const std::int64_t before = Nanotime();
  EXPECT_TRUE(sys::Nanosleep(milliseconds(5)).ok());
  EXPECT_GE(Nanotime() - before, 5'000'000);
}

// ---- EINTR ------------------------------------------------------------------

std::atomic<int> signals{0};

// SIGUSR1 without SA_RESTART: what blocks returns EINTR.
class InterruptingSignal {
 public:
  InterruptingSignal() {
    struct sigaction action = {};
    action.sa_handler = [](int) { signals.fetch_add(1); };
    action.sa_flags = SA_ONSTACK;
    ::sigaction(SIGUSR1, &action, &previous_);
  }
  ~InterruptingSignal() { ::sigaction(SIGUSR1, &previous_, nullptr); }

 private:
  struct sigaction previous_;
};

// Sends the signal to thread `tid` again and again until `done` says so. Does
// not wait for the handler: ThreadSanitizer keeps a signal that comes while the
// thread is on its scheduler's stack until it calls something there.
template <class Done>
void Interrupt(int tid, Done done) {
  while (!done()) {
    ::syscall(SYS_tgkill, ::getpid(), tid, SIGUSR1);
    BlockingCall([] { ::usleep(1000); });  // so that it blocks again
  }
}

TEST(Eintr, ABareReadReturnsIt) {
  InterruptingSignal handler;
  Pipe pipe;
  std::atomic<int> tid{0};
  std::atomic<int> error{0};
  WaitGroup wg;
  wg.Go([&] {
    Syscall([&] {
      tid = Gettid();
      char c;
      if (::read(pipe.end[0], &c, 1) < 0) error = errno;
    });
  });
  while (tid == 0) Gosched();
  Interrupt(tid, [&] { return error != 0; });
  wg.Wait();
  EXPECT_EQ(error, EINTR);
}

TEST(Eintr, SysReadTriesAgain) {
  InterruptingSignal handler;
  Pipe pipe;
  std::atomic<int> tid{0};
  sys::Result r;
  char c = 0;
  WaitGroup wg;
  wg.Go([&] {
    // Pinned: it comes back to this thread after every signal.
    LockOSThread();
    tid = Gettid();
    r = sys::Read(pipe.end[0], &c, 1);
    UnlockOSThread();
  });
  while (tid == 0) Gosched();
  const int before = signals.load();
  Interrupt(tid, [&] { return signals.load() >= before + 20; });
  EXPECT_EQ(::write(pipe.end[1], "e", 1), 1);
  wg.Wait();
  EXPECT_EQ(r.value, 1);
  EXPECT_EQ(r.error, 0);
  EXPECT_EQ(c, 'e');
}

TEST(Eintr, SysNanosleepSleepsOn) {
  InterruptingSignal handler;
  std::atomic<int> tid{0};
  std::atomic<bool> over{false};
  std::int64_t slept = 0;
  sys::Result r;
  const int before = signals.load();
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    tid = Gettid();
    do {  // until one was interrupted
      const std::int64_t began = Nanotime();
      r = sys::Nanosleep(milliseconds(50));
      slept = Nanotime() - began;
    } while (r.ok() && slept >= 50'000'000 && signals.load() == before);
    UnlockOSThread();
    over = true;
  });
  while (tid == 0) Gosched();
  Interrupt(tid, [&] { return over.load(); });
  wg.Wait();
  EXPECT_TRUE(r.ok());
  EXPECT_GE(slept, 50'000'000);
  EXPECT_GT(signals.load(), before);
}

TEST(Eintr, SysWait4WaitsOn) {
  InterruptingSignal handler;
  std::atomic<int> tid{0};
  int status = 0;
  sys::Result r;
  const pid_t pid = StartShell("exec sleep 1000");
  const int before = signals.load();
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    tid = Gettid();
    r = sys::Wait4(pid, &status, 0);
    UnlockOSThread();
  });
  while (tid == 0) Gosched();
  Interrupt(tid, [&] { return signals.load() >= before + 20; });
  ::kill(pid, SIGTERM);
  wg.Wait();
  EXPECT_EQ(r.value, pid);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

// go:SCH-13: two goroutines that do nothing but write do not keep a third from
// running, on one P.
TEST(SysWrite, GoSch13_EndlessWritersDoNotStarveASleeper) {
  const sys::Result null = sys::Open("/dev/null", O_WRONLY);
  ASSERT_TRUE(null.ok());
  const int fd = static_cast<int>(null.value);
  std::atomic<bool> stop{false};
  std::atomic<long> written[2] = {0, 0};
  WaitGroup wg;
  for (std::atomic<long>& n : written) {
    wg.Go([&] {
      while (!stop) n.fetch_add(sys::Write(fd, "x", 1).value);
    });
  }
  while (written[0] == 0 || written[1] == 0) Gosched();
  Sleep(milliseconds(10));
  stop = true;
  wg.Wait();
  EXPECT_TRUE(sys::Close(fd).ok());
}

}  // namespace
}  // namespace mn
