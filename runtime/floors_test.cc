// Every #include below runtime/ goes down, by the table of floors in
// HACKING.md. The test reads that table and the source tree itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mn {
namespace {

namespace fs = std::filesystem;

std::string Read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The repository: the page in the runfiles is a link to the one there.
fs::path Root() {
  return fs::canonical("runtime/HACKING.md").parent_path().parent_path();
}

// The *.h and *.cc below runtime/, as `core/p.h`.
std::vector<std::string> Sources() {
  std::vector<std::string> sources;
  const fs::path runtime = Root() / "runtime";
  for (const auto& entry : fs::recursive_directory_iterator(runtime)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".h" || extension == ".cc") {
      sources.push_back(fs::relative(entry.path(), runtime));
    }
  }
  std::sort(sources.begin(), sources.end());
  return sources;
}

// Files that may include each other: what stands between two commas of the
// table's last column.
struct Room {
  int floor = 0;  // counted from the top
  std::string name;
  // `core/` (a folder), `go.h` (a file) or `*_test.cc` (files in any folder)
  std::vector<std::string> patterns;
};

// How closely the pattern describes the file; 0: it does not.
std::size_t Match(std::string_view pattern, std::string_view file) {
  if (pattern == file) return 1000;
  if (pattern.front() == '*') {
    return file.ends_with(pattern.substr(1)) ? 999 : 0;
  }
  return pattern.back() == '/' && file.starts_with(pattern) ? pattern.size()
                                                            : 0;
}

class Floors {
 public:
  // REQUIRES: the page has the section `## Floors`.
  explicit Floors(const std::string& page) {
    static const std::regex row(R"(\| ([^|]+) \| [^|]+ \| ([^|]*`[^|]*) \|)");
    static const std::regex room("[^,]+");
    static const std::regex pattern("`([^`]+)`");
    const std::size_t begin = page.find("\n## Floors\n");
    const std::string section =
        page.substr(begin, page.find("\n## ", begin + 1) - begin);
    using Each = std::sregex_iterator;
    for (Each r(section.begin(), section.end(), row); r != Each(); ++r) {
      const std::string last = r->str(2);
      for (Each i(last.begin(), last.end(), room); i != Each(); ++i) {
        rooms_.push_back({.floor = floors_, .name = r->str(1), .patterns = {}});
        const std::string text = i->str();
        for (Each p(text.begin(), text.end(), pattern); p != Each(); ++p) {
          rooms_.back().patterns.push_back(p->str(1));
        }
      }
      floors_++;
    }
  }

  const std::vector<Room>& rooms() const { return rooms_; }

  // Null: the table has no place for the file.
  const Room* Of(std::string_view file) const {
    const Room* best = nullptr;
    std::size_t closest = 0;
    for (const Room& r : rooms_) {
      for (const std::string& p : r.patterns) {
        if (Match(p, file) <= closest) continue;
        closest = Match(p, file);
        best = &r;
      }
    }
    return best;
  }

  // Why `file` must not include `included`, a file below runtime/ too. Empty:
  // it may.
  std::string Refuse(const std::string& file,
                     const std::string& included) const {
    const Room* from = Of(file);
    const Room* to = Of(included);
    if (from == nullptr) return file + " stands on no floor";
    if (to == nullptr) return included + " stands on no floor";
    if (from == to || from->floor < to->floor) return "";
    const std::string places = file + " stands on the floor `" + from->name +
                               "`, " + included + " on the floor `" + to->name +
                               "`. ";
    return places + (from->floor == to->floor
                         ? "Neighbours do not include each other"
                         : "A file includes what stands below it");
  }

 private:
  int floors_ = 0;
  std::vector<Room> rooms_;
};

Floors ThePage() { return Floors(Read(Root() / "runtime/HACKING.md")); }

constexpr std::string_view kRuntime = "runtime/";

