package main

import "time"

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

// 9: a goroutine with size 1 sends its number; any other starts ten children
// for a tenth of the range each, and sends the sum of what they send.
func skynetTask(c chan int, num, size int) {
	if size == 1 {
		c <- num
		return
	}
	rc := make(chan int)
	part := size / 10
	for i := 0; i < 10; i++ {
		go skynetTask(rc, num+i*part, part)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-rc
	}
	c <- sum
}

func skynet(o *options, r *report) {
	n := or(o.n, 1_000_000)
	for power := n; power > 1; power /= 10 {
		if power%10 != 0 {
			refuse("-n must be a power of 10")
		}
	}
	r.Params["n"] = n
	tasks := 0
	for size := n; size >= 1; size /= 10 {
		tasks += n / size
	}
	run := func() {
		c := make(chan int)
		go skynetTask(c, 0, n)
		if <-c != n*(n-1)/2 {
			wrong("skynet: wrong sum")
		}
	}
	start := time.Now()
	run()
	cold := time.Since(start)
	m := startMeter()
	run()
	warm := m.stop(r, "ns/goroutine", tasks)
	r.Extra["goroutines"] = tasks
	r.Extra["total_ms"] = round(milliseconds(warm), 2)
	r.Extra["cold_ms"] = round(milliseconds(cold), 2)
}

//go:noinline
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

// 10: f(n-1) in a goroutine of its own, f(n-2) in this one.
func parfib(n, cutoff int) int {
	if n < cutoff {
		return fib(n)
	}
	c := make(chan int, 1)
	go func() { c <- parfib(n-1, cutoff) }()
	y := parfib(n-2, cutoff)
	return <-c + y
}

func parfibSpawns(n, cutoff int) int {
	before, spawns := 0, 0
	for i := cutoff; i <= n; i++ {
		before, spawns = spawns, 1+spawns+before
	}
	return spawns
}

func parfibRun(o *options, r *report) {
	n := or(o.n, 30)
	cutoff := or(o.cutoff, 2)
	reps := or(o.reps, 1)
	if n > 50 {
		refuse("-n must be at most 50: fib(50) takes a minute")
	}
	if cutoff < 2 {
		refuse("-cutoff must be at least 2")
	}
	spawns := parfibSpawns(n, cutoff)
	if spawns == 0 {
		refuse("-n must be at least -cutoff")
	}
	r.Params["n"] = n
	r.Params["cutoff"] = cutoff
	r.Params["reps"] = reps
	start := time.Now()
	want := fib(n)
	sequential := time.Since(start)
	run := func(times int) {
		for i := 0; i < times; i++ {
			if parfib(n, cutoff) != want {
				wrong("parfib: wrong number")
			}
		}
	}
	run(atLeastOne(reps / 10))
	m := startMeter()
	run(reps)
	wall := m.stop(r, "ns/spawn", spawns*reps)
	r.Extra["spawns"] = spawns
	r.Extra["total_ms"] = round(milliseconds(wall)/float64(reps), 3)
	r.Extra["seq_ms"] = round(milliseconds(sequential), 3)
}

// 10: a generator and one filter per prime, in a row. They stay behind, blocked,
// when the prime that was wanted has come out.
func sieve(primes int) int {
	ch := make(chan int)
	go func(out chan<- int) {
		for i := 2; ; i++ {
			out <- i
		}
	}(ch)
	prime := 0
	for i := 0; i < primes; i++ {
		prime = <-ch
		next := make(chan int)
		go func(in <-chan int, out chan<- int, prime int) {
			for {
				if v := <-in; v%prime != 0 {
					out <- v
				}
			}
		}(ch, next, prime)
		ch = next
	}
	return prime
}

// planSieve: the count-th prime, and the sends that it takes to deliver it.
func planSieve(count int) (last, messages int) {
	var primes []int
next:
	for i := 2; len(primes) < count; i++ {
		messages++
		for _, p := range primes {
			if i%p == 0 {
				continue next
			}
			messages++
		}
		primes = append(primes, i)
		last = i
	}
	return last, messages
}

func sieveRun(o *options, r *report) {
	n := or(o.n, 2000)
	r.Params["n"] = n
	last, messages := planSieve(n)
	sieve(n / 10)
	m := startMeter()
	got := sieve(n)
	wall := m.stop(r, "ns/message", messages)
	if got != last {
		wrong("sieve: not the prime that was wanted")
	}
	r.Extra["last_prime"] = got
	r.Extra["messages"] = messages
	r.Extra["total_ms"] = round(milliseconds(wall), 2)
}
