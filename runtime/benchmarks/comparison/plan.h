// Which lines are compared, and what is aimed at.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mn::bench {

// One line of the plan: a command line that every program understands.
struct Row {
  std::string args;
  std::string quick;           // flags that --quick runs it with
  std::optional<double> goal;  // largest ratio to Go that is aimed at
  std::vector<std::string> metrics = {"ns_per_op"};  // or a name in "extra"

  std::string Workload() const { return args.substr(0, args.find(' ')); }
  // `args` with what `quick` says in place of its own flags of that name.
  std::string QuickArgs() const;
};

// The whole plan, in the order of the workloads' numbers.
std::vector<Row> Plan();

// The rows that `selection` asks for: a list, separated by commas, of names of
// workloads (all rows of that name) and of command lines such as
// "yield -p 2 -k 10" (that very line). Empty: the whole plan. On a name that is
// not in the plan: nullopt, and *error says so.
std::optional<std::vector<Row>> Select(const std::string& selection,
                                       std::string* error);

}  // namespace mn::bench
