#include "tools/wb/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "runtime/syscall.h"

namespace mn::wb {
namespace {

constexpr char kEraseLine[] = "\r\x1b[K";

// Parks until stdin has something; as read().
ssize_t ReadSome(char* bytes, std::size_t size) {
  return mn::BlockingCall([&] {
    ssize_t got;
    do {
      got = read(0, bytes, size);
    } while (got < 0 && errno == EINTR);
    return got;
  });
}

// As the C library would decide, which has no opinion before setlocale.
bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == 0) continue;
    const std::string locale = tools::Lower(value);
    return locale.find("utf-8") != std::string::npos ||
           locale.find("utf8") != std::string::npos;
  }
  return false;
}

// stdin as lines. The C library's own buffering would hold its lock while it
// waits, so the descriptor is read directly.
class LineReader {
 public:
  std::optional<std::string> Next() {
    for (;;) {
      const std::size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        if (line.ends_with('\r')) line.pop_back();
        return line;
      }
      char bytes[1024];
      const ssize_t n = ReadSome(bytes, sizeof bytes);
      if (n <= 0) {
        if (buffer_.empty()) return std::nullopt;
        return std::exchange(buffer_, {});
      }
      buffer_.append(bytes, static_cast<std::size_t>(n));
    }
  }

 private:
  std::string buffer_;
};

bool IsContinuationByte(char c) { return (c & 0xc0) == 0x80; }

// `line` with every pair of `mark` around a piece of text made into a style.
template <class Style>
std::string StylePairs(std::string_view line, std::string_view mark,
                       const Style& style) {
  std::string out;
  for (;;) {
    const std::size_t begin = line.find(mark);
    if (begin == std::string_view::npos) break;
    const std::size_t end = line.find(mark, begin + mark.size());
    if (end == std::string_view::npos) break;
    out.append(line.substr(0, begin));
    out.append(
        style(line.substr(begin + mark.size(), end - begin - mark.size())));
    line.remove_prefix(end + mark.size());
  }
  out.append(line);
  return out;
}

// "[text](target)" is the text; a picture is named.
std::string WithoutLinks(std::string_view line) {
  std::string out;
  for (;;) {
    const std::size_t middle = line.find("](");
    if (middle == line.npos) break;
    const std::size_t begin = line.rfind('[', middle);
    const std::size_t end = line.find(')', middle);
    if (begin == line.npos || end == line.npos) break;
    std::string_view before = line.substr(0, begin);
    const bool picture = before.ends_with('!');
    if (picture) before.remove_suffix(1);
    const std::string_view text = line.substr(begin + 1, middle - begin - 1);
    tools::Append(&out, before, picture ? "(picture: " : "", text,
                  picture ? ")" : "");
    line.remove_prefix(end + 1);
  }
  return out.append(line);
}

}  // namespace

struct Terminal::Screen {
  std::mutex mutex;  // of the thread: see "Thread-safety" in the header
  std::function<void(std::string_view)> write;
  bool ascii = false;
  std::string status;         // what the momentary line should say
  bool shown = false;         // it is on the screen
  bool at_line_start = true;  // the cursor, without the momentary line

  // REQUIRES: `mutex` is held.
  void Put(std::string text) {
    if (ascii) text = InAscii(std::move(text));
    if (!text.empty()) write(text);
  }
};

void Terminal::Write(std::string_view text) {
  if (text.empty()) return;
  const std::lock_guard lock(screen_->mutex);
  std::string all = tools::Cat(screen_->shown ? kEraseLine : "", text);
  screen_->at_line_start = text.ends_with('\n');
  // In the middle of a line there is no place for it.
  screen_->shown = screen_->at_line_start && !screen_->status.empty();
  if (screen_->shown) all += screen_->status;
  screen_->Put(std::move(all));
}

void Terminal::Status(std::string_view text) {
  if (!interactive_) return;
  // One column less: a full line makes some terminals begin the next one.
  const std::string cut = Cut(text, width() - 1);
  const std::lock_guard lock(screen_->mutex);
  screen_->status = Dim(cut);
  std::string all = screen_->shown ? kEraseLine : "";
  screen_->shown = screen_->at_line_start && !screen_->status.empty();
  if (screen_->shown) all += screen_->status;
  screen_->Put(std::move(all));
}

void Terminal::Paragraph(std::string_view text) {
  Print(Wrapped(text, 0, width() - 1));
}

Terminal Terminal::Real() {
  Terminal t;
  t.screen_ = std::make_shared<Screen>();
  t.screen_->write = [](std::string_view s) {
    std::fwrite(s.data(), 1, s.size(), stdout);
    std::fflush(stdout);
  };
  t.screen_->ascii = !LocaleIsUtf8();
  auto reader = std::make_shared<LineReader>();
  t.read_line_ = [reader] { return reader->Next(); };
  t.read_key_ = [] {
    char key = 0;
    return ReadSome(&key, 1) == 1 ? key : '\0';
  };
  t.width_ = [] {
    winsize size{};
    const bool known = ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? std::max<int>(size.ws_col, 20) : 80;
  };
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  t.colour_ = isatty(1) && (no_color == nullptr || *no_color == 0) &&
              (term == nullptr || std::string_view(term) != "dumb");
  t.interactive_ = isatty(0) && isatty(1);
  return t;
}

