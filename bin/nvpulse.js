#!/usr/bin/env sh
':' /* The shell reads on from here until it executes Node, to which all of it is a comment.
# Node resets ignored signals, raises limits, and takes all text for UTF-8. What the command of nvpulse run inherits is
# therefore kept by a small program that starts before Node: see native/supervisor/keep.h. Where it cannot be, Node starts
# at once.
self=$0
while [ -h "$self" ]; do
  link=$(PATH=$PATH:/usr/bin:/bin; readlink "$self") || break
  case $link in
    ("/"*) self=$link ;;
    (*) self=${self%"/"*}/$link ;;
  esac
done
first_executable() {
  for keeper; do [ -f "$keeper" ] && [ -x "$keeper" ] && return; done
  keeper=
}
if [ "${1-}" = run ]; then
  root=${self%"/"*}/..
  name=nvpulse-supervisor
  first_executable "${NVPULSE_SUPERVISOR-$root/build/Release/$name}"
  # Of the prebuilt ones the static one runs with every C library.
  [ -n "${keeper:-${NVPULSE_SUPERVISOR-}}" ] || case $(PATH=$PATH:/usr/bin:/bin; uname -sm) in
    "Linux x86_64") first_executable "$root/prebuilds/linux-x64/musl/$name" "$root/prebuilds/linux-x64/glibc/$name" ;;
    "Linux aarch64") first_executable "$root/prebuilds/linux-arm64/musl/$name" "$root/prebuilds/linux-arm64/glibc/$name" ;;
  esac
  if [ -n "$keeper" ]; then
    NVPULSE_ENVIRONMENT=$("$keeper" --environment $$) && export NVPULSE_ENVIRONMENT || unset NVPULSE_ENVIRONMENT
    exec "$keeper" --keep node "$self" "$@"
  fi
fi
# What runs until it is told to end needs to know which signals were ignored: SIGHUP is under nohup.
[ "${1-}" = run ] || while read -r key NVPULSE_IGNORED_SIGNALS; do
  if [ "$key" = SigIgn: ]; then export NVPULSE_IGNORED_SIGNALS; break; fi
done 2>/dev/null <"/proc/$$/status"
exec node "$self" "$@"
*/
'use strict';
// The command line. A clone that was not built says what to type.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '..', 'dist', 'cli', 'main.js');
if (existsSync(main)) {
  require(main);
} else {
  process.stderr.write(
    'nvpulse: this clone is not built yet (installed with --omit=dev or --ignore-scripts?). Type: npm ci\n',
  );
  // As `run` answers for nvpulse's own failures.
  process.exit(process.argv[2] === 'run' ? 125 : 1);
}
