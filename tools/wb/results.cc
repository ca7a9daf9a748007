#include "tools/wb/results.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/common/text.h"

namespace mn::wb {

using Json = nlohmann::json;

namespace {

bool IsFine(const std::string& status) {
  return status == "passed" || status == "skipped" || status == "inconclusive";
}

}  // namespace

std::vector<std::string> JudgeRecord::Red() const {
  std::vector<std::string> red;
  for (const CaseRecord& c : cases) {
    const bool fine = IsFine(c.status);
    const std::string& inv = c.broke.empty() ? c.inv : c.broke;
    if (!fine && std::find(red.begin(), red.end(), inv) == red.end()) {
      red.push_back(inv);
    }
  }
  return red;
}

bool JudgeRecord::Untouched() const {
  return !cases.empty() &&
         std::all_of(cases.begin(), cases.end(), [](const CaseRecord& c) {
           return c.status == "not_implemented";
         });
}

tools::Result<JudgeRecord> ParseRecord(std::string_view json_text) {
  try {
    const Json j = Json::parse(json_text);
    if (j.at("schema") != "wb.results/1") {
      return tools::Error{tools::Cat("its schema is ", j.at("schema").dump(),
                                     ", not \"wb.results/1\"")};
    }
    JudgeRecord record;
    record.lesson = j.at("lesson");
    record.score = j.at("score");
    record.max = j.at("max");
    for (const Json& c : j.at("cases")) {
      record.cases.push_back(
          {c.at("name"), c.at("inv"), c.at("status"), c.value("broke", "")});
    }
    return record;
  } catch (const Json::exception& e) {
    return tools::Error{e.what()};
  }
}

}  // namespace mn::wb
