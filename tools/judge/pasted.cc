#include "tools/judge/pasted.h"

#include <cstddef>

#include "tools/common/regex.h"
#include "tools/common/text.h"

namespace mn::judge {
namespace {

constexpr char kAny[] = "…";

bool LooksLikeAFailure(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (line.starts_with("INVARIANT ") || line.starts_with("  replay    ")) {
      return true;
    }
  }
  return false;
}

// A row of a timeline begins with its number.
bool IsRow(const std::string& line) {
  static const std::regex row(" +[0-9]+ .*");
  return std::regex_match(line, row);
}

// Without what may differ from run to run, and with one space between words.
std::string Comparable(const std::string& line) {
  static const std::regex address("(^|[^=])0x[0-9a-f]{5,}");
  static const std::regex ms("[0-9]+(\\.[0-9]+)? ms\\b");
  static const std::regex pid("\\b(pid|process) [0-9]+");
  std::string text = tools::Join(tools::Words(line), " ");
  if (!text.starts_with("seed ")) {
    text = std::regex_replace(text, address, "$010x*");
  }
  text = std::regex_replace(text, ms, "* ms");
  return std::regex_replace(text, pid, "$1 *");
}

// A row of a timeline without the place at its end: "park.cc:26".
std::string WithoutPlace(const std::string& comparable) {
  static const std::regex place(" [A-Za-z0-9_/]+\\.(cc|h):[0-9]+$");
  return std::regex_replace(comparable, place, "");
}

// `pattern` is `text`, with anything for each `…`.
bool Fits(std::string_view pattern, std::string_view text) {
  const std::size_t any = pattern.find(kAny);
  if (any == std::string_view::npos) return pattern == text;
  const std::string_view before = tools::Trim(pattern.substr(0, any));
  const std::string_view after =
      tools::Trim(pattern.substr(any + std::string_view(kAny).size()));
  if (!text.starts_with(before)) return false;
  for (std::size_t at = before.size(); at <= text.size(); at++) {
    if (Fits(after, tools::Trim(text.substr(at)))) return true;
  }
  return false;
}

bool Same(const std::string& wanted, const std::string& printed) {
  const std::string there = Comparable(printed);
  const std::string here = Comparable(wanted);
  return Fits(here, there) || Fits(here, WithoutPlace(there));
}

}  // namespace

std::vector<Pasted> FindPasted(std::string_view page) {
  static const std::regex marker(
      "<!-- judge: mutant (\\S+), case ([^ ,]+)(, seed (\\S+))? -->");
  std::vector<Pasted> found;
  Pasted block;
  bool inside = false;
  int number = 0;
  for (const std::string& line : tools::Lines(page)) {
    number++;
    std::smatch parts;
    if (inside && line.starts_with("```")) {
      if (!block.mutant.empty() || LooksLikeAFailure(block.lines)) {
        found.push_back(block);
      }
      block = {};
      inside = false;
    } else if (inside) {
      block.lines.push_back(line);
    } else if (std::regex_match(line, parts, marker)) {
      block.mutant = parts[1];
      block.case_name = parts[2];
      block.seed = parts[4];
      block.line = number;
    } else if (line.starts_with("```")) {
      inside = true;
      block.line = number;
    } else if (line.starts_with("<!-- judge") ||
               (!line.empty() && !block.mutant.empty())) {
      // A marker with a slip of the pen, or one that no block follows.
      block.lines.clear();
      block.line = number;
      found.push_back(block);
      block = {};
    }
  }
  return found;
}

std::string FirstDifference(const Pasted& block, std::string_view printed) {
  const std::vector<std::string> there = tools::Lines(printed);
  std::size_t at = 0;
  bool skip = true;  // the page need not show what comes before
  for (const std::string& line : block.lines) {
    if (tools::Trim(line) == kAny) {
      skip = true;
      continue;
    }
    skip = skip || IsRow(line);
    while (skip && at < there.size() && !Same(line, there[at])) at++;
    if (at == there.size() || !Same(line, there[at])) return line;
    at++;
    skip = false;
  }
  return "";
}

}  // namespace mn::judge
