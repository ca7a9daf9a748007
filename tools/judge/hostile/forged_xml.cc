// Hostile: writes the test report itself, then ends the process.
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "runtime/sched/run_queue.cc"

static const struct Forge {
  Forge() {
    const char* path = getenv("XML_OUTPUT_FILE");
    std::ofstream(path ? path : "test.xml")
        << "<testsuites tests='9' failures='0'/>";
    _exit(0);
  }
} kForge;
