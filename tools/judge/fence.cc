#include "tools/judge/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <utility>

#include "tools/judge/spawn.h"
#include "tools/judge/usage.h"
#include "tools/judge/wall.h"

namespace mn::judge {
namespace {

constexpr int kTickMs = 10;
// Half of the deadline's CPU time on one CPU would have been fair; a process
// that is runnable and got less is starved.
constexpr double kFairShare = 0.5;
constexpr double kMaxExtension = 6;
// For the answer to kWhereSignal; code that blocks signals gives none.
constexpr int kWhereTicks = 50;
constexpr std::size_t kPrintedHead = 2048, kPrintedTail = 8192;
constexpr std::int64_t kMaxPrinted = std::int64_t{64} << 20;
constexpr std::size_t kMaxObservations = 4'000'000;

double NowSeconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::string RequestText(const Request& request) {
  std::ostringstream text;
  text << "nonce " << std::hex << request.nonce << "\ncase "
       << request.case_name << "\nseed " << request.seed << std::dec << "\n";
  for (const auto& [name, numbers] : request.work) {
    text << "work " << name;
    for (std::int64_t n : numbers) text << ' ' << n;
    text << '\n';
  }
  for (const auto& [name, said] : request.texts) {
    text << "say " << name << ' ' << said << '\n';
  }
  text << "go\n";
  return text.str();
}

// Reads what is there; false at the end of the stream.
bool ReadSome(int fd, std::string* out) {
  char buffer[65536];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    out->append(buffer, static_cast<std::size_t>(n));
    return true;
  }
}

// The judge's half of one conversation.
class Conversation {
 public:
  Conversation(const Request& request, Outcome* outcome)
      : request_(request), outcome_(outcome) {}

  bool hello() const { return outcome_->hello; }
  bool ended() const { return ended_; }
  bool fault_done() const { return fault_done_; }
  // True once for each time that the case process has asked for a look.
  bool TakeLook() { return std::exchange(look_, false); }

  // Consumes whole lines of `text`.
  void Hear(std::string* text) {
    std::size_t begin = 0;
    for (;;) {
      const std::size_t end = text->find('\n', begin);
      if (end == std::string::npos) break;
      Line(std::string_view(*text).substr(begin, end - begin));
      begin = end + 1;
    }
    text->erase(0, begin);
    if (text->size() > 1 << 20) text->clear();  // not ours: a line without end
  }

 private:
  void Line(std::string_view line) {
    if (line.starts_with("o ") || line.starts_with("s ")) {
      if (hello() && outcome_->observations.size() < kMaxObservations) {
        outcome_->observations.push_back(line[0] == 'o'
                                             ? ParseNumbers(line.substr(2))
                                             : ParseText(line.substr(2)));
        // What only the judge may say.
        std::string& kind = outcome_->observations.back().kind;
        if (kind == kThreads) kind = "forged";
      }
      return;
    }
    std::istringstream words{std::string(line)};
    std::string verb;
    words >> verb;
    if (verb == "look") {
      look_ = hello() && outcome_->observations.size() < kMaxObservations;
    } else if (verb == "hello") {
      int version = 0;
      words >> version;
      outcome_->hello = version == kProtocolVersion;
    } else if (verb == "end") {
      std::uint64_t nonce = 0;
      std::size_t count = 0;
      words >> std::hex >> nonce >> std::dec >> count;
      ended_ =
          nonce == request_.nonce && count == outcome_->observations.size();
    } else if (verb == "fault") {
      HearFault(words);
    }
  }

  void HearFault(std::istringstream& words) {
    Fault& f = outcome_->fault;
    std::string key;
    words >> key;
    f.told = true;
    if (key == "signal") {
      words >> f.sig >> f.code >> std::hex >> f.address >> f.error;
    } else if (key == "at") {
      words >> std::hex >> f.pc >> f.sp >> f.base >> f.end;
    } else if (key == "regs") {
      HexNumbers(words, &f.regs);
    } else if (key == "code") {
      std::vector<std::uint64_t> bytes;
      HexNumbers(words, &bytes);
      f.bytes.assign(bytes.begin(), bytes.end());
    } else if (key == "words") {
      HexNumbers(words, &f.words);
    } else if (key == "call") {
      words >> std::hex >> f.call;
    } else if (key == "syscall") {
      f.in_syscall = true;
    } else if (key == "stacks") {
      words >> std::hex >> f.stacks;
    } else if (key == "stack") {
      words >> std::hex >> f.stack.lo >> f.stack.hi >> f.stack.used;
      Rest(words, &f.stack.name);
    } else if (key == "phase") {
      Rest(words, &f.phase);
    } else if (key == "in") {
      Rest(words, &f.function);
    } else if (key == "from") {
      words >> std::hex >> f.caller;
      Rest(words, &f.callee);
    } else if (key == "done") {
      fault_done_ = true;
    }
  }

