package main

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// The parkIn functions wait on c with a frame of that many bytes, all written.

//go:noinline
func parkIn1024(c chan struct{}) {
	var frame [1024]byte
	fill(frame[:])
	<-c
	frame[keepInt&1023]++
}

//go:noinline
func parkIn3072(c chan struct{}) {
	var frame [3072]byte
	fill(frame[:])
	<-c
	frame[keepInt&1023]++
}

//go:noinline
func parkIn7168(c chan struct{}) {
	var frame [7168]byte
	fill(frame[:])
	<-c
	frame[keepInt&1023]++
}

//go:noinline
func fill(frame []byte) {
	for i := range frame {
		frame[i] = byte(i)
	}
}

type footprint struct{ resident, pageTables int64 }

func footprintNow() footprint {
	return footprint{residentBytes(), pageTableBytes()}
}

// 12: what a parked goroutine costs in memory.
func memParked(o *options, r *report) {
	n := or(o.n, 1_000_000)
	r.Params["n"] = n
	r.Params["frame"] = o.frame
	var park func(chan struct{})
	switch o.frame {
	case 0:
		park = func(c chan struct{}) { <-c }
	case 1024:
		park = parkIn1024
	case 3072:
		park = parkIn3072
	case 7168:
		park = parkIn7168
	default:
		refuse("-frame must be 0, 1024, 3072 or 7168")
	}
	perTask := func(v int64) float64 { return round(float64(v)/float64(n), 1) }
	runtime.GC()
	debug.FreeOSMemory()
	before := footprintNow()
	never := make(chan struct{})
	all := make(chan struct{})
	var started int64
	var done sync.WaitGroup
	done.Add(n)
	m := startMeter()
	for i := 0; i < n; i++ {
		go func() {
			if atomic.AddInt64(&started, 1) == int64(n) {
				close(all)
			}
			park(never)
			done.Done()
		}()
	}
	<-all
	m.stop(r, "ns/goroutine created and parked", n)
	time.Sleep(300 * time.Millisecond)
	parked := footprintNow()
	rss := parked.resident - before.resident
	tables := parked.pageTables - before.pageTables
	r.Extra["rss_bytes"] = parked.resident
	r.Extra["rss_per_goroutine"] = perTask(rss)
	r.Extra["page_tables_per_goroutine"] = perTask(tables)
	r.Extra["memory_per_goroutine"] = perTask(rss + tables)
	r.Extra["threads_parked"] = statusField("Threads")
	r.Extra["maps_parked"] = mappings()

	start := time.Now()
	close(never)
	done.Wait()
	r.Extra["release_ns_per_goroutine"] = perTask(time.Since(start).Nanoseconds())
	debug.FreeOSMemory()
	r.Extra["rss_after_all_exit_bytes"] = residentBytes()
	// Go checks a stack's bound in the code of every function instead.
	r.Extra["guard_pages"] = "off"
}
