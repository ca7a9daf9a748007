// The parsers on broken files: real ones, cut, spliced and bent at random. Run
// under ASan and UBSan this finds reads outside of the text; without them, what
// each parser promises about its result is checked.
//
// Environment:
//   CGROUP_FUZZ_INPUTS=N  inputs for each parser (default: 50 000)
//   CGROUP_FUZZ_SEED=N    the seed that a failing run has printed
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/os/cgroup/limit_files.h"
#include "runtime/os/cgroup/mountinfo.h"
#include "runtime/os/cgroup/proc_cgroup.h"

namespace mn::cgroup {
namespace {

using namespace std::literals;

std::uint64_t EnvNumber(const char* name, std::uint64_t otherwise) {
  const char* s = std::getenv(name);
  return s == nullptr ? otherwise : std::strtoull(s, nullptr, 10);
}

using Corpus = std::vector<std::string>;

const Corpus kCgroups = {
    "9:name=systemd:/\n4:memory:/process_api/1d726f1\n1:cpu:/a/b\n0::/\n",
    "4:cpu,cpuacct:/docker/42\n0::/docker/42\n",
    "0::/kubepods.slice/pod1.slice/cri-2.scope\n",
    "0::/../../../init.scope\n",
    "0::/a (deleted)\n",
};
const Corpus kMountinfos = {
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
    "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,err=cont\n"
    "25 21 0:22 /a /sys/fs/cgroup rw shared:4 x:2 - cgroup2 cgroup2 rw\n",
    "56 22 0:40 /docker/42 /c\\040\\011\\012\\134g ro - cgroup c "
    "rw,cpu,cpuacct\n",
    "1 6 0:26 /../../.. /mnt rw shared:4 - cgroup2 cgroup2 rw\n"
    "2 2 0:26 /../../../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
};
const Corpus kPaths = {"/",
                       "/a/b",
                       "/docker/42",
                       "/../../../../init.scope",
                       "/c\\040\\011\\012\\134g",
                       "\\377\\000\\001"};
const Corpus kNumbers = {"-1\n", "50000\n", "100000\n",
                         "9223372036854775807\n"};
const Corpus kMaxes = {"max 100000\n", "50000 100000\n",
                       "9223372036854775807 9223372036854775807\n"};
// What the formats are made of.
const Corpus kTokens = {":",
                        "\n",
                        " ",
                        "/",
                        "\\",
                        "\\040",
                        "\\134",
                        "\\400",
                        "..",
                        "/..",
                        "cpu",
                        ",cpu,",
                        " - ",
                        "0::/",
                        "cgroup",
                        "cgroup2",
                        "max ",
                        "-",
                        "-1",
                        "0",
                        "\0"s,
                        "\xff",
                        "4294967296",
                        "9223372036854775808",
                        "1 2 0:3 / /cg rw - cgroup2 c rw\n"};

class Fuzz : public ::testing::Test {
 protected:
  // Calls check(text) for many bent members of the corpus. A text has exactly
  // the memory that it needs, so that ASan sees a read past its end.
  template <class Check>
  void ForEachInput(const Corpus& corpus, Check check) {
    for (std::uint64_t n = 0; n < inputs_ && !HasFailure(); n++) {
      const std::string text = Bend(corpus);
      const auto exact = std::make_unique<char[]>(text.size());
      text.copy(exact.get(), text.size());
      check(std::string_view(exact.get(), text.size()));
      if (HasFailure()) {
        ADD_FAILURE() << "input " << n << " of CGROUP_FUZZ_SEED=" << seed_
                      << ": " << ::testing::PrintToString(text);
      }
    }
  }

  const std::string& Any(const Corpus& corpus) {
    return corpus[Below(corpus.size())];
  }
  // The path or version for the next call of a parser.
  std::size_t Below(std::size_t n) { return rng_() % n; }

 private:
  std::string Bend(const Corpus& corpus) {
    std::string text = Any(corpus);
    for (std::size_t edits = 1 + Below(6); edits > 0; edits--) {
      const std::size_t at = Below(text.size() + 1);
      const std::size_t length = Below(text.size() - at + 1);
      switch (Below(7)) {
        case 0:
          text.resize(at);
          break;
        case 1:
          text.erase(at, length);
          break;
        case 2:
          text.insert(at, Any(kTokens));
          break;
        case 3:
          text.replace(at, length, Any(kTokens));
          break;
        case 4:
          text.insert(at, text.substr(at, std::min<std::size_t>(length, 64)));
          break;
        case 5:
          text.replace(at, length, Any(corpus));
          break;
        case 6:
          if (at < text.size()) {
            text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
          }
      }
    }
    return text;
  }

