#include "tools/judge/oracle.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "tools/common/text.h"

namespace mn::judge {
namespace {

// Lists that are longer are cut.
constexpr std::size_t kLong = 12;

std::string Around(const Numbers& list, std::size_t at,
                   const std::function<std::string(std::int64_t)>& name) {
  constexpr std::size_t kNeighbours = 2;
  std::string text = tools::Cat("number ", at + 1, " of ", list.size(), ":");
  const std::size_t begin = at < kNeighbours ? 0 : at - kNeighbours;
  if (begin > 0) text += " …";
  std::size_t i = begin;
  for (; i < list.size() && i <= at + kNeighbours; i++) {
    text += i == at ? " >" + name(list[i]) + "<" : " " + name(list[i]);
  }
  if (at >= list.size()) text += " >the end<";
  if (i < list.size()) text += " …";
  return text;
}

}  // namespace

Difference FirstDifference(
    const Numbers& want, const Numbers& got,
    const std::function<std::string(std::int64_t)>& name) {
  const std::size_t both = std::min(want.size(), got.size());
  std::size_t at = 0;
  while (at < both && want[at] == got[at]) at++;
  return {Around(want, at, name), Around(got, at, name)};
}

Verdict TooLittle(const std::string& want) {
  return Verdict::Failed("too little was seen", want, "the end");
}

Verdict Unexpected(const Observation& o, int at) {
  return Verdict::Failed(
      "an observation that makes no sense", "those of the driver",
      o.kind + " with " + std::to_string(o.values.size()) + " numbers", at);
}

Verdict CompareWithModel(
    const Observations& want, const Observations& seen,
    const std::function<std::string(const Observation&)>& describe,
    const std::function<std::string(const Observation& want,
                                    const Observation& got, int number)>&
        complaint) {
  std::map<std::string, int> numbers;
  for (std::size_t i = 0; i < want.size(); i++) {
    if (i >= seen.size()) return TooLittle(describe(want[i]));
    const int number = ++numbers[seen[i].kind];
    if (seen[i].kind == want[i].kind && seen[i].values == want[i].values) {
      continue;
    }
    std::string what = complaint(want[i], seen[i], number);
    if (what.empty()) {
      what =
          seen[i].kind + " number " + std::to_string(number) + " is not right";
    }
    std::string wanted = describe(want[i]), got = describe(seen[i]);
    if (seen[i].kind == want[i].kind && want[i].values.size() > kLong) {
      const Difference first = FirstDifference(
          want[i].values, seen[i].values,
          [](std::int64_t number) { return std::to_string(number); });
      wanted += ", " + first.want;
      got += ", " + first.got;
    }
    return Verdict::Failed(what, wanted, got, static_cast<int>(i));
  }
  if (seen.size() > want.size()) {
    return Verdict::Failed("too much was seen", "the end",
                           describe(seen[want.size()]),
                           static_cast<int>(want.size()));
  }
  return Verdict::Passed();
}

ExactlyOnceFault ExactlyOnce(
    const std::vector<std::int64_t>& ids, std::int64_t n,
    const std::function<std::string(std::int64_t)>& name) {
  std::vector<int> times(static_cast<std::size_t>(n));
  for (std::int64_t id : ids) {
    if (id < 0 || id >= n) {
      return {"something came out that was never put", name(id), id};
    }
    times[static_cast<std::size_t>(id)]++;
  }
  for (std::int64_t id = 0; id < n; id++) {
    const int count = times[static_cast<std::size_t>(id)];
    if (count == 1) continue;
    if (count == 0) {
      return {name(id) + " was lost", name(id) + " never came out", id};
    }
    return {name(id) + " was handed out twice",
            name(id) + " came out " + std::to_string(count) + " times", id};
  }
  return {};
}

Verdict AllTookEffect(const Observations& seen, std::int64_t per_block,
                      const Verdict& none) {
  if (seen.empty() || seen.back().values.size() != 2) {
    return TooLittle("how many operations took effect");
  }
  const std::int64_t got = seen.back().values[0];
  const std::int64_t want = seen.back().values[1] * per_block;
  if (got == 0) return none;
  if (got == want) return Verdict::Passed();
  return Verdict::Failed("fast, but not every operation took effect",
                         std::to_string(want) + " operations",
                         std::to_string(got) + " operations");
}

Verdict DecideRatio(const Observations& observations, double max, double grey) {
  std::vector<double> ratios;
  double best_learner = 0, best_baseline = 0;
  for (const Observation& o : observations) {
    if (o.kind != "measure" || o.values.size() != 2) continue;
    const double learner = static_cast<double>(o.values[0]);
    const double baseline = static_cast<double>(o.values[1]);
    if (baseline <= 0 || learner <= 0) continue;
    ratios.push_back(learner / baseline);
    if (best_learner == 0 || learner < best_learner) best_learner = learner;
    if (best_baseline == 0 || baseline < best_baseline) {
      best_baseline = baseline;
    }
  }
  if (ratios.size() < 5) {
    return Verdict::Inconclusive("fewer than five blocks were measured");
  }
  std::sort(ratios.begin(), ratios.end());
  const double low = ratios[ratios.size() / 4];
  const double high = ratios[ratios.size() * 3 / 4];
  const double best = best_learner / best_baseline;
  char text[200];
  std::snprintf(text, sizeof(text),
                "%.2f of the baseline's time (best block %.1f ns against "
                "%.1f ns, middle half of the blocks %.2f to %.2f)",
                best, best_learner / 1000, best_baseline / 1000, low, high);
  // Load can only slow a block down, so the best blocks decide, and the others
  // must agree before anything is called a failure.
  if (best <= max) return {Status::kPassed, text, "", "", -1};
  char want[80];
  if (best <= grey) {
    std::snprintf(want, sizeof(want),
                  ": slower than the %.2f that it can be; the points are yours "
                  "up to %.2f",
                  max, grey);
    return {Status::kPassed, std::string(text) + want, "", "", -1};
  }
  if (low <= grey) {
    return Verdict::Inconclusive(std::string(text) +
                                 ": the machine is too busy to tell");
  }
  std::snprintf(want, sizeof(want), "at most %.2f of the baseline's time",
                grey);
  return Verdict::Failed("too slow", want, text);
}

}  // namespace mn::judge
