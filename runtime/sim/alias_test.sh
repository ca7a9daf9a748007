#!/bin/bash
# The code of one text, compiled with mn::atomic and with std::atomic: the same instructions.
set -euo pipefail
[[ $(grep -c '^[0-9a-f]* <.*Runq' "$1") -ge 3 ]] || { echo "the three functions are missing in $1" >&2; exit 1; }
diff "$1" "$2" || { echo "mn::atomic costs something" >&2; exit 1; }
