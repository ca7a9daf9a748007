#include "runtime/os/subprocess/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "runtime/os/subprocess/fd.h"

extern char** environ;

namespace mn::os {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// How long output is still read when the child is gone but somebody holds its
// pipe open.
constexpr milliseconds kDrain{200};
// Without pidfd_open (Linux before 5.3) the child is asked for this often.
constexpr milliseconds kPollChild{20};

// "NAME=value" is the variable that `name` stands for; "NA*" stands for all
// that begin with NA.
bool Names(std::string_view name, std::string_view entry) {
  const std::string_view variable = entry.substr(0, entry.find('='));
  if (!name.ends_with('*')) return variable == name;
  return variable.starts_with(name.substr(0, name.size() - 1));
}

std::vector<std::string> MakeEnvironment(const Command& c) {
  std::vector<std::string> env;
  for (char** e = environ; !c.clear_env && e != nullptr && *e; ++e) {
    const std::string_view entry = *e;
    const bool drop =
        std::any_of(c.unset_env.begin(), c.unset_env.end(),
                    [&](auto& name) { return Names(name, entry); }) ||
        std::any_of(c.set_env.begin(), c.set_env.end(),
                    [&](auto& kv) { return Names(kv.first, entry); });
    if (!drop) env.emplace_back(entry);
  }
  for (const auto& [name, value] : c.set_env) {
    env.push_back(name + "=" + value);
  }
  return env;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> p;
  for (std::string& s : strings) p.push_back(s.data());
  p.push_back(nullptr);
  return p;
}

// A captured stream: our end of a pipe and where its bytes go.
struct Stream {
  Fd fd;
  std::string* to;
};

// Everything between "not started" and "started" in one place, so that each
// resource has one owner on every way out.
class Launcher {
 public:
  explicit Launcher(const Command& c) : c_(c) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attr_);
  }
  ~Launcher() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attr_);
  }

  // The child's pid, or nullopt with `out->start_error` set.
  std::optional<pid_t> Start(Outcome* out, std::vector<Stream>* streams) {
    if (c_.argv.empty()) {
      out->start_error = "no program named";
      return std::nullopt;
    }
    if (!SetUpInput() || !SetUpOutput(out, streams)) {
      out->start_error =
          "cannot start " + c_.argv[0] + ": " + std::strerror(errno);
      return std::nullopt;
    }
    if (!c_.cwd.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, c_.cwd.c_str());
    }
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    SetUpAttributes();
    std::vector<std::string> argv = c_.argv;
    std::vector<std::string> env = MakeEnvironment(c_);
    std::vector<char*> argv_p = Pointers(argv), env_p = Pointers(env);
    pid_t pid = -1;
    const int error = posix_spawnp(&pid, argv_p[0], &actions_, &attr_,
                                   argv_p.data(), env_p.data());
    child_ends_.clear();
    if (error != 0) {
      out->start_error =
          "cannot start " + c_.argv[0] + ": " + std::strerror(error);
      if (!c_.cwd.empty() && access(c_.cwd.c_str(), X_OK) != 0) {
        out->start_error += " (directory " + c_.cwd + ")";
      }
      streams->clear();
      return std::nullopt;
    }
    return pid;
  }

 private:
  bool SetUpInput() {
    if (c_.terminal_stdin) return true;
    if (c_.input.empty()) {
      posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
      return true;
    }
    // A file in memory, not a pipe: nobody has to feed it, and a child that
    // does not read it cannot raise SIGPIPE here.
    Fd fd(memfd_create("input", MFD_CLOEXEC));
    if (!fd.open()) return false;
    std::string_view left = c_.input;
    while (!left.empty()) {
      const ssize_t n = write(fd.get(), left.data(), left.size());
      if (n < 0 && errno != EINTR) return false;
      if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
    }
    lseek(fd.get(), 0, SEEK_SET);
    posix_spawn_file_actions_adddup2(&actions_, fd.get(), 0);
    child_ends_.push_back(std::move(fd));
    return true;
  }

  bool SetUpOutput(Outcome* out, std::vector<Stream>* streams) {
    // Both streams' descriptors are above 2: 0, 1 and 2 are open in any sane
    // process, and MakePipe moves what is not.
    if (!Redirect(1, c_.out, &out->out, streams)) return false;
    if (c_.merge_err) {
      posix_spawn_file_actions_adddup2(&actions_, 1, 2);
      return true;
    }
    return Redirect(2, c_.err, &out->err, streams);
  }

  bool Redirect(int target, Command::Io io, std::string* to,
                std::vector<Stream>* streams) {
    switch (io) {
      case Command::Io::kTerminal:
        return true;
      case Command::Io::kDiscard:
        posix_spawn_file_actions_addopen(&actions_, target, "/dev/null",
                                         O_WRONLY, 0);
        return true;
      case Command::Io::kCapture:
        break;
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    Fd ours(ends[0]), theirs(ends[1]);
    if (theirs.get() <= 2) {
      theirs = Fd(fcntl(theirs.get(), F_DUPFD_CLOEXEC, 3));
      if (!theirs.open()) return false;
    }
    fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    posix_spawn_file_actions_adddup2(&actions_, theirs.get(), target);
    child_ends_.push_back(std::move(theirs));
    streams->push_back({std::move(ours), to});
    return true;
  }

  void SetUpAttributes() {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    // The runtime's handlers and mask are ours, not the child's.
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    posix_spawnattr_setsigdefault(&attr_, &all);
    posix_spawnattr_setsigmask(&attr_, &none);
    if (c_.own_group) {
      flags |= POSIX_SPAWN_SETPGROUP;
      posix_spawnattr_setpgroup(&attr_, 0);
    }
    posix_spawnattr_setflags(&attr_, flags);
  }

  const Command& c_;
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attr_;
  std::vector<Fd> child_ends_;  // open until the child has its copies
};

