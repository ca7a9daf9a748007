package main

import (
	"encoding/json"
	"math"
	"runtime"
	"sort"
	"syscall"
	"time"
)

type report struct {
	Workload string                 `json:"workload"`
	Params   map[string]interface{} `json:"params"`
	Unit     string                 `json:"unit"`
	NsPerOp  float64                `json:"ns_per_op"`
	OpsPerS  float64                `json:"ops_per_s"`
	ElapsedS float64                `json:"elapsed_s"`
	Extra    map[string]interface{} `json:"extra"`
}

func newReport(name string) *report {
	return &report{
		Workload: name,
		Params:   map[string]interface{}{},
		Extra:    map[string]interface{}{},
	}
}

// result files that ops operations took wall in all.
func (r *report) result(unit string, ops int, wall time.Duration) {
	r.Unit = unit
	r.NsPerOp = float64(wall.Nanoseconds()) / float64(ops)
	r.OpsPerS = float64(ops) / wall.Seconds()
	r.ElapsedS = wall.Seconds()
	r.Extra["ops"] = ops
}

// latencies files the distribution of samples; its median is the figure.
func (r *report) latencies(samples []int64) {
	r.distribution("", samples)
	if len(samples) > 0 {
		r.NsPerOp = float64(r.Extra["p50_ns"].(int64))
	}
}

// distribution files percentiles, nearest rank.
func (r *report) distribution(prefix string, samples []int64) {
	sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
	r.Extra[prefix+"samples"] = len(samples)
	if len(samples) == 0 {
		return
	}
	at := func(q float64) int64 {
		rank := int(math.Ceil(q*float64(len(samples)) - 1e-9))
		if rank < 1 {
			rank = 1
		}
		return samples[rank-1]
	}
	sum := 0.0
	for _, s := range samples {
		sum += float64(s)
	}
	r.Extra[prefix+"mean_ns"] = round(sum/float64(len(samples)), 1)
	r.Extra[prefix+"min_ns"] = samples[0]
	r.Extra[prefix+"p50_ns"] = at(0.50)
	r.Extra[prefix+"p90_ns"] = at(0.90)
	r.Extra[prefix+"p99_ns"] = at(0.99)
	r.Extra[prefix+"p999_ns"] = at(0.999)
	r.Extra[prefix+"max_ns"] = samples[len(samples)-1]
}

func (r *report) line() string {
	r.Params["p"] = runtime.GOMAXPROCS(0)
	r.Extra["threads"] = statusField("Threads")
	r.Extra["vmhwm_bytes"] = statusField("VmHWM") * 1024
	if _, ok := r.Extra["rss_bytes"]; !ok {
		r.Extra["rss_bytes"] = residentBytes()
	}
	r.Extra["runtime"] = "go"
	r.Extra["version"] = runtime.Version()
	r.Extra["optimized"] = true
	b, err := json.Marshal(r)
	if err != nil {
		wrong(err.Error())
	}
	return string(b)
}

func round(v float64, digits int) float64 {
	scale := math.Pow(10, float64(digits))
	return math.Round(v*scale) / scale
}

// meter measures the timed part of a run, for the process as a whole.
type meter struct {
	usage syscall.Rusage
	gcs   uint32
	start time.Time
}

func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

func startMeter() *meter {
	m := &meter{gcs: collections()}
	syscall.Getrusage(syscall.RUSAGE_SELF, &m.usage)
	m.start = time.Now()
	return m
}

func (m *meter) stop(r *report, unit string, ops int) time.Duration {
	wall := time.Since(m.start)
	var now syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &now)
	seconds := func(t syscall.Timeval) float64 {
		return float64(t.Sec) + float64(t.Usec)/1e6
	}
	r.result(unit, ops, wall)
	r.Extra["cpu_user_s"] = round(seconds(now.Utime)-seconds(m.usage.Utime), 4)
	r.Extra["cpu_sys_s"] = round(seconds(now.Stime)-seconds(m.usage.Stime), 4)
	r.Extra["vol_ctxsw"] = now.Nvcsw - m.usage.Nvcsw
	r.Extra["invol_ctxsw"] = now.Nivcsw - m.usage.Nivcsw
	r.Extra["minflt"] = now.Minflt - m.usage.Minflt
	r.Extra["num_gc"] = collections() - m.gcs
	return wall
}

// timed is how most workloads run: a tenth as warm-up, then the whole, timed.
func timed(r *report, unit string, n, ops int, run func(n int)) time.Duration {
	run(n / 10)
	m := startMeter()
	run(n)
	return m.stop(r, unit, ops)
}
