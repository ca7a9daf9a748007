#include "runtime/sim/schedule_text.h"

#include <cstring>

namespace mn::sim {

namespace {

constexpr char kAlphabet[] = "0123456789abcdefghijklmnopqrstuv";

void Put(std::string* text, std::uint64_t n) {
  for (; n >= 16; n /= 16) *text += kAlphabet[16 + n % 16];
  *text += kAlphabet[n];
}

bool Get(const std::string& text, std::size_t* at, std::uint64_t* n) {
  *n = 0;
  for (int shift = 0; shift < 60; shift += 4) {
    if (*at >= text.size()) return false;
    const char* p = std::strchr(kAlphabet, text[(*at)++]);
    if (p == nullptr || *p == '\0') return false;
    const auto digit = static_cast<std::uint64_t>(p - kAlphabet);
    *n |= (digit % 16) << shift;
    if (digit < 16) return true;
  }
  return false;
}

}  // namespace

std::string Encode(const Ticket& ticket) {
  std::string text;
  Put(&text, ticket.config);
  Put(&text, static_cast<std::uint64_t>(ticket.memory));
  std::uint32_t last = 0;
  for (const Deviation& d : ticket.schedule) {
    Put(&text, d.at - last);
    Put(&text, d.option);
    last = d.at;
  }
  return text;
}

bool Decode(const std::string& text, Ticket* ticket) {
  std::size_t at = 0;
  std::uint64_t config = 0;
  std::uint64_t memory = 0;
  if (!Get(text, &at, &config) || !Get(text, &at, &memory) || memory > 1) {
    return false;
  }
  ticket->config = config;
  ticket->memory = static_cast<Memory>(memory);
  ticket->schedule.clear();
  std::uint64_t last = 0;
  while (at < text.size()) {
    std::uint64_t gap = 0;
    std::uint64_t option = 0;
    if (!Get(text, &at, &gap) || !Get(text, &at, &option) || option == 0 ||
        option >= kMaxOptions) {
      return false;
    }
    last += gap;
    ticket->schedule.push_back(
        {static_cast<std::uint32_t>(last), static_cast<std::uint8_t>(option)});
  }
  return true;
}

}  // namespace mn::sim
