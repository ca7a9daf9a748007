// What each wall keeps out, tried from inside: this program starts itself as a
// case process, which prints what it could do. A machine that does not give a
// wall skips the wall's test; one that gives namespaces must give all walls.

#include "tools/judge/wall.h"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tools/judge/fence.h"
#include "tools/judge/memory_group.h"

namespace mn::judge {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// ------------------------------------------------- what the case process does

void Try(const char* what, bool could) {
  printf("%s %s\n", could ? "CAN" : "cannot", what);
}

bool Reads(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

void LookAround() {
  for (const auto& entry : fs::directory_iterator("/")) {
    printf("root has %s\n", entry.path().filename().c_str());
  }
  for (const char* path :
       {"/etc/passwd", "/root/.bashrc", "/var/log", "/usr/share", "/bin/sh",
        "/dev/kmsg", "/sys/kernel"}) {
    Try((std::string("read ") + path).c_str(), Reads(path));
  }
  Try("write to /", open("/x", O_CREAT | O_WRONLY, 0600) >= 0);
  Try("write to /usr/lib", open("/usr/lib/x", O_CREAT | O_WRONLY, 0600) >= 0);
  const std::string self = fs::read_symlink("/proc/self/exe");
  int beside = 0;
  for (const auto& entry :
       fs::directory_iterator(self.substr(0, self.rfind('/')))) {
    beside += entry.path() != self;
  }
  Try("read beside its program", beside > 0);
  Try("write beside its program",
      open((self + ".x").c_str(), O_CREAT | O_WRONLY, 0600) >= 0);
  Try("make a file in its scratch directory",
      open("mine", O_CREAT | O_WRONLY, 0600) >= 0);
}

void FillTheDisk() {
  static char block[1 << 20];
  int mib = 0, files = 0;
  for (; files < 100; files++) {
    const std::string name = "f" + std::to_string(files);
    const int fd = open(name.c_str(), O_CREAT | O_WRONLY, 0600);
    if (fd < 0) break;
    for (int i = 0; i < 8; i++) {
      if (write(fd, block, sizeof(block)) == sizeof(block)) mib++;
    }
    close(fd);
  }
  int depth = 0;
  while (depth < 10000 && mkdir("d", 0700) == 0 && chdir("d") == 0) depth++;
  Try("write 100 MiB", mib >= 100);
  Try("make 10000 directories", depth >= 10000);
}

void ReachOthers() {
  for (const pid_t pid : {getppid(), 1}) {
    Try("trace its parent", ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
    char buffer[16];
    iovec here = {buffer, sizeof(buffer)}, there = {&buffer, sizeof(buffer)};
    process_vm_readv(pid, &here, 1, &there, 1, 0);
    Try("read its parent's memory", errno != EPERM);
    Try("open its parent's memory",
        Reads(("/proc/" + std::to_string(pid) + "/mem").c_str()));
    // 0 is where the warden says how the process ended.
    for (const char* fd : {"0", "1", "3", "4", "5"}) {
      const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + fd;
      Try("open its parent's descriptors",
          Reads(path.c_str()) || open(path.c_str(), O_WRONLY) >= 0);
    }
    // Signal 0 asks for the right only. Init has no handler for a signal from
    // inside, so none reaches it.
    Try("kill its parent", pid != 1 && kill(pid, 0) == 0);
  }
  kill(1, SIGKILL);
  int others = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const pid_t pid = atoi(entry.path().filename().c_str());
    if (pid > 1 && pid != getpid()) others++;
  }
  Try("see other processes", others > 0);
}

bool Refused(long result) { return result == -1 && errno == EPERM; }

void TryCalls() {
  Try("make a user namespace", !Refused(unshare(CLONE_NEWUSER)));
  Try("clone a user namespace",
      !Refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)));
  Try("take memory as a memfd", !Refused(syscall(SYS_memfd_create, "m", 0)));
  Try("take memory as System V does",
      !Refused(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600)));
  Try("use io_uring", !Refused(syscall(SYS_io_uring_setup, 1, nullptr)));
  Try("use bpf", !Refused(syscall(SYS_bpf, 0, nullptr, 0)));
  Try("use keys", !Refused(syscall(SYS_keyctl, 0, 0, 0, 0, 0)));
  Try("use userfaultfd", !Refused(syscall(SYS_userfaultfd, 1)));
  Try("mount", !Refused(syscall(SYS_mount, "", "/", "", 0, "")));
  Try("talk to the host", !Refused(socket(AF_VSOCK, SOCK_STREAM, 0)));
  Try("talk to the kernel", !Refused(socket(AF_NETLINK, SOCK_RAW, 0)));
}

void TryPrivileges() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Cap") || line.starts_with("NoNewPrivs")) {
      printf("%s\n", line.c_str());
    }
  }
  std::ifstream net("/proc/net/dev");
  for (std::string line; std::getline(net, line);) {
    if (line.find("eth") != std::string::npos) printf("CAN see eth\n");
  }
  printf("uid %d\n", static_cast<int>(getuid()));
}

int Case() {
  setvbuf(stdout, nullptr, _IONBF, 0);
  LookAround();
  TryPrivileges();
  TryCalls();
  if (access(kScratchPath, F_OK) == 0) FillTheDisk();  // else: the machine's
  ReachOthers();
  printf("done\n");
  return 0;
}