  // At most what an honest process sends.
  static void HexNumbers(std::istringstream& words,
                         std::vector<std::uint64_t>* numbers) {
    numbers->clear();
    words >> std::hex;
    for (std::uint64_t n; numbers->size() < 16 && words >> n;) {
      numbers->push_back(n);
    }
  }

  static void Rest(std::istringstream& words, std::string* rest) {
    words >> std::ws;
    std::getline(words, *rest);
    if (rest->size() > 300) rest->resize(300);
  }

  static Observation ParseText(std::string_view text) {
    Observation o;
    const std::size_t space = text.find(' ');
    o.kind = text.substr(0, space);
    if (space != std::string_view::npos) o.text = text.substr(space + 1);
    return o;
  }

  static Observation ParseNumbers(std::string_view text) {
    Observation o;
    const std::size_t space = text.find(' ');
    o.kind = text.substr(0, space);
    const char* at = text.data() + std::min(space, text.size());
    const char* end = text.data() + text.size();
    while (at < end) {
      char* next = nullptr;  // the line ends in '\n', so strtoll stops there
      const long long value = strtoll(at, &next, 10);
      if (next == at) break;
      o.values.push_back(value);
      at = next;
    }
    return o;
  }

  const Request& request_;
  Outcome* outcome_;
  bool ended_ = false;
  bool look_ = false;
  bool fault_done_ = false;
};

// Asks the thread that computes, or else the first one.
void AskWhere(pid_t root) {
  const std::vector<pid_t> below = Children(root);
  if (below.empty()) return;
  syscall(SYS_tgkill, below[0], RunnableThread(below[0]), kWhereSignal);
}

// What a process printed: the beginning, where a runtime says why it ends, and
// the end.
class Printed {
 public:
  void Add(std::string_view text) {
    if (text.empty()) return;
    lines_ += static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    ends_in_line_ = text.back() == '\n';
    const std::size_t room = kPrintedHead - head_.size();
    head_ += text.substr(0, room);
    if (text.size() <= room) return;
    text.remove_prefix(room);
    tail_ += text;
    if (tail_.size() <= kPrintedTail) return;
    left_out_ += tail_.size() - kPrintedTail;
    tail_.erase(0, tail_.size() - kPrintedTail);
  }
  std::string Text() const {
    if (left_out_ == 0) return head_ + tail_;
    return head_ + "\n… (" + std::to_string(left_out_) + " bytes)\n" + tail_;
  }
  int lines() const { return lines_ + !ends_in_line_; }

 private:
  std::string head_, tail_;
  std::size_t left_out_ = 0;
  int lines_ = 0;
  bool ends_in_line_ = true;
};

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) == 0) {
      read_end = fds[0];
      write_end = fds[1];
    }
  }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  void CloseRead() { Close(&read_end); }
  void CloseWrite() { Close(&write_end); }
  static void Close(int* fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
};

