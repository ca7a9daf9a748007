#include "tools/grade/scan.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "tools/common/forbidden.h"
#include "tools/common/lexer.h"
#include "tools/common/text.h"
#include "tools/grade/untrusted_text.h"

namespace mn::grade {
namespace {

using tools::Token;

struct Rule {
  const char* word;
  const char* why;
};

constexpr char kEndsProcess[] = "ends the case process behind the judge's back";
constexpr char kBeforeMain[] =
    "runs before the exercise's driver and can take its place";
constexpr char kStartsProcess[] = "starts processes of its own";
constexpr char kOtherProcess[] = "reaches into other processes";
constexpr char kGoesAround[] =
    "reaches functions that this scan looks for by another name";

// Functions that the object file wants, be it in assembly.
constexpr Rule kFunctions[] = {
    {"_exit", kEndsProcess},
    {"_Exit", kEndsProcess},
    {"exit", kEndsProcess},
    {"quick_exit", kEndsProcess},
    {"at_quick_exit", kEndsProcess},
    {"atexit", "runs after the driver has finished"},
    {"on_exit", "runs after the driver has finished"},
    {"ptrace", kOtherProcess},
    {"process_vm_readv", kOtherProcess},
    {"process_vm_writev", kOtherProcess},
    {"kill", kOtherProcess},
    {"killpg", kOtherProcess},
    {"tgkill", kOtherProcess},
    {"sigqueue", kOtherProcess},
    {"fork", kStartsProcess},
    {"_Fork", kStartsProcess},
    {"vfork", kStartsProcess},
    {"clone", kStartsProcess},
    {"execve", kStartsProcess},
    {"execveat", kStartsProcess},
    {"fexecve", kStartsProcess},
    {"execv", kStartsProcess},
    {"execvp", kStartsProcess},
    {"execvpe", kStartsProcess},
    {"execl", kStartsProcess},
    {"execle", kStartsProcess},
    {"execlp", kStartsProcess},
    {"posix_spawn", kStartsProcess},
    {"posix_spawnp", kStartsProcess},
    {"popen", kStartsProcess},
    {"system", kStartsProcess},
    {"syscall", kGoesAround},
    {"dlopen", kGoesAround},
    {"dlsym", kGoesAround},
    {"dlvsym", kGoesAround},
};

constexpr char kStopsSteps[] =
    "can switch off the single steps that a judge takes";

// What the compiler knows by itself, so that no symbol tells.
constexpr Rule kBuiltins[] = {
    {"__builtin_ia32_writeeflags_u32", kStopsSteps},
    {"__builtin_ia32_writeeflags_u64", kStopsSteps},
    {"__writeeflags", kStopsSteps},
};

// Inside an attribute.
constexpr Rule kAttributes[] = {
    {"constructor", kBeforeMain},
    {"__constructor__", kBeforeMain},
    {"init_priority", kBeforeMain},
    {"__init_priority__", kBeforeMain},
};

// Anywhere in a string literal, and in assembly.
constexpr Rule kStrings[] = {
    {"XML_OUTPUT_FILE", "is where Bazel expects a test's own verdict"},
    {"TEST_PREMATURE_EXIT_FILE", "belongs to the test harness"},
    {"/proc/", "looks into processes, its own and the judge's"},
    {"/dev/fd", "reaches the judge's pipes by name"},
    {".init_array", kBeforeMain},
    {".preinit_array", kBeforeMain},
    {".incbin", "copies a file of the grading machine into the program"},
    {".include", "copies a file of the grading machine into the program"},
};

// First words of an instruction that a lesson without assembly has no use for:
// they go elsewhere, ask the kernel, or switch a judge's single steps off.
// "pause", a fence or a move is nobody's business.
constexpr std::string_view kGoingElsewhere[] = {
#if defined(__aarch64__)
    "bl", "br", "blr", "b", "ret", "svc", "hvc",
#else
    "call",  "callq",   "jmp",      "jmpq", "ret",   "retq",
    "iretq", "syscall", "sysenter", "int",  "popfq", "popf",
#endif
};

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
}

// Assembly without its comments.
std::string WithoutAsmComments(std::string_view text) {
#if defined(__aarch64__)
  constexpr bool kHashIsAComment = false;  // it is an immediate's sign
#else
  constexpr bool kHashIsAComment = true;
#endif
  std::string out;
  bool fresh_line = true;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("/*")) {
      const std::size_t end = rest.find("*/", 2);
      i = end == rest.npos ? text.size() : i + end + 2;
      out += ' ';
    } else if (rest.starts_with("//") ||
               (rest[0] == '#' && (kHashIsAComment || fresh_line))) {
      i = std::min(text.find('\n', i), text.size());
    } else {
      if (rest[0] == '\n') fresh_line = true;
      if (!std::isspace(static_cast<unsigned char>(rest[0])))
        fresh_line = false;
      out += text[i++];
    }
  }
  return out;
}