  const std::uint64_t inputs_ = EnvNumber("CGROUP_FUZZ_INPUTS", 50'000);
  const std::uint64_t seed_ =
      EnvNumber("CGROUP_FUZZ_SEED", std::random_device{}());
  std::mt19937_64 rng_{seed_};
};

TEST_F(Fuzz, ProcCgroup) {
  int found = 0;
  ForEachInput(kCgroups, [&](std::string_view text) {
    const CPUCgroup group = ParseCPUCgroup(text);
    if (group.outcome != Outcome::kFound) {
      EXPECT_FALSE(group.reason.empty());
      return;
    }
    found++;
    EXPECT_TRUE(IsAbsolutePath(group.path));
    EXPECT_EQ(group.path.find('\n'), group.path.npos);
    EXPECT_NE(text.find(":" + group.path), text.npos);
  });
  EXPECT_GT(found, 0);
}

TEST_F(Fuzz, Mountinfo) {
  int found = 0;
  ForEachInput(kMountinfos, [&](std::string_view text) {
    const CPUCgroup group = ParseCPUCgroup("0::" + Any(kPaths));
    const std::string& path = group.path.empty() ? "/a" : group.path;
    const CPUMounts mounts =
        ParseCPUMount(text, Below(2) == 0 ? Version::V1 : Version::V2, path);
    if (mounts.outcome != Outcome::kFound) {
      EXPECT_TRUE(mounts.mounts.empty());
      EXPECT_FALSE(mounts.reason.empty());
      return;
    }
    EXPECT_FALSE(mounts.mounts.empty());
    for (const CPUMount& m : mounts.mounts) {
      found++;
      EXPECT_TRUE(IsAbsolutePath(m.point));
      EXPECT_TRUE(m.below.empty() || m.below.starts_with('/')) << m.below;
      EXPECT_TRUE(path.ends_with(m.below)) << m.below;
      EXPECT_EQ((m.below + "/").find("/../"), std::string::npos) << m.below;
    }
  });
  EXPECT_GT(found, 0);
}

// As the kernel does it, but every byte.
std::string Escape(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    escaped += '\\';
    for (int shift : {6, 3, 0}) {
      escaped += static_cast<char>('0' + (byte >> shift & 7));
    }
  }
  return escaped;
}

TEST_F(Fuzz, UnescapePath) {
  int undone = 0;
  ForEachInput(kPaths, [&](std::string_view text) {
    EXPECT_EQ(UnescapePath(Escape(text)), text);
    const auto plain = UnescapePath(text);
    if (!plain) return;
    EXPECT_LE(plain->size(), text.size());
    // Each escape has three bytes more than what it stands for.
    EXPECT_EQ((text.size() - plain->size()) % 3, 0u);
    if (plain->size() < text.size()) undone++;
  });
  EXPECT_GT(undone, 0);
}

void ExpectSane(const Quota& quota) {
  if (quota.outcome != Outcome::kFound) return;
  EXPECT_GT(quota.cpus, 0);
  EXPECT_TRUE(std::isfinite(quota.cpus));
}

TEST_F(Fuzz, V1Limit) {
  int found = 0;
  ForEachInput(kNumbers, [&](std::string_view text) {
    if (const auto number = ParseV1Number(text)) {
      EXPECT_EQ(ParseV1Number(std::to_string(*number) + "\n"), number);
    }
    for (const Quota& quota :
         {ParseV1Limit(text, "100000\n"), ParseV1Limit("100000\n", text),
          ParseV1Limit(text, text)}) {
      ExpectSane(quota);
      if (quota.outcome == Outcome::kFound) found++;
    }
  });
  EXPECT_GT(found, 0);
}

TEST_F(Fuzz, V2Limit) {
  int found = 0;
  ForEachInput(kMaxes, [&](std::string_view text) {
    const Quota quota = ParseV2Limit(text);
    ExpectSane(quota);
    if (quota.outcome == Outcome::kFound) found++;
  });
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace mn::cgroup
