// What the demos of all lessons share: main(), and the best of many blocks.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "tools/judge/clock.h"

namespace mn {

// Nanoseconds per operation, if body() does `count` of them: the best of the
// blocks, because whatever else the machine does only makes them slower.
template <class Body>
double BestNs(int blocks, std::size_t count, Body body) {
  std::int64_t best = INT64_MAX;
  for (int i = 0; i < blocks; i++) {
    const std::int64_t start = judge::NowNs();
    body();
    const std::int64_t ns = judge::NowNs() - start;
    if (ns < best) best = ns;
  }
  return static_cast<double>(best) / static_cast<double>(count);
}

// One answer to the quiz, as --measure prints it.
inline void Measured(const char* key, const std::string& value) {
  std::printf("measure %s %s\n", key, value.c_str());
}
inline void Measured(const char* key, int value) {
  Measured(key, std::to_string(value));
}
inline void Measured(const char* key, double value) {
  std::printf("measure %s %.1f\n", key, value);
}

// main() of a demo: a tour for people, or with --measure the answers to the
// quiz.
inline int DemoMain(int argc, char** argv, void (*tour)(), void (*measure)()) {
  if (argc == 2 && std::strcmp(argv[1], "--measure") == 0) {
    measure();
  } else if (argc == 1) {
    tour();
  } else {
    std::fprintf(stderr, "demo: the only argument is --measure, not %s\n",
                 argv[1]);
    return 64;
  }
  return 0;
}

}  // namespace mn
