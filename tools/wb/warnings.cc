#include "tools/wb/warnings.h"

#include <cctype>
#include <set>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

// "file.cc: In function 'f':" belongs to the warning after it; "file.cc:3:5:
// note: ..." and what the compiler shows of the source to the one before.
enum class Kind { kWarning, kContext, kMore, kOther };

Kind KindOf(std::string_view line) {
  if (line.find(": warning: ") != line.npos) return Kind::kWarning;
  if (line.find(": note: ") != line.npos) return Kind::kMore;
  if (line.ends_with(':') &&
      (line.find(": In ") != line.npos || line.find(": At ") != line.npos)) {
    return Kind::kContext;
  }
  // "   12 |   int unused = 1;" and "      |       ^~~~~~".
  const std::size_t end =
      line.ends_with(" |") ? line.size() - 2 : line.find(" | ");
  if (end == line.npos) return Kind::kOther;
  for (const char c : line.substr(0, end)) {
    if (c != ' ' && !std::isdigit(static_cast<unsigned char>(c))) {
      return Kind::kOther;
    }
  }
  return Kind::kMore;
}

}  // namespace

std::string WarningsOf(std::string_view log) {
  std::string out, context, warning;
  std::set<std::string> seen;
  auto finish = [&] {
    if (!warning.empty() && seen.insert(warning).second) out += warning;
    warning.clear();
  };
  for (const std::string& line : tools::Lines(log)) {
    switch (KindOf(line)) {
      case Kind::kWarning:
        finish();
        warning = tools::Cat(context, line, "\n");
        context.clear();
        break;
      case Kind::kContext:
        finish();
        context = tools::Cat(line, "\n");
        break;
      case Kind::kMore:
        if (!warning.empty()) tools::Append(&warning, line, "\n");
        break;
      case Kind::kOther:
        finish();
        context.clear();
        break;
    }
  }
  finish();
  return out;
}

}  // namespace mn::wb
