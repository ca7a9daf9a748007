package main

import (
	"runtime"
	"sync"
)

// 1 and 2: start runs one batch; every goroutine captures one pointer.
func inBatches(o *options, r *report, start func(*sync.WaitGroup, int)) {
	n := or(o.n, 1_000_000)
	batch := or(o.batch, 1000)
	if batch > n {
		batch = n
	}
	r.Params["n"] = n
	r.Params["batch"] = batch
	created := (n + batch - 1) / batch * batch
	timed(r, "ns/goroutine", n, created, func(n int) {
		for done := 0; done < n; done += batch {
			wg := new(sync.WaitGroup)
			wg.Add(batch)
			start(wg, batch)
			wg.Wait()
		}
	})
}

func spawnJoin(o *options, r *report) {
	inBatches(o, r, func(wg *sync.WaitGroup, batch int) {
		for i := 0; i < batch; i++ {
			go func() { wg.Done() }()
		}
	})
}

func spawnFirstYield(o *options, r *report) {
	inBatches(o, r, func(wg *sync.WaitGroup, batch int) {
		for i := 0; i < batch; i++ {
			go func() {
				runtime.Gosched()
				wg.Done()
			}()
		}
	})
}

func spawnJoinOne(o *options, r *report) {
	n := or(o.n, 1_000_000)
	r.Params["n"] = n
	timed(r, "ns/spawn+join", n, n, func(n int) {
		wg := new(sync.WaitGroup)
		for i := 0; i < n; i++ {
			wg.Add(1)
			go func() { wg.Done() }()
			wg.Wait()
		}
	})
}

// 3: k goroutines yield n/k times each.
func yield(o *options, r *report) {
	n := or(o.n, 5_000_000)
	k := or(o.k, 2)
	r.Params["n"] = n
	r.Params["goroutines"] = k
	if n < k {
		refuse("-n must be at least -k: every task yields")
	}
	timed(r, "ns/yield", n, n/k*k, func(n int) {
		each := n / k
		wg := new(sync.WaitGroup)
		wg.Add(k)
		for task := 0; task < k; task++ {
			go func() {
				for i := 0; i < each; i++ {
					runtime.Gosched()
				}
				wg.Done()
			}()
		}
		wg.Wait()
	})
}