std::chrono::nanoseconds Nanoseconds(const timeval& t) {
  return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
}

// A started child until it is reaped.
class Child {
 public:
  Child(const Command& c, Clock::time_point start, pid_t pid,
        std::vector<Stream> streams, Outcome* out)
      : c_(c),
        start_(start),
        pid_(pid),
        pidfd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
        streams_(std::move(streams)),
        out_(out) {
    if (pidfd_.open()) fcntl(pidfd_.get(), F_SETFD, FD_CLOEXEC);
  }

  void RunToEnd() {
    if (c_.timeout.count() > 0) deadline_ = start_ + c_.timeout;
    if (c_.look) look_at_ = start_;
    while (!exited_ || (OutputOpen() && Clock::now() < *drain_until_)) {
      Wait();
      for (Stream& s : streams_) Drain(s);
      if (!exited_) CheckExited();
      if (!exited_) CheckDeadlines();
    }
    Reap();
  }

 private:
  bool OutputOpen() const {
    return std::any_of(streams_.begin(), streams_.end(),
                       [](const Stream& s) { return s.fd.open(); });
  }

  // Blocks until something may have happened.
  void Wait() {
    std::vector<pollfd> fds;
    for (const Stream& s : streams_) {
      if (s.fd.open()) fds.push_back({s.fd.get(), POLLIN, 0});
    }
    if (pidfd_.open() && !exited_) fds.push_back({pidfd_.get(), POLLIN, 0});
    // Heard once: a cancelled canceller stays readable.
    if (c_.canceller != nullptr && !stopping_ && !exited_) {
      fds.push_back({c_.canceller->fd(), POLLIN, 0});
    }
    std::optional<Clock::time_point> until;
    auto earliest = [&](const std::optional<Clock::time_point>& t) {
      if (t && (!until || *t < *until)) until = t;
    };
    if (exited_) earliest(drain_until_);
    if (!stopping_) earliest(deadline_);
    if (!killed_) earliest(kill_at_);
    if (!exited_) earliest(look_at_);
    if (!pidfd_.open() && !exited_) earliest(Clock::now() + kPollChild);
    int ms = -1;
    if (until) {
      const auto left = std::chrono::ceil<milliseconds>(*until - Clock::now());
      ms = static_cast<int>(
          std::clamp<std::int64_t>(left.count(), 0, 1000 * 3600));
    }
    poll(fds.data(), fds.size(), ms);  // the caller loops: EINTR is no matter
  }

