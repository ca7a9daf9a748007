// A child process run from a goroutine: other goroutines go on meanwhile.
#pragma once

#include <string>
#include <vector>

#include "runtime/os/subprocess/subprocess.h"

namespace mn::tools {

using os::Canceller;
using os::Command;
using os::Outcome;

// As os::RunCommandBlocking, for a goroutine: parks. The callbacks of `command`
// run on a thread that is in a system call, so they must not call into the
// runtime.
Outcome RunCommand(const Command& command);

// The command as a person would type it, quoted where a shell needs it.
std::string ShellText(const std::vector<std::string>& argv);

}  // namespace mn::tools
