#include "tools/common/run_command.h"

#include "runtime/syscall.h"

namespace mn::tools {

Outcome RunCommand(const Command& command) {
  return mn::BlockingCall([&] { return RunCommandBlocking(command); });
}

}  // namespace mn::tools