// One line for each wrong include of a file with this text.
std::string Complaints(const Floors& floors, const std::string& file,
                       const std::string& text) {
  static const std::regex include(R"(^\s*#\s*include\s*(["<])([^">]+)[">].*)");
  const fs::path path = Root() / "runtime" / file;
  std::string complaints;
  std::istringstream lines(text);
  std::string line;
  for (int n = 1; std::getline(lines, line); n++) {
    std::smatch match;
    if (!std::regex_match(line, match, include)) continue;
    const bool quoted = match.str(1) == "\"";  // <time.h> is the system's
    const std::string included = match[2];
    std::string why;
    if (included.starts_with(kRuntime)) {
      why = floors.Refuse(file, included.substr(kRuntime.size()));
    } else if (quoted && fs::exists(path.parent_path() / included)) {
      why = "An include names the path from the repository's root";
    } else if (quoted && fs::exists(Root() / included)) {
      why = "The runtime includes nothing of the folders beside it";
    }
    if (why.empty()) continue;
    complaints += "runtime/" + file + ":" + std::to_string(n) +
                  ": includes \"" + included + "\". " + why +
                  " (runtime/HACKING.md, Floors).\n";
  }
  return complaints;
}

TEST(Floors, EveryIncludeGoesDown) {
  const Floors floors = ThePage();
  std::string complaints;
  for (const std::string& file : Sources()) {
    complaints += Complaints(floors, file, Read(Root() / "runtime" / file));
  }
  EXPECT_TRUE(complaints.empty()) << complaints;
}

TEST(Floors, EveryFileHasItsPlaceAndEveryPlaceItsFiles) {
  const Floors floors = ThePage();
  const std::vector<std::string> sources = Sources();
  for (const std::string& file : sources) {
    EXPECT_NE(floors.Of(file), nullptr) << file << " stands on no floor";
  }
  for (const Room& room : floors.rooms()) {
    for (const std::string& p : room.patterns) {
      EXPECT_TRUE(std::any_of(sources.begin(), sources.end(),
                              [&](auto& file) {
                                return floors.Of(file) == &room &&
                                       Match(p, file) != 0;
                              }))
          << "no file is `" << p << "` of the floor `" << room.name << "`";
    }
  }
}

TEST(Floors, AWrongIncludeIsNamedWithItsLineAndTheRule) {
  EXPECT_EQ(Complaints(ThePage(), "core/p.h",
                       "#include <cstdint>\n"
                       "#include \"runtime/base/atomic.h\"\n"
                       "#include \"runtime/core/g.h\"\n"
                       "  #  include <runtime/sched/park.h>  // a plant\n"),
            "runtime/core/p.h:4: includes \"runtime/sched/park.h\". core/p.h "
            "stands on the floor `data`, sched/park.h on the floor "
            "`scheduler`. A file includes what stands below it "
            "(runtime/HACKING.md, Floors).\n");
}

TEST(Floors, CoreIncludesNoPublicHeader) {
  const Floors floors = ThePage();
  EXPECT_NE(floors.Refuse("core/lock.cc", "time.h"), "");
  EXPECT_EQ(floors.Refuse("time.h", "core/nanotime.h"), "");
}

TEST(Floors, NeighboursDoNotIncludeEachOther) {
  EXPECT_NE(ThePage().Refuse("chan/hchan.cc", "sync/mutex.h"), "");
}

TEST(Floors, NothingButTestsIncludesWhatIsForTests) {
  const Floors floors = ThePage();
  EXPECT_NE(floors.Refuse("sched/park.cc", "testing/park_calls.h"), "");
  EXPECT_EQ(floors.Refuse("sched/park_test.cc", "testing/park_calls.h"), "");
}

TEST(Floors, AFileInANewFolderNeedsARow) {
  EXPECT_NE(ThePage().Refuse("new/file.cc", "base/atomic.h"), "");
}

TEST(Floors, APathBesideTheFileIsRefused) {
  EXPECT_NE(Complaints(ThePage(), "core/p.h", "#include \"g.h\"\n"), "");
}

TEST(Floors, TheRestOfTheRepositoryIsRefused) {
  EXPECT_NE(Complaints(ThePage(), "sched/park.cc",
                       "#include \"conformance/support.h\"\n"),
            "");
}

}  // namespace
}  // namespace mn
