// A child process run from a goroutine: other goroutines go on meanwhile.
#pragma once

#include "tools/common/subprocess.h"

namespace mn::tools {

// As RunCommandBlocking, for a goroutine: parks. The callbacks of `command` run
// on a thread that is in a system call, so they must not call into the runtime.
Outcome RunCommand(const Command& command);

}  // namespace mn::tools
