// Starts a process behind walls (wall.h) so that it and all of its descendants
// can be ended at once.
//
// What: where the kernel allows it, the process lives in namespaces of its own,
// below a warden that is the init of the PID namespace. Killing the warden
// kills everything in there in one step: not even a fork bomb outruns it. The
// mounts go with it, and the files of the scratch directory, however many and
// however deep. Elsewhere the caller is the subreaper, orphans become its
// children, and it kills children until there are none.
//
// The caller holds the rights that walls are made with, and every process gives
// them up for itself before it becomes the program. So one case never sees what
// another one had.
//
// Rejected, for ending processes: a process group (setsid leaves it); a cgroup
// (needs root or delegation); RLIMIT_NPROC (counts the whole user, does not
// bind root).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tools/judge/memory_group.h"

namespace mn::judge {

struct SpawnOptions {
  std::string program;
  // Empty. The place of the walls' mounts; without them the working directory,
  // HOME and TMPDIR.
  std::string dir;
  std::vector<std::string> visible;  // read-only, besides what wall.h lists
  // A compiler's. View::work, which is the working directory then; the program
  // is one of `visible`, and is refused without the wall "files".
  std::string work = {};
  std::vector<std::string> arguments = {}, environment = {};
  std::int64_t address_bytes = 0;  // 0: no bound
  const MemoryGroup* memory = nullptr;
  double cpu_s = 60;
  std::int64_t file_bytes = 16 << 20;
  int threads = 1024;  // bound where the process has a uid of its own
  // Become descriptors 1 and 2, 3, 4 of the process; -1: closed.
  int print_fd = -1, in_fd = -1, out_fd = -1;
};

class Spawned {
 public:
  // The caller must be single-threaded; nobody can trace it or dump its memory
  // from now on. After it, ok() or error(). If ok(), the process is the
  // program.
  explicit Spawned(const SpawnOptions& options);
  ~Spawned() { KillAll(); }
  Spawned(const Spawned&) = delete;
  Spawned& operator=(const Spawned&) = delete;

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }

  // True once the process (not its descendants) has ended. Wait returns then.
  bool Ended();
  void Wait();
  // The process whose descendants are to be watched.
  pid_t root() const;
  // Ends everything. Returns the process's wait status; that of a kill if it
  // had not ended before. Later calls do nothing and return the same.
  int KillAll();

  // Which hold: a set of enum Wall.
  unsigned walls() const { return walls_; }

 private:
  pid_t pid_ = -1;      // the warden, or the process itself
  int status_fd_ = -1;  // the warden writes the wait status
  bool in_namespace_ = false;
  bool dead_ = false;
  int status_ = 0;
  unsigned walls_ = 0;
  std::string error_;
};

}  // namespace mn::judge
