// What Bazel printed when a build failed, cut to what a learner needs: the
// compiler's or the linker's own lines, and a sentence about those that name
// the effect and not the mistake.
//
//   * The linker names every place in the judge that misses a function, and not
//     the file that should define it.
//   * The assembler names lines of a temporary file that is gone.
//   * It reads AT&T's order of operands, and complains about Intel's in its own
//     way, or about one line in three.
//   * Assembly that calls a C++ function must use the name that C++ made of it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace mn::wb {

// The text of a file of the tree, by its path as the build spells it; "" if
// there is none.
using ReadSource = std::function<std::string(const std::string& path)>;

// At most `max_lines` lines. If nothing looks like a compiler's (Bazel itself
// failed), Bazel's ERROR lines; if there are none either, everything.
std::string CompilerLines(std::string_view log,
                          const ReadSource& read = nullptr, int max_lines = 40);

}  // namespace mn::wb
