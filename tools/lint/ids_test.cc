// Every id of the tree has one meaning: see ids.h.

#include "tools/lint/ids.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/common/course.h"
#include "tools/common/runfiles.h"

namespace mn::lint {
namespace {

namespace fs = std::filesystem;

// The checkout: this source file is a symbolic link to the one there.
fs::path Root() {
  return fs::canonical(tools::FindRunfile("tools/lint/ids_test.cc"))
      .parent_path()
      .parent_path()
      .parent_path();
}

std::string Read(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool IsText(const fs::path& path) {
  const std::string extension = path.extension();
  return extension == ".md" || extension == ".bzl" || extension == ".json" ||
         extension == ".sh" || path.filename() == "BUILD";
}

// exercises/NN_name/x.cc is the learner's.
bool IsTheLearners(const fs::path& relative) {
  return *relative.begin() == "exercises" &&
         std::distance(relative.begin(), relative.end()) == 3;
}

void Scan(const fs::path& root, const fs::path& file, Ids* ids) {
  const fs::path relative = file.lexically_relative(root);
  const std::string extension = file.extension();
  if (relative == "conformance/GO_ROWS.md") {
    ScanRows(relative.string(), Read(file), ids);
  } else if (relative == "tools/lint/ids_scan_test.cc" ||
             relative == "tools/lint/ids.h" || IsTheLearners(relative)) {
    // Examples of ids, and what a learner notes.
  } else if (extension == ".h" || extension == ".cc") {
    ScanSource(relative.string(), Read(file), ids);
  } else if (IsText(file)) {
    ScanProse(relative.string(), Read(file), ids);
  }
}

const Ids& Tree() {
  static const Ids ids = [] {
    Ids all;
    const auto course =
        tools::LoadCourse(tools::FindRunfile("tools/judge/course.json"));
    EXPECT_TRUE(course.ok()) << (course.ok() ? "" : course.error());
    if (course.ok()) {
      for (const tools::Lesson& lesson : course->lessons) {
        for (const tools::Invariant& inv : lesson.invariants) {
          all.definitions.push_back(
              {inv.id, inv.sentence, "the manifest of " + lesson.id});
        }
      }
    }
    const fs::path root = Root();
    for (const auto& entry : fs::directory_iterator(root)) {
      if (entry.is_regular_file()) Scan(root, entry.path(), &all);
    }
    for (const char* folder : {"conformance", "exercises", "lessons", "runtime",
                               "solutions", "tools"}) {
      for (const auto& entry :
           fs::recursive_directory_iterator(root / folder)) {
        if (entry.is_regular_file()) Scan(root, entry.path(), &all);
      }
    }
    return all;
  }();
  return ids;
}

TEST(Ids, TheTreeIsFound) {
  EXPECT_GT(Tree().definitions.size(), 200u);
  EXPECT_GT(Tree().uses.size(), 500u);
}

TEST(Ids, EachHasOneMeaning) {
  for (const std::string& text : Complaints(Tree())) ADD_FAILURE() << text;
}

TEST(Ids, TheTableOfHackingLeadsToThem) {
  const std::string hacking = Read(Root() / "runtime/HACKING.md");
  for (const std::string& text : TableComplaints(Tree(), hacking)) {
    ADD_FAILURE() << text;
  }
}

}  // namespace
}  // namespace mn::lint
