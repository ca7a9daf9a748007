#include "tools/common/run_command.h"

#include <string_view>

#include "runtime/syscall.h"
#include "tools/common/text.h"

namespace mn::tools {

Outcome RunCommand(const Command& command) {
  return mn::BlockingCall([&] { return os::RunCommandBlocking(command); });
}

std::string ShellText(const std::vector<std::string>& argv) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "_-+=/.,:@%^";
  std::vector<std::string> words;
  for (const std::string& word : argv) {
    const bool plain =
        !word.empty() && word.find_first_not_of(kPlain) == std::string::npos;
    words.push_back(plain ? word
                          : Cat("'", ReplaceAll(word, "'", "'\\''"), "'"));
  }
  return Join(words, " ");
}

}  // namespace mn::tools
