// What the kernel says about this process: its threads, its memory.
//
// Thread-safety: every function may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mn::bench {

// A number from /proc/self/status, in the unit of the file (kB for memory); -1
// if there is no such field.
std::int64_t StatusField(const char* name);

// Resident memory in bytes, exact: the sum over all mappings (smaps_rollup).
// VmRSS is not exact, it lags behind by a batch of pages per thread.
std::int64_t ResidentBytes();

// Page tables in bytes. They are not part of the resident memory, yet a task
// with a stack of its own needs an entry for every page that it touched.
std::int64_t PageTableBytes();

// Number of mappings. The kernel refuses more than vm.max_map_count (65 530
// unless somebody raised it): a runtime that needs one or two per task stops
// there.
std::int64_t Mappings();

enum class Guard { kFound, kMissing, kUnknown };

// Is there a page that cannot be read within `bytes` below the caller's frame?
// Asks the kernel to copy a byte from every page, so that the answer does not
// end the process. Untouched pages stay untouched (the zero page is mapped).
Guard GuardPageBelow(std::size_t bytes);

}  // namespace mn::bench