Terminal Terminal::Fake(std::string* out, std::deque<std::string> lines) {
  Terminal t;
  t.screen_ = std::make_shared<Screen>();
  t.screen_->write = [out](std::string_view s) { out->append(s); };
  auto left = std::make_shared<std::deque<std::string>>(std::move(lines));
  t.read_line_ = [left]() -> std::optional<std::string> {
    if (left->empty()) return std::nullopt;
    std::string line = std::move(left->front());
    left->pop_front();
    return line;
  };
  t.read_key_ = [] { return '\0'; };
  return t;
}

Terminal Terminal::FakeInteractive(std::function<void(std::string_view)> write,
                                   std::function<char()> keys, int width) {
  Terminal t;
  t.screen_ = std::make_shared<Screen>();
  t.screen_->write = std::move(write);
  t.read_line_ = [] { return std::nullopt; };
  t.read_key_ = std::move(keys);
  t.width_ = [width] { return width; };
  t.interactive_ = true;
  return t;
}

Terminal Terminal::Into(std::string* out) const {
  Terminal t = Fake(out);
  t.width_ = width_;
  t.colour_ = colour_;
  return t;
}

std::string Terminal::Styled(std::string_view code,
                             std::string_view text) const {
  if (!colour_ || text.empty()) return std::string(text);
  return tools::Cat("\x1b[", code, "m", text, "\x1b[0m");
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if (!IsContinuationByte(text[i])) {
      ++width;
    }
  }
  return width;
}

std::string Pad(std::string_view text, int width) {
  const int blanks = width - DisplayWidth(text);
  return tools::Cat(
      text,
      std::string(static_cast<std::size_t>(blanks > 0 ? blanks : 0), ' '));
}

std::string Cut(std::string_view text, int width) {
  std::size_t end = 0;
  for (int taken = 0; end < text.size(); ++end) {
    if (IsContinuationByte(text[end])) continue;
    if (taken++ == width) break;
  }
  return std::string(text.substr(0, end));
}

std::string InAscii(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kSigns[] = {
      {"→", "->"}, {"…", "..."}, {"─", "-"},
      {"○", " "},  {"◐", "~"},   {"●", "*"}};
  for (const auto& [sign, ascii] : kSigns) {
    text = tools::ReplaceAll(std::move(text), sign, ascii);
  }
  return text;
}

std::string Wrapped(std::string_view text, int indent, int width) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string out;
  for (const std::string& paragraph : tools::Lines(text)) {
    std::string line;
    for (const std::string& word : tools::Words(paragraph)) {
      const int needed = indent + DisplayWidth(line) + 1 + DisplayWidth(word);
      if (!line.empty() && needed > width) {
        tools::Append(&out, margin, line, "\n");
        line.clear();
      }
      tools::Append(&line, line.empty() ? "" : " ", word);
    }
    tools::Append(&out, line.empty() ? "" : margin, line, "\n");
  }
  return out;
}

std::string WrappedLine(std::string_view line, int width) {
  const std::size_t text = std::min(line.find_first_not_of(' '), line.size());
  // "  RQ-3      Overflow": a word and two blanks make a label.
  std::size_t hang = text;
  const std::size_t label_end = line.find("  ", text);
  if (label_end != line.npos && line.find(' ', text) == label_end) {
    hang = std::min(line.find_first_not_of(' ', label_end), line.size());
  }
  if (static_cast<int>(hang) > width / 2) hang = text;
  std::string out;
  std::string rest(line);
  while (DisplayWidth(rest) > width) {
    const std::string fits = Cut(rest, width + 1);
    const std::size_t blank = fits.rfind(' ');
    // One long word: nothing to gain.
    if (blank == std::string::npos || blank <= hang) break;
    tools::Append(&out, rest.substr(0, blank), "\n");
    rest = tools::Cat(std::string(hang, ' '),
                      tools::Trim(std::string_view(rest).substr(blank)));
  }
  return tools::Cat(out, rest, "\n");
}

std::string ShowMarkdown(std::string_view markdown, const Terminal& t) {
  if (!t.colour()) return std::string(markdown);
  std::string out;
  bool code = false;
  for (const std::string& line : tools::Lines(markdown)) {
    if (line.starts_with("```")) {
      code = !code;
      continue;
    }
    std::string shown;
    if (code) {
      shown = t.Cyan("  " + line);
    } else if (line.starts_with('#')) {
      shown = t.Bold(tools::Trim(line.substr(line.find_first_not_of('#'))));
    } else if (line.starts_with('>')) {
      shown = t.Dim(line);
    } else if (line.starts_with("<a id=") || line.starts_with("|---") ||
               line == "| | |") {
      continue;
    } else {
      shown = StylePairs(WithoutLinks(line), "`",
                         [&](auto s) { return t.Cyan(s); });
      shown = StylePairs(shown, "**", [&](auto s) { return t.Bold(s); });
    }
    tools::Append(&out, shown, "\n");
  }
  return out;
}

}  // namespace mn::wb
