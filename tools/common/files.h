// Files: whole-file reads, writes that a crash cannot tear, and a lock between
// processes.
//
// The calls that may wait for the disk or for another process go through
// mn::BlockingCall, so they must run in a goroutine. Every error names the path
// and the system's reason.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/os/subprocess/fd.h"
#include "tools/common/result.h"

namespace mn::tools {

// "a/b" from "a" and "b"; an absolute `b` stands alone.
std::string JoinPath(std::string_view a, std::string_view b);

bool FileExists(const std::string& path);  // anything, also a directory
bool IsDirectory(const std::string& path);

// The whole file. More than `max_bytes` is an error, not a truncation.
Result<std::string> ReadFile(const std::string& path,
                             std::size_t max_bytes = 64u << 20);

// Writes a new file beside `path` and renames it over it: a reader sees the old
// text or the new, also after a power cut. Keeps the mode of an existing file.
Done WriteFileAtomic(const std::string& path, std::string_view text);

// mkdir -p.
Done MakeDirs(const std::string& path);

// The names in a directory, sorted, without "." and "..". Missing: an error.
Result<std::vector<std::string>> ListDir(const std::string& path);

// A fresh directory in $TEST_TMPDIR, $TMPDIR or /tmp; the caller removes it.
Result<std::string> MakeTempDir(std::string_view prefix);

// rm -rf, never following a symbolic link.
Done RemoveTree(const std::string& path);

// An exclusive flock on `path` (created if missing), held until destruction.
// Parks the goroutine, not the runtime, while another process holds it.
class FileLock {
 public:
  static Result<FileLock> Acquire(const std::string& path);

 private:
  explicit FileLock(os::Fd fd) : fd_(std::move(fd)) {}
  os::Fd fd_;
};

}  // namespace mn::tools
