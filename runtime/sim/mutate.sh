#!/bin/bash
# Copies sources into a tree of their own, with one mistake in one of them.
#
#   mutate.sh PREFIX OUT FILE SED TEXT...
#
# Every TEXT is a path in the repository; it is copied to OUT/<path below runtime/>, and what it includes
# of the other copies is included as PREFIX/... . FILE (a path below runtime/) is then changed by the sed
# program SED (of the whole file, -z). A program that changes nothing, or more than one place, fails the
# build: the mutant no longer fits the source.
set -euo pipefail
prefix=$1 out=$2 file=$3 program=$4
shift 4

for text; do
  copy=$out/${text#runtime/}
  mkdir -p "$(dirname "$copy")"
  sed -e "s,^#include \"runtime/sim/host/,#include \"$prefix/sim/host/,; t" \
    -e '/^#include "runtime\/sim\//b' \
    -e "s,^#include \"runtime/,#include \"$prefix/," "$text" >"$copy"
done

[[ -f $out/$file ]] || { echo "mutate: no $file among the sources" >&2; exit 1; }
before=$(mktemp)
cp "$out/$file" "$before"
sed -z -i -e "$program" "$out/$file"
# Changes a few lines apart are one place.
places=$(diff -U 3 "$before" "$out/$file" | grep -c '^@@' || true)
if [[ $places != 1 ]]; then
  echo "mutate: '$program' changes $places places in runtime/$file, not one: mend the mutant" >&2
  exit 1
fi