// The first word of each statement of assembly without comments, prefixes
// ("lock; incl", "rep nop") and labels left out.
std::vector<std::string> Instructions(std::string_view text) {
  std::vector<std::string> instructions;
  std::string word;
  bool found = false;  // in this statement
  auto end_word = [&] {
    const bool prefix = word == "lock" || word.starts_with("rep");
    if (!found && !word.empty() && !prefix) {
      instructions.push_back(word);
      found = true;
    }
    word.clear();
  };
  for (char c : text) {
    if (IsWord(c)) {
      word += c;
      continue;
    }
    if (c == ':' && !found) word.clear();  // a label
    end_word();
    if (c == '\n' || c == ';') found = false;
  }
  end_word();
  return instructions;
}

bool GoesElsewhere(const std::string& word) {
  return word.starts_with(".") ||  // a directive
         std::find(std::begin(kGoingElsewhere), std::end(kGoingElsewhere),
                   word) != std::end(kGoingElsewhere);
}

class Flags {
 public:
  explicit Flags(std::string_view file) : file_(file) {}

  void Add(const char* kind, int line, const std::string& what,
           const std::string& why) {
    // One look is enough for a person; ten thousand are an attack on one.
    if (flags_.size() >= 50) return;
    if (!seen_.insert(kind + what).second) return;
    flags_.push_back({kind, file_, line, Shorten(Printable(what), 200), why});
  }

  std::vector<Flag> take() { return std::move(flags_); }

 private:
  std::string file_;
  std::set<std::string> seen_;
  std::vector<Flag> flags_;
};

// What an include in the text as it was written reaches for; "" if that is the
// course or the system.
std::string Outside(const Token& header) {
  if (header.kind != Token::kHeader) return "hides which file is included";
  std::string path = header.text.substr(1);
  if (!path.empty()) path.pop_back();
  if (path.starts_with("/")) return "includes a file of the grading machine";
  if (("/" + path + "/").find("/../") != std::string::npos)
    return "leaves the exercise's directory";
  return "";
}

class CodeScanner {
 public:
  CodeScanner(std::string_view file, const tools::OwnCode& code, bool allow_asm)
      : flags_(file), code_(code), allow_asm_(allow_asm) {}

