// A /proc and a /sys of the test's own: a directory that goes with the test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace mn::cgroup {

class FakeRoot {
 public:
  FakeRoot() {
    const char* tmp = ::getenv("TEST_TMPDIR");
    path_ = std::string(tmp == nullptr ? "." : tmp) + "/root.XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) ::abort();
  }
  ~FakeRoot() { std::filesystem::remove_all(path_); }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  const std::string& path() const { return path_; }
  std::string At(std::string_view name) const {
    return path_ + std::string(name);
  }

  // Makes the directories above the file as well. An existing file is
  // overwritten, not replaced.
  FakeRoot& Write(std::string_view name, std::string_view text) {
    const std::filesystem::path file = At(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return *this;
  }
  FakeRoot& MakeDir(std::string_view name) {
    std::filesystem::create_directories(At(name));
    return *this;
  }
  void Remove(std::string_view name) { std::filesystem::remove_all(At(name)); }

  // A machine with v2 whose process is in `group`; its mount is /cg.
  FakeRoot& V2(std::string_view group) {
    Write("/proc/self/cgroup", "0::" + std::string(group) + "\n");
    Write("/proc/self/mountinfo", "36 25 0:30 / /cg rw - cgroup2 cgroup2 rw\n");
    return MakeDir("/cg" + std::string(group));
  }
  // ... with v1.
  FakeRoot& V1(std::string_view group) {
    Write("/proc/self/cgroup", "4:cpu,cpuacct:" + std::string(group) + "\n");
    Write("/proc/self/mountinfo",
          "36 25 0:30 / /cg rw - cgroup cgroup rw,cpu,cpuacct\n");
    return MakeDir("/cg" + std::string(group));
  }
  FakeRoot& V1Limit(const std::string& dir, std::string_view quota,
                    std::string_view period = "100000\n") {
    Write(dir + "/cpu.cfs_quota_us", quota);
    return Write(dir + "/cpu.cfs_period_us", period);
  }

 private:
  std::string path_;
};

}  // namespace mn::cgroup
