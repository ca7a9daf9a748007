#include "tools/judge/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "tools/common/text.h"
#include "tools/judge/explain.h"

namespace mn::judge {
namespace {

// Ordered: the record is also read by people.
using Json = nlohmann::ordered_json;

std::string Hex(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof(text), "0x%llx",
                static_cast<unsigned long long>(value));
  return text;
}

Json Machine(const std::string& fence) {
  utsname names = {};
  uname(&names);
  double load[1] = {0};
  getloadavg(load, 1);
#ifdef __clang__
  const std::string cxx = tools::Cat("clang ", __clang_version__);
#else
  const std::string cxx = tools::Cat("gcc ", __VERSION__);
#endif
  return {{"cpus", sysconf(_SC_NPROCESSORS_ONLN)},
          {"kernel", names.release},
          {"arch", names.machine},
          {"cxx", cxx},
          {"load", load[0]},
          {"fence", fence}};
}

Json CaseJson(const Judge& judge, const CaseResult& result) {
  Json runs = Json::array();
  for (const RunRecord& run : result.runs) {
    runs.push_back({{"seed", Hex(run.seed)},
                    {"ms", static_cast<int>(run.ms + 0.5)},
                    {"status", StatusName(run.status)}});
  }
  Json j = {{"name", result.entry->name},
            {"inv", result.entry->inv},
            {"broke", IsRed(result.status) ? result.inv : ""},
            {"points", result.entry->points},
            {"score", result.score},
            {"visibility", result.entry->visibility},
            {"status", StatusName(result.status)},
            {"runs", runs},
            {"message", result.message},
            {"want", result.want},
            {"got", result.got},
            {"observations_tail", result.tail}};
  if (!result.timeline.empty()) j["timeline"] = result.timeline;
  if (!result.printed.empty()) j["printed"] = result.printed;
  if (!result.runs.empty() && !result.by_text) {
    j["replay"] = ReplayCommand(judge.lesson(), result);
  }
  return j;
}

constexpr std::string_view kDescriptor = "fd:";

std::string WriteLine(const std::string& path, std::string line) {
  const int fd = atoi(path.c_str() + kDescriptor.size());
  line += '\n';
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t n = write(fd, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tools::Cat("cannot write ", path, ": ", strerror(errno));
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return "";
}

}  // namespace

std::string EndRecord(const std::string& path, std::size_t cases) {
  if (!path.starts_with(kDescriptor)) return "";
  return WriteLine(path, tools::Cat("end ", cases));
}

std::string WriteRecord(const std::string& path, const std::string& course_id,
                        const Judge& judge,
                        const std::vector<CaseResult>& results) {
  double score = 0, max = 0;
  std::string fence;
  Json cases = Json::array();
  for (const CaseResult& result : results) {
    cases.push_back(CaseJson(judge, result));
    score += result.score;
    if (!result.fence.empty()) fence = result.fence;
    if (result.status != Status::kSkipped &&
        result.status != Status::kInconclusive &&
        result.status != Status::kInfraError) {
      max += result.entry->points;
    }
  }
  const Json record = {{"schema", "wb.results/1"},
                       {"course", course_id},
                       {"lesson", judge.lesson().id},
                       {"machine", Machine(fence)},
                       {"untouched", judge.untouched()},
                       {"cases", cases},
                       {"score", score},
                       {"max", max}};
  if (path.starts_with(kDescriptor)) {
    return WriteLine(
        path, record.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  const std::string temporary = path + ".new";
  {
    std::ofstream file(temporary);
    // What the learner's code printed may be any bytes.
    file << record.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    if (!file.flush()) {
      return tools::Cat("cannot write ", temporary, ": ", strerror(errno));
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return tools::Cat("cannot write ", path, ": ", strerror(errno));
  }
  return "";
}

}  // namespace mn::judge
