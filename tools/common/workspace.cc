#include "tools/common/workspace.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"

namespace mn::tools {
namespace {

namespace fs = std::filesystem;

// Options that Bazel takes before the command; everything else is a command's.
constexpr std::string_view kStartupOptions[] = {
    "autodetect_server_javabase",
    "batch",
    "bazelrc",
    "block_for_lock",
    "client_debug",
    "connect_timeout_secs",
    "digest_function",
    "home_rc",
    "host_jvm_args",
    "host_jvm_debug",
    "idle_server_tasks",
    "ignore_all_rc_files",
    "io_nice_level",
    "local_startup_timeout_secs",
    "lock_install_base",
    "max_idle_secs",
    "output_base",
    "output_user_root",
    "preemptible",
    "quiet",
    "server_javabase",
    "server_jvm_out",
    "shutdown_on_low_sys_mem",
    "system_rc",
    "unlimit_coredumps",
    "workspace_rc",
};

bool IsWorkspace(const std::string& dir) {
  return FileExists(JoinPath(dir, "WORKSPACE")) &&
         FileExists(JoinPath(dir, "course.bzl"));
}

std::string GetEnv(const char* name, const char* fallback = "") {
  const char* value = std::getenv(name);
  return value == nullptr || *value == 0 ? fallback : value;
}

}  // namespace

Result<std::string> FindWorkspace(
    const std::string& start, const std::string& build_workspace_directory) {
  if (!build_workspace_directory.empty()) {
    if (IsWorkspace(build_workspace_directory)) {
      return build_workspace_directory;
    }
    return Error{
        Cat("BUILD_WORKSPACE_DIRECTORY is ", build_workspace_directory,
            ", which is not the workbook (no WORKSPACE with a course.bzl)")};
  }
  fs::path dir = fs::path(start).lexically_normal();
  for (;; dir = dir.parent_path()) {
    if (IsWorkspace(dir.string())) return dir.string();
    if (!dir.has_relative_path()) break;
  }
  return Error{Cat("no workbook here: neither ", start,
                   " nor a directory above it has a WORKSPACE and a "
                   "course.bzl. Change into your checkout first.")};
}

Result<std::string> FindWorkspace() {
  std::error_code ec;
  const fs::path here = fs::current_path(ec);
  if (ec) return Error{"the current directory is gone: change into another"};
  return FindWorkspace(here.string(), GetEnv("BUILD_WORKSPACE_DIRECTORY"));
}

bool IsStartupOption(std::string_view flag) {
  if (!flag.starts_with("--")) return false;
  flag.remove_prefix(2);
  flag = flag.substr(0, flag.find('='));
  auto known = [](std::string_view name) {
    return std::find(std::begin(kStartupOptions), std::end(kStartupOptions),
                     name) != std::end(kStartupOptions);
  };
  return known(flag) || (flag.starts_with("no") && known(flag.substr(2)));
}

Bazel::Bazel(std::string workspace)
    : Bazel(std::move(workspace), GetEnv("BAZEL", "bazel"),
            GetEnv("WB_BAZEL_FLAGS")) {}

Bazel::Bazel(std::string workspace, std::string binary, std::string_view flags)
    : workspace_(std::move(workspace)), binary_(std::move(binary)) {
  for (std::string& flag : Words(flags)) {
    (IsStartupOption(flag) ? startup_ : flags_).push_back(std::move(flag));
  }
}

std::vector<std::string> Bazel::Argv(
    std::string_view verb, const std::vector<std::string>& args) const {
  std::vector<std::string> argv = {binary_};
  argv.insert(argv.end(), startup_.begin(), startup_.end());
  argv.emplace_back(verb);
  argv.insert(argv.end(), flags_.begin(), flags_.end());
  argv.insert(argv.end(), args.begin(), args.end());
  return argv;
}

Command Bazel::MakeCommand(std::string_view verb,
                           const std::vector<std::string>& args) const {
  Command c;
  c.argv = Argv(verb, args);
  c.cwd = workspace_;
  c.unset_env = {"BUILD_WORKSPACE_DIRECTORY",
                 "BUILD_WORKING_DIRECTORY",
                 "RUNFILES_DIR",
                 "RUNFILES_MANIFEST_FILE",
                 "JAVA_RUNFILES",
                 "TEST_SRCDIR",
                 "TEST_PREMATURE_EXIT_FILE",
                 "TEST_TARGET",
                 "TEST_WORKSPACE",
                 "TESTBRIDGE_TEST_ONLY",
                 "XML_OUTPUT_FILE",
                 "GTEST_OUTPUT"};
  return c;
}

Result<std::string> Bazel::BinDir(const std::vector<std::string>& flags) const {
  std::vector<std::string> args = flags;
  args.emplace_back("bazel-bin");
  const Outcome o = RunCommand(MakeCommand("info", args));
  if (!o.ok()) {
    return Error{Cat("`", ShellText(Argv("info", args)), "` failed: ",
                     o.Describe(), o.err.empty() ? "" : "\n", o.err)};
  }
  return std::string(Trim(o.out));
}

}  // namespace mn::tools
