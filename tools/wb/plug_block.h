// The managed block in .wb/plug.bazelrc: which pieces of the runtime are the
// learner's.
//
//   # >>> wb plug >>>
//   build --//runtime/plug:run_queue=//exercises/04_run_queue:piece
//   # <<< wb plug <<<
//
// Invariant: what is outside the block is the learner's and stays as it is. The
// functions work on the file's text and do no I/O.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tools/common/result.h"

namespace mn::wb {

// Plug name -> label: {"run_queue", "//exercises/04_run_queue:piece"}.
using Plugs = std::map<std::string, std::string>;

// An error names the line of a block that was damaged by hand.
tools::Result<Plugs> ReadPlugs(std::string_view text);

// The text with the block saying `plugs`; without a block when it is empty.
tools::Result<std::string> WritePlugs(std::string_view text,
                                      const Plugs& plugs);

}  // namespace mn::wb
