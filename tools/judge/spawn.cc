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
#include "tools/judge/wall.h"

namespace mn::judge {
namespace {

constexpr uid_t kNobody = 65534;
constexpr int kCannotStart = 70;

// What the child says of itself: once before it becomes the program, and once
// more if that failed. The pipe closes when it is the program, so nothing that
// the program does, such as its exit status, can be taken for these words.
struct Word {
  unsigned walls = 0;
  int step = 0, error = 0;  // of the second word
};

struct Plan {
  const SpawnOptions& options;
  int program_fd = -1;
  uid_t stranger = 0;  // the process's uid; 0: ours
  uid_t uid = 0;       // ours
  gid_t gid = 0;
  bool new_user = false;
  unsigned walls = 0;
  int work_fd = -1;    // options.work, as the machine has it
  int start_fd = -1;   // for Word
  int status_fd = -1;  // for the wait status
};

void CloseFrom(int first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 4096; fd++) close(fd);
}

void SetLimit(int resource, rlim_t value) {
  const rlimit limit = {value, value};
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

// The rest of the child's life before it is the program.
[[noreturn]] void Become(Plan& plan) {
  const SpawnOptions& options = plan.options;
  setsid();
  if (options.memory != nullptr && options.memory->Enter()) {
    plan.walls |= kMemory;
  }
  // The descriptors may be 3 to 6 themselves: move them out of the way first.
  const int in = fcntl(options.in_fd, F_DUPFD, 16);
  const int out = fcntl(options.out_fd, F_DUPFD, 16);
  const int print = fcntl(options.print_fd, F_DUPFD, 16);
  const int start_fd = fcntl(plan.start_fd, F_DUPFD, 16);
  const int program = fcntl(plan.program_fd, F_DUPFD, 16);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(print, 1);
  dup2(print, 2);
  dup2(in, 3);
  dup2(out, 4);
  dup3(start_fd, 5, O_CLOEXEC);
  dup3(program, 6, O_CLOEXEC);
  CloseFrom(7);
  Word word;
  const auto fail = [&](int step) {
    word.step = step;
    word.error = errno;
    if (write(5, &word, sizeof(word)) != sizeof(word)) _exit(kCannotStart + 1);
    _exit(kCannotStart);
  };
  const bool view = (plan.walls & kFiles) != 0;
  const bool work = !options.work.empty();
  if (work && !view) {
    errno = EPERM;
    fail(4);
  }
  const std::string dir = view ? kScratchPath : options.dir;
  const std::string& path = options.program;
  // A path that only we may walk, maybe.
  if (chdir((work ? options.work : dir).c_str()) != 0) fail(1);
  SetLimit(RLIMIT_CPU, static_cast<rlim_t>(options.cpu_s + 1));
  SetLimit(RLIMIT_FSIZE, static_cast<rlim_t>(options.file_bytes));
  SetLimit(RLIMIT_CORE, 0);
  if (options.address_bytes > 0) {
    SetLimit(RLIMIT_AS, static_cast<rlim_t>(options.address_bytes));
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (plan.stranger != 0) {
    SetLimit(RLIMIT_NPROC, static_cast<rlim_t>(options.threads));
    if (!BecomeUser(plan.stranger)) fail(2);
    plan.walls |= kUser;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of uid undoes it
  if (DropRights()) plan.walls |= kRights;
  if (RefuseCalls()) plan.walls |= kCalls;
  const std::string tmp = "TMPDIR=" + dir;
  const std::string home = "HOME=" + dir;
  std::vector<const char*> env = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8",
                                  tmp.c_str(), home.c_str()};
  for (const std::string& entry : options.environment) {
    env.push_back(entry.c_str());
  }
  env.push_back(nullptr);
  std::vector<const char*> argv = {path.c_str()};
  for (const std::string& argument : options.arguments) {
    argv.push_back(argument.c_str());
  }
  argv.push_back(nullptr);
  word.walls = plan.walls;
  if (write(5, &word, sizeof(word)) != sizeof(word)) _exit(kCannotStart + 1);
  execve(path.c_str(), const_cast<char**>(argv.data()),
         const_cast<char**>(env.data()));
  // Below a directory that the new user may not enter: the file is as good.
  syscall(SYS_execveat, 6, "", argv.data(), env.data(), AT_EMPTY_PATH);
  fail(3);
  _exit(kCannotStart);
}

// Init of the namespace: starts the process, reaps, reports, and takes the
// namespace with it when it ends.
[[noreturn]] void Warden(Plan& plan) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // the judge may be killed as well
  uid_t owner = plan.stranger;
  if (plan.new_user) {
    owner = plan.uid == 0 ? kNobody : plan.uid;
    if (!MapUser(plan.uid, plan.gid, owner)) _exit(kCannotStart);
    plan.walls |= kUser;
  }
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    _exit(kCannotStart);
  }
  RaiseLoopback();
  const std::string& work = plan.options.work;
  if (EnterView({plan.options.dir, plan.options.program, plan.options.visible,
                 owner, work})) {
    plan.walls |= kFiles;
  } else if (!MountProc("/proc")) {
    // /proc/PID of getpid() must be right.
    _exit(kCannotStart);
  }
  plan.walls |= kProcesses | kNetwork;
  const pid_t first = static_cast<pid_t>(
      syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (first == 0) Become(plan);
  // Only the process may hold its pipes open.
  const int report = fcntl(plan.status_fd, F_DUPFD, 16);
  const int work_fd = fcntl(plan.work_fd, F_DUPFD, 16);
  dup2(report, 0);
  if (work_fd >= 0) dup2(work_fd, 1);
  CloseFrom(work_fd >= 0 ? 2 : 1);
  int status = 0;
  if (first < 0) _exit(kCannotStart);
  for (;;) {
    const pid_t pid = waitpid(-1, &status, 0);
    if (pid == first || (pid < 0 && errno == ECHILD)) break;
  }
  if (!work.empty() && !KeepWork(work, 1)) status = kCannotStart << 8;
  if (write(0, &status, sizeof(status)) != sizeof(status)) _exit(kCannotStart);
  _exit(0);
}

pid_t CloneInNamespaces(bool new_user) {
  const unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC |
                              CLONE_NEWNET | (new_user ? CLONE_NEWUSER : 0);
  return static_cast<pid_t>(
      syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
  }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) close(end);
    }
  }
  int Release(int i) {
    const int fd = ends[i];
    ends[i] = -1;
    return fd;
  }
  void Close(int i) { close(Release(i)); }
};

