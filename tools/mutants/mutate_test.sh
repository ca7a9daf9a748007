#!/bin/bash
# mutate_test.sh MUTATE.AWK: what the tool prints, and what it refuses.
set -uo pipefail
tool=$1 dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

cat >"$dir/source.cc" <<'END'
int a = 1;
int b = 2;
int c = 2;
END

cat >"$dir/page.md" <<'END'
# Mistakes

### wrong: dies of XX-1

Why.

```diff
-int a = 1;
+int a = 7;
@@
 int b = 2;
-int c = 2;
```

### stale: dies of XX-1

```diff
-int d = 1;
```

### twice: dies of XX-1

```diff
- = 2;
```

### nothing: dies of XX-1

### doubled: dies of XX-1

```diff
-int a = 1;
```

### doubled: dies of XX-2

```diff
-int a = 1;
```
END

# NAME, the wanted exit status, and a text that stdout or stderr must hold.
expect() {
  local out status
  out=$(awk -v name="$1" -f "$tool" "$dir/page.md" "$dir/source.cc" 2>&1)
  status=$?
  if [[ $status != "$2" || $out != *"$3"* ]]; then
    printf 'FAILED %s: status %s, want %s; output:\n%s\n' "${1:-no name}" "$status" "$2" "$out" >&2
    failures=$((failures + 1))
  fi
}

sed -i 's/^int c = 2;$/int c = 2; \/\/ c/' "$dir/source.cc"
sed -i 's/^-int c = 2;$/-int c = 2; \/\/ c/' "$dir/page.md"
expect '' 0 $'int a = 1;\nint b = 2;\nint c = 2; // c'
expect wrong 0 $'// Mutant wrong: dies of XX-1\nint a = 7;\nint b = 2;'
expect stale 1 'the old text is not in the source'
expect nothing 1 'no such heading with a diff block'
expect missing 1 'no such heading with a diff block'
expect doubled 1 'two blocks of this name'

sed -i 's/ \/\/ c$//' "$dir/source.cc"
sed -i 's/^- = 2;$/-int b = 2;/' "$dir/page.md"
echo 'int b = 2;' >>"$dir/source.cc"
expect twice 1 'is in the source twice'

[[ $failures == 0 ]] && echo 'mutate.awk does what it says'
exit "$failures"
