#include "tools/common/runfiles.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

namespace mn::tools {

namespace fs = std::filesystem;

std::string FindRunfile(std::string_view path) {
  std::vector<std::string> roots;
  std::error_code ec;
  const std::string exe = fs::read_symlink("/proc/self/exe", ec).string();
  if (!ec) roots.push_back(exe + ".runfiles");
  for (const char* name : {"RUNFILES_DIR", "TEST_SRCDIR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != 0) roots.emplace_back(value);
  }
  for (const std::string& root : roots) {
    // WORKSPACE calls this repository "mn", MODULE.bazel's is "_main".
    for (const char* repository : {"mn", "_main"}) {
      const fs::path found = fs::path(root) / repository / path;
      if (fs::exists(found, ec)) return found.string();
    }
  }
  return "";
}

}  // namespace mn::tools
