#include "runtime/benchmarks/comparison/plan.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace mn::bench {
namespace {

const std::vector<std::string> kMemory = {"ns_per_op", "rss_per_goroutine",
                                          "memory_per_goroutine"};
const std::vector<std::string> kTail = {"ns_per_op", "p99_ns"};
const std::vector<std::string> kWorst = {"ns_per_op", "max_ns"};

}  // namespace

std::string Row::QuickArgs() const {
  std::vector<std::string> words = absl::StrSplit(args, ' ', absl::SkipEmpty());
  const std::vector<std::string> flags =
      absl::StrSplit(quick, ' ', absl::SkipEmpty());
  for (std::size_t i = 0; i + 1 < flags.size(); i += 2) {
    auto at = std::find(words.begin(), words.end(), flags[i]);
    if (at == words.end()) {
      words.push_back(flags[i]);
      words.push_back(flags[i + 1]);
    } else {
      *(at + 1) = flags[i + 1];
    }
  }
  return absl::StrJoin(words, " ");
}

std::vector<Row> Plan() {
  return {
      {"calib -p 1", "-n 20000000", {}},
      {"spawn_join -p 1", "-n 100000", 0.4},
      {"spawn_join -p 2", "-n 100000", 0.4},
      {"spawn_join_one -p 1", "-n 100000", {}},
      {"spawn_join_one -p 2", "-n 100000", {}},
      {"spawn_first_yield -p 1", "-n 100000", 0.4},
      {"spawn_first_yield -p 2", "-n 100000", 0.4},
      {"yield -p 1 -k 2", "-n 500000", 0.35},
      {"yield -p 1 -k 1000", "-n 500000", 0.5},
      {"yield -p 2 -k 1000", "-n 500000", 0.5},
      {"chan_pingpong -p 1", "-n 200000", 0.6},
      {"chan_pingpong -p 2", "-n 200000", 0.6},
      {"chan_buffered -p 1 -cap 0", "-n 500000", {}},
      {"chan_buffered -p 2 -cap 0", "-n 500000", {}},
      {"chan_buffered -p 1 -cap 1", "-n 500000", {}},
      {"chan_buffered -p 2 -cap 1", "-n 500000", {}},
      {"chan_buffered -p 1 -cap 16", "-n 500000", {}},
      {"chan_buffered -p 2 -cap 16", "-n 500000", {}},
      {"chan_buffered -p 1 -cap 128", "-n 500000", {}},
      {"chan_buffered -p 2 -cap 128", "-n 500000", {}},
      {"chan_buffered -p 1 -cap 1024", "-n 500000", {}},
      {"chan_buffered -p 2 -cap 1024", "-n 500000", {}},
      {"chan_buffered -p 1 -cap 128 -prod 8 -cons 8 -n 4000000",
       "-n 500000",
       {}},
      {"chan_buffered -p 2 -cap 128 -prod 8 -cons 8 -n 4000000",
       "-n 500000",
       {}},
      {"mutex -p 1 -k 1", "-n 10000000", {}},
      {"mutex -p 2 -k 8", "-n 4000000", {}},
      {"mutex -p 2 -k 8 -cs 30 -out 60", "-n 800000", {}},
      {"rwmutex -p 1 -k 1 -variant rlock -n 100000000", "-n 10000000", {}},
      {"rwmutex -p 2 -k 8 -variant rlock", "-n 4000000", {}},
      {"rwmutex -p 2 -k 8", "-n 4000000", {}},
      {"fan_out_in -p 1", "-reps 10", 0.5},
      {"fan_out_in -p 2", "-reps 10", 0.5},
      {"fan_gate -p 1", "-reps 10", {}},
      {"fan_gate -p 2", "-reps 10", {}},
      {"skynet -p 1", "-n 100000", 0.6},
      {"skynet -p 2", "-n 100000", 0.6},
      {"parfib -p 1 -n 30 -cutoff 2", "-n 24", 0.6},
      {"parfib -p 2 -n 30 -cutoff 2", "-n 24", 0.6},
      {"parfib -p 1 -n 30 -cutoff 10 -reps 20", "-reps 2", 0.6},
      {"parfib -p 2 -n 30 -cutoff 10 -reps 20", "-reps 2", 0.6},
      {"parfib -p 1 -n 38 -cutoff 20 -reps 1", "-n 34", {}},
      {"parfib -p 2 -n 38 -cutoff 20 -reps 1", "-n 34", {}},
      {"sieve -p 1", "-n 500", {}},
      {"sieve -p 2", "-n 500", {}},
      {"sleep_precision -p 2 -us 100", "-n 100", {}},
      {"sleep_precision -p 2 -us 1000", "-n 100", {}},
      {"sleep_precision -p 2 -us 1500", "-n 100", {}},
      {"sleep_precision -p 2 -us 10000 -n 200", "-n 20", {}},
      {"mem_parked -p 1 -n 1000000", "-n 100000", {}, kMemory},
      {"mem_parked -p 2 -n 1000000", "-n 100000", {}, kMemory},
      {"mem_parked -p 1 -n 100000", "-n 20000", {}, kMemory},
      {"mem_parked -p 2 -n 100000", "-n 20000", {}, kMemory},
      {"syscall -p 1 -variant raw", "-n 500000", {}},
      {"syscall -p 1 -variant enter", "-n 500000", {}},
      {"syscall_handoff -p 1 -variant first", "-n 300", 1.0},
      {"syscall_handoff -p 1 -variant again", "-n 300", 0.2},
      {"pipe_handoff -p 1", "-n 2000", 1.0},
      {"pipe_handoff -p 2", "-n 2000", 1.0},
      {"pipe_handoff -p 2 -hogs 2 -n 300", "-n 50", 0.1},
      {"blocking_sleep -p 2", "-us 10000", {}},
      {"cgo_call -p 1", "-n 2000000", 0.3},
      {"cgo_callback -p 1", "-n 500000", {}},
      {"cgo_block -p 2", "-us 10000", {}},
      {"lockosthread -p 1 -k 1", "-n 20000", 0.6},
      {"lockosthread -p 2 -k 1", "-n 20000", 0.6},
      {"lockosthread -p 1 -k 2", "-n 20000", 0.6},
      {"lockosthread -p 2 -k 2", "-n 20000", 0.6},
      {"lockosthread -p 1 -k 3", "-n 20000", {}},
      {"wake_latency -p 2", "-n 500", 0.5},
      {"preempt -p 1 -k 0", "-dur 1s", {}, kWorst},
      {"preempt -p 1 -k 1", "-dur 1s", 0.1, kWorst},
      {"preempt -p 1 -k 4", "-dur 1s", 0.1, kWorst},
      {"preempt -p 2 -k 2", "-dur 1s", 0.1, kWorst},
      {"fairness -p 1 -k 4", "-dur 500ms", {}},
      {"fairness -p 2 -k 4", "-dur 500ms", {}},
      {"stw -p 2 -k 2", "-n 100", {}, kTail},
      {"stw -p 2 -k 8", "-n 100", {}, kTail},
  };
}

std::optional<std::vector<Row>> Select(const std::string& selection,
                                       std::string* error) {
  std::vector<Row> plan = Plan();
  if (absl::StripAsciiWhitespace(selection).empty()) return plan;
  std::vector<Row> rows;
  for (const auto part : absl::StrSplit(selection, ',')) {
    const std::string wanted(absl::StripAsciiWhitespace(part));
    if (wanted.find(' ') != std::string::npos) {
      Row row{wanted, "", {}};
      for (const Row& like : plan) {
        if (like.Workload() == row.Workload()) row.metrics = like.metrics;
      }
      rows.push_back(row);
      continue;
    }
    const std::size_t before = rows.size();
    for (const Row& row : plan) {
      if (row.Workload() == wanted) rows.push_back(row);
    }
    if (rows.size() == before) {
      *error = absl::StrCat("--workloads: no workload is called \"", wanted,
                            "\"; --list shows the plan");
      return std::nullopt;
    }
  }
  return rows;
}

}  // namespace mn::bench
