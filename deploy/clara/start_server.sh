#!/bin/sh
# Starts the monitoring server of this node, where pipelines reach it:
#
#   ./start_server.sh -i <interval> -d <elasticsearch> --port 9200
#
# All options are those of `nvpulse server`. It listens on the node's address unless --listen says otherwise, and asks
# clients for a token, which it makes when it is first started, unless --token-file or --insecure is given.
set -eu

say() { echo "start_server.sh: $*" >&2; }

# given NAME ARGUMENTS: whether the option is among the arguments.
given() {
  option=$1
  shift
  for argument; do
    case $argument in "$option" | "$option="*) return 0 ;; esac
  done
  return 1
}

# make_token FILE: readable by its owner alone, and there whole or not at all.
make_token() {
  (
    umask 077
    mkdir -p "$(dirname "$1")"
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$1.$$"
  )
  # Another start may have been faster: its token stays.
  ln "$1.$$" "$1" 2>/dev/null || true
  rm -f "$1.$$"
}

if ! given --token-file "$@" && ! given --insecure "$@"; then
  token_file="${XDG_STATE_HOME:-$HOME/.local/state}/nvpulse/token"
  if [ ! -e "$token_file" ]; then
    make_token "$token_file"
    say "made a token in $token_file; clients show it: --token-file, or NVPULSE_TOKEN"
  fi
  set -- --token-file "$token_file" "$@"
fi

if ! given --listen "$@"; then
  address=$(hostname -I 2>/dev/null | cut -d ' ' -f 1)
  if [ -z "$address" ]; then
    say "this node's address is not known; name it with --listen ADDRESS:9417"
    exit 2
  fi
  case $address in *:*) address="[$address]" ;; esac
  set -- --listen "$address:9417" "$@"
fi

checkout="$(dirname "$0")/../../bin/nvpulse.js"
if [ -e "$checkout" ]; then exec node "$checkout" server "$@"; fi
if command -v nvpulse >/dev/null; then exec nvpulse server "$@"; fi
say "nvpulse is not on PATH; install it with: npm install --global nvpulse"
exit 127
