#!/bin/sh
# change-with-gate.sh SERVER COMMAND…: a change in a pipeline, with the gate on both sides.
#
# Nothing is changed where the server is critical beforehand.  Each change keeps a baseline of
# its own, before.TIME.facts, also when the pipeline is run again after a failure.  After the change it may take
# five minutes until replicas have caught up and caches are warm.  Exits with the gate's status, that of
# before the change where nothing was changed: 0 well, 1 warning, 2 critical, 3 could not run, 4 unknown;
# with 10 if the change failed, whatever its own status, since 1 would pass for a warning of the gate.
set -u
server=$1
shift

myrecon gate check "$server"
before=$?
[ $before -le 1 ] || exit $before
facts=before.$(date -u +%Y%m%dT%H%M%SZ).facts
myrecon gate record --output "$facts" "$server" || exit
"$@"
change=$?
if [ $change -ne 0 ]; then
    echo "the change failed (exit status $change)" >&2
    exit 10
fi
myrecon gate check --wait 300 "$facts" "$server"
