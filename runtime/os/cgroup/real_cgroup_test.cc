// The kernel's own cgroup files: groups are made in the v1 cpu hierarchy, and a
// child is started in them. Runs where this process may make groups; Bazel's
// sandbox mounts /sys read-only.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/os/cgroup/mountinfo.h"
#include "runtime/os/cgroup/proc_cgroup.h"

namespace mn::cgroup {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ReadFile(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The directory of this process's group in the v1 cpu hierarchy, "" if there is
// none.
std::string OwnGroup() {
  const CPUCgroup group = ParseCPUCgroup(ReadFile("/proc/self/cgroup"));
  if (group.outcome != Outcome::kFound || group.version != Version::V1) {
    return "";
  }
  const CPUMounts mounts =
      ParseCPUMount(ReadFile("/proc/self/mountinfo"), Version::V1, group.path);
  if (mounts.outcome != Outcome::kFound) return "";
  return mounts.mounts[0].point + mounts.mounts[0].below;
}

// A group that is there as long as this. One that holds processes cannot be
// removed: it has to outlive the children in it.
class Group {
 public:
  explicit Group(const std::string& dir) : dir_(dir) {
    error_ = mkdir(dir.c_str(), 0755) == 0 ? 0 : errno;
  }
  ~Group() {
    if (error_ == 0 && !removed_) Remove();
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  void Remove() {
    EXPECT_EQ(rmdir(dir_.c_str()), 0) << dir_ << ": " << strerror(errno);
    removed_ = true;
  }
  int error() const { return error_; }
  const std::string& dir() const { return dir_; }
  std::string ProcsFile() const { return dir_ + "/cgroup.procs"; }
  std::string QuotaFile() const { return dir_ + "/cpu.cfs_quota_us"; }

  // Microseconds in 100 000.
  void SetQuota(long us) const {
    std::ofstream file(QuotaFile());
    file << us << std::flush;
    EXPECT_TRUE(file.good()) << "cannot write " << us << " to " << QuotaFile();
  }

 private:
  const std::string dir_;
  int error_ = 0;
  bool removed_ = false;
};

// print_gomaxprocs, started in a group. Ends with this, before the group.
class Child {
 public:
  Child(const Group& group, const char* mode) {
    const char* srcdir = std::getenv("TEST_SRCDIR");
    const char* workspace = std::getenv("TEST_WORKSPACE");
    const std::string program = std::string(srcdir) + "/" + workspace +
                                "/runtime/os/cgroup/print_gomaxprocs";
    const std::string procs = group.ProcsFile();
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {  // async-signal-safe calls only
      const int fd = open(procs.c_str(), O_WRONLY | O_CLOEXEC);
      if (fd < 0 || write(fd, "0", 1) != 1) _exit(100);
      dup2(in[0], 0);
      dup2(out[1], 1);
      execl(program.c_str(), program.c_str(), mode, nullptr);
      _exit(101);
    }
    close(in[0]);
    close(out[1]);
    to_ = in[1];
    from_ = fdopen(out[0], "r");
  }
  ~Child() {
    close(to_);
    fclose(from_);
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    EXPECT_EQ(status, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::string Line() {
    std::string line;
    for (int c; (c = getc(from_)) != EOF && c != '\n';) {
      line += static_cast<char>(c);
    }
    return line;
  }
  std::string Again() {
    EXPECT_EQ(write(to_, "\n", 1), 1);
    return Line();
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int to_ = -1;
  FILE* from_ = nullptr;
};

class RealCgroup : public ::testing::Test {
 protected:
  static std::string Name() {
    static int n = 0;
    return OwnGroup() + "/mn_cgroup_test." + std::to_string(getpid()) + "." +
           std::to_string(n++);
  }
  void SetUp() override {
    if (OwnGroup().empty()) GTEST_SKIP() << "no v1 cpu hierarchy here";
    const Group probe(Name());
    if (probe.error() != 0) {
      GTEST_SKIP() << "cannot make the group " << probe.dir() << ": "
                   << strerror(probe.error());
    }
  }
};

TEST_F(RealCgroup, QuotasOf64CpusAndBothProfiles) {
  const Group group(Name());
  ASSERT_EQ(group.error(), 0);
  struct Row {
    long quota;
    const char* line;
  };
  for (const Row& row : std::vector<Row>{
           {50'000, "document=1 go=2 maxprocs: GOMAXPROCS=1: quota of 0.5 "},
           {100'000, "document=1 go=2 maxprocs: GOMAXPROCS=1: quota of 1 "},
           {150'000, "document=2 go=2 maxprocs: GOMAXPROCS=2: quota of 1.5 "},
           {250'000, "document=3 go=3 maxprocs: GOMAXPROCS=3: quota of 2.5 "},
           {300'000, "document=3 go=3 maxprocs: GOMAXPROCS=3: quota of 3 "},
           {-1, "document=64 go=64 maxprocs: GOMAXPROCS=64: no CPU quota"}}) {
    group.SetQuota(row.quota);
    EXPECT_THAT(Child(group, "leaf").Line(), StartsWith(row.line));
  }
}

TEST_F(RealCgroup, TheLineNamesTheFile) {
  const Group group(Name());
  group.SetQuota(250'000);
  EXPECT_THAT(Child(group, "leaf").Line(),
              HasSubstr("(cgroup v1, " + group.QuotaFile() + ")"));
}

TEST_F(RealCgroup, Cg7_AChangeIsSeenByARunningProcess) {
  const Group group(Name());
  group.SetQuota(50'000);
  Child child(group, "leaf");
  EXPECT_THAT(child.Line(), StartsWith("document=1 go=2 "));
  group.SetQuota(250'000);
  EXPECT_THAT(child.Again(), StartsWith("document=3 go=3 "));
  group.SetQuota(-1);
  EXPECT_THAT(child.Again(), StartsWith("document=64 go=64 "));
  group.SetQuota(100'000);
  EXPECT_THAT(child.Again(), StartsWith("document=1 go=2 "));
}

TEST_F(RealCgroup, OnlyTheWholePathSeesTheParentsLimit) {
  const Group parent(Name());
  parent.SetQuota(250'000);
  const Group leaf(parent.dir() + "/leaf");
  EXPECT_THAT(Child(leaf, "leaf").Line(), StartsWith("document=64 go=64 "));
  EXPECT_THAT(Child(leaf, "whole").Line(), HasSubstr(parent.QuotaFile() + ")"));
  leaf.SetQuota(150'000);
  EXPECT_THAT(Child(leaf, "whole").Line(), StartsWith("document=2 go=2 "));
}

TEST_F(RealCgroup, Cgf6_AMoveToAnotherGroupIsNotSeen) {
  const Group from(Name()), to(Name());
  from.SetQuota(100'000);
  to.SetQuota(300'000);
  Child child(from, "leaf");
  EXPECT_THAT(child.Line(), StartsWith("document=1 go=2 "));
  std::ofstream(to.ProcsFile()) << child.pid() << std::flush;
  EXPECT_THAT(child.Again(), StartsWith("document=1 go=2 "));
  from.SetQuota(150'000);
  EXPECT_THAT(child.Again(), StartsWith("document=2 go=2 "));
}

TEST_F(RealCgroup, Cgf6_ARemovedGroupLimitsNothing) {
  const Group to(Name());
  Group from(Name());
  from.SetQuota(100'000);
  Child child(from, "leaf");
  EXPECT_THAT(child.Line(), StartsWith("document=1 go=2 "));
  std::ofstream(to.ProcsFile()) << child.pid() << std::flush;
  from.Remove();
  EXPECT_THAT(child.Again(),
              StartsWith("document=64 go=64 maxprocs: GOMAXPROCS=64: no CPU "
                         "quota (" +
                         from.QuotaFile() + ": No such device)"));
}

}  // namespace
}  // namespace mn::cgroup
