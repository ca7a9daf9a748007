#include "runtime/sim/names.h"

#include <backtrace.h>
#include <cxxabi.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace mn::sim {

namespace {

void OnError(void*, const char*, int) {}

int OnFrame(void* out, std::uintptr_t, const char* file, int line,
            const char* function) {
  if (file == nullptr) return 0;
  const char* slash = std::strrchr(file, '/');
  std::string text = std::string(slash != nullptr ? slash + 1 : file) + ":" +
                     std::to_string(line);
  if (function != nullptr) {
    char* name = abi::__cxa_demangle(function, nullptr, nullptr, nullptr);
    text += std::string(" ") + (name != nullptr ? name : function);
    std::free(name);
  }
  *static_cast<std::string*>(out) = text;
  return 1;  // the innermost is enough
}

std::string Spell(const Named& n, std::uintptr_t offset) {
  std::string text = n.name;
  if (n.index >= 0) text += "[" + std::to_string(n.index) + "]";
  if (offset != 0) text += "+" + std::to_string(offset);
  return text;
}

}  // namespace

std::string SourceOf(const void* pc) {
  static backtrace_state* state =
      backtrace_create_state(nullptr, 0, OnError, nullptr);
  std::string text = "?";
  if (pc != nullptr) {
    backtrace_pcinfo(state, reinterpret_cast<std::uintptr_t>(pc) - 1, OnFrame,
                     OnError, &text);
  }
  return text;
}

std::string NameOf(const void* addr, const std::vector<Named>& names) {
  const auto at = reinterpret_cast<std::uintptr_t>(addr);
  const Named* best = nullptr;
  for (const Named& n : names) {
    if (at - reinterpret_cast<std::uintptr_t>(n.addr) >= n.size) continue;
    if (best == nullptr || n.size <= best->size) best = &n;
  }
  if (best == nullptr) return "";
  return Spell(*best, at - reinterpret_cast<std::uintptr_t>(best->addr));
}

std::string NameOfObject(const void* addr, const std::vector<Named>& names) {
  const Named* best = nullptr;
  for (const Named& n : names) {
    if (n.addr == addr && (best == nullptr || n.size > best->size)) best = &n;
  }
  return best == nullptr ? "" : Spell(*best, 0);
}

}  // namespace mn::sim
