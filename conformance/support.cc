#include "conformance/support.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <sstream>

namespace mn::conformance {
namespace {

constexpr std::string_view kDisturbed = "disturbed";
constexpr int kTries = 10;

std::optional<std::string> Find(const ProcessResult& r, std::string_view name) {
  std::istringstream lines(r.out);
  for (std::string line; std::getline(lines, line);) {
    size_t equals = line.find('=');
    if (equals != std::string::npos &&
        std::string_view(line).substr(0, equals) == name) {
      return line.substr(equals + 1);
    }
  }
  return std::nullopt;
}

}  // namespace

void Say(std::string_view name, long long value) {
  Say(name, std::to_string(value));
}

void Say(std::string_view name, std::string_view value) {
  printf("%.*s=%.*s\n", static_cast<int>(name.size()), name.data(),
         static_cast<int>(value.size()), value.data());
}

long long Parameter(const char* name) {
  std::string text = TextParameter(name);
  long long value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fprintf(stderr, "%s=%s is not a number\n", name, text.c_str());
    exit(1);
  }
  return value;
}

std::string TextParameter(const char* name) {
  const char* text = getenv(name);
  if (text == nullptr) {
    fprintf(stderr, "the test must set %s\n", name);
    exit(1);
  }
  return text;
}

void Spin() {
  for (int i = 0; i < 20000; i++) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
}

int Disturbed() {
  puts("disturbed");
  return 0;
}

ProcessOptions OnProcs(int gomaxprocs) {
  return {.env = {{"GOMAXPROCS", std::to_string(gomaxprocs)},
                  {"GODEBUG", "asyncpreemptoff=1,preemptslice=1000000000"}}};
}

ProcessResult RunUndisturbed(std::string_view name,
                             const ProcessOptions& options) {
  ProcessResult r;
  for (int i = 0; i < kTries; i++) {
    r = RunProgram(name, options);
    EXPECT_TRUE(Exited(r, 0));
    if (!r.out.starts_with(kDisturbed)) return r;
  }
  ADD_FAILURE() << name << " was disturbed " << kTries
                << " times: this machine is too busy, or goroutines run "
                   "before their creator parks";
  return r;
}

long long Number(const ProcessResult& r, std::string_view name) {
  std::string text = Text(r, name);
  long long value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    ADD_FAILURE() << name << "=" << text << " is not a number";
  }
  return value;
}

std::string Text(const ProcessResult& r, std::string_view name) {
  std::optional<std::string> text = Find(r, name);
  if (!text) {
    ADD_FAILURE() << "the program did not say `" << name
                  << "=`: " << r.Describe();
  }
  return text.value_or("");
}

std::vector<int> Numbers(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<int> numbers;
  for (int n; in >> n;) numbers.push_back(n);
  return numbers;
}

std::string Join(const std::vector<int>& numbers) {
  std::string s;
  for (int n : numbers) s += (s.empty() ? "" : " ") + std::to_string(n);
  return s;
}

std::vector<DumpEntry> Dump(std::string_view text) {
  std::vector<DumpEntry> entries;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    // goroutine 7 [chan receive]:
    constexpr std::string_view kStart = "goroutine ";
    if (!line.starts_with(kStart)) continue;
    DumpEntry e;
    const char* end = line.data() + line.size();
    auto [p, error] = std::from_chars(line.data() + kStart.size(), end, e.id);
    if (error != std::errc()) continue;
    std::string rest(p, end);
    size_t close = rest.find(']');
    if (!rest.starts_with(" [") || close == std::string::npos) continue;
    e.wait = rest.substr(2, close - 2);
    entries.push_back(e);
  }
  return entries;
}

void Measured(const std::string& figure) {
  if (::testing::Test::HasFailure()) return;
  ::testing::Test::RecordProperty("measured", figure);
}

void NotHere(const std::string& why) {
  ::testing::Test::RecordProperty("not_here", why);
}

}  // namespace mn::conformance
