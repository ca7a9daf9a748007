#include "runtime/os/cgroup/mountinfo.h"

#include <algorithm>

namespace mn::cgroup {
namespace {

// The fields of a line that matter; still escaped.
struct Line {
  std::string_view root;
  std::string_view point;
  std::string_view type;
  std::optional<std::string_view> super_options;
};

std::optional<Line> ParseLine(std::string_view text) {
  Line line;
  for (int field = 1; field <= 6; field++) {
    const auto value = Cut(text, ' ');
    if (!value) return std::nullopt;
    if (field == 4) line.root = *value;
    if (field == 5) line.point = *value;
  }
  for (;;) {
    const auto optional_field = Cut(text, ' ');
    if (!optional_field) return std::nullopt;
    if (*optional_field == "-") break;
  }
  const auto type = Cut(text, ' ');
  if (!type) return std::nullopt;
  line.type = *type;
  if (Cut(text, ' ')) line.super_options = text;  // after the source
  return line;
}

bool HasDotDot(std::string_view path) {
  while (!path.empty()) {
    if (CutOrAll(path, '/') == "..") return true;
  }
  return false;
}

// CGF-1. What follows `root` in `cgroup`, if it can be opened.
std::optional<std::string_view> Below(std::string_view root,
                                      std::string_view cgroup) {
  if (root == "/") root = "";
  if (!cgroup.starts_with(root)) return std::nullopt;
  cgroup.remove_prefix(root.size());
  if (cgroup == "/") return "";
  if (!cgroup.empty() && cgroup[0] != '/') return std::nullopt;
  if (HasDotDot(cgroup)) return std::nullopt;
  return cgroup;
}

}  // namespace

std::optional<std::string> UnescapePath(std::string_view path) {
  std::string plain;
  plain.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); i++) {
    if (path[i] != '\\') {
      plain += path[i];
      continue;
    }
    if (path.size() - i < 4) return std::nullopt;
    unsigned value = 0;
    for (int digit = 0; digit < 3; digit++) {
      const char c = path[++i];
      if (c < '0' || c > '7') return std::nullopt;
      value = value * 8 + static_cast<unsigned>(c - '0');
    }
    if (value > 0xff) return std::nullopt;
    plain += static_cast<char>(value);
  }
  return plain;
}

CPUMounts ParseCPUMount(std::string_view text, Version version,
                        std::string_view cgroup) {
  const auto error = [](int line, const char* what) {
    return CPUMounts{.outcome = Outcome::kError,
                     .mounts = {},
                     .reason = LineProblem("/proc/self/mountinfo", line, what)};
  };
  const bool v1 = version == Version::V1;
  bool mounted = false;
  CPUMounts found;
  for (int number = 1; !text.empty(); number++) {
    const auto line = ParseLine(CutOrAll(text, '\n'));
    if (!line) return error(number, "too few fields");
    if (line->type != (v1 ? "cgroup" : "cgroup2")) continue;
    if (!line->super_options) return error(number, "no super options");
    if (v1 && !ContainsCPU(*line->super_options)) continue;
    const auto root = UnescapePath(line->root);
    const auto point = UnescapePath(line->point);
    if (!root || !point || !IsAbsolutePath(*root) || !IsAbsolutePath(*point)) {
      return error(number, "not a path, or not escaped as one");  // CGF-3
    }
    mounted = true;
    if (const auto below = Below(*root, cgroup)) {
      found.mounts.push_back({*point, std::string(*below)});
    }
  }
  if (found.mounts.empty()) {
    const std::string hierarchy = v1 ? "cgroup v1 (cpu)" : "cgroup v2";
    if (!mounted) {
      found.reason = hierarchy + " is not mounted";
    } else {
      found.outcome = Outcome::kError;
      found.reason = "no mount of " + hierarchy + " shows the group " +
                     std::string(cgroup);
    }
    return found;
  }
  // CGF-2. What is not the root is what is below it: the longest, the highest.
  std::reverse(found.mounts.begin(), found.mounts.end());
  std::stable_sort(found.mounts.begin(), found.mounts.end(),
                   [](const CPUMount& a, const CPUMount& b) {
                     return a.below.size() > b.below.size();
                   });
  found.outcome = Outcome::kFound;
  return found;
}

}  // namespace mn::cgroup
