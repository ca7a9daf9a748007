// What Bazel printed when a build failed, cut to what a learner needs: the
// compiler's or the linker's own lines.
#pragma once

#include <string>
#include <string_view>

namespace mn::wb {

// At most `max_lines` lines. If nothing looks like a compiler's (Bazel itself
// failed), Bazel's ERROR lines; if there are none either, everything.
std::string CompilerLines(std::string_view log, int max_lines = 40);

}  // namespace mn::wb
