package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// field is the number after "name:" in a file of such lines; -1 if none.
func field(path, name string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return -1
	}
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, name+":") {
			continue
		}
		words := strings.Fields(line[len(name)+1:])
		if v, err := strconv.ParseInt(words[0], 10, 64); err == nil {
			return v
		}
	}
	return -1
}

func statusField(name string) int64 { return field("/proc/self/status", name) }

// residentBytes is exact, which VmRSS is not.
func residentBytes() int64 {
	if kb := field("/proc/self/smaps_rollup", "Rss"); kb >= 0 {
		return kb * 1024
	}
	return statusField("VmRSS") * 1024
}

func pageTableBytes() int64 { return statusField("VmPTE") * 1024 }

func mappings() int {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return -1
	}
	return bytes.Count(text, []byte("\n"))
}
