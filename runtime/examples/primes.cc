// A chain of goroutines, one per prime, each passing on what its prime does not
// divide.
#include <cstdio>

#include "runtime/mn.h"

void Filter(mn::Chan<int> in, mn::Chan<int> out, int prime) {
  for (int i : in) {
    if (i % prime != 0) out.Send(i);
  }
}

int main() {
  return mn::Main([] {
    mn::Chan<int> numbers(0);
    mn::Go([numbers]() mutable {
      for (int i = 2;; i++) numbers.Send(i);
    });
    for (int n = 0; n < 10; n++) {
      const int prime = numbers.Recv();
      std::printf("%d ", prime);
      mn::Chan<int> rest(0);
      mn::Go([=] { Filter(numbers, rest, prime); });
      numbers = rest;
    }
    std::printf("from %d goroutines on %d Ps\n", mn::NumGoroutine(),
                mn::GOMAXPROCS());
    return 0;
  });
}
