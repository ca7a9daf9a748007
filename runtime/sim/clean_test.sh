#!/bin/bash
# The runtime's own sources: no schedule may fail.
#   clean_test.sh PROGRAM [FLAG]...
set -euo pipefail
status=0
"$@" || status=$?
[[ $status == 0 ]] || { echo "FAILED: exit status $status" >&2; exit 1; }
