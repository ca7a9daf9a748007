// A course of two lessons for tests.
#pragma once

#include <gtest/gtest.h>

#include "tools/common/course.h"

namespace mn::wb {

inline tools::Course TestCourse() {
  tools::Result<tools::Course> course = tools::ParseCourse(R"({
    "id": "test", "total": 12, "lessons": [
      {"id": "02_context_switch", "title": "the context switch", "points": 6,
       "plug": "context", "keep": [{"path": "context.cc"}],
       "cases": [{"name": "Context.Survives", "inv": "CTX-1", "points": 6}],
       "hints": ["lessons/02_context_switch/hints/1.md"]},
      {"id": "04_run_queue", "title": "the local run queue", "points": 6,
       "plug": "run_queue", "keep": [{"path": "run_queue.cc"}],
       "solution": "runtime/run_queue.cc",
       "invariants": [{"id": "RQ-1", "sentence": "FIFO."}],
       "cases": [
         {"name": "RunQueue.Fifo", "inv": "RQ-1", "points": 2},
         {"name": "RunQueue.Overflow", "inv": "RQ-3", "points": 1},
         {"name": "RunQueue.Thieves", "inv": "RQ-4", "points": 1},
         {"name": "RunQueue.TwoThieves", "inv": "RQ-4", "points": 1}],
       "prediction_points": 0.5, "explain_points": 0.5,
       "hints": ["lessons/04_run_queue/hints/1.md",
                 "lessons/04_run_queue/hints/2.md",
                 "lessons/04_run_queue/hints/3.md"]}]})");
  EXPECT_TRUE(course.ok()) << course.error();
  return *course;
}

}  // namespace mn::wb
