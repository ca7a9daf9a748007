// enclosure: runs one program so that it can change and see little of the
// machine, and so that nothing it started outlives it.
//
//   enclosure --scratch=DIR [--hide=DIR]... [--expose=DIR]... [--processes=N]
//             [--report=FILE] -- PROGRAM [ARGUMENT]...
//
// Why: the judge's fence (tools/judge/fence.h) protects one case from another.
// On an instructor's machine there is more to protect: the solutions, other
// students' work, the report, the account. This is the wall around the judge
// and its cases together.
//
// Why it is hard: every measure needs a right that some machine does not give
// (user namespaces off, a container that masks /proc, Bazel's sandbox where
// only uid 0 exists). So each is tried by itself, what held is written to
// FILE as JSON, and the program runs in any case: a classroom without
// namespaces still wants grades, and the report says what it got.
//
//   processes  a PID namespace: when the program ends, the kernel kills the
//              rest. A fork bomb outruns whoever kills its processes one by
//              one, so beyond N of them whole process groups are killed, which
//              the kernel does in one step; if that does not end it (each
//              child in a session of its own), everything is, the program
//              included. Below that, a pids cgroup or RLIMIT_NPROC (which does
//              not bind root) keeps the machine usable meanwhile
//   files      all mounts read-only but DIR of --scratch; --hide'd directories
//              are empty, save for what --expose names below them; /dev has
//              the harmless devices only
//   network    a loopback of its own
//   rights     no capabilities, no new privileges; another user when root
//
// Rejected: chroot (needs a copy of the system), seccomp filters (a list of
// calls to maintain for each libc), Docker (a daemon and an image for what six
// system calls do).
//
// Exit status: the program's, or 128 + the signal that ended it; 125 if it
// could not be started; 124 if it was killed because of too many processes.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kTooManyProcesses = 124;
constexpr int kCannotStart = 125;
// Threads count in a cgroup, and a program may have many for one process.
constexpr int kThreadsPerProcess = 16;
constexpr int kLeastThreads = 1024;
constexpr uid_t kNobody = 65534;

struct Options {
  std::string scratch, report;
  std::vector<std::string> hide, expose;
  int processes = 0;  // 0: no bound

  int Threads() const {
    return std::max(kLeastThreads, processes * kThreadsPerProcess);
  }
  char** program = nullptr;
};

// What held, or why it did not.
struct Measure {
  std::string name;
  bool held = false;
  std::string why_not;
};
std::vector<Measure> measures;

void Note(std::string name, bool held, std::string why_not = "") {
  if (!held && why_not.empty()) why_not = std::strerror(errno);
  measures.push_back({std::move(name), held, std::move(why_not)});
}

bool WriteText(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(fd);
  errno = error;
  return ok;
}

void MakeDirectories(const std::string& path) {
  for (std::size_t i = 1; i <= path.size(); ++i) {
    if (i == path.size() || path[i] == '/')
      mkdir(path.substr(0, i).c_str(), 0755);
  }
}

// Runs `body` in a child; true if it returns true.
bool Probe(const std::function<bool()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body() ? 0 : 1);
  int status = 1;
  return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

// ------------------------------------------------------------------ cgroup

// A pids cgroup below our own; v1 or v2, whichever the machine lets us make.
class PidsGroup {
 public:
  static constexpr char kPrefix[] = "/mn-enclosure-";

