#!/bin/bash
# The commands of page 02: gdb on the judge with case.gdb stops in the learner's code, which runs in
# another process, and shows the instruction there.
set -euo pipefail
judge=$1 program=$2 script=$3

if ! command -v gdb >/dev/null; then
  echo "not tried: no gdb here (./setup installs it)"
  exit
fi
shown=$(gdb -nx -q -batch -x "$script" -ex 'break ctx_swap' -ex run -ex stepi -ex kill --args \
  "$judge" --program="$program" --case=Context.PingPong --case_timeout=3600 2>&1) || true
for want in 'hit Breakpoint 1' '=> 0x[0-9a-f]* <ctx_swap+0>' '=> 0x[0-9a-f]* <ctx_swap+[1-9]'; do
  grep -q -- "$want" <<<"$shown" || { printf 'not shown: %s\n%s\n' "$want" "$shown"; exit 1; }
done
