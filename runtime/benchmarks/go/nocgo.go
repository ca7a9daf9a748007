//go:build !cgo

package main

// Built without a C compiler: no calls to C.
var cgoWorkloads []workload
