#include "tools/wb/flag_words.h"

#include <algorithm>
#include <string_view>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

const std::vector<std::string>& Known() {
  static const std::vector<std::string> known = {"case", "seed", "force"};
  return known;
}

// "--case=RQ-3" -> "case"; a word that is no flag -> "".
std::string FlagName(std::string_view arg) {
  if (!arg.starts_with('-') || arg == "-" || arg == "--") return "";
  arg.remove_prefix(arg.starts_with("--") ? 2 : 1);
  return std::string(arg.substr(0, arg.find('=')));
}

}  // namespace

bool AsksForHelp(const std::vector<std::string>& args) {
  for (const std::string& arg : args) {
    if (arg == "--") return false;
    const std::string name = FlagName(arg);
    if (name == "h" || name == "help") return true;
  }
  return false;
}

std::string UnknownFlag(const std::vector<std::string>& args,
                        const std::string& help) {
  for (const std::string& arg : args) {
    if (arg == "--") break;
    const std::string name = FlagName(arg);
    if (name.empty()) continue;
    const bool known =
        std::any_of(Known().begin(), Known().end(), [&](const std::string& k) {
          return name == k || (k == "force" && name == "noforce");
        });
    if (known) continue;
    const std::string nearest = tools::Nearest(name, Known());
    return tools::Cat("there is no flag ", arg, ".",
                      nearest.empty()
                          ? std::string()
                          : tools::Cat(" Did you mean --", nearest, "?"),
                      " There are --case, --seed and --force; ", help,
                      " lists the commands.");
  }
  return "";
}

}  // namespace mn::wb
