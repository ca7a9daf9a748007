#include "runtime/testing/fire/fire_work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/stress/stress.h"

namespace mn::test {

namespace {

// Not inline: where errno is, is asked anew each time.
__attribute__((noinline)) void SetErrno(int value) { errno = value; }
__attribute__((noinline)) int GetErrno() { return errno; }

// Arithmetic for some microseconds, whose result is known.
std::uint64_t Churn(std::uint64_t x, int rounds) {
  for (int i = 0; i < rounds; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return x;
}

thread_local std::uint64_t tls_counter = 0;
__attribute__((noinline)) std::uint64_t NextOfThread() { return ++tls_counter; }

struct Boom : std::runtime_error {
  Boom(int n, const std::string& text) : std::runtime_error(text), n(n) {}
  int n;
};

class Fire {
 public:
  Fire(FireReport& report, std::chrono::nanoseconds duration)
      : report_(report), end_(std::chrono::steady_clock::now() + duration) {
    null_ = fopen("/dev/null", "w");
    onces_.reset(new Once[kOnces]);
  }
  ~Fire() { fclose(null_); }
  Fire(const Fire&) = delete;
  Fire& operator=(const Fire&) = delete;

  // Steps of `kind` until the time is up, some in any case.
  void Burn(std::size_t kind, Rng rng) {
    do {
      for (int i = 0; i < 20; i++) {
        Step(kind, rng);
        report_.steps[kind].fetch_add(1, std::memory_order_relaxed);
      }
      Elsewhere(rng);
    } while (std::chrono::steady_clock::now() < end_);
  }

  void WatchThreads() {
    while (std::chrono::steady_clock::now() < end_) {
      report_.max_threads = std::max(report_.max_threads, NumThreads());
      Sleep(std::chrono::milliseconds(5));
    }
  }

 private:
  static constexpr std::size_t kOnces = 1 << 12;
  struct Once {
    std::once_flag flag;
    std::atomic<int> ran{0};
    std::uint64_t value = 0;
  };

  void Check(bool right, const char* what) {
    if (right) return;
    report_.wrong.fetch_add(1);
    const char* none = nullptr;
    report_.first_wrong.compare_exchange_strong(none, what);
  }

  void Step(std::size_t kind, Rng& rng) {
    switch (kind) {
      case 0:
        return Malloc(rng);
      case 1:
        return Printf(rng);
      case 2:
        return Iostream(rng);
      case 3:
        return Exceptions(rng);
      case 4:
        return Mutex(rng);
      case 5:
        return CallOnce(rng);
      case 6:
        return LibcSort(rng);
      case 7:
        return Errno(rng);
      case 8:
        return Tls(rng);
      default:
        return Loops(rng);
    }
  }

  // The runtime, now and then.
  void Elsewhere(Rng& rng) {
    switch (rng() % 8) {
      case 0:
        Gosched();
        break;
      case 1:
        Sleep(std::chrono::nanoseconds(rng() % 100'000));
        break;
      case 2:
        Syscall([] { ::getppid(); });
        break;
      case 3:
        BlockingCall([] { ::usleep(20); });
        break;
      case 4: {
        Chan<int> ch(0);
        Go([ch]() mutable { ch.Send(5); });
        Check(ch.Recv() == 5, "a value from a channel");
        break;
      }
      default:
        break;
    }
  }

  void Malloc(Rng& rng) {
    struct Block {
      unsigned char* p;
      std::size_t n;
      unsigned char fill;
    };
    std::vector<Block> blocks;
    for (int i = 0; i < 20; i++) {
      const std::size_t n = 1 + rng() % (i % 5 == 0 ? 60'000 : 400);
      const auto fill = static_cast<unsigned char>(rng());
      auto* p = static_cast<unsigned char*>(::malloc(n));
      ::memset(p, fill, n);
      blocks.push_back({p, n, fill});
    }
    std::shuffle(blocks.begin(), blocks.end(), rng);
    for (const Block& b : blocks) {
      Check(
          b.p[0] == b.fill && b.p[b.n / 2] == b.fill && b.p[b.n - 1] == b.fill,
          "a block of memory");
      ::free(b.p);
    }
    std::map<int, std::string> map;
    for (int i = 0; i < 20; i++) map[i] = std::string(rng() % 60, 'm');
    Check(map.size() == 20, "a map");
  }

  void Printf(Rng& rng) {
    const int n = static_cast<int>(rng() % 1'000'000);
    char text[64];
    snprintf(text, sizeof text, "%06d %.3f %s", n, n / 8.0, "fire");
    int back = -1;
    double real = 0;
    char word[8] = {};
    Check(sscanf(text, "%d %lf %7s", &back, &real, word) == 3 && back == n &&
              ::strcmp(word, "fire") == 0,
          "what was printed and scanned");
    fprintf(null_, "%s %d %g\n", text, n, real);
    if (rng() % 64 == 0) fflush(null_);
  }

  void Iostream(Rng& rng) {
    std::ostringstream out;
    const int n = static_cast<int>(rng() % 1'000'000);
    for (int i = 0; i < 8; i++) out << n + i << ' ' << 0.5 * i << ';';
    std::istringstream in(out.str());
    for (int i = 0; i < 8; i++) {
      int m = 0;
      double x = 0;
      char c = 0;
      in >> m >> x >> c;
      Check(m == n + i && c == ';', "what a stream wrote and read");
    }
  }

  void ThrowDeep(int depth, int n) {
    const std::string local(40, 'd');
    if (depth == 0) throw Boom(n, local);
    ThrowDeep(depth - 1, n);
    Check(false, "the line after a throw");
  }

  void Exceptions(Rng& rng) {
    const int n = static_cast<int>(rng() % 1'000'000);
    int caught = 0;
    try {
      try {
        ThrowDeep(static_cast<int>(rng() % 6), n);
      } catch (const Boom& b) {
        Check(b.n == n, "the exception that was caught");
        Churn(static_cast<std::uint64_t>(n) + 1, 500);
        try {
          throw n + 1;  // one inside the handler of another
        } catch (int m) {
          Check(m == n + 1, "the exception inside a handler");
        }
        caught++;
        throw;
      }
    } catch (const std::exception& e) {
      Check(dynamic_cast<const Boom*>(&e) != nullptr, "what was rethrown");
      Check(std::string_view(e.what()).size() == 40, "the text of it");
      caught++;
    }
    Check(caught == 2 && std::uncaught_exceptions() == 0,
          "the number of exceptions");
  }

  void Mutex(Rng& rng) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Check(first_ == second_, "what the mutex guards");
    first_++;
    Churn(first_ + 1, static_cast<int>(rng() % 2000));
    second_++;
  }

  void CallOnce(Rng& rng) {
    // Neighbours work on the same flags at about the same time.
    const std::size_t i = next_once_.fetch_add(1) / 4 % kOnces;
    Once& once = onces_[i];
    const int rounds = static_cast<int>(rng() % 1000);
    std::call_once(once.flag, [&] {
      once.ran.fetch_add(1);
      Churn(i + 1, rounds);
      once.value = i + 1;
    });
    Check(once.ran.load() == 1 && once.value == i + 1, "what is done once");
  }

  void LibcSort(Rng& rng) {
    int numbers[300];
    for (int& n : numbers) n = static_cast<int>(rng() % 100'000);
    ::qsort(numbers, std::size(numbers), sizeof numbers[0],
            [](const void* a, const void* b) {
              const int x = *static_cast<const int*>(a);
              const int y = *static_cast<const int*>(b);
              return x < y ? -1 : x > y;
            });
    Check(std::is_sorted(std::begin(numbers), std::end(numbers)),
          "what qsort sorted");
    Check(::strtod("12.25", nullptr) == 12.25, "strtod");
  }

  void Errno(Rng& rng) {
    const int mine = 1 + static_cast<int>(rng() % 100);
    SetErrno(mine);
    Churn(static_cast<std::uint64_t>(mine), 2000);
    Check(GetErrno() == mine, "errno");
    SetErrno(0);
    const bool failed = ::close(-1) != 0;
    Check(failed && GetErrno() == EBADF, "errno of a call");
  }

  // Between two calls into the runtime a goroutine has the thread to itself.
  void Tls(Rng& rng) {
    const std::uint64_t before = NextOfThread();
    Churn(before, static_cast<int>(rng() % 2000));
    Check(NextOfThread() == before + 1, "a thread_local counter");
  }

  void Loops(Rng& rng) {
    const std::uint64_t x = rng() | 1u;
    const int rounds = static_cast<int>(rng() % 20'000);
    Check(Churn(x, rounds) == Churn(x, rounds), "arithmetic");
  }

  FireReport& report_;
  const std::chrono::steady_clock::time_point end_;
  FILE* null_;
  std::unique_ptr<Once[]> onces_;
  std::atomic<std::size_t> next_once_{0};
  std::mutex mutex_;
  std::uint64_t first_ = 0;   // guarded by mutex_
  std::uint64_t second_ = 0;  // guarded by mutex_
};

}  // namespace

void RunFire(int goroutines, std::chrono::nanoseconds duration,
             FireReport& report, void (*progress)(void*), void* arg) {
  Fire fire(report, duration);
  WaitGroup wg;
  const int n = std::max(goroutines, static_cast<int>(kFireKinds.size()));
  for (int i = 0; i < n; i++) {
    wg.Add(1);
    // Streams and exceptions below each other take some of it.
    Go({.stack_size = 256 * 1024}, [&, i, rng = MakeRng()]() mutable {
      fire.Burn(static_cast<std::size_t>(i) % kFireKinds.size(), rng);
      wg.Done();
    });
  }
  wg.Go([&] { fire.WatchThreads(); });
  if (progress != nullptr) {
    const auto end = std::chrono::steady_clock::now() + duration;
    long seen = -1;
    while (std::chrono::steady_clock::now() < end) {
      Sleep(std::min<std::chrono::nanoseconds>(duration / 10,
                                               std::chrono::seconds(1)));
      if (report.Steps() != seen) progress(arg);
      seen = report.Steps();
    }
  }
  wg.Wait();
}

}  // namespace mn::test
