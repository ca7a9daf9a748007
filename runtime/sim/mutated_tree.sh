#!/bin/bash
# Copies sources into a tree of their own, with one mistake in one of them.
#
#   mutated_tree.sh MUTATE.AWK OUT NAME FILE 'COMPILED...' PAGE TEXT...
#
# Every TEXT is a path in the repository. It is copied to OUT/NAME_tree/<path
# below runtime/>, and what it includes of the other copies is included from the
# tree. FILE (a path below runtime/) gets the mistake NAME of PAGE. The file
# OUT/NAME_all.cc includes COMPILED, since one compilation is cheaper than twenty.
set -euo pipefail
mutate=$1 out=$2 name=$3 file=$4 compiled=$5 page=$6
shift 6
tree=$out/${name}_tree prefix=runtime/sim/models/${name}_tree

for text; do
  copy=$tree/${text#runtime/}
  mkdir -p "$(dirname "$copy")"
  sed -e "s,^#include \"runtime/sim/host/,#include \"$prefix/sim/host/,; t" \
    -e '/^#include "runtime\/sim\//b' \
    -e "s,^#include \"runtime/,#include \"$prefix/," "$text" >"$copy"
done

awk -v name="$name" -f "$mutate" "$page" "$tree/$file" >"$tree/$file.new"
mv "$tree/$file.new" "$tree/$file"
# shellcheck disable=SC2086  # several words
printf "#include \"$prefix/%s\"\n" $compiled >"$out/${name}_all.cc"
