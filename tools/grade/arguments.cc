#include "tools/grade/arguments.h"

#include <string_view>
#include <utility>

#include "absl/flags/reflection.h"
#include "tools/common/text.h"

namespace mn::grade {
namespace {

// Handled by absl::ParseCommandLine without being flags of their own kind.
bool IsHelp(std::string_view name) {
  return name == "help" || name == "helpfull" || name == "helpshort" ||
         name == "helpon" || name == "helppackage" || name == "helpmatch" ||
         name == "version" || name == "only_check_args";
}

bool IsFlag(std::string_view name) {
  auto known = [](std::string_view n) {
    return absl::FindCommandLineFlag({n.data(), n.size()}) != nullptr;
  };
  return known(name) || IsHelp(name) ||
         (name.starts_with("no") && known(name.substr(2)));
}

}  // namespace

std::string PrepareArguments(std::vector<std::string>* args) {
  std::vector<std::string> rest, lessons;
  for (std::size_t i = 0; i < args->size(); ++i) {
    const std::string& arg = (*args)[i];
    if (i == 0 || !arg.starts_with("-") || arg == "-") {
      rest.push_back(arg);
      continue;
    }
    if (arg == "--") {
      rest.insert(rest.end(), args->begin() + static_cast<long>(i),
                  args->end());
      break;
    }
    std::string_view name = arg;
    name.remove_prefix(name.starts_with("--") ? 2 : 1);
    const std::size_t eq = name.find('=');
    const bool has_value = eq != std::string_view::npos;
    const std::string value(has_value ? name.substr(eq + 1) : "");
    name = name.substr(0, eq);
    if (!IsFlag(name)) return tools::Cat("there is no flag --", name);
    if (name != "lesson") {
      rest.push_back(arg);
    } else if (has_value) {
      lessons.push_back(value);
    } else if (i + 1 < args->size()) {
      lessons.push_back((*args)[++i]);
    } else {
      return "--lesson: which one? For example --lesson 04";
    }
  }
  if (!lessons.empty()) {
    rest.insert(rest.begin() + 1,
                tools::Cat("--lesson=", tools::Join(lessons, ",")));
  }
  *args = std::move(rest);
  return "";
}

}  // namespace mn::grade
