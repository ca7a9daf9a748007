#include "tools/judge/case.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

#include "absl/debugging/symbolize.h"
#include "runtime/base/sanitizer.h"

namespace mn::judge {
namespace {

struct Registered {
  const char* name;
  DriverFunction run;
};

// A plain array: usable before any constructor has run.
constexpr int kMaxDrivers = 64;
Registered drivers[kMaxDrivers];
int driver_count = 0;

// The learner's code lives in this process and may have closed the pipe; then
// there is nobody to tell.
void WriteAll(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(kObservationFd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

[[noreturn]] void Die(const std::string& message) {
  fprintf(stderr, "case process: %s\n", message.c_str());
  _exit(70);
}

std::string ReadRequest() {
  std::string all;
  char buffer[4096];
  while (!all.ends_with("\ngo\n")) {
    const ssize_t n = read(kRequestFd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      Die("no request on descriptor 3. This program is started by a judge; "
          "run the judge instead (bazel test //exercises/NN_name).");
    }
    all.append(buffer, static_cast<std::size_t>(n));
  }
  return all;
}

#if !MN_ASAN && !MN_TSAN  // the sanitizers report faults themselves

// Async-signal-safe. Tells the judge what the fault was (GPR and code bytes
// are what the judge needs to recognise a misaligned stack), then lets it kill.
void OnFault(int sig, siginfo_t* info, void* context) {
  char line[512];
  const auto* uc = static_cast<ucontext_t*>(context);
  unsigned long pc = 0, sp = 0;
#if defined(__x86_64__)
  pc = static_cast<unsigned long>(uc->uc_mcontext.gregs[REG_RIP]);
  sp = static_cast<unsigned long>(uc->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  pc = uc->uc_mcontext.pc;
  sp = uc->uc_mcontext.sp;
#endif
  char name[256] = "?";
  if (pc != 0 &&
      !absl::Symbolize(reinterpret_cast<void*>(pc), name, sizeof(name))) {
    strcpy(name, "?");
  }
  for (char* c = name; *c != 0; c++) {
    if (*c == ' ') *c = '_';
  }
  // The code bytes are readable unless the fault was the fetch itself.
  unsigned char code[4] = {};
  if (pc != 0 && pc != reinterpret_cast<unsigned long>(info->si_addr)) {
    memcpy(code, reinterpret_cast<void*>(pc), sizeof(code));
  }
  const int n = snprintf(
      line, sizeof(line), "crash %d %d %lu %lu %lu %u %u %u %u %s\n", sig,
      info->si_code, reinterpret_cast<unsigned long>(info->si_addr), pc, sp,
      code[0], code[1], code[2], code[3], name);
  if (n > 0) WriteAll({line, static_cast<std::size_t>(n)});
  signal(sig, SIG_DFL);  // returning repeats the fault, which now kills
  if (sig == SIGABRT) raise(sig);
}

void InstallFaultHandler() {
  // A stack of its own: the learner's stack may be what is broken.
  static char stack[64 * 1024];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof(stack);
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int sig : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    sigaction(sig, &action, nullptr);
  }
  char warm[64];  // the first call allocates and opens files
  absl::Symbolize(reinterpret_cast<void*>(&CaseMain), warm, sizeof(warm));
}

#else

void InstallFaultHandler() {}

#endif

}  // namespace

bool RegisterDriver(const char* case_name, DriverFunction run) {
  if (driver_count == kMaxDrivers) Die("more drivers than kMaxDrivers");
  drivers[driver_count++] = {case_name, run};
  return true;
}

const std::vector<std::int64_t>& Driver::work(const std::string& name) const {
  const auto it = work_.find(name);
  if (it == work_.end()) {
    Die("the driver asks for work '" + name +
        "', which the judge did not send: the case's two halves disagree");
  }
  return it->second;
}

std::int64_t Driver::number(const std::string& name) const {
  const std::vector<std::int64_t>& numbers = work(name);
  if (numbers.size() != 1) Die("work '" + name + "' is not one number");
  return numbers[0];
}

std::string Driver::text(const std::string& name) const {
  const auto it = texts_.find(name);
  return it == texts_.end() ? "" : it->second;
}

void Driver::ObserveInLines(const char* kind, const Numbers& values) {
  constexpr std::size_t kPerLine = 256;
  for (std::size_t at = 0; at < values.size(); at += kPerLine) {
    Send(kind, values.data() + at, std::min(kPerLine, values.size() - at));
  }
}

void Driver::Say(const char* kind, const std::string& text) {
  WriteAll("s " + std::string(kind) + " " + text + "\n");
  observations_++;
}

void Driver::Look() {
  WriteAll("look\n");
  observations_++;
  char answer = 0;
  while (answer != '\n') {
    const ssize_t n = read(kRequestFd, &answer, 1);
    if (n == 0 || (n < 0 && errno != EINTR)) Die("the judge does not look");
  }
}

void Driver::Observe(const char* kind,
                     std::initializer_list<std::int64_t> values) {
  Send(kind, values.begin(), values.size());
}

void Driver::Observe(const char* kind,
                     const std::vector<std::int64_t>& values) {
  Send(kind, values.data(), values.size());
}

void Driver::Measure(double learner_ns, double baseline_ns) {
  // In picoseconds: the pipe carries whole numbers.
  if (falsify_) learner_ns *= 1000;
  const std::int64_t values[] = {static_cast<std::int64_t>(learner_ns * 1000),
                                 static_cast<std::int64_t>(baseline_ns * 1000)};
  Send("measure", values, 2);
}

void Driver::Send(const char* kind, const std::int64_t* values, std::size_t n) {
  std::string line = "o ";
  line += kind;
  for (std::size_t i = 0; i < n; i++) {
    line += ' ';
    line += std::to_string(values[i] + (falsify_ ? 1 : 0));
  }
  line += '\n';
  WriteAll(line);
  observations_++;
}

void Driver::Finish() {
  char end[64];
  const int n = snprintf(end, sizeof(end), "end %llx %lld\n",
                         static_cast<unsigned long long>(nonce_),
                         static_cast<long long>(observations_));
  fflush(nullptr);  // the judge may kill as soon as it has read the end line
  WriteAll({end, static_cast<std::size_t>(n)});
  _exit(0);  // not exit(): destructors of the learner's statics are not judged
}

int CaseMain() {
  InstallFaultHandler();
  WriteAll("hello " + std::to_string(kProtocolVersion) + "\n");

  Driver driver;
  std::string name;
  std::istringstream request(ReadRequest());
  std::string line;
  while (std::getline(request, line)) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    if (verb == "nonce") {
      words >> std::hex >> driver.nonce_;
    } else if (verb == "case") {
      words >> name;
    } else if (verb == "seed") {
      std::uint64_t seed = 0;
      words >> std::hex >> seed;
      driver.rng_ = Random(seed);
    } else if (verb == "work") {
      std::string key;
      words >> key;
      std::vector<std::int64_t>& numbers = driver.work_[key];
      for (std::int64_t v; words >> v;) numbers.push_back(v);
    } else if (verb == "say") {
      std::string key;
      words >> key >> std::ws;
      std::getline(words, driver.texts_[key]);
    }
  }
  driver.falsify_ = IsCanary(driver.nonce_);

  for (int i = 0; i < driver_count; i++) {
    if (name != drivers[i].name && drivers[i].name[0] != *kAnyCase) continue;
    drivers[i].run(driver);
    driver.Finish();
  }
  Die("no driver is registered for case '" + name + "'");
}

}  // namespace mn::judge

int main(int, char** argv) {
  absl::InitializeSymbolizer(argv[0]);
  return mn::judge::CaseMain();
}
