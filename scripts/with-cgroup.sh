#!/bin/sh
# Runs a command where every cgroup v2 is mounted read-only, as containers have it, or not mounted, in a mount namespace
# of its own. Needs root. with-cgroup.sh read-only|unmounted COMMAND...
exec unshare --mount --propagation private sh -euc '
  how=$1
  shift
  for point in $(findmnt --raw --noheadings --types cgroup2 --output TARGET); do
    case $how in
      # Of this mount alone (bind): the file system itself is the whole machine'\''s.
      read-only) mount --options remount,bind,ro "$point" ;;
      unmounted) umount --lazy "$point" ;;
      *) echo "with-cgroup.sh: $how: allowed are read-only and unmounted" >&2; exit 2 ;;
    esac
  done
  exec "$@"' with-cgroup.sh "$@"
