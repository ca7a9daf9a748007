// Running another program: its output, its exit status, and how much others
// used the CPU meanwhile.
#pragma once

#include <string>
#include <vector>

namespace mn::bench {

struct Outcome {
  int status = -1;  // exit status; 128 + signal; -1: not started, or timed out
  bool timed_out = false;
  std::string out;
  std::string err;
  double wall_s = 0;
  double cpu_s = 0;        // of the program
  double foreign = 0;      // CPUs' worth of work done by everybody else
  bool disturbed = false;  // `foreign` is too much for the figures to count
};

struct Command {
  std::vector<std::string> argv;
  std::vector<std::string> env;  // NAME=VALUE, added to ours
  std::string directory;         // "" : ours
  double timeout_s = 120;
};

// Runs it to its end, or kills it (and what it started) at the time-out.
Outcome RunCommand(const Command& command);

// CPUs' worth of work that the machine does while we do nothing, sampled over
// `seconds`.
double MachineLoad(double seconds);

// More than this share of one CPU is a disturbance.
inline constexpr double kDisturbance = 0.08;

// Touches `bytes` of memory in a child process that ends at once. A virtual
// machine gets its memory from the host when it is first touched; whoever does
// that first must not be the one that is measured. Never more than half of what
// is free.
void Prefault(long long bytes);

}  // namespace mn::bench
