#!/bin/bash
# Formats every *.h and *.cc of the repository; with --check, only names those that are not formatted.
#
# A learner's own files (exercises/NN_name/*.cc) are left alone. clang-format 14 is the referee, because
# other versions lay out the same code differently.
set -euo pipefail

case ${1:-} in
  '' | --check) mode=${1:-} ;;
  *) echo "format: unknown argument '$1': use --check or nothing" >&2; exit 64 ;;
esac

# Under Bazel this script is a symbolic link to the file in the source tree.
cd "$(dirname "$(readlink -f "$0")")/../.."
[[ -f WORKSPACE ]] || { echo "format: $PWD is not the repository (no WORKSPACE there)" >&2; exit 1; }

if ! command -v clang-format-14 >/dev/null; then
  echo "format: no clang-format-14 on this machine (Debian 12 has it: ./setup)"
  # The check steps back: what was committed was checked elsewhere.
  [[ $mode == --check ]]
  exit
fi

# Not `git ls-files`: a release without .git has to pass as well.
mapfile -t files < <(
  find . \( -name '.?*' -o -name 'bazel-*' \) -prune -o \
    -type f \( -name '*.h' -o -name '*.cc' \) -not -regex '\./exercises/[^/]*/[^/]*\.cc' -print | sort)

if [[ $mode != --check ]]; then
  printf '%s\0' "${files[@]}" | xargs -0 clang-format-14 -i
  echo "format: ${#files[@]} files are formatted"
  exit
fi

# One warning per place that would change: FILE:LINE:COLUMN: warning: ... [-Wclang-format-violations]
bad=$(printf '%s\0' "${files[@]}" | xargs -0 clang-format-14 --dry-run 2>&1 |
  sed -n 's,^\./\([^:]*\):.*\[-Wclang-format-violations\]$,\1,p' | sort -u)
if [[ -n $bad ]]; then
  printf 'format: not formatted:\n%s\nTo repair: tools/format/format.sh\n' "$bad" >&2
  exit 1
fi
# clang-format leaves comments alone.
wide=$(printf '%s\0' "${files[@]}" | LC_ALL=C.UTF-8 xargs -0 grep -nHP '^(?=.{81}) *//' || true)
if [[ -n $wide ]]; then
  printf 'format: comments of more than 80 columns:\n%s\n' "$wide" >&2
  exit 1
fi
echo "format: ${#files[@]} files are formatted"