  // Reads once. All that a pipe holds fits, and a child that writes without end
  // keeps us from nothing.
  void Drain(Stream& s) {
    if (!s.fd.open()) return;
    ssize_t n;
    do {
      n = read(s.fd.get(), buffer_.get(), kPipe);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      s.fd.Close();
      return;
    }
    const std::string_view piece(buffer_.get(), static_cast<std::size_t>(n));
    const auto& hear = s.to == &out_->err && c_.on_err ? c_.on_err : c_.on_out;
    if (hear) hear(piece);
    const std::size_t room =
        c_.max_capture - std::min(c_.max_capture, s.to->size());
    s.to->append(piece.substr(0, room));
    out_->dropped += piece.size() - std::min(room, piece.size());
  }

  void CheckExited() {
    siginfo_t info{};
    // WNOWAIT: the pid stays ours, so the group can still be named safely.
    if (waitid(P_PID, static_cast<id_t>(pid_), &info,
               WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != pid_) {
      return;
    }
    exited_ = true;
    const Clock::time_point now = Clock::now();
    out_->elapsed = now - start_;
    drain_until_ = now + kDrain;
    if (c_.own_group) kill(-pid_, SIGKILL);
    for (Stream& s : streams_) Drain(s);
  }

  void CheckDeadlines() {
    const Clock::time_point now = Clock::now();
    if (look_at_ && now >= *look_at_) look_at_ = now + c_.look(pid_);
    if (!stopping_ && c_.canceller != nullptr && c_.canceller->cancelled()) {
      out_->cancelled = true;
      Stop(now);
    } else if (!stopping_ && deadline_ && now >= *deadline_) {
      out_->timed_out = true;
      Stop(now);
    } else if (stopping_ && !killed_ && now >= *kill_at_) {
      Signal(SIGKILL);
      killed_ = true;
    }
  }

  void Stop(Clock::time_point now) {
    stopping_ = true;
    kill_at_ = now + c_.kill_grace;
    killed_ = c_.kill_grace.count() == 0;
    Signal(killed_ ? SIGKILL : SIGTERM);
  }

  void Signal(int signal) { kill(c_.own_group ? -pid_ : pid_, signal); }

  void Reap() {
    int status = 0;
    rusage usage{};
    while (wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    out_->cpu = Nanoseconds(usage.ru_utime) + Nanoseconds(usage.ru_stime);
    if (WIFEXITED(status)) out_->exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) out_->signal = WTERMSIG(status);
  }

  const Command& c_;
  const Clock::time_point start_;
  const pid_t pid_;
  Fd pidfd_;
  std::vector<Stream> streams_;
  Outcome* const out_;
  bool exited_ = false, stopping_ = false, killed_ = false;
  std::optional<Clock::time_point> deadline_, kill_at_, drain_until_, look_at_;
  static constexpr std::size_t kPipe = 1 << 16;  // what a pipe holds
  // Not on the stack, which may be a goroutine's.
  const std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(kPipe);
};

}  // namespace

Canceller::Canceller() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
Canceller::~Canceller() { close(fd_); }

void Canceller::Cancel() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(fd_, &one, sizeof one);
}

bool Canceller::cancelled() const {
  pollfd p{fd_, POLLIN, 0};
  return poll(&p, 1, 0) == 1;
}

std::string Outcome::Describe() const {
  if (!started()) return start_error;
  if (timed_out) {
    char text[64];
    std::snprintf(text, sizeof text, "timed out after %.1f s",
                  std::chrono::duration<double>(elapsed).count());
    return text;
  }
  if (cancelled) return "cancelled";
  if (signal != 0) {
    return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
  }
  return "exit status " + std::to_string(exit_code);
}

Outcome RunCommandBlocking(const Command& command) {
  const Clock::time_point start = Clock::now();
  Outcome out;
  std::vector<Stream> streams;
  std::optional<pid_t> pid;
  {
    Launcher launcher(command);
    pid = launcher.Start(&out, &streams);
  }
  if (pid) Child(command, start, *pid, std::move(streams), &out).RunToEnd();
  return out;
}

}  // namespace mn::os
