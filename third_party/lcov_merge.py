#!/usr/bin/env python3
"""Makes one lcov file out of gcov's JSON (one test) or of other lcov files (the combined report).

Stands in for Bazel's own Java tool, which Bazel would download and Debian does not package. Called by
`bazel coverage` as @remote_coverage_tools with --KEY=VALUE arguments; those unknown here are ignored.
"""

import collections
import glob
import gzip
import json
import os
import re
import sys


def read_gcov(directory, skip, hits):
    """Adds what one test ran; `skip` are patterns of sources that nobody wants to see."""
    for path in glob.glob(os.path.join(directory, "**", "*.gcov.json.gz"), recursive=True):
        for source in json.load(gzip.open(path))["files"]:
            name = source["file"]
            if name.startswith("/") or any(p.match(name) for p in skip):
                continue
            for line in source["lines"]:
                hits[name][line["line_number"]] += line["count"]


def read_lcov(path, hits):
    name = None
    for line in open(path):
        key, _, value = line.strip().partition(":")
        if key == "SF":
            name = value
        elif key == "DA" and name:
            number, count = value.split(",")[:2]
            hits[name][int(number)] += int(count)


def main():
    options = collections.defaultdict(list)
    for argument in sys.argv[1:]:
        key, _, value = argument.partition("=")
        options[key].append(value)

    hits = collections.defaultdict(lambda: collections.defaultdict(int))  # file -> line -> count
    skip = [re.compile(p) for p in options["--filter_sources"]]
    for directory in options["--coverage_dir"]:
        read_gcov(directory, skip, hits)
    for manifest in options["--reports_file"]:
        for path in open(manifest).read().split():
            if path.endswith(".dat") and os.path.exists(path):
                read_lcov(path, hits)

    with open(options["--output_file"][0], "w") as out:
        for name, lines in sorted(hits.items()):
            out.write("SF:%s\n" % name)
            for number, count in sorted(lines.items()):
                out.write("DA:%d,%d\n" % (number, count))
            out.write("LH:%d\nLF:%d\n" % (sum(1 for c in lines.values() if c), len(lines)))
            out.write("end_of_record\n")


if __name__ == "__main__":
    main()
