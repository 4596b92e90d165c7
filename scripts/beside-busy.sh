#!/usr/bin/env bash
# beside-busy.sh COMMAND…: runs it beside eight loops that take all the CPU they get, and ends with its exit code.
set -u
loops=()
for _ in 1 2 3 4 5 6 7 8; do
  (while :; do :; done) &
  loops+=($!)
done
trap 'kill "${loops[@]}" 2>/dev/null' EXIT
"$@"
