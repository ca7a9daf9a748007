#include "runtime/os/cgroup/default_gomaxprocs.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mn::cgroup {
namespace {

// As short as it can be and still be this number.
std::string Number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return std::string(text, end);
}

std::string WhyNoQuota(const CPU& cpu, const Limit& limit) {
  std::string line = "no CPU quota";
  if (limit.problem != nullptr) {
    line += " (" + std::string(limit.problem_file) + ": " + limit.problem + ")";
  } else if (!cpu.reason().empty()) {
    line += " (" + cpu.reason() + ")";
  }
  return line;
}

const char* Adjustment(Why why) {
  switch (why) {
    case Why::kNoQuota:
    case Why::kQuota:
      return "";
    case Why::kRoundedUp:
      return ", rounded up";
    case Why::kMinimum:
      return ", raised to the minimum";
    case Why::kNumCPU:
      return ", more than there are CPUs";
  }
  __builtin_unreachable();
}

}  // namespace

Gomaxprocs DefaultGomaxprocs(Profile profile, std::int32_t ncpu,
                             std::optional<double> quota) noexcept {
  ncpu = std::max(ncpu, 1);
  if (!quota || !(*quota > 0)) return {ncpu, Why::kNoQuota};  // CG-2
  const double whole = std::ceil(*quota);
  const double minimum = profile == Profile::kGo ? 2 : 1;
  const double procs =  // CG-3; a double, since a quota may be 1e18
      std::min(std::max(whole, minimum), static_cast<double>(ncpu));
  const Why why = procs < whole    ? Why::kNumCPU
                  : procs > whole  ? Why::kMinimum
                  : whole > *quota ? Why::kRoundedUp
                                   : Why::kQuota;
  return {static_cast<std::int32_t>(procs), why};
}

std::string ExplainGomaxprocs(const Gomaxprocs& g, const CPU& cpu,
                              const Limit& limit) {
  std::string line = "maxprocs: GOMAXPROCS=" + std::to_string(g.procs) + ": ";
  if (g.why == Why::kNoQuota || !limit.cpus) {
    return line + WhyNoQuota(cpu, limit);
  }
  line += "quota of " + Number(*limit.cpus) + " CPUs" + Adjustment(g.why);
  line += cpu.version() == Version::V1 ? " (cgroup v1, " : " (cgroup v2, ";
  return line + std::string(limit.where) + ")";
}

}  // namespace mn::cgroup
