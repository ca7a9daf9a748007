// walled_cc: the compiler of the grading tree, behind the walls of a case.
//
// What: Bazel starts this program as its C and C++ compiler. In a sandbox of
// Bazel's, whose directory holds the inputs of this one action and nothing
// else, it runs the real compiler as another user, who sees these inputs, the
// compiler and its headers, and has limits of memory, time and disk.
//
// Why: a compiler reads what its input names (.incbin, #include, __has_include)
// and takes what its input asks for (macros that double). As the grader's user
// it would print files of root and of other students.
//
// Why it is hard: Bazel says what may be read only by what it puts into the
// sandbox, as links to files anywhere. So walls (tools/judge/wall.h) show the
// files that these links lead to, in their places. What the compiler writes
// stays inside until it has ended, and is then copied out.
//
// Rejected: Bazel itself behind walls (its server would start anew for every
// submission, and its output tree holds other students' objects); a scan of the
// text for words that read files (macros and strings make words).
//
// Outside a sandbox Bazel asks the compiler about itself, with texts of its
// own. Then the real compiler simply takes this program's place. The same
// happens where no walls can be made, if the file "weak" lies beside this
// program: the instructor has said so. The path of the real compiler is the
// text of the file "compiler" beside it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "tools/judge/spawn.h"
#include "tools/judge/wall.h"

namespace {

constexpr int kCannotStart = 125;
constexpr int kCannotKeep = 70;  // of spawn.cc: what was written is lost

// A directory that every machine has and no compiler needs. One of our own
// would stay when Bazel kills us.
constexpr char kMountPoint[] = "/sys";

// Besides the libraries, which every wall shows.
const std::vector<std::string> kToolchain = {
    "/usr/bin",     "/bin",           "/usr/include",     "/usr/local/include",
    "/usr/libexec", "/usr/share/gcc", "/etc/alternatives"};

std::string OwnDirectory() {
  std::error_code ec;
  return std::filesystem::read_symlink("/proc/self/exe", ec).parent_path();
}

// The compiler's exit status. Nothing if this machine makes no walls, and *why.
std::optional<int> Walled(const std::string& compiler, const std::string& work,
                          int argc, char** argv, std::string* why) {
  int status = 0;
  {
    mn::judge::SpawnOptions o;
    o.program = compiler;
    o.dir = kMountPoint;
    o.visible = kToolchain;
    o.work = work;
    o.arguments.assign(argv + 1, argv + argc);
    // Bazel's own, for paths in debug information that are the same everywhere.
    if (const char* pwd = getenv("PWD"))
      o.environment = {std::string("PWD=") + pwd};
    o.cpu_s = 300;
    o.file_bytes = std::int64_t{256} << 20;
    o.address_bytes = std::int64_t{3} << 30;
    o.print_fd = 2;
    mn::judge::Spawned process(o);
    if (!process.ok()) {
      *why = process.error();
      return std::nullopt;
    }
    process.Wait();
    status = process.KillAll();
  }
  if (WIFSIGNALED(status)) {
    std::fprintf(stderr, "walled_cc: the compiler was ended by signal %d\n",
                 WTERMSIG(status));
    return 1;
  }
  if (WEXITSTATUS(status) == kCannotKeep)
    std::fprintf(stderr, "walled_cc: cannot write to %s\n", work.c_str());
  return WEXITSTATUS(status);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string dir = OwnDirectory();
  std::string compiler;
  std::getline(std::ifstream(dir + "/compiler"), compiler);
  std::error_code ec;
  const std::string work = std::filesystem::current_path(ec);
  const bool sandbox =
      work.find("/processwrapper-sandbox/") != std::string::npos;
  if (sandbox) {
    std::string why;
    const std::optional<int> status = Walled(compiler, work, argc, argv, &why);
    if (status.has_value()) return *status;
    if (access((dir + "/weak").c_str(), F_OK) != 0) {
      std::fprintf(stderr, "walled_cc: %s\n", why.c_str());
      return kCannotStart;
    }
  }
  argv[0] = compiler.data();
  execv(compiler.c_str(), argv);
  std::fprintf(stderr, "walled_cc: cannot run \"%s\": %s\n", compiler.c_str(),
               strerror(errno));
  return kCannotStart;
}
