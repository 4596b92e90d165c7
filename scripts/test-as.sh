#!/usr/bin/env bash
# Runs a command as another user, in a copy of this clone that is that user's own: what root built and cached need not
# be readable for others, nor the way to it. Needs root.
#
#   scripts/test-as.sh [--cgroup read-only|unmounted] 65534 npx jest test/e2e/run.test.ts
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
with_cgroup=()
if [ "${1-}" = --cgroup ]; then
  with_cgroup=("$root/scripts/with-cgroup.sh" "$2")
  shift 2
fi
user=$1
shift
[ "$(id -u)" = 0 ] || { echo 'test-as.sh: only root can run a command as another user' >&2; exit 2; }

copy=$(mktemp -d /tmp/nvpulse-as.XXXXXX)
trap 'rm -rf "$copy"' EXIT
tar -C "$root" --exclude=./.git --exclude='./build-*' --exclude=./node_modules/.cache -cf - . | tar -C "$copy" -xf -
# The Node that runs this may be in root's own home.
mkdir "$copy/home" "$copy/node"
cp "$(node -p process.execPath)" "$copy/node/node"
chown -R "$user:$user" "$copy"

become=(setpriv --reuid="$user" --regid="$user" --clear-groups)
# Its PATH is what it may enter of root's.
path="$copy/node:$copy/node_modules/.bin"
IFS=: read -ra folders <<<"$PATH"
for folder in "${folders[@]}"; do
  if "${become[@]}" test -x "$folder"; then path+=":$folder"; fi
done

cd "$copy"
"${with_cgroup[@]}" "${become[@]}" env -i PATH="$path" HOME="$copy/home" CI="${CI-}" "$@"
