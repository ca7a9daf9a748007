#include "runtime/sim/strategy.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "runtime/sim/arena.h"
#include "runtime/sim/hash.h"

namespace mn::sim {

namespace {

std::uint64_t Xorshift(std::uint64_t* s) {
  *s ^= *s << 13;
  *s ^= *s >> 7;
  *s ^= *s << 17;
  return *s * 0x2545F4914F6CDD1Du >> 16;
}

}  // namespace

DepthFirst::DepthFirst(int preemptions, int delays, bool reduce)
    : max_preemptions_(preemptions), max_delays_(delays), reduce_(reduce) {}

void DepthFirst::Begin() {
  depth_ = 0;
  preemptions_ = 0;
  delays_ = 0;
}

int DepthFirst::Pick(const Point& point, const Option* options, int n) {
  Node fresh{};
  fresh.total = static_cast<std::uint8_t>(n);
  for (int i = 0; i < n; i++) {
    if (preemptions_ + options[i].preemption <= max_preemptions_ &&
        delays_ + options[i].delay <= max_delays_) {
      fresh.option[fresh.n++] = static_cast<std::uint8_t>(i);
    }
  }
  int pick = fresh.option[0];
  if (fresh.n > 1) {
    if (depth_ == nodes_.size()) {
      const OutsideArena outside;
      if (reduce_ && visited_.Seen(Mix(point.state,
                                       static_cast<std::uint64_t>(delays_) + 1),
                                   preemptions_)) {
        return kPrune;
      }
      nodes_.push_back(fresh);
    }
    const Node& node = nodes_[depth_++];
    if (node.total != fresh.total || node.n != fresh.n) {
      std::fprintf(stderr,
                   "sim: choice %u differs when repeated: the model depends on "
                   "something that is not reset (a static, an address)\n",
                   point.at);
      std::abort();
    }
    pick = node.option[node.at];
  }
  preemptions_ += options[pick].preemption;
  delays_ += options[pick].delay;
  return pick;
}

bool DepthFirst::Next() {
  nodes_.resize(std::max(depth_, std::size_t{0}));
  while (!nodes_.empty()) {
    if (++nodes_.back().at < nodes_.back().n) return true;
    nodes_.pop_back();
  }
  return false;
}

DepthFirst::Visited::Visited() : states_(1 << 14), preemptions_(1 << 14) {}

bool DepthFirst::Visited::Seen(std::uint64_t state, int preemptions) {
  if (state == 0) state = 1;
  const auto used = static_cast<std::uint8_t>(preemptions);
  std::size_t i = state & (states_.size() - 1);
  for (; states_[i] != 0; i = (i + 1) & (states_.size() - 1)) {
    if (states_[i] != state) continue;
    if (preemptions_[i] <= used) return true;
    preemptions_[i] = used;
    return false;
  }
  states_[i] = state;
  preemptions_[i] = used;
  if (++size_ * 2 > states_.size()) Grow();
  return false;
}

void DepthFirst::Visited::Grow() {
  std::vector<std::uint64_t> states(states_.size() * 4);
  std::vector<std::uint8_t> preemptions(states.size());
  for (std::size_t k = 0; k < states_.size(); k++) {
    if (states_[k] == 0) continue;
    std::size_t i = states_[k] & (states.size() - 1);
    while (states[i] != 0) i = (i + 1) & (states.size() - 1);
    states[i] = states_[k];
    preemptions[i] = preemptions_[k];
  }
  states_.swap(states);
  preemptions_.swap(preemptions);
}

std::uint64_t Random::Draw() { return Xorshift(&state_); }

void Random::Begin() {
  // Go on with 1/2, 3/4, 7/8 ... 31/32: a bug may need many switches or few.
  go_on_ = 1024 - (std::uint64_t{1024} >> (1 + Draw() % 5));
}

int Random::Pick(const Point& point, const Option*, int n) {
  const std::uint64_t r = Draw();
  switch (point.kind) {
    case PointKind::kThread:
      if (r % 1024 < go_on_) return 0;
      break;
    case PointKind::kDelay:
      return r % 4 == 0;
    case PointKind::kEarlyReturn:
      return r % 16 == 0;
    case PointKind::kAfterSwitch:
    case PointKind::kValue:
      break;
  }
  return static_cast<int>((r >> 10) % static_cast<std::uint64_t>(n));
}

std::uint64_t Pct::Draw() { return Xorshift(&state_); }

void Pct::Begin() {
  longest_ = std::max(longest_, steps_);
  steps_ = 0;
  lowest_ = 0;
  for (std::int64_t& p : priority_) {
    p = 1 + static_cast<std::int64_t>(Draw() % 1'000'000);
  }
  change_at_.assign(1 + Draw() % 4, 0);
  for (std::uint32_t& at : change_at_) {
    at = static_cast<std::uint32_t>(Draw() % longest_);
  }
}

int Pct::Pick(const Point& point, const Option* options, int n) {
  const std::uint64_t r = Draw();
  switch (point.kind) {
    case PointKind::kDelay:
      return r % 4 == 0;
    case PointKind::kEarlyReturn:
      return r % 16 == 0;
    case PointKind::kValue:
      return static_cast<int>(r % static_cast<std::uint64_t>(n));
    case PointKind::kThread:
      // Option 0 is the running thread, if it can run.
      if (std::count(change_at_.begin(), change_at_.end(), steps_++) != 0 &&
          options[0].kind == Option::kRun) {
        priority_[options[0].arg] = --lowest_;
      }
      break;
    case PointKind::kAfterSwitch:
      break;
  }
  if (r % 4 == 0) {  // a buffered store reaches memory now and then
    int flushes = 0;
    int last = 0;
    for (int i = 0; i < n; i++) {
      if (options[i].kind == Option::kFlush) {
        flushes++;
        if ((r >> 8) % static_cast<std::uint64_t>(flushes) == 0) last = i;
      }
    }
    if (flushes != 0) return last;
  }
  int best = -1;
  for (int i = 0; i < n; i++) {
    if (options[i].kind == Option::kRun &&
        (best < 0 ||
         priority_[options[i].arg] > priority_[options[best].arg])) {
      best = i;
    }
  }
  return best < 0 ? 0 : best;
}

int Replay::Pick(const Point& point, const Option*, int n) {
  while (next_ < schedule_.size() && schedule_[next_].at < point.at) next_++;
  if (next_ == schedule_.size() || schedule_[next_].at != point.at) return 0;
  const int option = schedule_[next_].option;
  return option < n ? option : 0;
}

}  // namespace mn::sim
