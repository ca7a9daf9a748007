// A comparison session: runs the programs in turn and keeps their samples.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "runtime/benchmarks/comparison/plan.h"
#include "runtime/benchmarks/comparison/programs.h"
#include "runtime/benchmarks/comparison/stats.h"

namespace mn::bench {

// What one program said about one row, run after run.
struct Samples {
  std::vector<nlohmann::json> lines;  // its JSON lines, one per kept round
  std::string error;                  // why there are none
  double foreign = 0;                 // worst of the kept rounds

  // The values of a metric, or nothing if a line lacks it.
  std::vector<double> Values(const std::string& metric) const;
};

// One line of the table.
struct Entry {
  std::string args;
  std::string metric;
  std::string unit;
  std::string other;                     // name of the other program
  std::optional<Comparison> comparison;  // nullopt: `verdict` says why
  std::string verdict;
  bool missed = false;  // a goal was missed
  bool failed = false;  // a program failed
};

struct SessionOptions {
  int pairs = 5;
  bool quick = false;
  double timeout_s = 120;
};

class Session {
 public:
  // programs[0] is ours.
  Session(std::vector<ProgramPath> programs, SessionOptions options)
      : programs_(std::move(programs)), options_(options) {}

  // One warm-up round, then `pairs` rounds; a round runs every program once, in
  // turn. Rounds that others disturbed are repeated, at most `pairs` times more
  // in all; the quietest are kept.
  std::vector<Entry> Measure(const Row& row);

  // All that was measured, for --json.
  const nlohmann::ordered_json& Record() const { return record_; }

 private:
  std::map<std::string, Samples> Sample(const Row& row);
  Entry Judge(const Row& row, const std::string& metric, const Samples& ours,
              const std::string& name, const Samples& other) const;

  std::vector<ProgramPath> programs_;
  SessionOptions options_;
  nlohmann::ordered_json record_ = nlohmann::ordered_json::array();
};

}  // namespace mn::bench