// All words, until the child is the program or has ended; the last one. False:
// the child did not come so far as to say one.
bool HearWords(int fd, Word* word) {
  bool heard = false;
  for (;;) {
    const ssize_t n = read(fd, word, sizeof(*word));
    if (n < 0 && errno == EINTR) continue;
    if (n != static_cast<ssize_t>(sizeof(*word))) return heard;
    heard = true;
  }
}

std::string Complaint(const Word& word, const std::string& program) {
  const char* what = word.step == 1   ? "cannot enter its directory"
                     : word.step == 2 ? "cannot become another user"
                     : word.step == 3 ? "cannot run"
                                      : "cannot be kept from other files";
  return std::string("the case process ") + what + " (" + program +
         "): " + strerror(word.error);
}

}  // namespace

Spawned::Spawned(const SpawnOptions& options) {
  prctl(PR_SET_DUMPABLE, 0);  // what we know is not for the process
  Plan plan = {.options = options,
               .program_fd = open(options.program.c_str(), O_PATH | O_CLOEXEC),
               .stranger = StrangerUid(),
               .uid = geteuid(),
               .gid = getegid(),
               .work_fd = options.work.empty()
                              ? -1
                              : open(options.work.c_str(),
                                     O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  Word word;
  // Root, with other users, needs no user namespace for its walls. Everybody
  // else gets the right to have the others from one, and root without other
  // users (a sandbox) may have the right already.
  std::vector<bool> ways = {plan.stranger == 0};
  if (plan.uid == 0) ways.push_back(!ways[0]);
  for (const bool new_user : ways) {
    Pipe start, status;
    Plan mine = plan;
    mine.new_user = new_user;
    if (new_user) mine.stranger = 0;
    mine.start_fd = start.ends[1];
    mine.status_fd = status.ends[1];
    pid_ = CloneInNamespaces(new_user);
    if (pid_ == 0) Warden(mine);
    if (pid_ < 0) continue;
    start.Close(1);
    status.Close(1);
    if (HearWords(start.ends[0], &word)) {
      in_namespace_ = true;
      status_fd_ = status.Release(0);
      break;
    }
    waitpid(pid_, nullptr, 0);
  }
  if (!in_namespace_) {
    Pipe start;
    plan.start_fd = start.ends[1];
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (plan.stranger != 0 &&
        chown(options.dir.c_str(), plan.stranger, plan.stranger) != 0) {
      plan.stranger = 0;
    }
    pid_ = fork();
    if (pid_ == 0) Become(plan);
    if (pid_ < 0) error_ = std::string("fork: ") + strerror(errno);
    start.Close(1);
    if (pid_ > 0 && !HearWords(start.ends[0], &word)) {
      error_ = "the case process ended before it was the program";
    }
  }
  if (plan.program_fd >= 0) close(plan.program_fd);
  if (plan.work_fd >= 0) close(plan.work_fd);
  walls_ = word.walls;
  if (word.step != 0) error_ = Complaint(word, options.program);
}

// WNOWAIT: it stays a zombie, so that its pid is not used again.
bool Spawned::Ended() {
  siginfo_t info = {};
  return dead_ || (waitid(P_PID, static_cast<id_t>(pid_), &info,
                          WEXITED | WNOHANG | WNOWAIT) == 0 &&
                   info.si_pid == pid_);
}

void Spawned::Wait() {
  siginfo_t info = {};
  while (!dead_ &&
         waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) !=
             0 &&
         errno == EINTR) {
  }
}

pid_t Spawned::root() const { return in_namespace_ ? pid_ : getpid(); }

int Spawned::KillAll() {
  if (dead_ || pid_ <= 0) return status_;
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