// ------------------------------------------------------------------ the tests

class WallTest : public testing::Test {
 protected:
  void SetUp() override {
    Request request;
    request.program = fs::read_symlink("/proc/self/exe");
    request.case_name = "Any.Case";
    outcome_ = RunCase(request, {.timeout_s = 60});
    ASSERT_EQ(outcome_.error, "");
    ASSERT_THAT(seen(), HasSubstr("done\n")) << outcome_.signal;
  }
  const std::string& seen() const { return outcome_.printed; }
  bool Held(unsigned wall) const {
    return outcome_.fence.find(WallNames(wall)) != std::string::npos;
  }

  Outcome outcome_;
};

#define REQUIRE_WALL(wall) \
  if (!Held(wall)) GTEST_SKIP() << "this machine gives: " << outcome_.fence

// A wall that fell by a mistake of ours must not make its test skip.
TEST_F(WallTest, AllHoldWhereNamespacesCanBeMade) {
  const pid_t pid = fork();
  if (pid == 0) {
    _exit(unshare((geteuid() == 0 ? 0 : CLONE_NEWUSER) | CLONE_NEWNS |
                  CLONE_NEWPID) != 0);
  }
  int status = 1;
  waitpid(pid, &status, 0);
  if (status != 0) GTEST_SKIP() << "no namespaces here";
  EXPECT_THAT(outcome_.fence, StartsWith(WallNames(kAllWalls)));
}

TEST(MemoryGroup, IsMadeBelowTheEnclosuresGroup) {
  bool v2 = false;
  EXPECT_EQ(GroupBase("8:pids:/a/mn-enclosure-7\n4:cpu,memory:/a/"
                      "mn-enclosure-7\n0::/\n",
                      &v2),
            "/sys/fs/cgroup/memory/a/mn-enclosure-7");
  EXPECT_FALSE(v2);
  EXPECT_EQ(GroupBase("0::/mn-enclosure-7/judge\n", &v2),
            "/sys/fs/cgroup/mn-enclosure-7");
  EXPECT_TRUE(v2);
  EXPECT_EQ(GroupBase("4:memory:/user\n0::/user.slice\n", &v2), "");
}

TEST_F(WallTest, FilesAreAnAllowList) {
  REQUIRE_WALL(kFiles);
  EXPECT_THAT(seen(), Not(HasSubstr("CAN read ")));
  EXPECT_THAT(seen(), HasSubstr("cannot read /etc/passwd"));
  EXPECT_THAT(seen(), Not(HasSubstr("CAN write")));
  EXPECT_THAT(seen(), HasSubstr("CAN make a file in its scratch directory"));
}

TEST_F(WallTest, ScratchIsLimitedInBytesAndFiles) {
  REQUIRE_WALL(kFiles);
  EXPECT_THAT(seen(), HasSubstr("cannot write 100 MiB"));
  EXPECT_THAT(seen(), HasSubstr("cannot make 10000 directories"));
}

// On every machine.
TEST_F(WallTest, TheJudgesMemoryIsOutOfReach) {
  EXPECT_THAT(seen(), Not(HasSubstr("CAN trace")));
  EXPECT_THAT(seen(), Not(HasSubstr("CAN read its")));
  EXPECT_THAT(seen(), Not(HasSubstr("CAN open its")));
}

TEST_F(WallTest, TheJudgeCannotBeKilled) {
  if (!Held(kProcesses)) REQUIRE_WALL(kUser);
  EXPECT_THAT(seen(), Not(HasSubstr("CAN kill")));
}

TEST_F(WallTest, OtherProcessesAreNotSeen) {
  REQUIRE_WALL(kProcesses);
  EXPECT_THAT(seen(), Not(HasSubstr("CAN see other processes")));
}

TEST_F(WallTest, OnlyItsOwnNetwork) {
  REQUIRE_WALL(kNetwork);
  EXPECT_THAT(seen(), Not(HasSubstr("CAN see eth")));
}

TEST_F(WallTest, CallsAreRefused) {
  REQUIRE_WALL(kCalls);
  for (const char* what : {"make a user namespace", "clone a user namespace",
                           "take memory", "use", "mount", "talk"}) {
    EXPECT_THAT(seen(), Not(HasSubstr("CAN " + std::string(what))));
  }
}

TEST_F(WallTest, NoRights) {
  REQUIRE_WALL(kRights);
  EXPECT_THAT(seen(), HasSubstr("CapEff:\t0000000000000000"));
  EXPECT_THAT(seen(), HasSubstr("CapPrm:\t0000000000000000"));
  EXPECT_THAT(seen(), HasSubstr("NoNewPrivs:\t1"));
}

TEST_F(WallTest, SomebodyElse) {
  REQUIRE_WALL(kUser);
  if (geteuid() == 0) {
    EXPECT_THAT(seen(), Not(HasSubstr("uid 0\n")));
  }
}

}  // namespace
}  // namespace mn::judge

int main(int argc, char** argv) {
  const char* home = getenv("HOME");
  const char* tmp = getenv("TMPDIR");
  if (home != nullptr && tmp != nullptr && strcmp(home, tmp) == 0) {
    return mn::judge::Case();
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
