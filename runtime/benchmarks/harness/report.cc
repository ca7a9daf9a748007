#include "runtime/benchmarks/harness/report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/benchmarks/harness/process.h"
#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {
namespace {

double Seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

#ifdef __OPTIMIZE__
constexpr bool kOptimized = true;
#else
constexpr bool kOptimized = false;
#endif

}  // namespace

double Round(double value, int digits) {
  double scale = std::pow(10.0, digits);
  return std::round(value * scale) / scale;
}

std::int64_t Percentile(const std::vector<std::int64_t>& sorted, double q) {
  if (sorted.empty()) return -1;
  auto n = static_cast<double>(sorted.size());
  // The product may come out a hair above a whole number that it stands for.
  auto rank = static_cast<std::int64_t>(std::ceil(q * n - 1e-9));
  rank = std::clamp<std::int64_t>(rank, 1,
                                  static_cast<std::int64_t>(sorted.size()));
  return sorted[static_cast<std::size_t>(rank - 1)];
}

std::int64_t Report::Bounded(const std::string& key, std::int64_t asked,
                             std::int64_t most) {
  std::int64_t size = std::min(asked, most);
  params_[key] = size;
  if (size != asked) params_[key + "_asked"] = asked;
  return size;
}

void Report::Result(const std::string& unit, std::int64_t ops,
                    std::int64_t wall_ns) {
  auto wall = static_cast<double>(wall_ns);
  auto count = static_cast<double>(ops);
  unit_ = unit;
  elapsed_s_ = wall / 1e9;
  ns_per_op_ = wall / count;
  ops_per_s_ = count / wall * 1e9;
  extra_["ops"] = ops;
}

void Report::Latencies(const std::vector<std::int64_t>& samples) {
  Distribution("", samples);
  if (!samples.empty()) Figure(extra_["p50_ns"].get<double>());
}

void Report::Distribution(const std::string& prefix,
                          std::vector<std::int64_t> samples) {
  std::sort(samples.begin(), samples.end());
  extra_[prefix + "samples"] = samples.size();
  if (samples.empty()) return;
  double sum = std::accumulate(samples.begin(), samples.end(), 0.0);
  extra_[prefix + "mean_ns"] =
      Round(sum / static_cast<double>(samples.size()), 1);
  extra_[prefix + "min_ns"] = samples.front();
  extra_[prefix + "p50_ns"] = Percentile(samples, 0.50);
  extra_[prefix + "p90_ns"] = Percentile(samples, 0.90);
  extra_[prefix + "p99_ns"] = Percentile(samples, 0.99);
  extra_[prefix + "p999_ns"] = Percentile(samples, 0.999);
  extra_[prefix + "max_ns"] = samples.back();
}

std::string Report::Line(const std::string& runtime, int p) {
  nlohmann::ordered_json params = {{"p", p}};
  params.update(params_);
  extra_["threads"] = StatusField("Threads");
  extra_["vmhwm_bytes"] = StatusField("VmHWM") * 1024;
  if (!extra_.contains("rss_bytes")) extra_["rss_bytes"] = ResidentBytes();
  extra_["runtime"] = runtime;
  extra_["optimized"] = kOptimized;
  nlohmann::ordered_json line = {
      {"workload", workload_},   {"params", params},
      {"unit", unit_},           {"ns_per_op", ns_per_op_},
      {"ops_per_s", ops_per_s_}, {"elapsed_s", elapsed_s_},
      {"extra", extra_},
  };
  return line.dump();
}

Meter::Meter() {
  getrusage(RUSAGE_SELF, &usage_);
  start_ = Nanoseconds();
}

std::int64_t Meter::Stop(Report& report, const std::string& unit,
                         std::int64_t ops) {
  std::int64_t wall = Nanoseconds() - start_;
  rusage now;
  getrusage(RUSAGE_SELF, &now);
  report.Result(unit, ops, wall);
  report.Extra("cpu_user_s",
               Round(Seconds(now.ru_utime) - Seconds(usage_.ru_utime), 4));
  report.Extra("cpu_sys_s",
               Round(Seconds(now.ru_stime) - Seconds(usage_.ru_stime), 4));
  report.Extra("vol_ctxsw", now.ru_nvcsw - usage_.ru_nvcsw);
  report.Extra("invol_ctxsw", now.ru_nivcsw - usage_.ru_nivcsw);
  report.Extra("minflt", now.ru_minflt - usage_.ru_minflt);
  return wall;
}

}  // namespace mn::bench
