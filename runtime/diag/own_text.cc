#include "runtime/diag/own_text.h"

#include <link.h>

#include <cstddef>

namespace mn::internal {

namespace {
std::uintptr_t text_lo = 0;
std::uintptr_t text_hi = 0;
}  // namespace

void FindOwnText() {
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void*) {
        for (int i = 0; i < info->dlpi_phnum; i++) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X)) continue;
          text_lo = info->dlpi_addr + segment.p_vaddr;
          text_hi = text_lo + segment.p_memsz;
        }
        return 1;  // the first one is the program
      },
      nullptr);
}

bool InOwnText(std::uintptr_t pc) { return pc >= text_lo && pc < text_hi; }

}  // namespace mn::internal
