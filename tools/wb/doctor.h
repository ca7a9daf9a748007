// Is this machine fit for the workbook? Facts go in, verdicts come out; who
// gathers the facts is cmd_doctor.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mn::wb {

struct Check {
  enum class Verdict {
    kOk,
    kNote,  // works, with less; nothing has to be done
    kBad,   // something will not work until it is done
  };
  Verdict verdict;
  std::string name;    // "compiler"
  std::string detail;  // "g++ 12.2.0"
  std::string fix;     // what to do; empty when kOk
};

// `version` is the compiler's "12.2.0", empty if it does not run.
Check CheckCompiler(std::string_view name, std::string_view version);
Check CheckDisk(std::string_view what, std::uint64_t free_bytes);
Check CheckMemory(std::uint64_t available_bytes);
Check CheckCpus(int cpus);
// `release` is uname's "6.1.0-18-amd64".
Check CheckKernel(std::string_view release, long max_map_count);
Check CheckOpenFiles(std::uint64_t soft, std::uint64_t hard);
Check CheckProcesses(std::uint64_t soft);
Check CheckInotify(long max_user_watches);

// "1.5 GiB"
std::string ShowBytes(std::uint64_t bytes);
// The first numbers of "6.1.0-18-amd64": {6, 1, 0}. Missing parts are 0.
std::vector<int> VersionNumbers(std::string_view text);

}  // namespace mn::wb
