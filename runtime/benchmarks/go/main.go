// gobench: the workloads of runtime/benchmarks on goroutines, with the same
// command line and the same JSON line as the C++ programs, so that one line can
// be run on all of them and the figures compared.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// options is a parsed command line. A number that is 0 means "the default".
type options struct {
	p, n, k, cap, prod, cons, batch, cutoff, reps, cs, out int
	us, hogs, frame                                        int
	variant                                                string
	dur                                                    time.Duration
	given                                                  map[string]bool
}

func or(value, fallback int) int {
	if value == 0 {
		return fallback
	}
	return value
}

// workload: its name, the flags that it looks at beside -p, one line for `list`,
// and the work, which runs on the main goroutine.
type workload struct {
	name, flags, what string
	run               func(*options, *report)
}

var workloads = append(append([]workload{
	{"calib", "n", "0: arithmetic, atomics, clock, calls, page faults", calib},
	{"spawn_join", "n batch", "1: start tasks in batches, wait for each batch", spawnJoin},
	{"spawn_join_one", "n", "1: start one task, wait for it, repeat", spawnJoinOne},
	{"spawn_first_yield", "n batch", "2: as spawn_join; every task yields once", spawnFirstYield},
	{"yield", "n k", "3: k tasks yield, n times in all", yield},
	{"chan_pingpong", "n", "4: two tasks, two rendezvous channels", chanPingPong},
	{"chan_buffered", "n cap prod cons", "5: producers and consumers", chanBuffered},
	{"mutex", "n k cs out", "7: lock, add, unlock by k tasks", mutexPairs},
	{"rwmutex", "n k variant", "7: 99 reads and a write by k tasks", rwmutexPairs},
	{"fan_out_in", "n reps", "8: start n tasks, wait for all", fanOutIn},
	{"fan_gate", "n reps", "8: wake n tasks that wait at a gate", fanGate},
	{"skynet", "n", "9: a 10-ary tree of tasks with n leaves", skynet},
	{"parfib", "n cutoff reps", "10: fib(n), a task per call", parfibRun},
	{"sieve", "n", "10: the first n primes through n filters", sieveRun},
	{"sleep_precision", "n us", "11: how late a sleeper wakes", sleepPrecision},
	{"mem_parked", "n frame", "12: memory of n parked tasks", memParked},
	{"syscall", "n variant", "13: getpid, raw or told to the scheduler", syscallCost},
	{"syscall_handoff", "n variant", "13: how soon others run when a read blocks", syscallHandoff},
	{"pipe_handoff", "n k hogs", "13: how late a blocking read returns", pipeHandoff},
	{"blocking_sleep", "k us", "13: k tasks block their threads in nanosleep", blockingSleep},
}, cgoWorkloads...), []workload{
	{"lockosthread", "n k", "15: ping-pong of tasks locked to threads", lockOSThread},
	{"wake_latency", "n us", "15: wake a task on a processor that sleeps", wakeLatency},
	{"preempt", "k us dur", "19: how late a sleeper wakes beside k hogs", preempt},
	{"fairness", "k dur", "19: how evenly k hogs share the processors", fairness},
	{"stw", "n k", "19: stop the world beside k hogs, start it again", stw},
}...)

func list() string {
	var b strings.Builder
	for _, w := range workloads {
		fmt.Fprintf(&b, "%-18s %s\n", w.name, w.what)
	}
	return b.String()
}

// refuse is for bad input: says what is wrong and ends with status 2.
func refuse(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "gobench: "+format+"\n", args...)
	os.Exit(2)
}

// wrong is for work that came out wrong.
func wrong(what string) {
	fmt.Fprintln(os.Stderr, "wrong result:", what)
	os.Exit(1)
}

func find(name string) *workload {
	for i := range workloads {
		if workloads[i].name == name {
			return &workloads[i]
		}
	}
	refuse("no such workload: %s; one of:\n%s", name, list())
	return nil
}

func parse(w *workload, args []string) *options {
	o := &options{given: map[string]bool{}}
	flags := flag.NewFlagSet(w.name, flag.ContinueOnError)
	numbers := map[string]*int{
		"p": &o.p, "n": &o.n, "k": &o.k, "cap": &o.cap, "prod": &o.prod,
		"cons": &o.cons, "batch": &o.batch, "cutoff": &o.cutoff,
		"reps": &o.reps, "cs": &o.cs, "out": &o.out, "us": &o.us,
		"hogs": &o.hogs, "frame": &o.frame,
	}
	taken := strings.Fields("p " + w.flags)
	for _, name := range taken {
		switch name {
		case "variant":
			flags.StringVar(&o.variant, name, "", "variant of the work")
		case "dur":
			flags.DurationVar(&o.dur, name, 0, "how long")
		default:
			flags.IntVar(numbers[name], name, 0, "")
		}
	}
	takes := fmt.Sprintf("%s takes -%s", w.name, strings.Join(taken, " -"))
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		refuse("%v; %s", err, takes)
	}
	flags.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	if flags.NArg() > 0 {
		refuse("not a flag: %q; %s", flags.Arg(0), takes)
	}
	for name, value := range numbers {
		if *value < 0 {
			refuse("-%s %d: must not be negative", name, *value)
		}
	}
	if o.dur < 0 {
		refuse("-dur %v: must not be negative", o.dur)
	}
	return o
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "list" {
		fmt.Print(list())
		return
	}
	if len(os.Args) < 2 {
		refuse("which workload? One of:\n%s", list())
	}
	w := find(os.Args[1])
	o := parse(w, os.Args[2:])
	if o.p > 0 {
		runtime.GOMAXPROCS(o.p)
	}
	r := newReport(w.name)
	w.run(o, r)
	fmt.Println(r.line())
}
