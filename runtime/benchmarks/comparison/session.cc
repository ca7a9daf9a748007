#include "runtime/benchmarks/comparison/session.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "runtime/benchmarks/comparison/measured_run.h"

namespace mn::bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr char kCannotExpress[] = "cannot express it";
constexpr int kCannotExpressStatus = 3;  // harness/program.h

struct Round {
  std::map<std::string, json> lines;
  double foreign = 0;
  bool disturbed = false;
};

std::string Tail(const std::string& text) {
  constexpr std::size_t kMost = 200;
  std::string tail =
      text.size() > kMost ? text.substr(text.size() - kMost) : text;
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  std::replace(tail.begin(), tail.end(), '\n', ' ');
  return tail;
}

// The JSON line of a finished program; otherwise *error says what went wrong.
json LineOf(const Outcome& outcome, double timeout_s, std::string* error) {
  if (outcome.timed_out) {
    *error = absl::StrFormat("no answer in %g s", timeout_s);
    return {};
  }
  if (outcome.status == kCannotExpressStatus) {
    *error = kCannotExpress;
    return {};
  }
  std::vector<std::string> lines = absl::StrSplit(outcome.out, '\n');
  while (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  json line = json::parse(lines.back(), nullptr, false);
  if (outcome.status != 0 || !line.is_object() || !line.contains("ns_per_op")) {
    *error =
        absl::StrCat("exit status ", outcome.status, ": ", Tail(outcome.err));
    return {};
  }
  return line;
}

bool Expresses(const ProgramPath& program, const std::string& workload) {
  return std::find(program.workloads.begin(), program.workloads.end(),
                   workload) != program.workloads.end();
}

}  // namespace

std::vector<double> Samples::Values(const std::string& metric) const {
  std::vector<double> values;
  for (const json& line : lines) {
    const json& holder = line.contains(metric) ? line : line.at("extra");
    if (!holder.contains(metric) || !holder.at(metric).is_number()) return {};
    values.push_back(holder.at(metric).get<double>());
  }
  return values;
}

std::map<std::string, Samples> Session::Sample(const Row& row) {
  std::map<std::string, Samples> samples;
  std::vector<const ProgramPath*> running;
  for (const ProgramPath& program : programs_) {
    if (Expresses(program, row.Workload())) {
      running.push_back(&program);
    } else {
      samples[program.name].error = kCannotExpress;
    }
  }
  const std::vector<std::string> args =
      absl::StrSplit(row.args, ' ', absl::SkipEmpty());
  std::vector<Round> rounds;
  int quiet = 0;
  for (int i = 0; i <= 2 * options_.pairs && quiet < options_.pairs; i++) {
    if (row.Workload() == "mem_parked") Prefault(4LL << 30);
    Round round;
    for (auto it = running.begin(); it != running.end();) {
      std::vector<std::string> argv = {(*it)->path};
      argv.insert(argv.end(), args.begin(), args.end());
      Outcome outcome = RunCommand({argv, {}, "", options_.timeout_s});
      std::string error;
      round.lines[(*it)->name] = LineOf(outcome, options_.timeout_s, &error);
      round.foreign = std::max(round.foreign, outcome.foreign);
      round.disturbed |= outcome.disturbed;
      if (error.empty()) {
        ++it;
        continue;
      }
      samples[(*it)->name].error = error;
      it = running.erase(it);  // not again: it would fail again
    }
    if (i == 0) continue;  // the warm-up round
    rounds.push_back(std::move(round));
    quiet += rounds.back().disturbed ? 0 : 1;
  }
  std::stable_sort(
      rounds.begin(), rounds.end(),
      [](const Round& a, const Round& b) { return a.foreign < b.foreign; });
  rounds.resize(std::min<std::size_t>(
      rounds.size(), static_cast<std::size_t>(options_.pairs)));
  for (const Round& round : rounds) {
    for (const ProgramPath* program : running) {
      Samples& s = samples[program->name];
      s.lines.push_back(round.lines.at(program->name));
      if (round.disturbed) s.foreign = std::max(s.foreign, round.foreign);
    }
  }
  return samples;
}

Entry Session::Judge(const Row& row, const std::string& metric,
                     const Samples& ours, const std::string& name,
                     const Samples& other) const {
  Entry entry{row.args, metric, "", name, {}, "", false, false};
  if (!ours.error.empty()) {
    entry.verdict = absl::StrCat("ours failed: ", ours.error);
    entry.failed = true;
    return entry;
  }
  if (metric == "ns_per_op") {
    entry.unit = ours.lines[0].value("unit", "ns");
  } else {
    const bool time = absl::EndsWith(metric, "_ns");
    entry.unit = absl::StrCat(time ? "ns, " : "bytes, ", metric);
  }
  std::vector<double> a = ours.Values(metric);
  std::vector<double> b = other.Values(metric);
  const bool measurable =
      !a.empty() && a.size() == b.size() &&
      std::all_of(b.begin(), b.end(), [](double v) { return v > 0; });
  if (!measurable) {
    entry.failed = !other.error.empty() && other.error != kCannotExpress;
    entry.verdict =
        !other.error.empty() ? other.error : absl::StrCat("no ", metric);
    return entry;
  }
  entry.comparison = Compare(a, b);
  // The goals are for time, against Go, with the sizes of the plan.
  std::optional<double> goal;
  if (name == "go" && metric == "ns_per_op" && !options_.quick) goal = row.goal;
  entry.verdict = Verdict(*entry.comparison, goal);
  entry.missed = goal.has_value() && entry.comparison->ratio > *goal;
  const json& params = other.lines[0].at("params");
  for (const auto& item : params.items()) {
    const std::string asked = item.key() + "_asked";
    if (params.contains(asked)) {
      absl::StrAppend(&entry.verdict, "; ", name, " with ", item.key(), " ",
                      item.value().dump());
    }
  }
  const double foreign = std::max(ours.foreign, other.foreign);
  if (foreign > 0) {
    absl::StrAppendFormat(&entry.verdict, "; DISTURBED (%.0f %% of a CPU)",
                          foreign * 100);
  }
  return entry;
}

std::vector<Entry> Session::Measure(const Row& planned) {
  Row row = planned;
  if (options_.quick) row.args = row.QuickArgs();
  std::map<std::string, Samples> samples = Sample(row);
  const Samples& ours = samples[programs_[0].name];
  std::vector<Entry> entries;
  ordered_json record = {{"args", row.args}, {"quick", options_.quick}};
  for (const ProgramPath& program : programs_) {
    const Samples& s = samples[program.name];
    record["samples"][program.name] = s.lines;
    if (!s.error.empty()) record["errors"][program.name] = s.error;
  }
  for (const std::string& metric : row.metrics) {
    for (std::size_t i = 1; i < programs_.size(); i++) {
      const std::string& name = programs_[i].name;
      Entry entry = Judge(row, metric, ours, name, samples[name]);
      ordered_json result = {
          {"metric", metric}, {"other", name}, {"verdict", entry.verdict}};
      if (entry.comparison.has_value()) {
        result["ours"] = entry.comparison->ours;
        result["other_median"] = entry.comparison->other;
        result["ratio"] = entry.comparison->ratio;
        result["lowest"] = entry.comparison->lowest;
        result["highest"] = entry.comparison->highest;
      }
      record["results"].push_back(result);
      entries.push_back(std::move(entry));
    }
  }
  record_.push_back(record);
  return entries;
}

}  // namespace mn::bench
