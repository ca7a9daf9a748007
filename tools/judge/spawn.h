// Starts a process so that it and all of its descendants can be ended at once.
//
// What: where the kernel allows it, the process lives in a PID namespace of its
// own, below a warden that is the namespace's init. Killing the warden kills
// everything in there in one step: not even a fork bomb outruns it. Elsewhere
// the caller is the subreaper, orphans become its children, and it kills
// children until there are none.
//
// Rejected: a process group (setsid leaves it); a cgroup (needs root or
// delegation); RLIMIT_NPROC (counts the whole user, does not bind root).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace mn::judge {

struct SpawnOptions {
  std::string program;
  std::string dir;  // working directory, HOME and TMPDIR
  double cpu_s = 60;
  std::int64_t file_bytes = 16 << 20;
  // Become descriptors 1 and 2, 3, 4 of the process.
  int print_fd = -1, in_fd = -1, out_fd = -1;
};

class Spawned {
 public:
  // The caller must be single-threaded. After it, ok() or error().
  explicit Spawned(const SpawnOptions& options);
  ~Spawned() { KillAll(); }
  Spawned(const Spawned&) = delete;
  Spawned& operator=(const Spawned&) = delete;

  bool ok() const { return pid_ > 0; }
  const std::string& error() const { return error_; }

  // True once the process (not its descendants) has ended.
  bool Ended();
  // The process whose descendants are to be watched.
  pid_t root() const;
  // Ends everything. Returns the process's wait status; that of a kill if it
  // had not ended before. Later calls do nothing and return the same.
  int KillAll();

  // "pid namespace" or "process tree".
  const char* fence() const {
    return in_namespace_ ? "pid namespace" : "process tree";
  }

 private:
  pid_t pid_ = -1;      // the warden, or the process itself
  int status_fd_ = -1;  // the warden writes the wait status
  bool in_namespace_ = false;
  bool dead_ = false;
  int status_ = 0;
  std::string error_;
};

// Exit statuses of a process that could not become the program.
inline constexpr int kCannotStart = 71;  // … 73

}  // namespace mn::judge
