#!/bin/bash
# A mutant must be found (the log says in how many seconds), and again from the
# string that is printed.
#
#   mutant_test.sh PROGRAM SOURCE
#
# Line 1 of SOURCE, from the heading in MUTANTS.md, says what is to be found:
#   // Mutant NAME: dies of KIND[, with FLAG...]
#   // Mutant NAME: dies of ID, in the explorer of KIND[, with FLAG...]
set -euo pipefail
program=$1 source=$2

verdict=$(head -n 1 "$source")
kind=$(sed -nE 's/.*in the explorer of ([^,]+).*/\1/p; t; s/.*: dies of ([^,]+).*/\1/p' <<<"$verdict")
read -ra flags < <(sed -nE 's/.*, with (.*)/\1/p' <<<"$verdict"; echo)
[[ $kind != '' ]] || { echo "FAILED: no verdict in '$verdict'" >&2; exit 1; }

started=$SECONDS
status=0
found=$("$program" "${flags[@]}") || status=$?
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
