#include "runtime/sim/timeline.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "runtime/sim/names.h"

namespace mn::sim {

namespace {

std::string Value(const Row& row, Word word, const Result& r) {
  char text[32];
  switch (row.type.form) {
    case Form::kPointer: {
      if (word == 0) return "null";
      const std::string name =
          NameOfObject(reinterpret_cast<const void*>(word), r.names);
      if (!name.empty()) return name;
      std::snprintf(text, sizeof text, "%#llx",
                    static_cast<unsigned long long>(word));
      return text;
    }
    case Form::kSigned: {
      const int unused = 64 - 8 * row.type.size;
      const auto value = static_cast<long long>(word << unused) >> unused;
      std::snprintf(text, sizeof text, "%lld", value);
      return text;
    }
    case Form::kUnsigned: {
      const int unused = 64 - 8 * row.type.size;
      std::snprintf(text, sizeof text, "%llu",
                    static_cast<unsigned long long>(word << unused >> unused));
      return text;
    }
  }
  return "?";
}

const char* Order(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "";
    case std::memory_order_consume:
    case std::memory_order_acquire:
      return " acq";
    case std::memory_order_release:
      return " rel";
    case std::memory_order_acq_rel:
      return " acq_rel";
    case std::memory_order_seq_cst:
      return " sc";
  }
  return "";
}

std::string Place(const Row& row) {
  if (row.verb == Verb::kPlainRead || row.verb == Verb::kPlainWrite) {
    const std::string source = SourceOf(row.text);
    return source.substr(0, source.find(' '));
  }
  if (row.where.file == nullptr || row.where.line == 0) return "";
  const char* slash = std::strrchr(row.where.file, '/');
  return std::string(slash != nullptr ? slash + 1 : row.where.file) + ":" +
         std::to_string(row.where.line);
}

std::string What(const Row& row, const Result& r) {
  std::string name = NameOf(row.addr, r.names);
  if (name.empty() && row.addr != nullptr) {
    char text[32];
    std::snprintf(text, sizeof text, "%p", row.addr);
    name = text;
  }
  const auto v = [&](Word w) { return Value(row, w, r); };
  const std::string change =
      name + " " + v(row.before) + " -> " + v(row.after) + Order(row.order);
  switch (row.verb) {
    case Verb::kRead:
      return "read " + name + " = " + v(row.before) + Order(row.order);
    case Verb::kReadOwn:
      return "read " + name + " = " + v(row.before) + " (own buffer)" +
             Order(row.order);
    case Verb::kWrite:
      return "write " + change;
    case Verb::kBuffer:
      return "write " + name + " = " + v(row.after) + " (buffered)" +
             Order(row.order);
    case Verb::kReach:
      return "... " + name + " = " + v(row.after) + " reaches memory";
    case Verb::kExchange:
      return "swap " + change;
    case Verb::kAdd:
      return "add " + change;
    case Verb::kSub:
      return "sub " + change;
    case Verb::kOr:
      return "or " + change;
    case Verb::kAnd:
      return "and " + change;
    case Verb::kCasOk:
      return "cas " + change;
    case Verb::kCasFails:
      return "cas " + name + " fails: is " + v(row.after) + ", not " +
             v(row.before) + Order(row.order);
    case Verb::kFence:
      return "fence";
    case Verb::kRelax:
      return "relax";
    case Verb::kAwait:
      return "waits until " + name + " = " + v(row.before);
    case Verb::kSleep:
      return "sleep on " + name;
    case Verb::kNoSleep:
      return "no sleep: " + name + " = " + v(row.before);
    case Verb::kEarly:
      return "sleep on " + name + ": early return";
    case Verb::kWoken:
      return "woken from " + name;
    case Verb::kWake:
      return "wake on " + name + ": " +
             (row.after == 0
                  ? std::string("nobody")
                  : r.threads[static_cast<std::size_t>(row.after - 1)]);
    case Verb::kTimeout:
      return "sleep on " + name + ": time is up";
    case Verb::kEnd:
      return "ends";
    case Verb::kPlainRead:
      return "read " + name + " = " + v(row.before) + " plain";
    case Verb::kPlainWrite:
      return "write " + name + " plain";
    case Verb::kSay:
      return std::string("-- ") + row.text +
             (row.addr != nullptr ? " " + NameOfObject(row.addr, r.names) : "");
  }
  return "?";
}

}  // namespace

std::string Timeline(const Result& r, bool all) {
  struct Cell {
    int step;
    std::size_t thread;
    bool preempted;
    std::string text;
  };
  std::vector<Cell> cells;
  std::vector<std::size_t> width;
  for (const std::string& name : r.threads) width.push_back(name.size());
  int step = 0;
  for (const Row& row : r.rows) {
    step++;
    if (row.quiet && !row.preempted && !all) continue;
    std::string text = What(row, r);
    const std::string place = Place(row);
    if (!place.empty()) text += "  " + place;
    width[row.thread] = std::max(width[row.thread], text.size());
    cells.push_back({step, row.thread, row.preempted, text});
  }
  std::string out = " step   ";
  for (std::size_t i = 0; i < width.size(); i++) {
    std::string name = r.threads[i];
    name.resize(width[i] + 2, ' ');
    out += name;
  }
  out += "\n";
  for (const Cell& cell : cells) {
    char number[16];
    std::snprintf(number, sizeof number, "%5d %c ", cell.step,
                  cell.preempted ? '>' : ' ');
    out += number;
    for (std::size_t i = 0; i < cell.thread; i++) {
      out.append(width[i] + 2, ' ');
    }
    out += cell.text + "\n";
  }
  return out;
}

}  // namespace mn::sim
