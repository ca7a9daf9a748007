package main

import (
	"sync"
	"sync/atomic"
	"time"
)

func atLeastOne(n int) int {
	if n < 1 {
		return 1
	}
	return n
}

// 8: n goroutines add their index to one sum; the driver waits for all.
func fanOutIn(o *options, r *report) {
	n := or(o.n, 10_000)
	rounds := or(o.reps, 100)
	r.Params["n"] = n
	r.Params["rounds"] = rounds
	var sum int64
	run := func(times int) {
		for round := 0; round < times; round++ {
			wg := new(sync.WaitGroup)
			wg.Add(n)
			for i := 0; i < n; i++ {
				i := i
				go func() {
					atomic.AddInt64(&sum, int64(i))
					wg.Done()
				}()
			}
			wg.Wait()
		}
	}
	run(atLeastOne(rounds / 10))
	sum = 0
	m := startMeter()
	run(rounds)
	m.stop(r, "ns/goroutine", n*rounds)
	r.Extra["round_us"] = round(r.NsPerOp*float64(n)/1e3, 1)
	if sum != int64(n)*int64(n-1)/2*int64(rounds) {
		wrong("fan_out_in: wrong sum")
	}
}

// 8: n goroutines wait at a gate; timed is from opening it until all are done.
func fanGate(o *options, r *report) {
	n := or(o.n, 10_000)
	rounds := or(o.reps, 100)
	r.Params["n"] = n
	r.Params["rounds"] = rounds
	var samples []int64
	var total time.Duration
	run := func(times int) {
		for round := 0; round < times; round++ {
			var gate, done sync.WaitGroup
			var started int64
			all := make(chan struct{})
			gate.Add(1)
			done.Add(n)
			for i := 0; i < n; i++ {
				go func() {
					if atomic.AddInt64(&started, 1) == int64(n) {
						close(all)
					}
					gate.Wait()
					done.Done()
				}()
			}
			<-all
			time.Sleep(time.Millisecond)
			start := time.Now()
			gate.Done()
			done.Wait()
			d := time.Since(start)
			total += d
			samples = append(samples, d.Nanoseconds())
		}
	}
	run(atLeastOne(rounds / 10))
	samples, total = nil, 0
	m := startMeter()
	run(rounds)
	m.stop(r, "ns/woken goroutine", n*rounds)
	// The meter saw the creation too: the figure is the sum over the openings.
	r.result("ns/woken goroutine", n*rounds, total)
	r.Extra["round_us"] = round(r.NsPerOp*float64(n)/1e3, 1)
	r.distribution("round_", samples)
}
