#!/bin/bash
# A mutant must be found (the log says in how many seconds), and again from the string that is printed.
#   mutant_test.sh PROGRAM KIND [FLAG]...
set -euo pipefail
program=$1 kind=$2
shift 2

started=$SECONDS
status=0
found=$("$program" "$@") || status=$?
seconds=$((SECONDS - started))
echo "$found"
[[ $status == 1 ]] || { echo "FAILED: exit status $status, not 1: the mutant was not found" >&2; exit 1; }
violation=$(grep -m 1 '^VIOLATION: ' <<<"$found")
[[ $violation == "VIOLATION: $kind: "* ]] || { echo "FAILED: not a $kind" >&2; exit 1; }
echo "found in $seconds s"

replay=$(sed -n 's/^replay: //p' <<<"$found")
status=0
again=$("$program" "$replay") || status=$?
[[ $status == 1 ]] || { echo "FAILED: $replay ends with $status, not 1" >&2; exit 1; }
[[ $(grep -m 1 '^VIOLATION: ' <<<"$again") == "$violation" ]] || {
  echo "FAILED: $replay finds something else:" >&2
  echo "$again" >&2
  exit 1
}
echo "repeated by $replay"
