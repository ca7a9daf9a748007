// Finding the programs that are compared, and building the Go one.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mn::bench {

struct ProgramPath {
  std::string name;  // mn, go, std, fiber
  std::string path;
  std::vector<std::string> workloads;  // those that it can express
};

// mnbench, stdbench, fiberbench: beside the running program, or where Bazel
// puts what a test needs. "" if there is none.
std::string FindProgram(const std::string& name);

// The source folder of the Go twin; "" if there is none.
std::string FindGoSources();

// Builds the Go twin with the `go` on PATH, without the network, and returns
// the path of the program. nullopt: *why says what is missing, in one line.
// The module is built as the language version of that very Go, so that none of
// its behaviours is turned back to an older one.
std::optional<std::string> BuildGoTwin(const std::string& sources,
                                       std::string* why);

// What `path list` says; empty if it cannot be run.
std::vector<std::string> ListOf(const std::string& path);

}  // namespace mn::bench
