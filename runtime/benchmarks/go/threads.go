package main

import (
	"runtime"
	"sync"
	"time"
)

// 15: ping-pong with A (-k 1), both (-k 2) or neither (-k 3) locked to a thread.
func lockOSThread(o *options, r *report) {
	k := or(o.k, 1)
	if k > 3 {
		refuse("-k must be 1, 2 or 3 (none is locked)")
	}
	locked := k % 3
	r.Params["locked"] = locked
	pingPong(r, or(o.n, 200_000), func() {
		if locked >= 1 {
			runtime.LockOSThread()
		}
	}, func() {
		if locked >= 2 {
			runtime.LockOSThread()
		}
	})
}

// 15: R waits on a channel; S spins without yielding, sends the time and spins
// on: only another P, which sleeps, can run R.
func wakeLatency(o *options, r *report) {
	n := or(o.n, 5000)
	us := or(o.us, 200)
	r.Params["n"] = n
	r.Params["spin_us"] = us
	warm := n / 10
	spin := time.Duration(us) * time.Microsecond
	base := time.Now()
	c := make(chan int64, 1)
	samples := make([]int64, 0, n)
	var m *meter
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		for i := 0; i < warm+n; i++ {
			sent := <-c
			late := int64(time.Since(base)) - sent
			if i >= warm {
				samples = append(samples, late)
			}
		}
		wg.Done()
	}()
	go func() {
		for i := 0; i < warm+n; i++ {
			if i == warm {
				m = startMeter()
			}
			for start := time.Now(); time.Since(start) < spin; {
			}
			c <- int64(time.Since(base))
		}
		wg.Done()
	}()
	wg.Wait()
	m.stop(r, "ns send-to-resume (p50)", n)
	r.latencies(samples)
}
