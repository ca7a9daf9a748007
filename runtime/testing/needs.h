// What a test needs of its build; without it the test is skipped and says why.
#pragma once

#include <gtest/gtest.h>

#include "runtime/base/sanitizer.h"

// A loop without calls can be interrupted. ThreadSanitizer delivers a signal at
// the next call that it intercepts.
#define MN_NEEDS_ASYNC_SIGNALS() \
  if (MN_TSAN) GTEST_SKIP() << "TSan defers signals to the next libc call"
