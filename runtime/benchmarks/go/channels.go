package main

import "sync"

// pingPong: A sends i on ping and receives from pong; B sends back what it
// receives. A times itself. A begins with beginA(), B with beginB().
func pingPong(r *report, n int, beginA, beginB func()) {
	r.Params["n"] = n
	ping := make(chan int)
	pong := make(chan int)
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		beginA()
		timed(r, "ns/round trip", n, n, func(n int) {
			for i := 0; i < n; i++ {
				ping <- i
				<-pong
			}
		})
		close(ping)
		wg.Done()
	}()
	go func() {
		beginB()
		for v := range ping {
			pong <- v
		}
		wg.Done()
	}()
	wg.Wait()
}

// 4
func chanPingPong(o *options, r *report) {
	pingPong(r, or(o.n, 2_000_000), func() {}, func() {})
}

// 5: producers and consumers on one channel.
func chanBuffered(o *options, r *report) {
	n := or(o.n, 5_000_000)
	prod := or(o.prod, 1)
	cons := or(o.cons, 1)
	r.Params["n"] = n
	r.Params["prod"] = prod
	r.Params["cons"] = cons
	r.Params["cap"] = o.cap
	r.Params["slots"] = o.cap
	if n < prod {
		refuse("-n must be at least -prod")
	}
	timed(r, "ns/item", n, n/prod*prod, func(n int) {
		each := n / prod
		c := make(chan int64, o.cap)
		var sent, received sync.WaitGroup
		var mu sync.Mutex
		var total int64
		sent.Add(prod)
		received.Add(cons)
		for i := 0; i < cons; i++ {
			go func() {
				var sum int64
				for v := range c {
					sum += v
				}
				mu.Lock()
				total += sum
				mu.Unlock()
				received.Done()
			}()
		}
		for i := 0; i < prod; i++ {
			go func() {
				for j := 0; j < each; j++ {
					c <- 1
				}
				sent.Done()
			}()
		}
		sent.Wait()
		close(c)
		received.Wait()
		if total != int64(each*prod) {
			wrong("chan_buffered lost or invented items")
		}
	})
}
