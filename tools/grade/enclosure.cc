// enclosure: runs the judge so that nothing it started outlives it, whatever
// ends the judge or the grader, and so that the machine stays usable meanwhile.
//
//   enclosure [--processes=N] [--report=FILE] [--record]
//             -- PROGRAM [ARGUMENT]...
//
// Why: the walls around a case (tools/judge/wall.h) are made by the judge, for
// each case anew, with the rights that the judge has and the case has not. So
// the judge keeps the rights that walls need, and this is no wall against the
// judge. It is the outermost keeper of processes.
//
// Why it is hard: every measure needs a right that some machine does not give
// (user namespaces off, a container that masks /proc). So each is tried by
// itself, what held is written to FILE as JSON, and the program runs in any
// case: whether that is enough is the grader's decision.
//
//   processes  a PID namespace: when the program ends, the kernel kills the
//              rest. A fork bomb outruns whoever kills its processes one by
//              one, so beyond N of them whole process groups are killed, which
//              the kernel does in one step; if that does not end it (each
//              child in a session of its own), everything is, the program
//              included. Below that, a pids cgroup or RLIMIT_NPROC (which does
//              not bind root) keeps the machine usable meanwhile
//   network    a loopback of its own
//   rights     root keeps those that walls need; others have none
//   record     --record: the program's descriptor 3 is our standard output, and
//              what it prints goes to our standard error
//
// Rejected: hiding files here (what must be hidden is found out too late; the
// walls of a case show an allow list); another user for the judge (it could not
// give each case one of its own); Docker (a daemon and an image for what six
// system calls do).
//
// Exit status: the program's, or 128 + the signal that ended it; 125 if it
// could not be started; 124 if it was killed because of too many processes.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

#include "tools/judge/kernel_file.h"
#include "tools/judge/wall.h"

namespace {

using mn::judge::RaiseLoopback;
using mn::judge::WriteText;

constexpr int kTooManyProcesses = 124;
constexpr int kCannotStart = 125;
// Threads count in a cgroup, and a program may have many for one process.
constexpr int kThreadsPerProcess = 16;
constexpr int kLeastThreads = 1024;

// What the walls of a case are made with.
constexpr int kNeeded[] = {
    CAP_CHOWN,     CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
    CAP_KILL,      CAP_SETGID,       CAP_SETUID,          CAP_SETPCAP,
    CAP_NET_ADMIN, CAP_SYS_CHROOT,   CAP_SYS_ADMIN};
constexpr int kRecordFd = 3;

struct Options {
  std::string report;
  bool record = false;
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

// Runs `body` in a child; true if it returns true.
bool Probe(const std::function<bool()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body() ? 0 : 1);
  int status = 1;
  return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

// ------------------------------------------------------------------ cgroup

// cgroups of our own, v1 or v2, whichever the machine lets us make: one that
// bounds threads, and one below which the judge makes another one for the
// memory of each case (tools/judge/memory_group.h).
class Groups {
 public:
  static constexpr char kPrefix[] = "/mn-enclosure-";
  // Below v2 groups: a group with processes may not have limited ones below it.
  static constexpr char kJudge[] = "/judge";
  static constexpr char kCase[] = "/case";  // the judge's

  explicit Groups(const Options& o) {
    if (o.processes <= 0) {
      Note("pids_cgroup", false, "not asked for");
      return;
    }
    const std::string root = "/sys/fs/cgroup";
    const std::string threads = std::to_string(o.Threads());
    std::string no_pids = "this machine has no pids cgroup";
    std::string no_memory = "this machine has no memory cgroup";
    if (access((root + "/cgroup.controllers").c_str(), F_OK) == 0) {
      // At the root: elsewhere our own group has processes, us.
      WriteText(root + "/cgroup.subtree_control", "+pids +memory");
      const std::string name = Make(root, kJudge, &no_pids);
      no_memory = no_pids;
      if (!name.empty()) {
        if (WriteText(name + "/pids.max", threads)) no_pids.clear();
        if (WriteText(name + "/cgroup.subtree_control", "+memory"))
          no_memory.clear();
      }
    } else {
      std::ifstream file("/proc/self/cgroup");
      for (std::string line; std::getline(file, line);) {
        std::istringstream in(line);
        std::string id, controllers, path;
        std::getline(in, id, ':');
        std::getline(in, controllers, ':');
        std::getline(in, path);
        controllers = "," + controllers + ",";
        if (path == "/") path.clear();
        if (controllers.find(",pids,") != std::string::npos) {
          const std::string name = Make(root + "/pids" + path, "", &no_pids);
          if (!name.empty() && WriteText(name + "/pids.max", threads))
            no_pids.clear();
        } else if (controllers.find(",memory,") != std::string::npos) {
          if (!Make(root + "/memory" + path, "", &no_memory).empty())
            no_memory.clear();
        }
      }
    }
    Note("pids_cgroup", no_pids.empty(), no_pids);
    Note("memory_cgroup", no_memory.empty(), no_memory);
  }

  // By the child: moves the calling process in.
  void Enter() const {
    for (const int procs : procs_) {
      if (write(procs, "0", 1) != 1) _exit(kCannotStart);
    }
  }

