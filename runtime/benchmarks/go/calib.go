package main

import (
	"sync/atomic"
	"time"
)

const seed = 0x9E3779B97F4A7C15

// Results that the compiler must not find unused.
var (
	keepWord uint64
	keepInt  int
)

// work is steps dependent xorshift64 steps.
//
//go:noinline
func work(x uint64, steps int) uint64 {
	for i := 0; i < steps; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

//go:noinline
func empty(x int) int { return x + 1 }

// 0: fixed work on one goroutine: is the machine as fast as it was?
func calib(o *options, r *report) {
	n := or(o.n, 200_000_000)
	r.Params["n"] = n
	keepWord = work(seed, n/10)
	m := startMeter()
	keepWord = work(keepWord, n)
	m.stop(r, "ns/xorshift64 step", n)

	file := func(name string, count, digits int, start time.Time) {
		if count > 0 {
			ns := float64(time.Since(start).Nanoseconds()) / float64(count)
			r.Extra[name] = round(ns, digits)
		}
	}
	var counter int64
	start := time.Now()
	for i := 0; i < n/10; i++ {
		atomic.AddInt64(&counter, 1)
	}
	file("atomic_add_ns", n/10, 3, start)

	var sum time.Duration
	start = time.Now()
	for i := 0; i < n/40; i++ {
		sum += time.Since(start)
	}
	file("clock_ns", n/40, 3, start)
	keepInt = int(sum)

	x := 0
	start = time.Now()
	for i := 0; i < n/2; i++ {
		x = empty(x)
	}
	file("direct_call_ns", n/2, 3, start)
	keepInt = x

	const pages, page = 16384, 4096
	memory := make([]byte, pages*page)
	start = time.Now()
	for i := 0; i < len(memory); i += page {
		memory[i] = 1
	}
	file("first_touch_ns_per_4k", pages, 1, start)
}
