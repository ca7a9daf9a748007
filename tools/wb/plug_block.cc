#include "tools/wb/plug_block.h"

#include <vector>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Error;
using tools::Result;

constexpr std::string_view kBegin = "# >>> wb plug >>>";
constexpr std::string_view kEnd = "# <<< wb plug <<<";
constexpr std::string_view kFlag = "build --//runtime/plug:";

// The file taken apart at the block's two lines.
struct Parts {
  std::vector<std::string> before, block, after;
};

Result<Parts> TakeApart(std::string_view text) {
  Parts parts;
  std::vector<std::string>* to = &parts.before;
  int n = 0, begin = 0;
  for (std::string& line : tools::Lines(text)) {
    ++n;
    const std::string_view trimmed = tools::Trim(line);
    if (trimmed == kBegin) {
      if (begin != 0) {
        return Error{Cat("line ", n, ": a second \"", kBegin,
                         "\"; delete one of the two blocks")};
      }
      begin = n;
      to = &parts.block;
    } else if (trimmed == kEnd) {
      if (to != &parts.block) {
        return Error{Cat("line ", n, ": \"", kEnd,
                         "\" without its beginning; delete the line")};
      }
      to = &parts.after;
    } else {
      to->push_back(std::move(line));
    }
  }
  if (to == &parts.block) {
    return Error{Cat("line ", begin, ": the block has no end; add a line \"",
                     kEnd,
                     "\" after the last \"build\" line, or delete the "
                     "file to unplug everything")};
  }
  return parts;
}

}  // namespace

Result<Plugs> ReadPlugs(std::string_view text) {
  Result<Parts> parts = TakeApart(text);
  if (!parts.ok()) return Error{parts.error()};
  Plugs plugs;
  for (const std::string& line : parts->block) {
    std::string_view rest = tools::Trim(line);
    if (rest.empty() || rest.starts_with('#')) continue;
    const std::size_t equals = rest.find('=');
    if (!rest.starts_with(kFlag) || equals == std::string_view::npos) {
      return Error{
          Cat("in the block: \"", rest, "\" is not a plug; delete the line")};
    }
    plugs[std::string(rest.substr(kFlag.size(), equals - kFlag.size()))] =
        std::string(rest.substr(equals + 1));
  }
  return plugs;
}

Result<std::string> WritePlugs(std::string_view text, const Plugs& plugs) {
  Result<Parts> parts = TakeApart(text);
  if (!parts.ok()) return Error{parts.error()};
  std::string out;
  for (const std::string& line : parts->before) tools::Append(&out, line, "\n");
  if (!plugs.empty()) {
    tools::Append(&out, kBegin, "\n");
    for (const auto& [plug, label] : plugs) {
      tools::Append(&out, kFlag, plug, "=", label, "\n");
    }
    tools::Append(&out, kEnd, "\n");
  }
  for (const std::string& line : parts->after) tools::Append(&out, line, "\n");
  return out;
}

}  // namespace mn::wb
