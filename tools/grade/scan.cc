#include "tools/grade/scan.h"

#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "tools/common/forbidden.h"
#include "tools/common/lexer.h"
#include "tools/grade/untrusted_text.h"

namespace mn::grade {
namespace {

using tools::Token;

struct Rule {
  const char* word;
  const char* why;
  bool call = false;  // an everyday word: only `word(` and `&word` count
};

constexpr char kEndsProcess[] = "ends the case process behind the judge's back";
constexpr char kBeforeMain[] =
    "runs before the exercise's driver and can take its place";
constexpr char kStartsProcess[] = "starts processes of its own";
constexpr char kGoesAround[] =
    "reaches functions that this scan looks for by another name";

// Whole identifiers, outside comments and strings.
constexpr Rule kNames[] = {
    {"_exit", kEndsProcess},
    {"_Exit", kEndsProcess},
    {"exit", kEndsProcess, true},
    {"quick_exit", kEndsProcess},
    {"at_quick_exit", kEndsProcess},
    {"atexit", "runs after the driver has finished"},
    {"constructor", kBeforeMain},
    {"__constructor__", kBeforeMain},
    {"init_priority", kBeforeMain},
    {"ptrace", "controls other processes"},
    {"process_vm_writev", "writes into other processes"},
    {"kill", "signals other processes", true},
    {"fork", kStartsProcess, true},
    {"vfork", kStartsProcess},
    {"clone", kStartsProcess, true},
    {"execve", kStartsProcess},
    {"execv", kStartsProcess},
    {"execvp", kStartsProcess},
    {"execl", kStartsProcess},
    {"execlp", kStartsProcess},
    {"posix_spawn", kStartsProcess},
    {"posix_spawnp", kStartsProcess},
    {"popen", kStartsProcess},
    {"system", kStartsProcess, true},
    {"syscall", kGoesAround},
    {"dlopen", kGoesAround},
    {"dlsym", kGoesAround},
    {"asm", kGoesAround},
    {"__asm", kGoesAround},
    {"__asm__", kGoesAround},
    {"_Pragma", kGoesAround},
};

// Anywhere in a string literal (or, without its quotes, in assembly).
constexpr Rule kStrings[] = {
    {"XML_OUTPUT_FILE", "is where Bazel expects a test's own verdict"},
    {"TEST_PREMATURE_EXIT_FILE", "belongs to the test harness"},
    {"/proc/", "looks into processes, its own and the judge's"},
    {"/dev/fd", "reaches the judge's pipes by name"},
    {".init_array", kBeforeMain},
    {".preinit_array", kBeforeMain},
    {".incbin", "copies a file of the grading machine into the program"},
};

class Scanner {
 public:
  Scanner(std::string_view file, const std::vector<std::string>& allowed)
      : file_(file), allowed_(allowed.begin(), allowed.end()) {}

  ScanResult Run(std::string_view text,
                 const std::vector<tools::Forbidden>& forbidden) {
    std::vector<Token> tokens = tools::Lex(text);
    if (auto line = FirstReorderingControl(text)) {
      Add("tampering", *line, "a Unicode control that reorders text",
          "makes the code read otherwise than it is compiled");
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& t = tokens[i];
      if (t.kind == Token::kName) Name(tokens, i);
      if (t.kind == Token::kString) String(t);
      if (t.kind == Token::kHash) Directive(tokens, i);
      if (t.kind == Token::kOther && t.text == "##") {
        Tamper("##", t.line,
               "pastes names together, which hides them from this scan");
      }
    }
    Forbidden(text, forbidden);
    return std::move(result_);
  }

 private:
  void Add(const char* kind, int line, const std::string& what,
           const std::string& why) {
    // One look is enough for a person; ten thousand are an attack on one.
    if (result_.flags.size() >= 50) return;
    if (!seen_.insert(kind + what).second) return;
    result_.flags.push_back(
        {kind, file_, line, Shorten(Printable(what), 200), why});
  }
  void Tamper(const std::string& word, int line, const std::string& why) {
    if (!allowed_.contains(word)) Add("tampering", line, word, why);
  }

  void Name(const std::vector<Token>& tokens, std::size_t i) {
    // A member (`q.exit`, `q->kill`) is somebody else's name.
    if (i > 0) {
      const std::string& before = tokens[i - 1].text;
      bool member = before == "." ||
                    (before == ">" && i > 1 && tokens[i - 2].text == "-");
      if (member && tokens[i - 1].kind == Token::kOther) return;
    }
    auto text = [&](std::size_t at) {
      return at < tokens.size() ? tokens[at].text : std::string();
    };
    for (const Rule& rule : kNames) {
      if (tokens[i].text != rule.word) continue;
      if (rule.call && text(i + 1) != "(" && text(i - 1) != "&" &&
          text(i - 1) != "::")
        return;
      bool assembly = tokens[i].text.find("asm") != std::string::npos;
      if (assembly && allowed_.contains("asm")) return;
      return Tamper(rule.word, tokens[i].line, rule.why);
    }
  }

  void String(const Token& t) {
    for (const Rule& rule : kStrings) {
      if (t.text.find(rule.word) != std::string::npos)
        Tamper(rule.word, t.line, rule.why);
    }
  }

  void Directive(const std::vector<Token>& tokens, std::size_t hash) {
    if (hash + 1 >= tokens.size()) return;
    const std::string& name = tokens[hash + 1].text;
    if (name != "include" && name != "include_next" && name != "import" &&
        name != "embed")
      return;
    if (hash + 2 >= tokens.size()) return;
    const Token& header = tokens[hash + 2];
    if (header.kind != Token::kHeader) {
      return Outside(header.line, "#" + name + " of a macro",
                     "hides which file is included");
    }
    std::string path = header.text.substr(1);
    if (!path.empty()) path.pop_back();
    if (path.starts_with("/")) {
      Outside(header.line, "#" + name + " " + header.text,
              "includes a file of the grading machine");
    } else if (("/" + path + "/").find("/../") != std::string::npos) {
      Outside(header.line, "#" + name + " " + header.text,
              "leaves the exercise's directory");
    } else if (path.starts_with("solutions/") || path.ends_with(".cc")) {
      Add("tampering", header.line, "#" + name + " " + header.text,
          "includes somebody's answer instead of giving one");
    }
  }
  void Outside(int line, const std::string& what, const std::string& why) {
    result_.build = false;
    Add("outside", line, what, why);
  }

  void Forbidden(std::string_view text,
                 const std::vector<tools::Forbidden>& rules) {
    for (const tools::Forbidden& rule : rules) {
      const std::string error = tools::PatternError(rule.pattern);
      if (error.empty()) continue;
      Add("forbidden", 0, rule.pattern,
          absl::StrFormat("the manifest's pattern is no regular expression "
                          "(%s): correct course.bzl",
                          error));
    }
    for (const tools::ForbiddenUse& use : tools::FindForbidden(text, rules)) {
      Add("forbidden", use.line, use.match,
          (use.rule->inv.empty() ? "" : use.rule->inv + ": ") + use.rule->why);
    }
  }

  std::string file_;
  std::set<std::string> allowed_;
  std::set<std::string> seen_;
  ScanResult result_;
};

}  // namespace

ScanResult Scan(std::string_view file_name, std::string_view text,
                const std::vector<tools::Forbidden>& forbidden,
                const std::vector<std::string>& allowed) {
  return Scanner(file_name, allowed).Run(text, forbidden);
}

}  // namespace mn::grade
