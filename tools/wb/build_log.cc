#include "tools/wb/build_log.h"

#include <algorithm>
#include <set>
#include <vector>

#include "tools/common/regex.h"
#include "tools/common/text.h"

namespace mn::wb {
namespace {

// "\x1b[31m" and the like.
std::string WithoutColour(std::string_view line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      plain.push_back(line[i]);
      continue;
    }
    while (i < line.size() &&
           !std::isalpha(static_cast<unsigned char>(line[i]))) {
      ++i;
    }
  }
  return plain;
}

// Bazel's own talk around a failing action.
bool IsBazels(std::string_view line) {
  // "(12:34:56) ERROR: ..." with --show_timestamps.
  if (line.starts_with('(') && line.size() > 11 && line[9] == ')') {
    line.remove_prefix(11);
  }
  constexpr std::string_view kBegins[] = {"INFO:",
                                          "WARNING: ",
                                          "DEBUG: ",
                                          "Loading:",
                                          "Analyzing:",
                                          "Target //",
                                          "FAILED:",
                                          "Use --",
                                          "Starting local Bazel",
                                          "[",
                                          "ERROR: /",
                                          "ERROR: Build failed",
                                          "Build did NOT",
                                          "Computing main",
                                          "Extracting Bazel",
                                          "Server terminated",
                                          "Another command",
                                          "Note: "};
  return std::any_of(std::begin(kBegins), std::end(kBegins),
                     [&](std::string_view b) { return line.starts_with(b); });
}

// ---- the linker

// The object or the source of the line is the learner's, not the judge's.
bool IsLearners(const std::string& line) {
  static const std::regex kLearners(
      "_objs/case_[a-z]+/|_objs/piece/|(^|[ /])exercises/[^/: ]+/[^/: "
      "]+\\.cc:");
  return std::regex_search(line, kLearners);
}

// A name that C++ did not make: "CtxReturned".
bool IsPlainName(const std::string& symbol) {
  return std::all_of(symbol.begin(), symbol.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_';
  });
}

// Without its %, a register is the name of a variable: "push rbx".
bool IsRegister(const std::string& symbol) {
  static const std::regex kRegister(
      "[re]?(ax|bx|cx|dx|si|di|bp|sp|ip)|r([89]|1[0-5])[dwb]?|[xy]mm[0-9]+|"
      "[abcd][lh]|mxcsr|[xw][0-9]+");
  return std::regex_match(symbol, kRegister);
}

constexpr char kAttOrder[] =
    "The assembler reads AT&T's order: the source first and the destination "
    "last,\nregisters with a %, numbers with a $, memory as 8(%rdi) and not "
    "[rdi+8].\n`mov %rsp, (%rdi)` stores rsp where rdi points.\n\n";

// What the linker misses. Removes the lines that say nothing more.
struct Missing {
  std::set<std::string> to_define;    // the judge's code uses it
  std::set<std::string> plain_names;  // the learner's assembly does
};

Missing TakeUndefined(std::vector<std::string>* lines) {
  static const std::regex kUndefined("undefined reference to [`']([^']+)'");
  Missing missing;
  std::vector<std::string> rest;
  bool within = false;  // ld.bfd: a function of the learner's
  for (const std::string& line : *lines) {
    std::smatch m;
    if (line.find(": in function `") != std::string::npos) {
      within = IsLearners(line);
    }
    if (!std::regex_search(line, m, kUndefined)) {
      rest.push_back(line);
    } else if (!IsLearners(line) &&
               (!within || line.find("_objs/") != std::string::npos)) {
      missing.to_define.insert(m[1]);
    } else {
      if (IsPlainName(m[1])) missing.plain_names.insert(m[1]);
      rest.push_back(line);
    }
  }
  // ld.bfd says on a line before it in which function that was.
  if (!missing.to_define.empty()) {
    std::erase_if(rest, [](const std::string& line) {
      return line.find(": in function `") != std::string::npos &&
             !IsLearners(line);
    });
  }
  lines->swap(rest);
  return missing;
}

std::string AboutMissing(const Missing& missing) {
  std::string text;
  if (!missing.to_define.empty()) {
    text += "Your file must define exactly, and does not:\n";
    for (const std::string& symbol : missing.to_define) {
      tools::Append(&text, "    ", symbol, "\n");
    }
    text +=
        "A function with another name, in another namespace, with other\n"
        "parameters, or one that is static, is another function. Compare with "
        "the\ncontract that your file includes.\n\n";
  }
  for (const std::string& name : missing.plain_names) {
    if (IsRegister(name)) {
      tools::Append(&text, "`", name,
                    "` without a % is not the register, but a "
                    "variable that is not there.\n",
                    kAttOrder);
      continue;
    }
    tools::Append(
        &text, "There is no `", name,
        "`: C++ makes another name of a function,\n",
        "with its namespace and its parameters in it, and assembly has to use "
        "that\none. For a function mn::",
        name, "() it is _ZN2mn", name.size(), name,
        "Ev. Or take the\naddress in C++ (&", name,
        "), put it where the assembly finds it, and call *%REGISTER.\n\n");
  }
  return text;
}

// ---- the assembler

// "/tmp/ccXYZ.s:12: Error: operand size mismatch for `mov'"
const std::regex& AssemblersLine() {
  static const std::regex line(
      "^(?:/[^:]*\\.s|\\{standard input\\}):([0-9]+): (?:Error|Warning): "
      "(.*)$");
  return line;
}

