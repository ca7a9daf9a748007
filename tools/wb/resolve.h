// Which lesson is meant: 4, 04, run_queue, 04_run_queue, run, a file of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/result.h"

namespace mn::wb {

// The lesson, or an error that names the nearest one and lists them all. The
// pointer is into `course`.
tools::Result<const tools::Lesson*> ResolveLesson(const tools::Course& course,
                                                  std::string_view text);

// The names of the cases that `text` means: a case ("RunQueue.Fifo", "Fifo") or
// an invariant ("RQ-3", in any case of letters). An error lists what there is.
tools::Result<std::vector<std::string>> ResolveCases(
    const tools::Lesson& lesson, std::string_view text);

// A seed and, after a colon, a case or invariant: "0x51f2:RQ-3". A seed is a
// number, or a schedule of the explorer, "ring_1_thief/sc/00n21".
struct Replay {
  std::string seed;  // as it was given
  std::string case_text;
};
tools::Result<Replay> ParseReplay(std::string_view text);

}  // namespace mn::wb
