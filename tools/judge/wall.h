// The walls of one process that runs code of a stranger: what the process sees
// of the machine, who it is, and which system calls it has.
//
// Why it is hard: every wall needs a right that some machine does not give (no
// user namespaces, a container that may not mount, Bazel's sandbox where only
// uid 0 exists). So each wall is tried by itself, and what held is told.
//
//   processes  own PID and IPC namespace, with a /proc of its own
//   network    own network namespace, with a loopback
//   files      an allow list: the program, the system's libraries, harmless
//              devices, a scratch file system of limited size. Nothing else
//              exists, so nothing has to be thought of and hidden
//   user       another uid than the caller's, or a user namespace of its own:
//              the caller's processes cannot be traced or killed
//   rights     no capabilities, no new privileges
//   calls      a seccomp filter takes away what reaches into other processes
//              or the kernel, what makes namespaces, and what takes memory
//              that no process is seen to have
//   memory     a cgroup that bounds all memory (memory_group.h)
//
// Rejected: bubblewrap (runs the program as the caller's uid or needs a user
// namespace, which a container may not have; its tmpfs has no limit of inodes;
// and the warden of spawn.h has to be init anyway); chroot (no protection from
// root, and a copy of the libraries); a list of allowed system calls (another
// one for each libc, compiler and sanitizer).
//
// All functions are for a single-threaded process. Those that return bool set
// errno when they return false.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace mn::judge {

enum Wall : unsigned {
  kProcesses = 1,
  kNetwork = 2,
  kFiles = 4,
  kUser = 8,
  kRights = 16,
  kCalls = 32,
  kMemory = 64,
};
// Without kMemory, which needs root and the enclosure: the resident memory is
// watched as well (fence.h).
inline constexpr unsigned kAllWalls = 63;

// "files, user", in the order above; "none" of 0.
std::string WallNames(unsigned walls);

// What a process sees of the machine's files.
struct View {
  std::string root;  // an empty directory; becomes the root
  // Seen where it is, for debuggers. The directories above are empty otherwise.
  std::string program;
  std::vector<std::string> more;  // seen as they are, read-only
  uid_t owner = 0;                // of the scratch directory
  // "" or a directory that is seen where it is: its files read-only, those that
  // its links lead to included, and room for new files. KeepWork() keeps them.
  std::string work;
};
inline constexpr char kScratchPath[] = "/scratch";  // /tmp leads there

// In a mount namespace of our own, before rights are dropped. On false the old
// root is still there.
bool EnterView(const View& view);

// After EnterView: copies the new files of `work` to the directory that `to`
// was opened as before.
bool KeepWork(const std::string& work, int to);

// A loopback that works, in a network namespace of our own.
void RaiseLoopback();

// A /proc for our own PID namespace, in a mount namespace of our own.
bool MountProc(const char* path);

// In a new user namespace: `inside` is what the caller's uid and gid are called
// from now on.
bool MapUser(uid_t outside_uid, gid_t outside_gid, uid_t inside);

// A uid that nobody on this machine has, another one each time; 0 if we are not
// root or there are no other users here.
uid_t StrangerUid();
// As root.
bool BecomeUser(uid_t uid);

bool DropRights();
// By the process that becomes the program: some calls are left to it alone.
bool RefuseCalls();

}  // namespace mn::judge
