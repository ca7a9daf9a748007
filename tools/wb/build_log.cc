#include "tools/wb/build_log.h"

#include <algorithm>
#include <vector>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

// "\x1b[31m" and the like.
std::string WithoutColour(std::string_view line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      plain.push_back(line[i]);
      continue;
    }
    while (i < line.size() &&
           !std::isalpha(static_cast<unsigned char>(line[i]))) {
      ++i;
    }
  }
  return plain;
}

// Bazel's own talk around a failing action.
bool IsBazels(std::string_view line) {
  // "(12:34:56) ERROR: ..." with --show_timestamps.
  if (line.starts_with('(') && line.size() > 11 && line[9] == ')') {
    line.remove_prefix(11);
  }
  constexpr std::string_view kBegins[] = {"INFO:",
                                          "WARNING: ",
                                          "DEBUG: ",
                                          "Loading:",
                                          "Analyzing:",
                                          "Target //",
                                          "FAILED:",
                                          "Use --",
                                          "Starting local Bazel",
                                          "[",
                                          "ERROR: /",
                                          "ERROR: Build failed",
                                          "Build did NOT",
                                          "Computing main",
                                          "Extracting Bazel",
                                          "Server terminated",
                                          "Another command",
                                          "Note: "};
  return std::any_of(std::begin(kBegins), std::end(kBegins),
                     [&](std::string_view b) { return line.starts_with(b); });
}

}  // namespace

std::string CompilerLines(std::string_view log, int max_lines) {
  std::vector<std::string> compiler, errors, all;
  for (const std::string& line : tools::Lines(log)) {
    const std::string plain = WithoutColour(line);
    if (!tools::Trim(plain).empty()) all.push_back(line);
    if (plain.starts_with("ERROR:")) errors.push_back(plain);
    if (!IsBazels(plain) && !(compiler.empty() && tools::Trim(plain).empty())) {
      compiler.push_back(line);
    }
  }
  while (!compiler.empty() && tools::Trim(compiler.back()).empty()) {
    compiler.pop_back();
  }
  std::vector<std::string>& lines = !compiler.empty() ? compiler
                                    : !errors.empty() ? errors
                                                      : all;
  std::string out;
  const int n = static_cast<int>(lines.size());
  for (int i = 0; i < std::min(n, max_lines); ++i) {
    tools::Append(&out, lines[static_cast<std::size_t>(i)], "\n");
  }
  if (n > max_lines) tools::Append(&out, "… ", n - max_lines, " more lines\n");
  return out;
}

}  // namespace mn::wb
