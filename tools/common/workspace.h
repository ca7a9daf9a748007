// The workspace (the learner's checkout) and Bazel as it is called for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/common/result.h"
#include "tools/common/run_command.h"

namespace mn::tools {

// The checkout: $BUILD_WORKSPACE_DIRECTORY (set by `bazel run`) or else the
// nearest directory from `start` upwards that has both a WORKSPACE and a
// course.bzl. `build_workspace_directory` empty: not set.
Result<std::string> FindWorkspace(const std::string& start,
                                  const std::string& build_workspace_directory);
// The same from this process's directory and environment.
Result<std::string> FindWorkspace();

// How Bazel is called: $BAZEL (default "bazel") and $WB_BAZEL_FLAGS, a
// space-separated list whose startup options (--output_base=... and the like)
// go before the command and whose other flags go after it.
class Bazel {
 public:
  // From this process's environment.
  explicit Bazel(std::string workspace);
  Bazel(std::string workspace, std::string binary, std::string_view flags);

  // argv for e.g. ("build", {"//exercises/04_run_queue"}).
  std::vector<std::string> Argv(std::string_view verb,
                                const std::vector<std::string>& args) const;
  // The same as a Command, in the workspace, with the environment of a test or
  // of `bazel run` taken away. Output is captured; change what you need.
  Command MakeCommand(std::string_view verb,
                      const std::vector<std::string>& args) const;
  // The directory that holds built files (bazel-bin is a link that other
  // Bazels move, so it is asked for). `flags` must be those of the build.
  Result<std::string> BinDir(const std::vector<std::string>& flags = {}) const;

  const std::string& workspace() const { return workspace_; }
  const std::string& binary() const { return binary_; }

 private:
  std::string workspace_;
  std::string binary_;
  std::vector<std::string> startup_;
  std::vector<std::string> flags_;
};

// Is `flag` ("--output_base=/x") an option that Bazel wants before the command?
bool IsStartupOption(std::string_view flag);

}  // namespace mn::tools
