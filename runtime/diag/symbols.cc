#include "runtime/diag/symbols.h"

#include <backtrace.h>

#include <cstring>
#include <string_view>

#include "runtime/base/atomic.h"

namespace mn::internal {

namespace {

using std::string_view;

void IgnoreError(void*, const char*, int) {}  // unknown stays unknown

backtrace_state* State() {
  static constinit mn::atomic<backtrace_state*> state{nullptr};
  // acquire: pairs with the release below.
  backtrace_state* s = state.load(memory_order_acquire);
  if (s == nullptr) {
    s = backtrace_create_state(nullptr, /*threaded=*/1, &IgnoreError, nullptr);
    backtrace_state* none = nullptr;
    // A lost race costs a few bytes. release: pairs with the acquire above.
    if (!state.compare_exchange_strong(none, s, memory_order_acq_rel)) s = none;
  }
  return s;
}

// What the build puts before a path: the directory it compiled in.
const char* ShortPath(const char* file) {
  if (file == nullptr) return nullptr;
  for (const char* prefix : {"/proc/self/cwd/", "./"}) {
    const std::size_t n = std::strlen(prefix);
    if (std::strncmp(file, prefix, n) == 0) file += n;
  }
  return file;
}

// The lines of one address on their way to the visitor. Held back by one: only
// the last is not inlined, and the symbol table knows it best.
struct Lines {
  std::uintptr_t pc;
  void (*visit)(void*, const Frame&);
  void* arg;
  Frame held;
  bool holds = false;
};

int OnLine(void* data, std::uintptr_t, const char* file, int line,
           const char* function) {
  auto& lines = *static_cast<Lines*>(data);
  if (lines.holds) {
    lines.held.inlined = true;
    lines.visit(lines.arg, lines.held);
  }
  lines.held = Frame{.function = function,
                     .file = ShortPath(file),
                     .line = line,
                     .pc = lines.pc};
  lines.holds = true;
  return 0;
}

void OnSymbol(void* data, std::uintptr_t, const char* name,
              std::uintptr_t entry, std::uintptr_t) {
  auto& frame = *static_cast<Frame*>(data);
  if (name == nullptr) return;
  frame.function = name;
  frame.entry = entry;
}

// The directory of the runtime, as paths in debug information spell it.
string_view RuntimeRoot() {
  constexpr string_view kThisFile = "diag/symbols.cc";
  string_view root = ShortPath(__FILE__);
  root.remove_suffix(kThisFile.size());
  return root;
}

bool StartsWith(string_view s, string_view prefix) {
  return s.substr(0, prefix.size()) == prefix;
}

bool EndsWith(string_view s, string_view suffix) {
  return s.size() >= suffix.size() &&
         s.substr(s.size() - suffix.size()) == suffix;
}

}  // namespace

bool Frame::IsRuntime() const {
  if (file == nullptr) return false;
  const string_view path = file;
  const string_view root = RuntimeRoot();
  if (!StartsWith(path, root)) return false;
  // Programs that live in the runtime's tree are programs all the same.
  const string_view rest = path.substr(root.size());
  return !StartsWith(rest, "benchmarks/") && !StartsWith(rest, "testing/") &&
         !EndsWith(rest, "_test.cc");
}

bool Frame::IsPlumbing() const {
  if (file != nullptr) {
    // /usr/include/c++/12/..., /usr/include/x86_64-linux-gnu/c++/12/...
    const string_view path = file;
    return IsRuntime() || (path.find("/include/") != string_view::npos &&
                           path.find("/c++/") != string_view::npos);
  }
  if (function == nullptr) return true;
  // Without lines, names must do.
  const string_view name = function;
  for (const char* prefix : {"_ZN2mn",
                             "_ZNK2mn",
                             "_ZSt",
                             "_ZNSt",
                             "_ZNKSt",
                             "_ZN10__cxxabiv1",
                             "__cxa_",
                             "__clang_call_terminate",
                             "__gxx_personality",
                             "_Unwind_",
                             "mn_unwind_from",
                             "mn_fault",
                             "mn_bad_call",
                             "make_fcontext",
                             "jump_fcontext",
                             "start_thread",
                             "clone",
                             "__clone",
                             "__libc_start",
                             "_start",
                             "__restore_rt"}) {
    if (StartsWith(name, prefix)) return true;
  }
  return false;
}

void Symbolize(std::uintptr_t pc, bool exact,
               void (*visit)(void*, const Frame&), void* arg) {
  // A return address may be the next line's, or the next function's.
  const std::uintptr_t at = exact ? pc : pc - 1;
  Lines lines{.pc = pc, .visit = visit, .arg = arg, .held = {.pc = pc}};
  backtrace_state* state = State();
  if (state != nullptr) {
    backtrace_pcinfo(state, at, &OnLine, &IgnoreError, &lines);
    backtrace_syminfo(state, at, &OnSymbol, &IgnoreError, &lines.held);
  }
  lines.visit(lines.arg, lines.held);
}

}  // namespace mn::internal
