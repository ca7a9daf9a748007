package main

import "time"

// sleepLateness is by how many ns a sleep took longer.
func sleepLateness(d time.Duration) int64 {
	start := time.Now()
	time.Sleep(d)
	return (time.Since(start) - d).Nanoseconds()
}

// 11: one goroutine sleeps, again and again; nothing else runs.
func sleepPrecision(o *options, r *report) {
	n := or(o.n, 1000)
	us := or(o.us, 1000)
	r.Params["n"] = n
	r.Params["sleep_us"] = us
	d := time.Duration(us) * time.Microsecond
	each(1, 1, func(int) {
		for i := 0; i < n/10; i++ {
			sleepLateness(d)
		}
		samples := make([]int64, 0, n)
		m := startMeter()
		for i := 0; i < n; i++ {
			samples = append(samples, sleepLateness(d))
		}
		m.stop(r, "ns lateness (p50)", n)
		r.latencies(samples)
	})
}