class TempDir {
 public:
  TempDir() {
    const char* base = getenv("TEST_TMPDIR");
    if (base == nullptr) base = getenv("TMPDIR");
    path_ = std::string(base ? base : "/tmp") + "/case-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TempDir() {
    std::error_code ec;
    if (!path_.empty()) std::filesystem::remove_all(path_, ec);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

Outcome RunCase(const Request& request, const Limits& limits) {
  Outcome outcome;
  if (access(request.program.c_str(), X_OK) != 0) {
    outcome.error = "cannot run the case process " + request.program + ": " +
                    strerror(errno) + " (build it: bazel build " +
                    "//exercises/… makes judge and case together)";
    return outcome;
  }
  signal(SIGPIPE, SIG_IGN);  // the case process may end before it has read

  TempDir tmpdir;
  Pipe to_case, from_case, printed;
  if (tmpdir.path().empty() || printed.read_end < 0) {
    outcome.error = std::string("no TMPDIR or no pipe: ") + strerror(errno);
    return outcome;
  }
  const MemoryGroup memory(limits.memory_bytes);
  Spawned process({.program = request.program,
                   .dir = tmpdir.path(),
                   .visible = request.visible,
                   .memory = &memory,
                   .cpu_s = limits.timeout_s * kMaxExtension * 4,
                   .print_fd = printed.write_end,
                   .in_fd = to_case.read_end,
                   .out_fd = from_case.write_end});
  if (!process.ok()) {
    outcome.error = process.error();
    return outcome;
  }
  const double start = NowSeconds();
  outcome.fence = WallNames(process.walls());
  to_case.CloseRead();
  from_case.CloseWrite();
  printed.CloseWrite();
  for (int fd : {to_case.write_end, from_case.read_end, printed.read_end}) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  }

  using End = Outcome::End;
  Conversation conversation(request, &outcome);
  std::string unsent = RequestText(request), heard, text;
  Printed kept;
  std::int64_t printed_bytes = 0;
  bool gone = false;  // the first process has ended by itself
  bool killed = false;
  double next_watch = start + kTickMs * 1e-3;
  const double deadline = start + limits.timeout_s;
  // One look may find a thread asleep that computes: in a page fault, say.
  const double lately = std::min(1.0, limits.timeout_s / 2);
  double last_runnable = start;

  while (!gone && !killed && !conversation.ended()) {
    pollfd fds[3] = {{from_case.read_end, POLLIN, 0},
                     {printed.read_end, POLLIN, 0},
                     {-1, POLLOUT, 0}};
    if (conversation.hello() && !unsent.empty()) fds[2].fd = to_case.write_end;
    poll(fds, 3, kTickMs);
    if (fds[2].revents != 0) {
      const ssize_t n = write(to_case.write_end, unsent.data(), unsent.size());
      if (n > 0) unsent.erase(0, static_cast<std::size_t>(n));
      if (n < 0 && errno != EAGAIN && errno != EINTR) unsent.clear();
    }
    if (fds[0].revents != 0) {
      if (!ReadSome(from_case.read_end, &heard)) from_case.CloseRead();
      conversation.Hear(&heard);
    }
    if (conversation.TakeLook()) {
      const Usage usage = UsageBelow(process.root(), limits.processes + 1);
      outcome.observations.push_back(
          {kThreads,
           {usage.threads, static_cast<std::int64_t>(usage.cpu_s * 1000),
            SleepsBelow(process.root()),
            static_cast<std::int64_t>((NowSeconds() - start) * 1000)}});
      unsent += "seen\n";
    }
    if (fds[1].revents != 0) {
      text.clear();
      if (!ReadSome(printed.read_end, &text)) printed.CloseRead();
      printed_bytes += static_cast<std::int64_t>(text.size());
      kept.Add(text);
      if (printed_bytes > kMaxPrinted) {
        outcome.end = End::kOutput;
        killed = true;
      }
    }
    gone = process.Ended();
    const double now = NowSeconds();
    if (gone || now < next_watch) continue;
    next_watch = now + kTickMs * 1e-3;
    const Usage usage = UsageBelow(process.root(), limits.processes + 1);
    if (usage.runnable) last_runnable = now;
    if (usage.memory_bytes > limits.memory_bytes) {
      outcome.end = End::kMemory;
      killed = true;
    } else if (usage.processes > limits.processes) {
      outcome.end = End::kProcesses;
      killed = true;
    } else if (now > deadline) {
      const bool computing = now - last_runnable < lately;
      const double fair_s = kFairShare * limits.timeout_s;
      // Code that looks, sleeps and looks again wants little CPU time, and gets
      // it. Of more threads some may have ended, and what they waited is lost.
      const bool wants = usage.threads > 1 || usage.waited_s < 0 ||
                         usage.cpu_s + usage.waited_s >= fair_s;
      const bool starved = computing && wants && usage.cpu_s < fair_s &&
                           now < start + kMaxExtension * limits.timeout_s;
      if (!starved) {
        outcome.end = End::kTimeout;
        outcome.asleep = !computing;
        killed = true;
        if (outcome.fault.sig != 0) {  // it hangs in its last words
          outcome.end = End::kSignaled;
          outcome.signal = outcome.fault.sig;
          continue;
        }
        AskWhere(process.root());
        for (int tick = 0; tick < kWhereTicks && !conversation.fault_done() &&
                           !conversation.ended();
             tick++) {
          pollfd answer = {from_case.read_end, POLLIN, 0};
          poll(&answer, 1, kTickMs);
          if (!ReadSome(from_case.read_end, &heard)) break;
          conversation.Hear(&heard);
        }
      }
    }
  }
  // An honest driver exits right after its end line; what is left dies now.
  const int status = process.KillAll();
  text.clear();
  for (const Pipe* p : {&from_case, &printed}) {
    std::string* into = p == &from_case ? &heard : &text;
    while (p->read_end >= 0) {
      const std::size_t before = into->size();
      if (!ReadSome(p->read_end, into) || into->size() == before) break;
      if (into->size() > before + (1 << 20)) break;
    }
  }
  conversation.Hear(&heard);
  kept.Add(text);
  outcome.printed = kept.Text();
  outcome.printed_lines = kept.lines();

  if (!killed && memory.RanOut()) {
    outcome.end = End::kMemory;
  } else if (!killed) {
    if (conversation.ended()) {
      outcome.end = End::kFinished;
    } else if (WIFSIGNALED(status)) {
      outcome.end = End::kSignaled;
      outcome.signal = WTERMSIG(status);
    } else {
      outcome.end = End::kExited;
      outcome.exit_status = WEXITSTATUS(status);
    }
  }
  outcome.ms = (NowSeconds() - start) * 1000;
  return outcome;
}

}  // namespace mn::judge
