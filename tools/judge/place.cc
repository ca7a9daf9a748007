#include "tools/judge/place.h"

#include <backtrace.h>
#include <cxxabi.h>
#include <link.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "tools/common/text.h"

namespace mn::judge {
namespace {

void OnError(void*, const char*, int) {}  // unknown stays unknown

// The build compiles in a directory of its own.
std::string_view ShortPath(std::string_view file) {
  if (const std::size_t at = file.find("/execroot/"); at != file.npos) {
    file.remove_prefix(file.find('/', at + 10) + 1);
  }
  for (const std::string_view prefix : {"/proc/self/cwd/", "./"}) {
    if (file.starts_with(prefix)) file.remove_prefix(prefix.size());
  }
  return file;
}

// What a learner's line is inlined with: not where anybody looks for a mistake.
bool IsPlumbing(std::string_view file) {
  return file.starts_with('/') || file.starts_with("runtime/base/");
}

// The innermost line that is not plumbing.
int OnLine(void* data, std::uintptr_t, const char* file, int line,
           const char* function) {
  auto& place = *static_cast<Place*>(data);
  if (file == nullptr || line == 0 || function == nullptr) return 0;
  const std::string_view path = ShortPath(file);
  if (!place.file.empty() && IsPlumbing(path)) return 0;
  place.function = function;
  place.file = path;
  place.line = line;
  return !IsPlumbing(path);
}

void OnSymbol(void* data, std::uintptr_t pc, const char* name,
              std::uintptr_t entry, std::uintptr_t) {
  auto& place = *static_cast<Place*>(data);
  if (name == nullptr) return;
  place.function = name;
  place.past_label = static_cast<std::int64_t>(pc - entry);
}

int OnModule(dl_phdr_info* info, std::size_t, void* base) {
  *static_cast<std::uintptr_t*>(base) = info->dlpi_addr;
  return 1;  // the first one is this program
}

std::string Demangled(const std::string& symbol) {
  char* name = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, nullptr);
  std::string text = name == nullptr ? symbol : name;
  std::free(name);
  // The parameters, which are the last parentheses.
  int depth = 0;
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return text;
  for (std::size_t i = end + 1; i-- > 0;) {
    if (text[i] == ')') depth++;
    if (text[i] == '(' && --depth == 0) return text.substr(0, i);
  }
  return text;
}

// libbacktrace believes that what it reads is loaded where this process is.
Place LookUp(const std::string& program, std::int64_t offset) {
  std::uintptr_t base = 0;
  dl_iterate_phdr(OnModule, &base);
  Place place;
  backtrace_state* state =
      backtrace_create_state(program.c_str(), 0, OnError, nullptr);
  if (state == nullptr) return place;
  const std::uintptr_t pc = base + static_cast<std::uintptr_t>(offset);
  backtrace_pcinfo(state, pc, OnLine, OnError, &place);
  // Only the function's own entry says that a line is not its neighbour's.
  if (place.function.empty()) {
    place = {};
    backtrace_syminfo(state, pc, OnSymbol, OnError, &place);
  }
  place.function = Demangled(place.function);
  return place;
}

std::string ReadAll(int fd) {
  std::string all;
  char buffer[1024];
  for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) != 0;) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || all.size() > 8192) break;
    all.append(buffer, static_cast<std::size_t>(n));
  }
  return all;
}

// The line of "LABEL:"; 0 if there is none.
int LineOfLabel(const std::string& source, const std::string& label) {
  int number = 0;
  for (const std::string& line : tools::Lines(source)) {
    number++;
    if (tools::Trim(line).starts_with(label + ":")) return number;
  }
  return 0;
}

}  // namespace

Place PlaceOf(const std::string& program, std::int64_t offset,
              const std::string& source, const std::string& path) {
  int fds[2];
  if (pipe(fds) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    const Place p = LookUp(program, offset);
    const std::string text = tools::Cat(p.function, "\n", p.file, "\n", p.line,
                                        "\n", p.past_label, "\n");
    _exit(write(fds[1], text.data(), text.size()) < 0);
  }
  close(fds[1]);
  const std::vector<std::string> lines = tools::Lines(ReadAll(fds[0]));
  close(fds[0]);
  if (child > 0) {
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (lines.size() < 4) return {};
  Place place = {lines[0], lines[1], std::atoi(lines[2].c_str()),
                 std::atoll(lines[3].c_str())};
  if (place.file.empty()) {
    place.line = LineOfLabel(source, place.function);
    if (place.line != 0) place.file = path;
  }
  return place;
}

std::string Describe(const Place& place) {
  std::string text = place.function;
  if (place.file.empty()) return text;
  text += tools::Cat(" at ", place.file, ":", place.line);
  if (place.past_label > 0) {
    text += tools::Cat(" (", place.past_label,
                       place.past_label == 1 ? " byte" : " bytes",
                       " behind this label)");
  }
  return text;
}

bool IsJudges(const Place& place) {
  return (place.file.starts_with("tools/judge/") &&
          !place.file.starts_with("tools/judge/hostile/")) ||
         (place.file.starts_with("exercises/") &&
          place.file.find("/judge/") != std::string::npos);
}

}  // namespace mn::judge
