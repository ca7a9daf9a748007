#include "tools/common/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "runtime/syscall.h"
#include "tools/common/text.h"

namespace mn::tools {
namespace {

namespace fs = std::filesystem;
using os::Fd;

Error Failed(std::string_view what, std::string_view path, int error) {
  return Error{Cat("cannot ", what, " ", path, ": ", std::strerror(error))};
}

// What a blocking call did and its errno, which must be read inside it.
struct SysResult {
  ssize_t value;
  int error;
};

template <class F>
SysResult Sys(F&& f) {
  return mn::BlockingCall([&]() -> SysResult {
    for (;;) {
      const ssize_t value = f();
      if (value >= 0) return {value, 0};
      if (errno != EINTR) return {value, errno};
    }
  });
}

int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const SysResult r =
        Sys([&] { return write(fd, text.data(), text.size()); });
    if (r.value < 0) return r.error;
    text.remove_prefix(static_cast<std::size_t>(r.value));
  }
  return 0;
}

}  // namespace

std::string JoinPath(std::string_view a, std::string_view b) {
  if (a.empty() || b.starts_with('/')) return std::string(b);
  if (b.empty()) return std::string(a);
  return Cat(a, a.ends_with('/') ? "" : "/", b);
}

bool FileExists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

bool IsDirectory(const std::string& path) {
  struct stat st;
  return stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  const SysResult opened =
      Sys([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (opened.value < 0) return Failed("read", path, opened.error);
  const Fd fd(static_cast<int>(opened.value));
  std::string text;
  for (;;) {
    char buffer[16384];
    const SysResult r =
        Sys([&] { return read(fd.get(), buffer, sizeof buffer); });
    if (r.value < 0) return Failed("read", path, r.error);
    if (r.value == 0) return text;
    text.append(buffer, static_cast<std::size_t>(r.value));
    if (text.size() > max_bytes) {
      return Error{
          Cat("cannot read ", path, ": larger than ", max_bytes, " bytes")};
    }
  }
}

Done WriteFileAtomic(const std::string& path, std::string_view text) {
  // A symbolic link keeps pointing where it does: its target is replaced.
  std::error_code ec;
  std::string target = path;
  if (fs::is_symlink(path, ec)) {
    const fs::path real = fs::canonical(path, ec);
    if (!ec) target = real.string();
  }
  const std::string parent = fs::path(target).parent_path().string();
  std::string temp = Cat(target, ".XXXXXX");
  const SysResult made = Sys([&] { return mkostemp(temp.data(), O_CLOEXEC); });
  if (made.value < 0) return Failed("write", path, made.error);
  const int fd = static_cast<int>(made.value);
  struct stat st;
  const mode_t mode =
      stat(target.c_str(), &st) == 0 ? (st.st_mode & 07777) : 0644;
  int error = WriteAll(fd, text);
  if (error == 0 && fchmod(fd, mode) != 0) error = errno;
  if (error == 0) error = Sys([&] { return fsync(fd); }).error;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0) {
    error = Sys([&] { return rename(temp.c_str(), target.c_str()); }).error;
  }
  if (error != 0) {
    unlink(temp.c_str());
    return Failed("write", path, error);
  }
  // The name's new meaning must survive a power cut as well.
  const int dir = open(parent.empty() ? "." : parent.c_str(),
                       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir >= 0) {
    Sys([&] { return fsync(dir); });
    close(dir);
  }
  return Nothing{};
}

Done MakeDirs(const std::string& path) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec) return Failed("make the directory", path, ec.value());
  return Nothing{};
}

Result<std::vector<std::string>> ListDir(const std::string& path) {
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) return Failed("list", path, errno);
  std::vector<std::string> names;
  while (const dirent* e = readdir(dir)) {
    const std::string_view name = e->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> MakeTempDir(std::string_view prefix) {
  const char* base = std::getenv("TEST_TMPDIR");
  if (base == nullptr || *base == 0) base = std::getenv("TMPDIR");
  if (base == nullptr || *base == 0) base = "/tmp";
  std::string path = JoinPath(base, Cat(prefix, ".XXXXXX"));
  if (mkdtemp(path.data()) == nullptr) {
    return Failed("make a temporary directory in", base, errno);
  }
  return path;
}

Done RemoveTree(const std::string& path) {
  std::error_code ec;
  mn::BlockingCall([&] { return fs::remove_all(path, ec); });
  if (ec) return Failed("remove", path, ec.value());
  return Nothing{};
}

Result<FileLock> FileLock::Acquire(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.open()) return Failed("lock", path, errno);
  const SysResult r = Sys([&] { return flock(fd.get(), LOCK_EX); });
  if (r.error != 0) return Failed("lock", path, r.error);
  return FileLock(std::move(fd));
}

}  // namespace mn::tools
