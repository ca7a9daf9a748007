package main

import "sync"

// each runs body(n/k) in k goroutines and waits for them.
func each(n, k int, body func(n int)) {
	var wg sync.WaitGroup
	wg.Add(k)
	for task := 0; task < k; task++ {
		go func() {
			body(n / k)
			wg.Done()
		}()
	}
	wg.Wait()
}

// 7: lock; shared++ and cs steps of work; unlock; out steps of work.
func mutexPairs(o *options, r *report) {
	k := or(o.k, 1)
	n := or(o.n, 8_000_000)
	if o.n == 0 && k == 1 {
		n = 100_000_000
	} else if o.n == 0 && o.cs == 0 {
		n = 40_000_000
	}
	r.Params["goroutines"] = k
	r.Params["n"] = n
	r.Params["cs"] = o.cs
	r.Params["out"] = o.out
	if n < k {
		refuse("-n must be at least -k: every task locks")
	}
	var mu sync.Mutex
	var shared uint64
	cs, out := o.cs, o.out
	timed(r, "ns/lock+unlock", n, n/k*k, func(n int) {
		shared = 0
		each(n, k, func(n int) {
			x := uint64(seed)
			for i := 0; i < n; i++ {
				mu.Lock()
				shared++
				if cs > 0 {
					x = work(x, cs)
				}
				mu.Unlock()
				if out > 0 {
					x = work(x, out)
				}
			}
			if x == 0 {
				wrong("xorshift64 never gets to 0")
			}
		})
	})
	if shared != uint64(n/k*k) {
		wrong("mutex lost updates")
	}
}

// 7: every hundredth operation of each goroutine is a write, the others read;
// with -variant rlock all of them read.
func rwmutexPairs(o *options, r *report) {
	k := or(o.k, 8)
	n := or(o.n, 40_000_000)
	if o.variant != "" && o.variant != "rlock" {
		refuse("-variant must be rlock (reads only), or left out")
	}
	if n < k {
		refuse("-n must be at least -k: every task locks")
	}
	writes := o.variant == ""
	r.Params["goroutines"] = k
	r.Params["n"] = n
	r.Params["write_pct"] = map[bool]int{true: 1, false: 0}[writes]
	var mu sync.RWMutex
	var shared uint64
	timed(r, "ns/lock+unlock", n, n/k*k, func(n int) {
		shared = 0
		each(n, k, func(n int) {
			var sum uint64
			for i := 0; i < n; i++ {
				if writes && i%100 == 99 {
					mu.Lock()
					shared++
					mu.Unlock()
				} else {
					mu.RLock()
					sum += shared
					mu.RUnlock()
				}
			}
			if sum == 1<<63 {
				wrong("rwmutex: sum out of range")
			}
		})
	})
	if writes && shared != uint64(n/k/100*k) {
		wrong("rwmutex lost updates")
	}
}
