// What the demos of all lessons share: main(), and the best of many blocks.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "lessons/others.h"
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
// quiz. Both say so if the machine was busy with something else.
inline int DemoMain(int argc, char** argv, void (*tour)(), void (*measure)()) {
  const Others others;
  if (argc == 2 && std::strcmp(argv[1], "--measure") == 0) {
    measure();
    const std::string busy = others.Busy();
    if (!busy.empty()) Measured("busy", busy);
  } else if (argc == 1) {
    tour();
    const std::string busy = others.Busy();
    if (!busy.empty()) {
      std::printf(
          "\n(other programs used %s CPUs meanwhile: a quiet machine shows "
          "other figures)\n",
          busy.c_str());
    }
  } else {
    std::fprintf(stderr, "demo: the only argument is --measure, not %s\n",
                 argv[1]);
    return 64;
  }
  return 0;
}

}  // namespace mn
