#include "runtime/diag/names.h"

#include <cxxabi.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace mn::internal {

namespace {

using std::string_view;

constexpr std::size_t kLongestArguments = 32;

bool StartsAt(string_view s, std::size_t i, string_view prefix) {
  return s.substr(i, prefix.size()) == prefix;
}

bool IsNameChar(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

// The index behind the bracket that closes the one at s[i]; s.size() if none
// does. `->` and operators do not occur inside what is passed here except in
// expressions, where being wrong only costs beauty.
std::size_t Closing(string_view s, std::size_t i) {
  int depth = 0;
  for (; i < s.size(); i++) {
    if (std::strchr("(<{[", s[i]) != nullptr) depth++;
    if (std::strchr(")>}]", s[i]) != nullptr && --depth == 0) return i + 1;
  }
  return s.size();
}

// s[i] starts `operator`: the index behind the operator's symbol, before its
// template arguments or parameters.
std::size_t BehindOperator(string_view s, std::size_t i) {
  i += std::strlen("operator");
  if (StartsAt(s, i, "()") || StartsAt(s, i, "[]")) return i + 2;
  if (i < s.size() && s[i] == ' ') {  // operator new, operator bool, ""_x
    while (i < s.size() && s[i] != '(' && s[i] != '<') i++;
    return i;
  }
  while (i < s.size() && std::strchr("+-*/%^&|~!=<>,", s[i]) != nullptr) i++;
  return StartsAt(s, i, " <") ? i + 1 : i;  // operator<< <int>
}

bool IsOperator(string_view s, std::size_t i) {
  constexpr string_view kWord = "operator";
  return StartsAt(s, i, kWord) && (i == 0 || !IsNameChar(s[i - 1])) &&
         (i + kWord.size() == s.size() || !IsNameChar(s[i + kWord.size()]));
}

struct Range {
  std::size_t begin;
  std::size_t end;
};

// Where the name is in a signature: behind the return type, before the
// parameters. Parentheses followed by `::` belong to an enclosing function.
Range FindName(string_view s) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < s.size();) {
    if (IsOperator(s, i)) {
      i = BehindOperator(s, i);
    } else if (StartsAt(s, i, "(anonymous namespace)")) {
      i += std::strlen("(anonymous namespace)");
    } else if (s[i] == '(') {
      const std::size_t close = Closing(s, i);
      const std::size_t scope =
          StartsAt(s, close, " const") ? close + 6 : close;
      if (!StartsAt(s, scope, "::")) return {begin, i};
      i = scope;
    } else if (s[i] == '<' || s[i] == '{' || s[i] == '[') {
      i = Closing(s, i);
    } else {
      if (s[i] == ' ') begin = i + 1;
      i++;
    }
  }
  return {begin, s.size()};
}

void Append(FatalText& out, string_view s) {
  char piece[128];
  while (!s.empty()) {
    const std::size_t n = s.copy(piece, sizeof piece - 1);
    piece[n] = '\0';
    out << piece;
    s.remove_prefix(n);
  }
}

// s with every long template argument list replaced.
void AppendWithoutLongArguments(FatalText& out, string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    std::size_t next = i + 1;
    if (IsOperator(s, i)) {
      next = BehindOperator(s, i);
    } else if (s[i] == '<') {
      next = Closing(s, i);
      if (next - i > kLongestArguments) {
        out << "<...>";
        i = next;
        continue;
      }
    }
    Append(out, s.substr(i, next - i));
    i = next;
  }
}

// A demangled copy, or null if `symbol` is not mangled. The caller frees it.
char* Demangle(const char* symbol) {
  int status = 0;
  return abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
}

}  // namespace

void AppendShortName(FatalText& out, const char* demangled) {
  const string_view s = demangled;
  const Range name = FindName(s);
  AppendWithoutLongArguments(out, s.substr(name.begin, name.end - name.begin));
}

void AppendFunctionName(FatalText& out, const char* symbol) {
  if (symbol == nullptr) {
    out << "??";
    return;
  }
  const string_view plain = symbol;
  // Only what starts so is a mangled function; `i` alone would be a type.
  char* const full = StartsAt(plain, 0, "_Z") ? Demangle(symbol) : nullptr;
  if (full == nullptr) {
    // C, perhaps a compiler's copy (f.part.0), or C++ as debug information
    // names what is not visible outside: unqualified.
    return AppendWithoutLongArguments(out, plain.substr(0, plain.find('.')));
  }
  AppendShortName(out, full);
  std::free(full);
}

void AppendTypeName(FatalText& out, const char* type_info_name) {
  char* const full = Demangle(type_info_name);
  string_view name = full != nullptr ? full : type_info_name;
  // What std::throw_with_nested makes of a T; nobody threw one by that name.
  constexpr string_view kNested = "std::_Nested_exception<";
  if (StartsAt(name, 0, kNested) && name.back() == '>') {
    name = name.substr(kNested.size(), name.size() - kNested.size() - 1);
  }
  AppendWithoutLongArguments(out, name);
  std::free(full);
}

}  // namespace mn::internal
