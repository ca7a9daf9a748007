// The README shows a program and what it prints. Both must be true.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.is_open()) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string OutputOf(const std::string& command) {
  std::string out;
  std::FILE* pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::array<char, 4096> buf;
  while (std::size_t n = fread(buf.data(), 1, buf.size(), pipe)) {
    out.append(buf.data(), n);
  }
  EXPECT_EQ(pclose(pipe), 0);
  return out;
}

TEST(Readme, ShowsTheExampleAsItIs) {
  const std::string program = ReadFile("runtime/examples/primes.cc");
  ASSERT_FALSE(program.empty());
  EXPECT_NE(ReadFile("README.md").find(program), std::string::npos)
      << "README.md must contain runtime/examples/primes.cc, word for word";
}

TEST(Readme, ShowsWhatTheExamplePrints) {
  const std::string output = OutputOf("GOMAXPROCS=2 runtime/examples/primes");
  ASSERT_FALSE(output.empty());
  EXPECT_NE(ReadFile("README.md").find(output), std::string::npos)
      << "README.md must contain the program's output: " << output;
}

}  // namespace
