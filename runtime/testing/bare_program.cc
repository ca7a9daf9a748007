// Programs inside a test: the list of them, and the way into one.
//
// Protocol: the child is this executable with the one argument --child=NAME.
// An argument, not the environment: a program that starts processes of its own
// must not turn them into programs.
#include "runtime/testing/bare_program.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>

namespace mn::test {
namespace {

constexpr std::string_view kFlag = "--child=";

// Not 1 or 2, which programs end with.
constexpr int kNoSuchProgram = 125;

std::map<std::string, int (*)(), std::less<>>& Programs() {
  static auto* programs = new std::map<std::string, int (*)(), std::less<>>;
  return *programs;
}

std::string ThisExecutable() {
  std::string path(4096, '\0');
  ssize_t n = readlink("/proc/self/exe", path.data(), path.size());
  path.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return path;
}

}  // namespace

namespace internal {
bool RegisterProgram(const char* name, int (*run)()) {
  if (!Programs().emplace(name, run).second) {
    fprintf(stderr, "two test programs are named %s: rename one\n", name);
    abort();
  }
  return true;
}
}  // namespace internal

ProcessResult RunProgram(std::string_view name, const ProcessOptions& options) {
  return RunProcess({ThisExecutable(), std::string(kFlag) + std::string(name)},
                    options);
}

void RunProgramIfAsked(int argc, char** argv) {
  if (argc != 2 || !std::string_view(argv[1]).starts_with(kFlag)) return;
  std::string_view name = std::string_view(argv[1]).substr(kFlag.size());
  // The thread that started us waits for us, so it is there as long as the
  // parent is: its end is the parent's end.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Programs crash on purpose; a core file each helps nobody.
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  // What was printed before a fatal error must not be lost in a buffer.
  setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  auto it = Programs().find(name);
  if (it == Programs().end()) {
    fprintf(stderr, "this test has no program named `%s`. It has:\n",
            std::string(name).c_str());
    for (const auto& p : Programs()) fprintf(stderr, "  %s\n", p.first.c_str());
    exit(kNoSuchProgram);
  }
  exit(it->second());
}

}  // namespace mn::test
