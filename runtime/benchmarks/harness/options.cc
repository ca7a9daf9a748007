#include "runtime/benchmarks/harness/options.h"

#include <charconv>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {
namespace {

struct FlagInfo {
  const char* name;
  std::int64_t min;
  std::int64_t max;
  const char* what;
};

constexpr std::int64_t kMany = 1'000'000'000'000;

// Flags that are no whole numbers.
constexpr char kVariant[] = "variant of the work";
constexpr char kDur[] = "how long, as 5s or 200ms";

// 0 stands for the workload's default wherever a 0 would make no sense.
constexpr FlagInfo kFlags[] = {
    {"p", 0, 1024, "processors: how many tasks may run at once"},
    {"n", 0, kMany, "operations, or the size of the problem"},
    {"k", 0, 100'000'000, "tasks"},
    {"cap", 0, 1 << 30, "channel capacity; 0 is a rendezvous"},
    {"prod", 0, 1'000'000, "producers"},
    {"cons", 0, 1'000'000, "consumers"},
    {"batch", 0, 100'000'000, "tasks per batch"},
    {"cutoff", 0, 90, "parfib: below it, plain recursion"},
    {"reps", 0, 100'000'000, "rounds"},
    {"cs", 0, 1'000'000'000, "work steps inside the critical section"},
    {"out", 0, 1'000'000'000, "work steps outside the critical section"},
    {"us", 0, kMany, "microseconds of a sleep, a call or a spin"},
    {"hogs", 0, kMostHogs, "tasks that compute for ever beside"},
    {"frame", 0, 7168, "stack bytes written per task: 0, 1024, 3072, 7168"},
};

const FlagInfo* FindFlag(const std::string& name) {
  for (const FlagInfo& flag : kFlags) {
    if (name == flag.name) return &flag;
  }
  return nullptr;
}

bool Takes(const Workload& workload, const std::string& flag) {
  if (flag == "p") return true;
  std::istringstream words(workload.flags);
  for (std::string word; words >> word;) {
    if (word == flag) return true;
  }
  return false;
}

std::string FlagsOf(const Workload& workload) {
  std::string text = absl::StrCat("flags of ", workload.name, ":\n");
  std::istringstream words("p " + workload.flags);
  for (std::string word; words >> word;) {
    const FlagInfo* flag = FindFlag(word);
    absl::StrAppendFormat(&text, "  -%-8s %s\n", word,
                          flag != nullptr ? flag->what
                          : word == "dur" ? kDur
                                          : kVariant);
  }
  return text;
}

std::int64_t ParseValue(const FlagInfo& flag, const std::string& text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) {
    throw UsageError{absl::StrFormat("-%s %s: not a decimal number; -%s: %s",
                                     flag.name, text, flag.name, flag.what)};
  }
  if (value < flag.min || value > flag.max) {
    throw UsageError{absl::StrFormat("-%s %d: must be %d to %d; -%s: %s",
                                     flag.name, value, flag.min, flag.max,
                                     flag.name, flag.what)};
  }
  return value;
}

std::chrono::nanoseconds ParseDuration(const std::string& text) {
  absl::Duration d;
  if (!absl::ParseDuration(text, &d) || d < absl::ZeroDuration()) {
    throw UsageError{
        absl::StrFormat("-dur %s: not a duration; -dur: %s", text, kDur)};
  }
  return absl::ToChronoNanoseconds(d);
}

}  // namespace

std::int64_t Options::GetEvenZero(const std::string& flag,
                                  std::int64_t fallback) const {
  auto it = values.find(flag);
  return it == values.end() ? fallback : it->second;
}

std::int64_t Options::Get(const std::string& flag,
                          std::int64_t fallback) const {
  const std::int64_t value = GetEvenZero(flag, 0);
  return value == 0 ? fallback : value;
}

const Workload* FindWorkload(const std::vector<Workload>& workloads,
                             const std::string& name) {
  for (const Workload& workload : workloads) {
    if (workload.name == name) return &workload;
  }
  return nullptr;
}

std::string ListWorkloads(const std::vector<Workload>& workloads) {
  std::string text;
  for (const Workload& w : workloads) {
    if (!w.cannot.empty()) continue;
    absl::StrAppendFormat(&text, "%-18s %s\n", w.name, w.what);
  }
  return text;
}

Options ParseCommandLine(const std::vector<Workload>& workloads,
                         const std::vector<std::string>& args) {
  if (args.empty()) {
    throw UsageError{
        absl::StrCat("which workload? One of:\n", ListWorkloads(workloads))};
  }
  const Workload* workload = FindWorkload(workloads, args[0]);
  if (workload == nullptr) {
    throw UsageError{absl::StrCat("no such workload: ", args[0], "; one of:\n",
                                  ListWorkloads(workloads))};
  }
  if (!workload->cannot.empty()) {
    throw CannotExpress{absl::StrCat(workload->name, ": ", workload->cannot)};
  }
  Options options;
  options.workload = workload->name;
  for (std::size_t i = 1; i < args.size(); i++) {
    const std::string& arg = args[i];
    std::size_t dashes = arg.find_first_not_of('-');
    if (arg.empty() || dashes == 0 || dashes > 2) {
      throw UsageError{
          absl::StrCat("not a flag: \"", arg, "\"; ", FlagsOf(*workload))};
    }
    std::size_t equals = arg.find('=');
    std::string name = arg.substr(
        dashes, equals == std::string::npos ? equals : equals - dashes);
    const FlagInfo* flag = FindFlag(name);
    if (!Takes(*workload, name)) {
      throw UsageError{absl::StrCat(workload->name, " does not take -", name,
                                    "; ", FlagsOf(*workload))};
    }
    std::string value;
    if (equals != std::string::npos) {
      value = arg.substr(equals + 1);
    } else if (++i < args.size()) {
      value = args[i];
    } else {
      throw UsageError{
          absl::StrCat("-", name, " needs a value; ", FlagsOf(*workload))};
    }
    if (name == "variant") {
      options.variant = value;
    } else if (name == "dur") {
      options.dur = ParseDuration(value);
    } else if (name == "p") {
      options.p = static_cast<int>(ParseValue(*flag, value));
    } else {
      options.values[name] = ParseValue(*flag, value);
    }
  }
  return options;
}

}  // namespace mn::bench
