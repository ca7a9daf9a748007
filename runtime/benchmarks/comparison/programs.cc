#include "runtime/benchmarks/comparison/programs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/benchmarks/comparison/measured_run.h"

namespace mn::bench {
namespace {

namespace fs = std::filesystem;

constexpr char kFolder[] = "runtime/benchmarks";

// Folders that may hold what Bazel built or was given, best first.
std::vector<fs::path> Candidates() {
  std::vector<fs::path> all;
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    all.push_back(self.parent_path());
    for (const char* workspace : {"mn", "_main"}) {
      all.push_back(fs::path(self.string() + ".runfiles") / workspace /
                    kFolder);
    }
  }
  all.emplace_back(kFolder);
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (workspace != nullptr) all.push_back(fs::path(workspace) / kFolder);
  return all;
}

// A folder of ours in the system's temporary folder; "" if somebody else made
// it, who could put anything into it.
std::string PrivateFolder(std::string* why) {
  std::error_code error;
  fs::path folder =
      fs::temp_directory_path(error) / absl::StrCat("mn-gobench-", getuid());
  mkdir(folder.c_str(), 0700);
  struct stat s;
  if (lstat(folder.c_str(), &s) != 0 || !S_ISDIR(s.st_mode) ||
      s.st_uid != getuid() || (s.st_mode & 0022) != 0) {
    *why = absl::StrCat(folder.string(),
                        " is not a folder that only you can write to: remove "
                        "it, or set TMPDIR");
    return "";
  }
  return folder.string();
}

std::string LastLine(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  while (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  return lines.back();
}

}  // namespace

std::string FindProgram(const std::string& name) {
  for (const fs::path& folder : Candidates()) {
    fs::path path = folder / name;
    if (access(path.c_str(), X_OK) == 0) return path.string();
  }
  return "";
}

std::string FindGoSources() {
  for (const fs::path& folder : Candidates()) {
    fs::path path = folder / "go";
    if (fs::exists(path / "go.mod")) return path.string();
  }
  return "";
}

std::optional<std::string> BuildGoTwin(const std::string& sources,
                                       std::string* why) {
  Command version{{"go", "env", "GOVERSION"}, {"GOTOOLCHAIN=local"}, "", 60};
  Outcome found = RunCommand(version);
  if (found.status != 0) {
    *why =
        "go is not on PATH: no Go rows. Any Go from 1.19 on will do (Debian: "
        "apt install golang-go)";
    return std::nullopt;
  }
  // go1.27.3 -> 1.27
  std::vector<std::string> numbers = absl::StrSplit(
      std::string(absl::StripAsciiWhitespace(found.out)).substr(2), '.');
  if (numbers.size() < 2) {
    *why = absl::StrCat("cannot tell the version of go from ", found.out);
    return std::nullopt;
  }
  const std::string folder = PrivateFolder(why);
  if (folder.empty()) return std::nullopt;
  const fs::path source = fs::path(folder) / "src";
  std::error_code error;
  fs::remove_all(source, error);
  fs::create_directories(source, error);
  // Copies, because the files that Bazel shows are links to elsewhere.
  for (const auto& entry : fs::directory_iterator(sources, error)) {
    fs::copy_file(fs::canonical(entry.path()), source / entry.path().filename(),
                  error);
    if (error) break;
  }
  if (error) {
    *why = absl::StrCat("cannot copy ", sources, ": ", error.message());
    return std::nullopt;
  }
  const std::string program = absl::StrCat(folder, "/gobench");
  const std::vector<std::string> env = {
      "GOTOOLCHAIN=local",
      "GOPROXY=off",
      "GOFLAGS=-mod=mod",
      "GOWORK=off",
      absl::StrCat("GOCACHE=", folder, "/cache"),
      absl::StrCat("GOPATH=", folder, "/path"),
  };
  const std::string language =
      absl::StrCat("-go=", numbers[0], ".", numbers[1]);
  for (const std::vector<std::string>& argv :
       {std::vector<std::string>{"go", "mod", "edit", language},
        std::vector<std::string>{"go", "build", "-o", program, "."}}) {
    Outcome outcome = RunCommand({argv, env, source.string(), 900});
    if (outcome.status != 0) {
      *why = absl::StrCat("go ", argv[1], " failed: ", LastLine(outcome.err));
      return std::nullopt;
    }
  }
  return program;
}

std::vector<std::string> ListOf(const std::string& path) {
  std::vector<std::string> names;
  std::istringstream lines(RunCommand({{path, "list"}, {}, "", 30}).out);
  for (std::string line; std::getline(lines, line);) {
    names.push_back(line.substr(0, line.find(' ')));
  }
  return names;
}

}  // namespace mn::bench
