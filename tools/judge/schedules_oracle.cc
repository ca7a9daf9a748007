#include "tools/judge/schedules_oracle.h"

#include <cctype>
#include <sstream>

#include "tools/common/text.h"
#include "tools/judge/oracle.h"

namespace mn::judge {
namespace {

// The id that a violation's text begins with: "RQ-4: handed out twice" has
// RQ-4, "deadlock: M0 waits" has none.
std::string LeadingId(const std::string& text) {
  std::size_t at = 0;
  while (at < text.size() && std::isupper(static_cast<unsigned char>(text[at])))
    at++;
  if (at == 0 || at == text.size() || text[at] != '-') return "";
  std::size_t end = at + 1;
  while (end < text.size() &&
         std::isalnum(static_cast<unsigned char>(text[end]))) {
    end++;
  }
  return text.substr(0, end);
}

// "data race: …" in words that need no model checker.
std::string Meaning(const std::string& kind) {
  if (kind == "deadlock") return "everybody waits: a wake-up was lost";
  if (kind == "livelock") return "everybody goes round in circles";
  if (kind == "data race") {
    return "two threads use the same memory, one of them writes, and nothing "
           "orders them: a memory order is too weak, or a step comes too early";
  }
  if (kind == "fatal error") return "the runtime ended the program";
  if (kind == "crash") return "the code crashed";
  return "";
}

// A livelock has thousands of steps that say the same. Any other schedule was
// shrunk, and its cause may stand in any row.
void Shorten(std::vector<std::string>* timeline) {
  constexpr std::size_t kBegin = 30, kEnd = 90;
  if (timeline->size() <= kBegin + kEnd) return;
  const std::size_t left_out = timeline->size() - kBegin - kEnd;
  timeline->erase(timeline->begin() + kBegin, timeline->end() - kEnd);
  timeline->insert(timeline->begin() + kBegin,
                   tools::Cat("   … (", left_out, " rows)"));
}

}  // namespace

Texts ScheduleTexts(const tools::CourseCase& entry, const std::string& schedule,
                    bool canary) {
  if (!schedule.empty()) return {{"replay", schedule}};
  if (canary) {
    const std::string& first = entry.configs.front();
    return {{"configs", first.substr(0, first.find(':')) + ":0"}};
  }
  return {{"configs", tools::Join(entry.configs, " ")}};
}

bool IsSchedule(const std::string& seed) {
  const std::vector<std::string> parts = tools::Split(seed, '/');
  return parts.size() == 3 && (parts[1] == "sc" || parts[1] == "tso");
}

Verdict DecideSchedules(const tools::Lesson& lesson, const Texts& asked,
                        const Observations& seen) {
  Verdict verdict;
  std::string kind, text, where;
  std::int64_t executions = 0;
  for (const Observation& o : seen) {
    if (o.kind == "where") where = o.text;
    if (o.kind == "kind") kind = o.text;
    if (o.kind == "violation") text = o.text;
    if (o.kind == "timeline") verdict.timeline.push_back(o.text);
    if (o.kind == "replay") verdict.replay = o.text;
    if (o.kind == "searched" && o.values.size() == 4) {
      executions += o.values[2];
    }
  }
  if (!text.empty()) {
    Shorten(&verdict.timeline);
    verdict.status = Status::kFailed;
    const std::string meaning = Meaning(kind);
    verdict.message =
        tools::Cat("there is a schedule that breaks it",
                   meaning.empty() ? "" : ": ", meaning, " (", where, ")");
    verdict.want = "every order in which the steps of the threads can fall";
    verdict.got = tools::Cat(kind, ": ", text);
    verdict.inv = LeadingId(text);
    // A configuration may be there for one invariant, whatever goes wrong.
    const std::string seen_where = tools::Cat(where, ", ", verdict.got);
    for (const auto& [part, id] : lesson.broke) {
      if (seen_where.find(part) == std::string::npos) continue;
      verdict.inv = id;
      break;
    }
    return verdict;
  }
  if (asked.count("replay") != 0) {
    if (seen.size() == 1 && seen[0].kind == "replayed" &&
        seen[0].values == std::vector<std::int64_t>{1}) {
      return Verdict::Passed();
    }
    return TooLittle("the replayed schedule");
  }
  // Two memory models for each configuration, in order.
  std::size_t at = 0;
  const std::vector<std::string> configs = tools::Words(asked.at("configs"));
  for (std::int64_t config = 0; config < std::ssize(configs); config++) {
    for (std::int64_t memory = 0; memory < 2; memory++, at++) {
      const std::string name =
          tools::Cat(configs[static_cast<std::size_t>(config)],
                     memory == 0 ? " under SC" : " under TSO");
      if (at >= seen.size()) return TooLittle(name);
      const Observation& o = seen[at];
      if (o.kind != "searched" || o.values.size() != 4 ||
          o.values[0] != config || o.values[1] != memory || o.values[2] < 2) {
        return Verdict::Failed("the search was not made as it was asked for",
                               name, o.kind, static_cast<int>(at));
      }
      if (o.values[3] != 1) {
        return Verdict::Inconclusive(tools::Cat(
            "the search of ", name, " was cut after ", o.values[2],
            " schedules: with this piece there are more than the judge has "
            "time for"));
      }
    }
  }
  verdict.message = tools::Cat(executions, " schedules, all in order");
  return verdict;
}

}  // namespace mn::judge
