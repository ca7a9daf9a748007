package main

import (
	"runtime"
	"sync/atomic"
	"time"
)

const mostHogs = 64

// Each counter has its own cache lines.
var hogs [mostHogs]struct {
	count uint64
	_     [120]byte
}

// hog adds 1 to its counter for ever, without a call.
//
//go:noinline
func hog(i int) {
	for {
		hogs[i].count++
	}
}

func startHogs(k int) {
	if k > mostHogs {
		refuse("at most %d hogs", mostHogs)
	}
	for i := 0; i < k; i++ {
		i := i
		go hog(i)
	}
}

// runTime is -dur, filed as dur_s.
func runTime(o *options, r *report, fallback time.Duration) time.Duration {
	d := o.dur
	if d == 0 {
		d = fallback
	}
	r.Params["dur_s"] = d.Seconds()
	return d
}

// 19: how late a sleeper wakes beside k hogs.
func preempt(o *options, r *report) {
	k := o.k
	if !o.given["k"] {
		k = 1
	}
	us := or(o.us, 1000)
	r.Params["hogs"] = k
	r.Params["sleep_us"] = us
	d := runTime(o, r, 5*time.Second)
	samples := make([]int64, 0, 1<<16)
	startHogs(k)
	m := startMeter()
	each(1, 1, func(int) {
		for start := time.Now(); time.Since(start) < d; {
			samples = append(samples, sleepLateness(time.Duration(us)*time.Microsecond))
		}
	})
	m.stop(r, "ns lateness (p50)", len(samples))
	r.latencies(samples)
}

// 19: how evenly k hogs share the processors while the main goroutine sleeps.
func fairness(o *options, r *report) {
	k := or(o.k, 4)
	r.Params["hogs"] = k
	d := runTime(o, r, 2*time.Second)
	startHogs(k)
	m := startMeter()
	time.Sleep(d)
	counts := make([]float64, k)
	sum := 0.0
	for i := range counts {
		counts[i] = float64(atomic.LoadUint64(&hogs[i].count))
		sum += counts[i]
	}
	wall := m.stop(r, "max share / min share", k)
	least, most := counts[0], counts[0]
	shares := make([]float64, k)
	for i, count := range counts {
		if count < least {
			least = count
		}
		if count > most {
			most = count
		}
		shares[i] = round(count/sum, 4)
	}
	if least == 0 {
		wrong("fairness: a hog has not run at all")
	}
	r.NsPerOp = most / least
	r.Extra["shares"] = shares
	r.Extra["main_wake_late_ms"] = round((wall-d).Seconds()*1e3, 3)
}

// 19: stop the world beside k hogs, start it again. ReadMemStats does little
// else; GOMAXPROCS(n) does nothing here if n is what it was.
func stw(o *options, r *report) {
	k := o.k
	if !o.given["k"] {
		k = 2
	}
	n := or(o.n, 1000)
	r.Params["hogs"] = k
	r.Params["n"] = n
	samples := make([]int64, 0, n)
	var stats runtime.MemStats
	startHogs(k)
	m := startMeter()
	each(1, 1, func(int) {
		for i := 0; i < n; i++ {
			time.Sleep(time.Millisecond)
			start := time.Now()
			runtime.ReadMemStats(&stats)
			samples = append(samples, time.Since(start).Nanoseconds())
		}
	})
	m.stop(r, "ns/stop and start (p50)", n)
	r.latencies(samples)
}
