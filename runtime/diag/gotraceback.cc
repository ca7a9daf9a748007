#include "runtime/diag/gotraceback.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "runtime/base/atomic.h"
#include "runtime/core/fatal.h"
#include "runtime/diag/crash_signals.h"
#include "runtime/panic.h"

namespace mn {

namespace {

// By SetTraceback; adds nothing at first.
mn::atomic<TracebackSettings> set_traceback{TracebackSettings{.level = 0}};

}  // namespace

std::optional<TracebackSettings> ParseGotraceback(std::string_view value) {
  if (value.empty() || value == "single") return TracebackSettings{};
  if (value == "none") return TracebackSettings{.level = 0};
  if (value == "all") return TracebackSettings{.level = 1, .all = true};
  if (value == "system") return TracebackSettings{.level = 2, .all = true};
  if (value == "crash") {
    return TracebackSettings{.level = 2, .all = true, .crash = true};
  }
  std::uint32_t n = 0;
  const char* const end = value.data() + value.size();
  const auto [last, error] = std::from_chars(value.data(), end, n);
  if (error != std::errc() || last != end) return std::nullopt;
  // As Go: a number asks for all, but 0 for nothing at all.
  return TracebackSettings{.level = n > 2 ? 2 : static_cast<int>(n),
                           .all = true};
}

void CheckGotraceback() {
  const char* value = std::getenv("GOTRACEBACK");
  if (value == nullptr || ParseGotraceback(value)) return;
  FatalText text;
  text << "runtime: GOTRACEBACK=" << value
       << " is not none, single, all, system, crash or a number; using "
          "single\n";
  text.Print();
}

TracebackSettings CurrentTraceback() {
  const char* value = std::getenv("GOTRACEBACK");
  TracebackSettings settings = ParseGotraceback(value != nullptr ? value : "")
                                   .value_or(TracebackSettings{});
  const TracebackSettings set = set_traceback.load(memory_order_relaxed);
  settings.level = std::max(settings.level, set.level);
  settings.all |= set.all;
  settings.crash |= set.crash;
  return settings;
}

void SetTraceback(std::string_view level) {
  const auto settings = ParseGotraceback(level);
  if (!settings) {
    throw std::invalid_argument(
        "mn::SetTraceback: \"" + std::string(level) +
        "\" is not none, single, all, system, crash or a number");
  }
  set_traceback.store(*settings, memory_order_relaxed);
}

void internal::CrashIfAsked(const TracebackSettings& settings) {
  if (!settings.crash) return;
  LetAbortEnd();
  std::abort();
}

}  // namespace mn
