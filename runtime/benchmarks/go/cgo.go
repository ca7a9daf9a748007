//go:build cgo

package main

/*
#include <errno.h>
#include <time.h>

__attribute__((noinline)) static void empty(void) { __asm__ volatile(""); }

static void sleep_us(long us) {
  struct timespec left = {us / 1000000, us % 1000000 * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

extern void callBack(void);

static void repeat(long n) {
  for (long i = 0; i < n; i++) callBack();
}
*/
import "C"

var calls int

//export callBack
func callBack() { calls++ }

var cgoWorkloads = []workload{
	{"cgo_call", "n", "14: call an empty C function", cgoCall},
	{"cgo_callback", "n", "14: C calls back n times", cgoCallback},
	{"cgo_block", "k us", "14: k tasks block their threads in C", cgoBlock},
}

// 14: an empty C function.
func cgoCall(o *options, r *report) {
	n := or(o.n, 20_000_000)
	r.Params["n"] = n
	each(1, 1, func(int) {
		timed(r, "ns/C call", n, n, func(n int) {
			for i := 0; i < n; i++ {
				C.empty()
			}
		})
	})
}

// 14: one C function that calls back n times.
func cgoCallback(o *options, r *report) {
	n := or(o.n, 5_000_000)
	r.Params["n"] = n
	each(1, 1, func(int) {
		timed(r, "ns/C-to-Go callback", n, n, func(n int) { C.repeat(C.long(n)) })
	})
	if calls != n/10+n {
		wrong("cgo_callback lost calls")
	}
}

// 14: as blocking_sleep, inside a C function.
func cgoBlock(o *options, r *report) {
	blockingRounds(o, r, func(us int) { C.sleep_us(C.long(us)) })
}