// The first word that the message quotes: the instruction.
std::string Mnemonic(const std::string& message) {
  static const std::regex quoted("[`']\\s*([A-Za-z0-9_.]+)");
  std::smatch m;
  return std::regex_search(message, m, quoted) ? m[1].str() : "";
}

struct Complaint {
  int line = 0;  // of the temporary file
  std::string message, mnemonic;
};

// True if every complaint, moved by `shift`, is on a line with its instruction.
bool Fits(const std::vector<Complaint>& complaints,
          const std::vector<std::string>& source, int shift) {
  return std::all_of(
      complaints.begin(), complaints.end(), [&](const Complaint& c) {
        const int at = c.line + shift - 1;
        if (at < 0 || at >= static_cast<int>(source.size())) return false;
        const std::string& line = source[static_cast<std::size_t>(at)];
        return !c.mnemonic.empty() &&
               line.find(c.mnemonic) != std::string::npos;
      });
}

// The compiler copies assembly that stands outside of functions as it is, so
// that one number leads from its lines to the source's. 0: it is not known
// which.
int Shift(const std::vector<Complaint>& complaints,
          const std::vector<std::string>& source) {
  // Before the first text the compiler writes five lines of its own.
  const auto first =
      std::find_if(source.begin(), source.end(), [](const std::string& line) {
        return line.starts_with("asm(") || line.starts_with("__asm__(");
      });
  const int usual = static_cast<int>(first - source.begin()) + 1 - 6;
  if (Fits(complaints, source, usual)) return usual;
  int found = 0;
  const int n = static_cast<int>(source.size());
  for (int shift = -n - 10000; shift < n; shift++) {
    if (!Fits(complaints, source, shift)) continue;
    if (found != 0) return 0;  // two would do
    found = shift;
  }
  return found;
}

// Replaces the assembler's lines by such as the compiler would print. Returns a
// sentence about their dialect if that is what is wrong.
std::string MapAssembly(std::vector<std::string>* lines,
                        const std::string& path, const std::string& text) {
  std::vector<Complaint> complaints;
  for (const std::string& line : *lines) {
    std::smatch m;
    if (!std::regex_match(line, m, AssemblersLine())) continue;
    complaints.push_back({std::stoi(m[1]), m[2], Mnemonic(m[2])});
  }
  if (complaints.empty()) return "";
  const std::vector<std::string> source = tools::Lines(text);
  const int shift = Shift(complaints, source);
  static const std::regex kOperands(
      "operand|too many memory references|no such instruction|invalid char|"
      "junk|expecting|bad expression|symbol .* before|ambiguous");
  bool intel = false;
  std::vector<std::string> mapped;
  for (const std::string& line : *lines) {
    std::smatch m;
    if (line.ends_with(": Assembler messages:")) continue;
    if (!std::regex_match(line, m, AssemblersLine())) {
      mapped.push_back(line);
      continue;
    }
    const bool about_operands = std::regex_search(line, kOperands);
    if (shift == 0) {
      mapped.push_back(tools::Cat(path, ": in its assembly: ", m[2].str()));
      intel = intel || about_operands;
      continue;
    }
    const int at = std::stoi(m[1]) + shift;
    const std::string& code = source[static_cast<std::size_t>(at - 1)];
    mapped.push_back(tools::Cat(path, ":", at, ": error: ", m[2].str()));
    mapped.push_back(tools::Cat("    ", tools::Trim(code)));
    intel = intel || (about_operands && code.find('%') == std::string::npos);
  }
  lines->swap(mapped);
  if (!intel) return "";
  return kAttOrder;
}

// "Compiling exercises/04_run_queue/run_queue.cc failed"
std::string WhatFailed(std::string_view log) {
  static const std::regex kFailed("Compiling ([^ ]+) failed");
  std::smatch m;
  const std::string text(log);
  return std::regex_search(text, m, kFailed) ? m[1].str() : "your file";
}

}  // namespace

std::string CompilerLines(std::string_view log, const ReadSource& read,
                          int max_lines) {
  std::vector<std::string> compiler, errors, all;
  for (const std::string& line : tools::Lines(log)) {
    const std::string plain = WithoutColour(line);
    if (!tools::Trim(plain).empty()) all.push_back(line);
    if (plain.starts_with("ERROR:")) errors.push_back(plain);
    if (!IsBazels(plain) && !(compiler.empty() && tools::Trim(plain).empty())) {
      compiler.push_back(line);
    }
  }
  while (!compiler.empty() && tools::Trim(compiler.back()).empty()) {
    compiler.pop_back();
  }
  std::vector<std::string>& lines = !compiler.empty() ? compiler
                                    : !errors.empty() ? errors
                                                      : all;
  std::string out = AboutMissing(TakeUndefined(&lines));
  const std::string path = WhatFailed(log);
  out += MapAssembly(&lines, path, read ? read(path) : "");
  if (!out.empty()) {
    std::erase_if(lines, [](const std::string& line) {
      return line.starts_with("collect2: ");
    });
  }
  const int n = static_cast<int>(lines.size());
  for (int i = 0; i < std::min(n, max_lines); ++i) {
    tools::Append(&out, lines[static_cast<std::size_t>(i)], "\n");
  }
  if (n > max_lines) tools::Append(&out, "… ", n - max_lines, " more lines\n");
  return out;
}

}  // namespace mn::wb
