#!/bin/sh
# change-with-gate.sh SERVER COMMAND…: a change in a pipeline, with the gate on both sides.
#
# Nothing is changed where the server is critical beforehand.  Each change keeps a baseline of
# its own, before.TIME.facts, also when the pipeline is run again after a failure.  After the change it may take
# five minutes until replicas have caught up and caches are warm.  Exits with the change's
# status if that failed, else with the gate's: 0 well, 1 warning, 2 critical, 4 unknown.
set -u
server=$1
shift

myrecon gate check "$server" || [ $? -eq 1 ] || exit
facts=before.$(date -u +%Y%m%dT%H%M%SZ).facts
myrecon gate record --output "$facts" "$server" || exit
"$@" || exit
myrecon gate check --wait 300 "$facts" "$server"