  std::vector<Flag> Run(const std::vector<tools::Forbidden>& forbidden) {
    for (const std::string& symbol : code_.symbols) Function(symbol);
    const std::vector<Token>& tokens = code_.tokens;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].kind == Token::kName) Name(i);
      if (tokens[i].kind == Token::kString && i != assembly_)
        String(tokens[i].text, tokens[i].line);
    }
    for (const tools::Entered& file : code_.entered) {
      std::string_view path = file.path;
      if (path.starts_with("./")) path.remove_prefix(2);
      if (!path.starts_with("solutions/") && !path.ends_with(".cc")) continue;
      Tamper(tools::Cat("#include \"", path, "\""), file.line,
             "includes somebody's answer instead of giving one");
    }
    Forbidden(forbidden);
    return flags_.take();
  }

 private:
  void Tamper(const std::string& what, int line, const std::string& why) {
    flags_.Add("tampering", line, what, why);
  }

  void Function(const std::string& symbol) {
    for (const Rule& rule : kFunctions) {
      if (symbol != rule.word) continue;
      int line = 0;
      for (const Token& t : code_.tokens) {
        if (line == 0 && t.kind == Token::kName && t.text == symbol)
          line = t.line;
      }
      Tamper(rule.word, line, rule.why);
    }
  }

  void Name(std::size_t i) {
    const std::string& name = code_.tokens[i].text;
    const int line = code_.tokens[i].line;
    if (name == "asm" || name == "__asm" || name == "__asm__")
      return Assembly(i);
    for (const Rule& rule : kBuiltins) {
      if (name == rule.word) Tamper(name, line, rule.why);
    }
    for (const Rule& rule : kAttributes) {
      if (name == rule.word && InAttribute(i)) Tamper(name, line, rule.why);
    }
  }

  // A variable may be called constructor.
  bool InAttribute(std::size_t i) const {
    for (; i > 0; --i) {
      const std::string& before = code_.tokens[i - 1].text;
      if (before == ";" || before == "{" || before == "}") return false;
      if (before.starts_with("__attribute") || before == "gnu") return true;
    }
    return false;
  }

  void Assembly(std::size_t i) {
    const std::vector<Token>& tokens = code_.tokens;
    std::size_t at = i + 1;
    while (at < tokens.size() && tokens[at].kind != Token::kString &&
           tokens[at].text != ";")
      ++at;
    if (at >= tokens.size() || tokens[at].kind != Token::kString) return;
    assembly_ = at;
    const std::string text = WithoutAsmComments(tokens[at].text);
    String(text, tokens[i].line);
    if (allow_asm_) return;
    for (const std::string& word : Instructions(text)) {
      if (GoesElsewhere(word))
        Tamper("asm " + word, tokens[i].line, kGoesAround);
    }
  }

  void String(const std::string& text, int line) {
    for (const Rule& rule : kStrings) {
      if (text.find(rule.word) != text.npos) Tamper(rule.word, line, rule.why);
    }
  }

  void Forbidden(const std::vector<tools::Forbidden>& rules) {
    for (const tools::Forbidden& rule : rules) {
      const std::string error = tools::PatternError(rule.pattern);
      if (error.empty()) continue;
      flags_.Add("forbidden", 0, rule.pattern,
                 absl::StrFormat("the manifest's pattern is no regular "
                                 "expression (%s): correct course.bzl",
                                 error));
    }
    for (const tools::ForbiddenUse& use : tools::FindForbidden(code_, rules)) {
      flags_.Add(
          "forbidden", use.line, use.match,
          (use.rule->inv.empty() ? "" : use.rule->inv + ": ") + use.rule->why);
    }
  }

  Flags flags_;
  const tools::OwnCode& code_;
  const bool allow_asm_;
  std::size_t assembly_ = 0;  // the last string that was an asm's
};

}  // namespace

TextScan ScanText(std::string_view file_name, std::string_view text) {
  Flags flags(file_name);
  bool build = true;
  if (auto line = FirstReorderingControl(text)) {
    flags.Add("tampering", *line, "a Unicode control that reorders text",
              "makes the code read otherwise than it is compiled");
  }
  const std::vector<Token> tokens = tools::Lex(text);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (tokens[i].kind != Token::kHash) continue;
    const Token& name = tokens[i + 1];
    if (name.kind == Token::kNumber) {
      flags.Add("tampering", name.line, "# " + name.text,
                "is a preprocessor's own mark, which hides whose code follows");
    }
    if (name.text != "include" && name.text != "include_next" &&
        name.text != "import" && name.text != "embed")
      continue;
    const Token& header = tokens[i + 2];
    const std::string why = Outside(header);
    if (why.empty()) continue;
    build = false;
    flags.Add("outside", header.line,
              "#" + name.text + " " +
                  (header.kind == Token::kHeader ? header.text : "of a macro"),
              why);
  }
  return {flags.take(), build};
}

std::vector<Flag> ScanCode(std::string_view file_name,
                           const tools::OwnCode& code,
                           const std::vector<tools::Forbidden>& forbidden,
                           bool allow_asm) {
  return CodeScanner(file_name, code, allow_asm).Run(forbidden);
}

}  // namespace mn::grade
