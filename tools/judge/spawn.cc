#include "tools/judge/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/judge/usage.h"

namespace mn::judge {
namespace {

constexpr char kReady = 'r';  // the warden's first word

void CloseFrom(int first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 4096; fd++) close(fd);
}

void SetLimit(int resource, rlim_t value) {
  const rlimit limit = {value, value};
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

// The rest of the child's life before it is the program.
[[noreturn]] void Become(const SpawnOptions& options) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The descriptors may be 3 or 4 themselves: move them out of the way first.
  const int in = fcntl(options.in_fd, F_DUPFD, 16);
  const int out = fcntl(options.out_fd, F_DUPFD, 16);
  const int print = fcntl(options.print_fd, F_DUPFD, 16);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(print, 1);
  dup2(print, 2);
  dup2(in, 3);
  dup2(out, 4);
  CloseFrom(5);
  SetLimit(RLIMIT_CPU, static_cast<rlim_t>(options.cpu_s + 1));
  SetLimit(RLIMIT_FSIZE, static_cast<rlim_t>(options.file_bytes));
  SetLimit(RLIMIT_CORE, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const std::string tmp = "TMPDIR=" + options.dir;
  const std::string home = "HOME=" + options.dir;
  const char* env[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", tmp.c_str(),
                       home.c_str(), nullptr};
  const char* argv[] = {options.program.c_str(), nullptr};
  if (chdir(options.dir.c_str()) != 0) _exit(kCannotStart + 1);
  execve(options.program.c_str(), const_cast<char**>(argv),
         const_cast<char**>(env));
  _exit(kCannotStart + 2);
}

// Init of the namespace: starts the process, reaps, reports, and takes the
// namespace with it when it ends.
[[noreturn]] void Warden(const SpawnOptions& options, int status_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // the judge may be killed as well
  // A /proc that knows the namespace's pids: /proc/PID of getpid() must be
  // right.
  const bool ready =
      mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
            nullptr) == 0;
  const char word = ready ? kReady : 0;
  if (write(status_fd, &word, 1) != 1 || !ready) _exit(kCannotStart);
  const pid_t first = static_cast<pid_t>(
      syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (first == 0) Become(options);
  // Only the process may hold its pipes open.
  const int report = fcntl(status_fd, F_DUPFD, 16);
  dup2(report, 0);
  CloseFrom(1);
  int status = 0;
  if (first < 0) _exit(kCannotStart);
  for (;;) {
    const pid_t pid = waitpid(-1, &status, 0);
    if (pid == first || (pid < 0 && errno == ECHILD)) break;
  }
  if (write(0, &status, sizeof(status)) != sizeof(status)) _exit(kCannotStart);
  _exit(0);
}

pid_t CloneInNamespace(unsigned long more) {
  return static_cast<pid_t>(syscall(SYS_clone,
                                    CLONE_NEWPID | CLONE_NEWNS | more | SIGCHLD,
                                    nullptr, nullptr, nullptr, nullptr));
}

}  // namespace

Spawned::Spawned(const SpawnOptions& options) {
  int status[2];
  if (pipe2(status, O_CLOEXEC) != 0) {
    error_ = std::string("pipe: ") + strerror(errno);
    return;
  }
  pid_ = CloneInNamespace(0);
  // Not root: a user namespace gives the right to have a PID namespace.
  if (pid_ < 0) pid_ = CloneInNamespace(CLONE_NEWUSER);
  if (pid_ == 0) Warden(options, status[1]);
  close(status[1]);
  if (pid_ > 0) {
    char word = 0;
    if (read(status[0], &word, 1) == 1 && word == kReady) {
      in_namespace_ = true;
      status_fd_ = status[0];
      return;
    }
    waitpid(pid_, nullptr, 0);  // no /proc of its own: do without
  }
  close(status[0]);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_ = fork();
  if (pid_ == 0) Become(options);
  if (pid_ < 0) error_ = std::string("fork: ") + strerror(errno);
}

bool Spawned::Ended() {
  // WNOWAIT: it stays a zombie, so that its pid is not used again.
  siginfo_t info = {};
  return dead_ || (waitid(P_PID, static_cast<id_t>(pid_), &info,
                          WEXITED | WNOHANG | WNOWAIT) == 0 &&
                   info.si_pid == pid_);
}

pid_t Spawned::root() const { return in_namespace_ ? pid_ : getpid(); }

int Spawned::KillAll() {
  if (dead_ || !ok()) return status_;
  dead_ = true;
  if (in_namespace_) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    // Nothing in the pipe: the process had not ended before the warden did.
    int reported = 0;
    if (read(status_fd_, &reported, sizeof(reported)) == sizeof(reported)) {
      status_ = reported;
    }
    close(status_fd_);
    status_fd_ = -1;
    return status_;
  }
  for (;;) {
    for (const pid_t child : Children(getpid())) kill(child, SIGKILL);
    int status = 0;
    const pid_t pid = waitpid(-1, &status, 0);
    if (pid < 0 && errno == ECHILD) return status_;
    if (pid == pid_) status_ = status;
  }
}

}  // namespace mn::judge
