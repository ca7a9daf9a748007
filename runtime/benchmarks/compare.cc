// compare: runs the benchmark programs in turn and prints how they compare.
//
// It measures nothing itself and does not use the runtime: whatever it did
// while a program runs would be in that program's way. See README.md.

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/benchmarks/comparison/measured_run.h"
#include "runtime/benchmarks/comparison/plan.h"
#include "runtime/benchmarks/comparison/programs.h"
#include "runtime/benchmarks/comparison/session.h"

ABSL_FLAG(int, pairs, 5, "how often each program is run per line");
ABSL_FLAG(std::string, workloads, "",
          "comma-separated: names of workloads, or whole lines such as "
          "\"yield -p 2 -k 10\"; default: the whole plan (--list)");
ABSL_FLAG(std::string, only, "go,std,fiber",
          "comma-separated: whom to compare with");
ABSL_FLAG(bool, quick, false, "a tenth of the work per line; no goals");
ABSL_FLAG(bool, check, false, "exit with status 1 if a goal is missed");
ABSL_FLAG(bool, list, false, "print the plan and end");
ABSL_FLAG(std::string, json, "", "also write everything measured to this file");
ABSL_FLAG(std::string, go, "",
          "a ready-made Go program that speaks the protocol, instead of "
          "building the one in runtime/benchmarks/go");
ABSL_FLAG(double, timeout, 120, "seconds that one run may take");

