#!/bin/bash
# Runs every model to its long bounds, SC and TSO, and a million random schedules and as many of PCT for
# each configuration. Flags (--seconds=600, --memory=tso ...) go to every model; without --seconds it takes
# hours. One line per search; the last line counts models. Exit status 1: a violation; 2: none, but --seconds
# cut a search off (NOT COMPLETE): that bound is not proved.
set -uo pipefail

models=() flags=()
for arg; do
  case $arg in -*) flags+=("$arg") ;; *) models+=("$arg") ;; esac
done

started=$SECONDS violated=0 incomplete=0
for model in "${models[@]}"; do
  echo "=== $(basename "$model")"
  status=0
  "$model" --long "${flags[@]}" || status=$?
  case $status in 0) ;; 2) incomplete=$((incomplete + 1)) ;; *) violated=$((violated + 1)) ;; esac
done
echo "${#models[@]} models, $violated with a violation, $incomplete not complete, $((SECONDS - started)) s"
((violated == 0)) || exit 1
((incomplete == 0)) || exit 2
