#!/usr/bin/env sh
':' /* The shell reads on from here until it executes Node, to which all of it is a comment.
# Node resets ignored signals, raises limits, and takes all text for UTF-8. What the command of nvpulse run inherits is
# therefore kept by a small program that starts before Node: see native/supervisor/keep.h. Where it cannot be, Node starts
# at once.
# The names are long because a variable of the command's environment may be called like a short one.
case $0 in (*"/"*) nvpulse_self=$0 ;; (*) nvpulse_self=./$0 ;; esac
while [ -h "$nvpulse_self" ]; do
  nvpulse_link=$(PATH=${PATH:+$PATH:}/usr/bin:/bin; readlink "$nvpulse_self") || break
  case $nvpulse_link in
    ("/"*) nvpulse_self=$nvpulse_link ;;
    (*) nvpulse_self=${nvpulse_self%"/"*}/$nvpulse_link ;;
  esac
done
nvpulse_first_executable() {
  for nvpulse_keeper; do [ -f "$nvpulse_keeper" ] && [ -x "$nvpulse_keeper" ] && return; done
  nvpulse_keeper=
}
if [ "${1-}" = run ]; then
  nvpulse_root=${nvpulse_self%"/"*}/..
  nvpulse_first_executable "${NVPULSE_SUPERVISOR-$nvpulse_root/build/Release/nvpulse-supervisor}"
  # Of the prebuilt ones the static one runs with every C library.
  [ -n "${nvpulse_keeper:-${NVPULSE_SUPERVISOR-}}" ] || case $(PATH=${PATH:+$PATH:}/usr/bin:/bin; uname -sm) in
    "Linux x86_64") nvpulse_root=$nvpulse_root/prebuilds/linux-x64 ;;
    "Linux aarch64") nvpulse_root=$nvpulse_root/prebuilds/linux-arm64 ;;
  esac
  [ -n "${nvpulse_keeper:-${NVPULSE_SUPERVISOR-}}" ] ||
    nvpulse_first_executable "$nvpulse_root/musl/nvpulse-supervisor" "$nvpulse_root/glibc/nvpulse-supervisor"
  if [ -n "$nvpulse_keeper" ]; then
    NVPULSE_ENVIRONMENT=$("$nvpulse_keeper" --environment $$ 2>/dev/null)
    case $? in
      (0) export NVPULSE_ENVIRONMENT ;;
      (1) unset NVPULSE_ENVIRONMENT ;;
      (*) nvpulse_keeper= ; unset NVPULSE_ENVIRONMENT ;; # It does not run here; nvpulse will say why.
    esac
  fi
  [ -z "$nvpulse_keeper" ] || exec "$nvpulse_keeper" --keep node "$0" "$@"
fi
# Node puts /dev/null in the place of a stdout that is closed, and takes whatever is written. This stays closed for writing.
[ "${1-}" = run ] || { true 3>&1; } 2>/dev/null || ! [ -r /dev/null ] || exec 1</dev/null
# What runs until it is told to end needs to know which signals were ignored: SIGHUP is under nohup.
[ "${1-}" = run ] || while read -r nvpulse_key NVPULSE_IGNORED_SIGNALS; do
  if [ "$nvpulse_key" = SigIgn: ]; then export NVPULSE_IGNORED_SIGNALS; break; fi
done 2>/dev/null <"/proc/$$/status"
exec node "$0" "$@"
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