namespace mn::bench {
namespace {

[[noreturn]] void Usage(const std::string& what) {
  std::fprintf(stderr, "compare: %s\n", what.c_str());
  std::exit(2);
}

std::string CpuModel() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line;
  while (std::getline(cpuinfo, line)) {
    if (line.rfind("model name", 0) == 0)
      return line.substr(line.find(':') + 2);
  }
  return "unknown CPU";
}

// Relative to where the user is, not to where Bazel runs us.
std::string UserPath(const std::string& path) {
  const char* directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (path.empty() || path[0] == '/' || directory == nullptr) return path;
  return absl::StrCat(directory, "/", path);
}

std::vector<ProgramPath> Programs() {
  std::vector<ProgramPath> programs;
  auto add = [&](const std::string& name, const std::string& path) {
    std::vector<std::string> workloads;
    if (!path.empty()) workloads = ListOf(path);
    if (workloads.empty()) {
      Usage(absl::StrCat(name, ": ", path.empty() ? "no program" : path,
                         " does not answer `list`; run me with bazel run -c "
                         "opt //runtime/benchmarks:compare"));
    }
    programs.push_back({name, path, workloads});
  };
  add("mn", FindProgram("mnbench"));
  for (const auto part : absl::StrSplit(absl::GetFlag(FLAGS_only), ',')) {
    const std::string name(part);
    if (name == "std" || name == "fiber") {
      add(name, FindProgram(name + "bench"));
    } else if (name == "go") {
      std::string path = UserPath(absl::GetFlag(FLAGS_go));
      std::string why;
      if (path.empty()) {
        std::string sources = FindGoSources();
        path = sources.empty() ? "" : BuildGoTwin(sources, &why).value_or("");
      }
      if (path.empty()) {
        std::printf("%s\n", why.c_str());
      } else {
        add(name, path);
      }
    } else {
      Usage(absl::StrCat("--only: \"", name, "\" is none of go, std, fiber"));
    }
  }
  if (programs.size() == 1) Usage("nobody to compare with");
  return programs;
}

std::string Figure(double value) {
  return value >= 1000 ? absl::StrFormat("%.0f", value)
                       : absl::StrFormat("%.4g", value);
}

std::string Ratio(double ratio) {
  return ratio < 0.095 ? absl::StrFormat("%.2g", ratio)
                       : absl::StrFormat("%.2f", ratio);
}

void PrintHeading() {
  std::printf("%-56s %-8s %10s %10s %6s  %-15s %s\n", "workload", "against",
              "mn", "other", "ratio", "lowest..highest", "verdict");
}

void Print(const Entry& entry) {
  std::string what = entry.args;
  if (entry.metric != "ns_per_op") absl::StrAppend(&what, " ", entry.metric);
  if (!entry.comparison.has_value()) {
    std::printf("%-56s %-8s %10s %10s %6s  %-15s %s\n", what.c_str(),
                entry.other.c_str(), "-", "-", "-", "-", entry.verdict.c_str());
  } else {
    const Comparison& c = *entry.comparison;
    std::string spread = absl::StrCat(Ratio(c.lowest), "..", Ratio(c.highest));
    std::printf("%-56s %-8s %10s %10s %6s  %-15s %s\n", what.c_str(),
                entry.other.c_str(), Figure(c.ours).c_str(),
                Figure(c.other).c_str(), Ratio(c.ratio).c_str(), spread.c_str(),
                entry.verdict.c_str());
  }
  std::fflush(stdout);
}

void PrintPlan() {
  for (const Row& row : Plan()) {
    std::string goal =
        row.goal ? absl::StrFormat("goal: %.2f of Go", *row.goal) : "";
    std::printf("%-56s %s\n", row.args.c_str(), goal.c_str());
  }
}

int Main() {
  if (absl::GetFlag(FLAGS_list)) {
    PrintPlan();
    return 0;
  }
  SessionOptions options;
  options.pairs = absl::GetFlag(FLAGS_pairs);
  options.quick = absl::GetFlag(FLAGS_quick);
  options.timeout_s = absl::GetFlag(FLAGS_timeout);
  if (options.pairs < 1) Usage("--pairs must be at least 1");
  std::string error;
  auto rows = Select(absl::GetFlag(FLAGS_workloads), &error);
  if (!rows.has_value()) Usage(error);
  std::vector<ProgramPath> programs = Programs();

  utsname system;
  uname(&system);
  const std::string cpu = CpuModel();
  const unsigned cpus = std::thread::hardware_concurrency();
  const double load = MachineLoad(1);
  std::printf("%u x %s, Linux %s; ns per operation, median of %d\n", cpus,
              cpu.c_str(), system.release, options.pairs);
  if (load > kDisturbance) {
    std::printf(
        "WARNING: others use %.0f %% of a CPU right now. Ratios of a loaded "
        "machine are noise: close what runs, and start again.\n",
        load * 100);
  }
  Session session(programs, options);
  PrintHeading();
  int missed = 0;
  int failed = 0;
  for (const Row& row : *rows) {
    for (const Entry& entry : session.Measure(row)) {
      Print(entry);
      missed += entry.missed ? 1 : 0;
      failed += entry.failed ? 1 : 0;
    }
  }
  bool optimized = true;
  for (const auto& row : session.Record()) {
    for (const auto& line : row["samples"]["mn"]) {
      optimized = optimized && line["extra"].value("optimized", true);
    }
  }
  if (!optimized) {
    std::printf(
        "WARNING: built without optimization. These figures mean nothing: "
        "bazel run -c opt ...\n");
  }
  const std::string file = UserPath(absl::GetFlag(FLAGS_json));
  if (!file.empty()) {
    nlohmann::ordered_json all = {
        {"time", absl::FormatTime(absl::Now(), absl::UTCTimeZone())},
        {"cpu", cpu},
        {"cpus", cpus},
        {"kernel", system.release},
        {"load_before", load},
        {"pairs", options.pairs},
        {"optimized", optimized},
        {"rows", session.Record()}};
    std::ofstream out(file);
    out << all.dump(1) << "\n";
    if (!out.flush()) Usage(absl::StrCat("--json: cannot write ", file));
  }
  if (missed > 0) std::printf("%d goal(s) missed\n", missed);
  if (failed > 0) std::printf("%d line(s) failed\n", failed);
  return failed > 0 || (missed > 0 && absl::GetFlag(FLAGS_check)) ? 1 : 0;
}

}  // namespace
}  // namespace mn::bench

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Compares the M:N runtime with Go, std::thread and Boost.Fiber:\n"
      "  bazel run -c opt //runtime/benchmarks:compare -- [--pairs=5] "
      "[--workloads=...] [--only=go,std,fiber] [--quick] [--json=FILE]");
  std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    mn::bench::Usage(
        absl::StrCat("not a flag: ", rest[1], "; --help shows the flags"));
  }
  return mn::bench::Main();
}
