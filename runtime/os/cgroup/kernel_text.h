// What the parsers of the kernel's text files share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mn::cgroup {

enum class Version { V1 = 1, V2 = 2 };

// How a search ended. kNone: Linux says there is nothing to find; kError:
// there may be, but what should say so is unreadable or makes no sense. Either
// way the process has no CPU limit that it knows of.
enum class Outcome { kFound, kNone, kError };

// The text before the first `end`; it and `end` are taken off `rest`. Nothing,
// and `rest` as it was, if there is no `end`.
inline std::optional<std::string_view> Cut(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  if (at == rest.npos) return std::nullopt;
  const auto before = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return before;
}

// The text before the first `end`, or all of it, is taken off `rest`.
inline std::string_view CutOrAll(std::string_view& rest, char end) {
  if (const auto before = Cut(rest, end)) return *before;
  return std::exchange(rest, {});
}

// "cpu" is one of the comma-separated words; "cpuacct" is another.
inline bool ContainsCPU(std::string_view list) {
  while (!list.empty()) {
    if (CutOrAll(list, ',') == "cpu") return true;
  }
  return false;
}

// A path that open(2) takes as it stands. A NUL byte would end it early:
// another file would be opened.
inline bool IsAbsolutePath(std::string_view path) {
  return path.starts_with('/') && path.find('\0') == path.npos;
}

// "/proc/self/cgroup line 3: WHAT"; the first line is 1.
inline std::string LineProblem(const char* file, int line, const char* what) {
  return std::string(file) + " line " + std::to_string(line) + ": " + what;
}

}  // namespace mn::cgroup