  // Kills what is still in them and removes them.
  void Remove() const {
    for (const std::string& name : names_) {
      for (int i = 0; i < 500 && !RemoveOne(name); ++i) {
        for (const char* below : {kCase, kJudge, ""}) {
          std::ifstream file(name + below + "/cgroup.procs");
          for (pid_t pid; file >> pid;) kill(pid, SIGKILL);
        }
        usleep(10000);
      }
    }
  }

 private:
  static bool RemoveOne(const std::string& name) {
    rmdir((name + kCase).c_str());
    rmdir((name + kJudge).c_str());
    return rmdir(name.c_str()) == 0;
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
        RemoveOne(dir + "/" + name);
    }
    closedir(d);
  }

  // A group in `dir`, whose processes will be in `leaf` below it. "" and *why
  // if that is not possible.
  std::string Make(const std::string& dir, const std::string& leaf,
                   std::string* why) {
    RemoveStale(dir);
    const std::string name = dir + kPrefix + std::to_string(getpid());
    const std::string home = name + leaf;
    int procs = -1;
    if (mkdir(name.c_str(), 0755) == 0 &&
        (leaf.empty() || mkdir(home.c_str(), 0755) == 0))
      procs = open((home + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    *why = home + ": " + std::strerror(errno);
    if (procs < 0) {
      RemoveOne(name);
      return "";
    }
    names_.push_back(name);
    procs_.push_back(procs);
    return name;
  }

  std::vector<std::string> names_;
  std::vector<int> procs_;
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

// ------------------------------------------------------------------ rights

bool ReduceRights() {
  const bool root = geteuid() == 0;
  std::uint64_t keep = 0;
  if (root) {
    for (const int capability : kNeeded) keep |= std::uint64_t{1} << capability;
  }
  for (int capability = 0; capability < 64; ++capability) {
    if ((keep >> capability & 1) == 0)
      prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  for (int i = 0; i < 2; ++i) {
    data[i].permitted &= static_cast<std::uint32_t>(keep >> (32 * i));
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  return syscall(SYS_capset, &header, data) == 0 &&
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

[[noreturn]] void Exec(const Options& o) {
  if (o.record && (dup2(1, kRecordFd) < 0 || dup2(2, 1) < 0)) {
    std::perror("enclosure: --record");
    _exit(kCannotStart);
  }
  if (o.processes > 0) {
    const rlim_t threads = static_cast<rlim_t>(o.Threads());
    const rlimit limit = {threads, threads};
    setrlimit(RLIMIT_NPROC, &limit);
  }
  ReduceRights();
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
[[noreturn]] void First(const Options& o, const Groups& groups, bool own_pids) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  groups.Enter();
  if (own_pids && mount("proc", "/proc", "proc",
                        MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    _exit(kCannotStart);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  const pid_t program = fork();
  if (program < 0) _exit(kCannotStart);
  if (program == 0) {
    sigprocmask(SIG_UNBLOCK, &child, nullptr);
    Exec(o);
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
[[noreturn]] void Enclosed(const Options& o, const Groups& groups, int report) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // As root the namespaces need no user namespace, and one would take away the
  // other users that cases become.
  const bool root = geteuid() == 0;
  const bool namespaces =
      (root || EnterUserNamespace()) && unshare(CLONE_NEWNS) == 0 &&
      mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  Note("namespaces", namespaces);
  bool own_pids = false;
  if (namespaces) {
    own_pids = Probe(CanMountProc);
    Note("pid_namespace", own_pids, "a fresh /proc cannot be mounted here");
    const bool own_net = unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0;
    Note("own_network", own_net);
    if (own_net) RaiseLoopback();
  }
  Note("few_rights", Probe(ReduceRights));
  const std::string text = ReportText();
  if (write(report, text.data(), text.size()) < 0) _exit(kCannotStart);
  close(report);

  // Last: the first child of a PID namespace is its init, so no probe may come
  // between.
  own_pids = own_pids && unshare(CLONE_NEWPID) == 0;
  const pid_t first = fork();
  if (first < 0) _exit(kCannotStart);
  if (first == 0) First(o, groups, own_pids);
  int status = 0;
  while (waitpid(first, &status, 0) < 0 && errno == EINTR) {
  }
  _exit(StatusOf(status));
}

pid_t enclosed_pid = 0;

// The keeper stays outside, where the report and the cgroup can be written.
// SIGTERM ends what it keeps, and then itself as always.
int Main(const Options& o) {
  Groups groups(o);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    std::perror("enclosure: pipe");
    return kCannotStart;
  }
  const pid_t enclosed = fork();
  if (enclosed == 0) {
    close(ends[0]);
    Enclosed(o, groups, ends[1]);
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
  groups.Remove();
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
    if (name == "--record") {
      o.record = true;
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
  if (o.program == nullptr) {
    std::fprintf(stderr,
                 "usage: enclosure [--processes=N] [--report=FILE] [--record] "
                 "-- PROGRAM [ARGUMENT]...\n");
    return kCannotStart;
  }
  return Main(o);
}
