#include "tools/judge/sanitizer_report.h"

#include "tools/common/regex.h"
#include "tools/common/text.h"

namespace mn::judge {
namespace {

std::string Base(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

SanitizerReport FindSanitizerReport(const std::string& printed,
                                    const std::string& file) {
  // UBSan's only line: `FILE:LINE:COLUMN: runtime error: WHAT`. The two lines
  // of the others that matter: `==PID==ERROR: AddressSanitizer: KIND on …`,
  // with TSan's `WARNING`, and `WRITE of size N at …`.
  static const std::regex ubsan(R"(^(.*):(\d+):\d+: runtime error: (.*)$)");
  static const std::regex kind(
      R"((?:ERROR|WARNING): (\w+Sanitizer): ([\w-]+(?: race)?))");
  static const std::regex access(
      R"(^\s*((?:READ|WRITE|Write|Read) of size \d+))");
  static const std::regex frame(R"(^\s*#\d+ .* (\S+):(\d+)(?::\d+)?$)");
  static const std::regex object(
      R"(\[\d+, \d+\) ('\S+'(?: \(line \d+\))?) <== (?:Memory )?[Aa]ccess)");
  SanitizerReport report;
  bool in_the_file = false;
  for (const std::string& line : tools::Lines(printed)) {
    std::smatch match;
    if (report.what.empty()) {
      if (std::regex_search(line, match, ubsan)) {
        return {match[3], Base(match[1]) + ":" + match[2].str()};
      }
      if (std::regex_search(line, match, kind)) report.what = match[2];
    } else if (std::regex_search(line, match, access)) {
      if (report.what.find(", ") == std::string::npos) {
        report.what += ", " + match[1].str();
      }
    } else if (!in_the_file && std::regex_search(line, match, frame)) {
      in_the_file = Base(match[1]) == Base(file);
      if (in_the_file || report.place.empty()) {
        report.place = Base(match[1]) + ":" + match[2].str();
      }
    } else if (std::regex_search(line, match, object)) {
      report.what += " beside " + match[1].str();
    }
  }
  return report;
}

}  // namespace mn::judge
