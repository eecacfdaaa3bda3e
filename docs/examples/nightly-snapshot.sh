#!/bin/sh
# nightly-snapshot.sh SERVER DIR [NAME]: a snapshot of a server, proved and in order, for cron or
# systemd: silent where all is well.
#
# Keeps DIR/NAME.DATE for seven days, five weeks and twelve months; NAME is "snapshot" if none is
# given.  What an interrupted run has begun on the same day is gone on with.  Expires nothing where the
# new one is not whole.  Exits with the first status that is not 0: 4 of snapshot create, where
# something was left out, after the rest is done.
set -u
server=$1 dir=$2 name=${3:-snapshot}
new=$dir/$name.$(date -u +%Y-%m-%d)

myrecon snapshot create --quiet --no-progress "$server" "$new" >/dev/null
made=$?
[ $made -eq 0 ] || [ $made -eq 4 ] || exit $made
myrecon snapshot verify --quiet --no-progress "$new" >/dev/null || exit
myrecon snapshot expire --quiet --keep-daily 7 --keep-weekly 5 --keep-monthly 12 "$dir" >/dev/null || exit
exit $made