  explicit PidsGroup(const Options& o) {
    if (o.processes <= 0) {
      Note("pids_cgroup", false, "not asked for");
      return;
    }
    std::ifstream file("/proc/self/cgroup");
    std::string why = "this machine has no pids cgroup";
    for (std::string line; std::getline(file, line);) {
      std::istringstream in(line);
      std::string id, controllers, path;
      std::getline(in, id, ':');
      std::getline(in, controllers, ':');
      std::getline(in, path);
      std::string root = "/sys/fs/cgroup";
      if (("," + controllers + ",").find(",pids,") != std::string::npos) {
        root += "/pids";
      } else if (!controllers.empty()) {
        continue;
      }
      const std::string prefix = root + path + kPrefix;
      RemoveStale(root + path);
      const std::string name = prefix + std::to_string(getpid());
      if (mkdir(name.c_str(), 0755) != 0) {
        why = name + ": " + std::strerror(errno);
        continue;
      }
      if (!WriteText(name + "/pids.max", std::to_string(o.Threads()))) {
        why = name + "/pids.max: " + std::strerror(errno);
        rmdir(name.c_str());
        continue;
      }
      path_ = name;
      procs_ = open((name + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
      break;
    }
    Note("pids_cgroup", procs_ >= 0, why);
  }

  // A keeper that was killed could not remove its group.
  static void RemoveStale(const std::string& dir) {
    const std::string_view prefix = std::string_view(kPrefix).substr(1);
    DIR* d = opendir(dir.c_str());
    if (d == nullptr) return;
    while (dirent* entry = readdir(d)) {
      const std::string name = entry->d_name;
      if (!name.starts_with(prefix)) continue;
      const pid_t keeper = std::atoi(name.c_str() + prefix.size());
      if (keeper > 0 && kill(keeper, 0) != 0 && errno == ESRCH)
        rmdir((dir + "/" + name).c_str());
    }
    closedir(d);
  }

  // By the child: moves the calling process in.
  void Enter() const {
    if (procs_ >= 0 && write(procs_, "0", 1) != 1) _exit(kCannotStart);
  }

  // Kills what is still in it and removes it.
  void Remove() const {
    if (path_.empty()) return;
    for (int i = 0; i < 500 && rmdir(path_.c_str()) != 0; ++i) {
      std::ifstream file(path_ + "/cgroup.procs");
      for (pid_t pid; file >> pid;) kill(pid, SIGKILL);
      usleep(10000);
    }
  }

 private:
  std::string path_;
  int procs_ = -1;
};

// -------------------------------------------------------------- namespaces

bool EnterUserNamespace() {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (unshare(CLONE_NEWUSER) != 0) return false;
  const std::string u = std::to_string(uid), g = std::to_string(gid);
  WriteText("/proc/self/setgroups", "deny");
  return WriteText("/proc/self/uid_map", u + " " + u + " 1") &&
         WriteText("/proc/self/gid_map", g + " " + g + " 1");
}

void RaiseLoopback() {
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ioctl(s, SIOCSIFFLAGS, &request);
  close(s);
}

// mount_setattr(2): glibc has it since 2.36 only.
struct MountAttributes {
  std::uint64_t set, clear, propagation, userns_fd;
};
bool SetMountAttributes(const char* path, unsigned flags, MountAttributes a) {
  constexpr long kMountSetattr = 442;
  return syscall(kMountSetattr, AT_FDCWD, path, flags, &a, sizeof a) == 0;
}
constexpr unsigned kRecursive = 0x8000;  // AT_RECURSIVE
constexpr std::uint64_t kReadOnly = 1, kNoSuid = 2, kNoDev = 4;

// ------------------------------------------------------------------- files

bool Contains(const std::string& dir, const std::string& path) {
  return path == dir || path.starts_with(dir + "/");
}

// An empty file system over `dir`, with the exposed directories below it still
// in their places.
bool Hide(const std::string& dir, const std::vector<std::string>& expose) {
  std::vector<std::pair<std::string, int>> keep;
  for (const std::string& path : expose) {
    if (Contains(dir, path))
      keep.emplace_back(path, open(path.c_str(), O_PATH | O_CLOEXEC));
  }
  if (mount("hidden", dir.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
            keep.empty() ? "size=4k,mode=0555" : "size=64k,mode=0755") != 0)
    return false;
  bool ok = true;
  for (const auto& [path, fd] : keep) {
    MakeDirectories(path);
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    ok = ok && mount(link.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC,
                     nullptr) == 0;
    close(fd);
  }
  return ok;
}

bool HarmlessDevices(const std::string& scratch) {
  const std::string dev = scratch + "/.dev";
  mkdir(dev.c_str(), 0755);
  if (mount("dev", dev.c_str(), "tmpfs", MS_NOSUID, "size=16m,mode=0755") != 0)
    return false;
  for (const char* name : {"null", "zero", "full", "random", "urandom"}) {
    const std::string to = dev + "/" + name, from = std::string("/dev/") + name;
    close(open(to.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
    if (mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0)
      return false;
  }
  if (symlink("/proc/self/fd", (dev + "/fd").c_str()) != 0) return false;
  if (mount(dev.c_str(), "/dev", nullptr, MS_MOVE, nullptr) != 0) return false;
  rmdir(dev.c_str());
  return true;
}

void ArrangeFiles(const Options& o) {
  Note("devices", HarmlessDevices(o.scratch));
  for (const std::string& dir : o.hide) {
    if (access(dir.c_str(), F_OK) == 0)
      Note("hidden " + dir, Hide(dir, o.expose));
  }
  const char* scratch = o.scratch.c_str();
  const bool ok =
      mount(scratch, scratch, nullptr, MS_BIND | MS_REC, nullptr) == 0 &&
      SetMountAttributes("/", kRecursive, {kReadOnly | kNoSuid, 0, 0, 0}) &&
      SetMountAttributes(scratch, 0, {kNoDev, kReadOnly, 0, 0});
  Note("read_only", ok);
}

// ------------------------------------------------------------------ rights

bool HasOtherUsers() {
  std::ifstream map("/proc/self/uid_map");
  unsigned long inside = 0, outside = 0, count = 0;
  map >> inside >> outside >> count;
  return count > kNobody;
}

bool BecomeNobody() {
  return syscall(SYS_setgroups, 0, nullptr) == 0 &&
         setresgid(kNobody, kNobody, kNobody) == 0 &&
         setresuid(kNobody, kNobody, kNobody) == 0;
}

void DropBoundingSet() {
  for (int capability = 0; capability < 64; ++capability)
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

bool DropRights() {
  DropBoundingSet();
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// ---------------------------------------------------------------- the run

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

std::string ReportText() {
  std::string out = "{";
  for (const Measure& m : measures) {
    if (out.size() > 1) out += ", ";
    out += Quoted(m.name) + ": " + (m.held ? "true" : Quoted(m.why_not));
  }
  return out + "}\n";
}

int StatusOf(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

[[noreturn]] void Exec(const Options& o, bool nobody) {
  if (nobody) {
    DropBoundingSet();  // needs a right that nobody has not
    if (!BecomeNobody()) _exit(kCannotStart);
  }
  if (o.processes > 0) {
    const rlim_t threads = static_cast<rlim_t>(o.Threads());
    const rlimit limit = {threads, threads};
    setrlimit(RLIMIT_NPROC, &limit);
  }
  DropRights();
  execvp(o.program[0], o.program);
  std::fprintf(stderr, "enclosure: cannot run %s: %s\n", o.program[0],
               std::strerror(errno));
  _exit(kCannotStart);
}

// The processes of this PID namespace, ourselves included, by process group.
std::map<pid_t, int> ProcessGroups() {
  std::map<pid_t, int> groups;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return groups;
  while (dirent* entry = readdir(proc)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    const pid_t group = getpgid(pid);
    if (group > 0) ++groups[group];
  }
  closedir(proc);
  return groups;
}

constexpr long kLookMs = 20;

// Ends fork bombs. Looks every kLookMs, however often it is called.
class ProcessWatch {
 public:
  explicit ProcessWatch(int most) : most_(most) {}

  void Look() {
    const auto now = std::chrono::steady_clock::now();
    if (most_ <= 0 || now < next_look_) return;
    next_look_ = now + std::chrono::milliseconds(kLookMs);
    const std::map<pid_t, int> groups = ProcessGroups();
    int all = 0;
    for (const auto& [group, count] : groups) all += count;
    if (all <= most_) {
      rounds_ = 0;
      return;
    }
    if (++rounds_ > kMostRounds) {
      kill(-1, SIGKILL);  // but ourselves
      _exit(kTooManyProcesses);
    }
    for (const auto& [group, count] : groups) {
      if (group != getpgrp()) kill(-group, SIGKILL);
    }
  }

 private:
  static constexpr int kMostRounds = 100;
  int most_;
  int rounds_ = 0;
  std::chrono::steady_clock::time_point next_look_;
};

// The first process of the namespace: waits for the program, buries orphans,
// watches their number.
[[noreturn]] void First(const Options& o, const PidsGroup& group, bool nobody,
                        bool own_pids) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  group.Enter();
  if (own_pids &&
      mount("proc", "/proc", "proc",
            MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, nullptr) != 0)
    _exit(kCannotStart);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  const pid_t program = fork();
  if (program < 0) _exit(kCannotStart);
  if (program == 0) {
    sigprocmask(SIG_UNBLOCK, &child, nullptr);
    Exec(o, nobody);
  }
  // Elsewhere than in a namespace of our own we would count the machine's.
  ProcessWatch watch(own_pids ? o.processes : 0);
  for (;;) {
    const timespec look = {0, kLookMs * 1000000};
    sigtimedwait(&child, nullptr, &look);
    watch.Look();
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) != 0;) {
      if (pid == program) _exit(StatusOf(status));
      if (pid < 0) _exit(kCannotStart);
    }
  }
}

bool CanMountProc() {
  return unshare(CLONE_NEWPID) == 0 && Probe([] {
           return unshare(CLONE_NEWNS) == 0 &&
                  mount("proc", "/proc", "proc", 0, nullptr) == 0;
         });
}

// Tries each measure, tells the keeper what held, runs the program.
[[noreturn]] void Enclosed(const Options& o, const PidsGroup& group,
                           int report) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // As root the namespaces need no user namespace, and one would take away the
  // other user.
  const bool root = geteuid() == 0;
  const bool files = (root || EnterUserNamespace()) &&
                     unshare(CLONE_NEWNS) == 0 &&
                     mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  Note("namespaces", files);
  bool own_pids = false;
  if (files) {
    own_pids = Probe(CanMountProc);
    Note("pid_namespace", own_pids, "a fresh /proc cannot be mounted here");
    const bool own_net = unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0;
    Note("own_network", own_net);
    if (own_net) RaiseLoopback();
  }
  bool nobody = root && HasOtherUsers() &&
                chown(o.scratch.c_str(), kNobody, kNobody) == 0;
  if (files) ArrangeFiles(o);
  nobody = nobody && Probe([&] {
             return BecomeNobody() && access(o.program[0], X_OK) == 0 &&
                    access(o.scratch.c_str(), W_OK) == 0;
           });
  Note("other_user", nobody,
       root ? "no other user can run the program here" : "not started as root");
  Note("no_rights", Probe(DropRights));
  const std::string text = ReportText();
  if (write(report, text.data(), text.size()) < 0) _exit(kCannotStart);
  close(report);

  // Last: the first child of a PID namespace is its init, so no probe may come
  // between.
  own_pids = own_pids && unshare(CLONE_NEWPID) == 0;
  const pid_t first = fork();
  if (first < 0) _exit(kCannotStart);
  if (first == 0) First(o, group, nobody, own_pids);
  int status = 0;
  while (waitpid(first, &status, 0) < 0 && errno == EINTR) {
  }
  _exit(StatusOf(status));
}

pid_t enclosed_pid = 0;

// The keeper stays outside, where the report and the cgroup can be written.
// SIGTERM ends what it keeps, and then itself as always.
int Main(const Options& o) {
  PidsGroup group(o);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    std::perror("enclosure: pipe");
    return kCannotStart;
  }
  const pid_t enclosed = fork();
  if (enclosed == 0) {
    close(ends[0]);
    Enclosed(o, group, ends[1]);
  }
  enclosed_pid = enclosed;
  struct sigaction stop = {};
  stop.sa_handler = [](int) {
    if (enclosed_pid > 0) kill(enclosed_pid, SIGKILL);
  };
  sigaction(SIGTERM, &stop, nullptr);
  sigaction(SIGINT, &stop, nullptr);
  close(ends[1]);
  std::string report;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0 ||
                  (n < 0 && errno == EINTR);)
    if (n > 0) report.append(buffer, static_cast<std::size_t>(n));
  if (!o.report.empty()) std::ofstream(o.report) << report;
  int status = kCannotStart << 8;
  while (enclosed > 0 && waitpid(enclosed, &status, 0) < 0 && errno == EINTR) {
  }
  group.Remove();
  return StatusOf(status);
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const std::size_t eq = arg.find('=');
    const std::string_view name = arg.substr(0, eq);
    const std::string value(eq == std::string_view::npos ? ""
                                                         : arg.substr(eq + 1));
    if (name == "--scratch") {
      o.scratch = value;
    } else if (name == "--hide") {
      o.hide.push_back(value);
    } else if (name == "--expose") {
      o.expose.push_back(value);
    } else if (name == "--processes") {
      o.processes = std::atoi(value.c_str());
    } else if (name == "--report") {
      o.report = value;
    } else if (name == "--" && i + 1 < argc) {
      o.program = argv + i + 1;
      break;
    } else {
      std::fprintf(stderr, "enclosure: unknown argument %s\n", argv[i]);
      return kCannotStart;
    }
  }
  if (o.program == nullptr || o.scratch.empty()) {
    std::fprintf(stderr,
                 "usage: enclosure --scratch=DIR [--hide=DIR]... "
                 "[--expose=DIR]... [--processes=N] [--report=FILE] -- "
                 "PROGRAM [ARGUMENT]...\n");
    return kCannotStart;
  }
  return Main(o);
}
