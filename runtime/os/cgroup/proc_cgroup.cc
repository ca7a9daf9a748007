#include "runtime/os/cgroup/proc_cgroup.h"

#include <optional>

namespace mn::cgroup {

CPUCgroup ParseCPUCgroup(std::string_view text) {
  std::optional<std::string_view> v2;
  for (int number = 1; !text.empty(); number++) {
    std::string_view path = CutOrAll(text, '\n');
    const auto hierarchy = Cut(path, ':');
    const auto controllers = hierarchy ? Cut(path, ':') : std::nullopt;
    if (!controllers || !IsAbsolutePath(path)) {
      return {.outcome = Outcome::kError,
              .path = {},
              .reason = LineProblem("/proc/self/cgroup", number,
                                    "not hierarchy:controllers:/path")};
    }
    if (*hierarchy == "0") {
      v2 = path;  // unless a v1 line follows
    } else if (ContainsCPU(*controllers)) {
      return {.outcome = Outcome::kFound,
              .version = Version::V1,  // CG-1
              .path = std::string(path),
              .reason = {}};
    }
  }
  if (v2) {
    return {.outcome = Outcome::kFound,
            .version = Version::V2,
            .path = std::string(*v2),
            .reason = {}};
  }
  return {.outcome = Outcome::kNone,
          .path = {},
          .reason = "/proc/self/cgroup names no cgroup with a cpu controller"};
}

}  // namespace mn::cgroup
