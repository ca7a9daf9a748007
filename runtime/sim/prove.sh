#!/bin/bash
# Runs every model to its long bounds, SC and TSO, and a million random schedules and as many of PCT for
# each configuration. Flags (--seconds=600, --memory=tso ...) go to every model; without --seconds it takes
# hours. One line per search; the last line counts.
set -uo pipefail

models=() flags=()
for arg; do
  case $arg in -*) flags+=("$arg") ;; *) models+=("$arg") ;; esac
done

started=$SECONDS failed=0
for model in "${models[@]}"; do
  echo "=== $(basename "$model")"
  "$model" --long "${flags[@]}" || failed=$((failed + 1))
done
echo "${#models[@]} models, $failed with a violation, $((SECONDS - started)) s"
[[ $failed == 0 ]]
