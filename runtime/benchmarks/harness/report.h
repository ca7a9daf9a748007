// What a run is about and what it found: the one JSON line that it prints.
//
//   {"workload": "yield", "params": {"p": 1, "n": 5000000, ...},
//    "unit": "ns/yield", "ns_per_op": 25.1, "ops_per_s": 3.98e7,
//    "elapsed_s": 0.1255, "extra": {"ops": 5000000, "threads": 3, ...}}
//
// Thread-safety: none. A report belongs to the task that does the timing.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mn::bench {

class Report {
 public:
  explicit Report(std::string workload) : workload_(std::move(workload)) {}

  template <class T>
  void Param(const std::string& key, T value) {
    params_[key] = value;
  }
  template <class T>
  void Extra(const std::string& key, T value) {
    extra_[key] = value;
  }

  // Files the size `asked` of the problem under `key` and returns it, or the
  // largest size that the runtime can do in seconds rather than minutes; then
  // params say what was asked for as KEY_asked.
  std::int64_t Bounded(const std::string& key, std::int64_t asked,
                       std::int64_t most);

  // `ops` operations took `wall_ns` in all.
  void Result(const std::string& unit, std::int64_t ops, std::int64_t wall_ns);

  // For work whose figure is not wall time by operations: `value` takes its
  // place in what Result filed.
  void Figure(double value) { ns_per_op_ = value; }

  // The figure is the median of `samples`; their distribution is filed too.
  void Latencies(const std::vector<std::int64_t>& samples);

  // The distribution of `samples`: PREFIXp50_ns, ...
  void Distribution(const std::string& prefix,
                    std::vector<std::int64_t> samples);

  double ns_per_op() const { return ns_per_op_; }

  // Adds what is known of the process as a whole; one line, no newline.
  std::string Line(const std::string& runtime, int p);

 private:
  std::string workload_;
  nlohmann::ordered_json params_ = nlohmann::ordered_json::object();
  nlohmann::ordered_json extra_ = nlohmann::ordered_json::object();
  std::string unit_;
  double ns_per_op_ = 0;
  double ops_per_s_ = 0;
  double elapsed_s_ = 0;
};

// Nearest rank: the element at index ceil(q * n) - 1 of n sorted samples; -1 if
// there are none.
std::int64_t Percentile(const std::vector<std::int64_t>& sorted, double q);

// `value` rounded to `digits` decimals: figures that are not known better.
double Round(double value, int digits);

// Starts measuring when it is made. The process is measured as a whole
// (getrusage SELF), on whichever threads its tasks ran.
class Meter {
 public:
  Meter();

  // Stops the clock, files the result for `ops` operations and what the timed
  // part cost: CPU, context switches, minor faults. Returns the wall time, ns.
  std::int64_t Stop(Report& report, const std::string& unit, std::int64_t ops);

 private:
  rusage usage_;
  std::int64_t start_;
};

}  // namespace mn::bench
