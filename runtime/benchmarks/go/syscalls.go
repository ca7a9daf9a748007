package main

import (
	"encoding/binary"
	"sync"
	"syscall"
	"time"
)

// 13: getpid(2), raw or with telling the scheduler that the call may block.
func syscallCost(o *options, r *report) {
	n := or(o.n, 5_000_000)
	variant := o.variant
	if variant == "" {
		variant = "enter"
	}
	r.Params["n"] = n
	r.Params["variant"] = variant
	var run func(n int)
	switch variant {
	case "raw":
		run = func(n int) {
			for i := 0; i < n; i++ {
				syscall.RawSyscall(syscall.SYS_GETPID, 0, 0, 0)
			}
		}
	case "enter":
		run = func(n int) {
			for i := 0; i < n; i++ {
				syscall.Syscall(syscall.SYS_GETPID, 0, 0, 0)
			}
		}
	default:
		refuse("-variant must be raw or enter")
	}
	each(1, 1, func(int) { timed(r, "ns/getpid", n, n, run) })
}

// 13: k readers, each blocked in read(2) on its own pipe; the main goroutine
// writes to one after the other and waits for the acknowledgement.
func pipeHandoff(o *options, r *report) {
	n := or(o.n, 20_000)
	k := or(o.k, 100)
	r.Params["n"] = n
	r.Params["readers"] = k
	r.Params["hogs"] = o.hogs
	base := time.Now()
	ack := make(chan int64)
	pipes := make([]int, k)
	var ready sync.WaitGroup
	ready.Add(k)
	for i := range pipes {
		var ends [2]int
		if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
			wrong("pipe2: " + err.Error())
		}
		pipes[i] = ends[1]
		fd := ends[0]
		go func() {
			ready.Done()
			var b [8]byte
			for {
				n, err := syscall.Read(fd, b[:])
				now := int64(time.Since(base))
				if err == syscall.EINTR {
					continue
				}
				if err != nil || n != len(b) {
					return
				}
				ack <- now - int64(binary.LittleEndian.Uint64(b[:]))
			}
		}()
	}
	ready.Wait()
	time.Sleep(100 * time.Millisecond)
	r.Extra["threads_blocked"] = statusField("Threads")
	startHogs(o.hogs)
	handOver := func(i int) int64 {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(time.Since(base)))
		if _, err := syscall.Write(pipes[i%k], b[:]); err != nil {
			wrong("pipe_handoff: " + err.Error())
		}
		return <-ack
	}
	for i := 0; i < n/10; i++ {
		handOver(i)
	}
	samples := make([]int64, 0, n)
	m := startMeter()
	for i := 0; i < n; i++ {
		samples = append(samples, handOver(i))
	}
	m.stop(r, "ns/write-to-resume (p50)", n)
	r.Extra["cycle_ns"] = round(r.NsPerOp, 1)
	r.latencies(samples)
}

// 13: a goroutine starts another one, which writes to a pipe, and enters read(2)
// on it: how long the other one, which has no processor until then if there is
// but one, waits. -variant again: the same goroutine each time; first: a new one.
func syscallHandoff(o *options, r *report) {
	n := or(o.n, 3000)
	variant := o.variant
	if variant == "" {
		variant = "again"
	}
	if variant != "again" && variant != "first" {
		refuse("-variant must be again or first")
	}
	r.Params["n"] = n
	r.Params["variant"] = variant
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		wrong("pipe2: " + err.Error())
	}
	base := time.Now()
	block := func() int64 {
		var other sync.WaitGroup
		other.Add(1)
		started := time.Since(base)
		go func() {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], uint64(time.Since(base)))
			if _, err := syscall.Write(ends[1], b[:]); err != nil {
				wrong("syscall_handoff: cannot write to the pipe")
			}
			other.Done()
		}()
		var b [8]byte
		n, err := syscall.Read(ends[0], b[:])
		for err == syscall.EINTR {
			n, err = syscall.Read(ends[0], b[:])
		}
		if err != nil || n != len(b) {
			wrong("syscall_handoff: cannot read from the pipe")
		}
		other.Wait()
		return int64(binary.LittleEndian.Uint64(b[:])) - int64(started)
	}
	sample := func() int64 {
		if variant == "again" {
			return block()
		}
		var waited int64
		each(1, 1, func(int) { waited = block() })
		return waited
	}
	for i := 0; i < n/10; i++ {
		sample()
	}
	samples := make([]int64, 0, n)
	m := startMeter()
	for i := 0; i < n; i++ {
		samples = append(samples, sample())
	}
	m.stop(r, "ns/start-to-other (p50)", n)
	r.Extra["cycle_ns"] = round(r.NsPerOp, 1)
	r.latencies(samples)
}

// blockingRounds: k goroutines each run body(us), which blocks the thread for us
// microseconds: a cold round, in which threads are made, then a warm one.
func blockingRounds(o *options, r *report, body func(us int)) {
	k := or(o.k, 100)
	us := or(o.us, 50_000)
	r.Params["goroutines"] = k
	r.Params["block_us"] = us
	milliseconds := func(d time.Duration) float64 {
		return round(d.Seconds()*1e3, 2)
	}
	oneRound := func() { each(k, k, func(int) { body(us) }) }
	start := time.Now()
	oneRound()
	r.Extra["cold_wall_ms"] = milliseconds(time.Since(start))
	r.Extra["threads_after_cold"] = statusField("Threads")
	m := startMeter()
	oneRound()
	r.Extra["warm_wall_ms"] = milliseconds(m.stop(r, "ms wall (warm round)", 1))
}

func blockingSleep(o *options, r *report) {
	blockingRounds(o, r, func(us int) {
		left := syscall.NsecToTimespec(int64(us) * 1000)
		for syscall.Nanosleep(&left, &left) == syscall.EINTR {
		}
	})
}
