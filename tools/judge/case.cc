#include "tools/judge/case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "absl/debugging/symbolize.h"
#include "tools/judge/fault_report.h"

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
  WriteToJudge("s " + std::string(kind) + " " + text + "\n");
  observations_++;
}

void Driver::Look() {
  WriteToJudge("look\n");
  observations_++;
  char answer = 0;
  while (answer != '\n') {
    const ssize_t n = read(kRequestFd, &answer, 1);
    if (n == 0 || (n < 0 && errno != EINTR)) Die("the judge does not look");
  }
}

void Driver::Stack(const void* lo, const void* hi, const std::string& name) {
  NoteStack(lo, hi, name);
}

void Driver::Phase(const std::string& text) { NotePhase(text); }

std::int64_t Driver::CodeOffset(std::uintptr_t pc) {
  return judge::CodeOffset(pc);
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
  WriteToJudge(line);
  observations_++;
}

void Driver::Finish() {
  char end[64];
  const int n = snprintf(end, sizeof(end), "end %llx %lld\n",
                         static_cast<unsigned long long>(nonce_),
                         static_cast<long long>(observations_));
  fflush(nullptr);  // the judge may kill as soon as it has read the end line
  WriteToJudge({end, static_cast<std::size_t>(n)});
  _exit(0);  // not exit(): destructors of the learner's statics are not judged
}

int CaseMain() {
  InstallFaultReports();
  // What is printed before a crash must not stay behind in a buffer. The buffer
  // is ours, so that the first printf is not taken for an allocation.
  static char printed[BUFSIZ];
  setvbuf(stdout, printed, _IOLBF, sizeof(printed));
  WriteToJudge("hello " + std::to_string(kProtocolVersion) + "\n");

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
