#include "tools/judge/wall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "tools/judge/kernel_file.h"

namespace mn::judge {
namespace {

namespace fs = std::filesystem;

// What a program needs that is linked with the system's libraries, and what its
// loader may look for.
constexpr const char* kLibraries[] = {
    "/usr/lib",       "/usr/lib64",       "/usr/lib32",
    "/lib",           "/lib64",           "/lib32",
    "/usr/local/lib", "/etc/ld.so.cache", "/etc/ld.so.preload"};
constexpr const char* kDevices[] = {"/dev/null", "/dev/zero", "/dev/full",
                                    "/dev/random", "/dev/urandom"};
// Names only: the mounts have their own.
constexpr char kRootLimits[] = "mode=0755,size=1m,nr_inodes=1024";
constexpr char kScratchLimits[] = "mode=0700,size=32m,nr_inodes=1024";
// What a compiler writes; a thousand headers are names in there.
constexpr char kWorkLimits[] = "mode=0755,size=512m,nr_inodes=32k";

// mount_setattr(2): glibc has it since 2.36 only.
constexpr std::uint64_t kReadOnly = 1, kNoSuid = 2, kNoDev = 4;
bool SetMountAttributes(const std::string& path, unsigned flags,
                        std::uint64_t set) {
  constexpr long kMountSetattr = 442;
  struct {
    std::uint64_t set, clear, propagation, userns_fd;
  } attributes = {set, 0, 0, 0};
  return syscall(kMountSetattr, AT_FDCWD, path.c_str(), flags, &attributes,
                 sizeof(attributes)) == 0;
}
constexpr unsigned kRecursive = 0x8000;  // AT_RECURSIVE

void MakeDirectories(const std::string& path) {
  for (std::size_t i = 1; i <= path.size(); i++) {
    if (i == path.size() || path[i] == '/') {
      mkdir(path.substr(0, i).c_str(), 0755);
    }
  }
}

void MakeFile(const std::string& path) {
  MakeDirectories(path.substr(0, path.rfind('/')));
  close(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

// Recursive: in a user namespace a mount cannot be had without those below it.
bool Bind(const std::string& from, const std::string& to) {
  return mount(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) ==
         0;
}

// `path` as it is on this machine, which need not have it.
bool Show(const std::string& path, const std::string& root) {
  struct stat st;
  if (lstat(path.c_str(), &st) != 0) return true;
  const std::string to = root + path;
  if (S_ISLNK(st.st_mode)) {  // /lib of a merged /usr
    char target[4096];
    const ssize_t n = readlink(path.c_str(), target, sizeof(target) - 1);
    if (n < 0) return false;
    target[n] = 0;
    MakeDirectories(to.substr(0, to.rfind('/')));
    return symlink(target, to.c_str()) == 0 || errno == EEXIST;
  }
  if (S_ISDIR(st.st_mode)) {
    MakeDirectories(to);
  } else {
    MakeFile(to);
  }
  return Bind(path, to) &&
         SetMountAttributes(to, kRecursive, kReadOnly | kNoSuid | kNoDev);
}

bool MountFor(uid_t owner, const std::string& path, const char* limits) {
  const std::string id = std::to_string(owner);
  return mount("room", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
               (std::string(limits) + ",uid=" + id + ",gid=" + id).c_str()) ==
         0;
}

bool ShowWork(const View& view) {
  const std::string base = view.root + view.work;
  MakeDirectories(base);
  if (!MountFor(view.owner, base, kWorkLimits)) return false;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(view.work, ec), end;
       !ec && it != end; it.increment(ec)) {
    const std::string to = view.root + it->path().string();
    std::error_code none;
    if (it->is_directory(none)) {
      if (mkdir(to.c_str(), 0755) != 0 ||
          chown(to.c_str(), view.owner, view.owner) != 0) {
        return false;
      }
      if (!it->is_symlink(none)) continue;
    } else if (it->is_regular_file(none)) {
      close(open(to.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    } else {
      continue;
    }
    if (!Bind(it->path(), to) ||
        !SetMountAttributes(to, kRecursive, kReadOnly | kNoSuid | kNoDev)) {
      return false;
    }
  }
  return !ec;
}

bool Arrange(const View& view) {
  const std::string& root = view.root;
  const std::string program = root + view.program;
  const std::string scratch = root + kScratchPath;
  for (const char* path : kLibraries) {
    if (!Show(path, root)) return false;
  }
  for (const std::string& path : view.more) {
    if (!Show(path, root)) return false;
  }
  for (const char* path : kDevices) {
    MakeFile(root + path);
    if (!Bind(path, root + path)) return false;
  }
  if (symlink("/proc/self/fd", (root + "/dev/fd").c_str()) != 0) return false;
  // A compiler is in a directory that is seen already.
  if (access(program.c_str(), F_OK) != 0) MakeFile(program);
  if (!Bind(view.program, program) ||
      !SetMountAttributes(program, 0, kReadOnly | kNoSuid | kNoDev)) {
    return false;
  }
  MakeDirectories(scratch);
  if (!MountFor(view.owner, scratch, kScratchLimits)) return false;
  if (!view.work.empty() && !ShowWork(view)) return false;
  if (symlink(kScratchPath + 1, (root + "/tmp").c_str()) != 0 &&
      errno != EEXIST) {
    return false;
  }
  MakeDirectories(root + "/proc");
  return MountProc((root + "/proc").c_str());
}

// Only what is below us is left. pivot_root refuses where the root is no mount
// (a chroot) or is the first one (an initramfs).
bool MakeRoot(const std::string& root) {
  if (chdir(root.c_str()) != 0) return false;
  if (syscall(SYS_pivot_root, ".", ".") == 0) {
    return umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
  }
  return mount(".", "/", nullptr, MS_MOVE, nullptr) == 0 && chroot(".") == 0 &&
         chdir("/") == 0;
}

// Without the right to, there is no right to lose either.
void DropBoundingSet() {
  for (int capability = 0; capability < 64; capability++) {
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
}

}  // namespace

std::string WallNames(unsigned walls) {
  static constexpr const char* kNames[] = {
      "processes", "network", "files", "user", "rights", "calls", "memory"};
  std::string names;
  for (unsigned i = 0; i < std::size(kNames); i++) {
    if ((walls >> i & 1) == 0) continue;
    if (!names.empty()) names += ", ";
    names += kNames[i];
  }
  return names.empty() ? "none" : names;
}

bool EnterView(const View& view) {
  const char* root = view.root.c_str();
  if (mount("view", root, "tmpfs", MS_NOSUID | MS_NODEV, kRootLimits) != 0) {
    return false;
  }
  if (Arrange(view) && MakeRoot(view.root)) {
    return SetMountAttributes("/", 0, kReadOnly | kNoSuid | kNoDev);
  }
  const int error = errno;
  umount2(root, MNT_DETACH);
  errno = error;
  return false;
}

bool KeepWork(const std::string& work, int to) {
  struct stat room;
  if (stat(work.c_str(), &room) != 0) return false;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(work, ec), end; !ec && it != end;
       it.increment(ec)) {
    const std::string from = it->path();
    struct stat st;
    if (lstat(from.c_str(), &st) != 0) return false;
    if (S_ISDIR(st.st_mode) && st.st_dev != room.st_dev) {
      it.disable_recursion_pending();
    }
    if (!S_ISREG(st.st_mode) || st.st_dev != room.st_dev) continue;
    const std::string name = from.substr(work.size() + 1);
    const int in = open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const int out = openat(
        to, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
        st.st_mode & 0777);
    ssize_t n = -1;
    if (in >= 0 && out >= 0) {
      while ((n = sendfile(out, in, nullptr, 1 << 30)) > 0) {
      }
    }
    const int error = errno;
    close(in);
    close(out);
    errno = error;
    if (n < 0) return false;
  }
  return !ec;
}

void RaiseLoopback() {
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ioctl(s, SIOCSIFFLAGS, &request);
  close(s);
}

bool MountProc(const char* path) {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  // Read-only where the machine's own is: a user namespace may show no more.
  return mount("proc", path, "proc", kFlags, nullptr) == 0 ||
         mount("proc", path, "proc", kFlags | MS_RDONLY, nullptr) == 0;
}

bool MapUser(uid_t outside_uid, gid_t outside_gid, uid_t inside) {
  const std::string to = std::to_string(inside) + " ";
  prctl(PR_SET_DUMPABLE, 1);  // else the files are root's
  const bool ok =
      WriteText("/proc/self/setgroups", "deny") &&
      WriteText("/proc/self/uid_map",
                to + std::to_string(outside_uid) + " 1") &&
      WriteText("/proc/self/gid_map", to + std::to_string(outside_gid) + " 1");
  const int error = errno;
  prctl(PR_SET_DUMPABLE, 0);
  errno = error;
  return ok;
}

uid_t StrangerUid() {
  if (geteuid() != 0) return 0;
  std::ifstream map("/proc/self/uid_map");
  std::uint64_t inside = 0, outside = 0, count = 0;
  map >> inside >> outside >> count;
  std::uint32_t random = 0;
  if (getrandom(&random, sizeof(random), 0) != sizeof(random)) return 0;
  // Far from what an administrator gives away. A container may have 65536 uids:
  // then those that systemd gives to services for as long as they run.
  if (count > 0x7fffffff) return 0x70000000 + random % 0x1000000;
  if (count > 65535) return 61184 + random % 4096;
  return 0;
}

bool BecomeUser(uid_t uid) {
  DropBoundingSet();  // needs a right that others have not
  return syscall(SYS_setgroups, 0, nullptr) == 0 &&
         syscall(SYS_setresgid, uid, uid, uid) == 0 &&
         syscall(SYS_setresuid, uid, uid, uid) == 0;
}

bool DropRights() {
  DropBoundingSet();
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool RefuseCalls() {
  static constexpr const char* kRefused[] = {
      // other processes
      "ptrace", "process_vm_writev", "process_madvise", "process_mrelease",
      "kcmp", "pidfd_getfd",
      // the kernel
      "bpf", "userfaultfd", "perf_event_open", "io_uring_setup",
      "io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key",
      "kexec_load", "kexec_file_load", "init_module", "finit_module",
      "delete_module", "iopl", "ioperm", "lookup_dcookie", "syslog", "reboot",
      "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "fanotify_init",
      "open_by_handle_at", "settimeofday", "clock_settime", "clock_adjtime",
      "adjtimex", "sethostname", "setdomainname", "vhangup",
      // other views
      "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount",
      "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
      "unshare", "setns",
      // memory that no process is seen to have
      "memfd_create", "memfd_secret", "shmget", "semget", "msgget", "mq_open"};
  static constexpr std::uint64_t kNamespaces[] = {
      CLONE_NEWNS,  CLONE_NEWUSER, CLONE_NEWPID,   CLONE_NEWNET,
      CLONE_NEWIPC, CLONE_NEWUTS,  CLONE_NEWCGROUP};
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return false;
  const std::uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
  bool ok = true;
  for (const char* name : kRefused) {
    // Negative: this library or this machine does not have it.
    const int call = seccomp_syscall_resolve_name(name);
    if (call >= 0) ok = ok && seccomp_rule_add(filter, refuse, call, 0) == 0;
  }
  for (const std::uint64_t flag : kNamespaces) {
    ok = ok && seccomp_rule_add(filter, refuse, SCMP_SYS(clone), 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)) == 0;
  }
  // A case reads its own memory so when it says where it crashed.
  ok =
      ok && seccomp_rule_add(
                filter, refuse, SCMP_SYS(process_vm_readv), 1,
                SCMP_A0(SCMP_CMP_NE, static_cast<scmp_datum_t>(getpid()))) == 0;
  // Its flags lie in memory, where no filter reads them; libc takes clone then.
  const int clone3 = seccomp_syscall_resolve_name("clone3");
  if (clone3 >= 0) {
    ok = ok && seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0) == 0;
  }
  // Sockets of other families reach the kernel's lesser known parts, and some
  // (vsock) are in no namespace.
  for (std::uint64_t family = AF_INET + 1; family < AF_INET6; family++) {
    ok = ok && seccomp_rule_add(filter, refuse, SCMP_SYS(socket), 1,
                                SCMP_A0(SCMP_CMP_EQ, family)) == 0;
  }
  ok = ok && seccomp_rule_add(filter, refuse, SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_GT, AF_INET6)) == 0;
  const int error = ok ? seccomp_load(filter) : -EINVAL;
  seccomp_release(filter);
  errno = -error;
  return error == 0;
}

}  // namespace mn::judge
