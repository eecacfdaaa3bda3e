#!/bin/bash
# demo_runs.sh: "make demo" tells its story, leaves nothing behind, and keeps its servers
# only when asked to.  Starts its own servers, as the demo does.
set -u
cd "$(dirname "$0")/../.." || exit 3
TMPDIR=$MR_TMP
MR_DEMO_REPORT=$MR_TMP/incident.html
export TMPDIR MR_DEMO_REPORT
unset MYRECON_CONFIG

. tests/lib/tap.sh

servers_in() { # DIRECTORY: how many servers run from it
    grep -slze "^--datadir=$1/myrecon\." /proc/[0-9]*/cmdline | wc -l
}

await() { # COMMAND…: until it holds, at most 30 s
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}

is_clean() {
    [ "$(servers_in "$TMPDIR")" = 0 ] && [ -z "$(ls -d "$TMPDIR"/myrecon.* 2>/dev/null)" ]
}

out=$MR_TMP/out
# by the path of an account that is not root's: Debian's servers are in /usr/sbin
PATH=/usr/local/bin:/usr/bin:/bin tests/demo/demo.sh >"$out" 2>&1 </dev/null
result $? 'the demo ends with 0' "$(tail -n 30 "$out")"
grep -q 'club.members' "$out" && grep -q 'Alice Arendt' "$out" && grep -q 'collision' "$out"
result $? 'it names the table, a member and the kind of damage' "$(tail -n 30 "$out")"
grep -q '^+491709000001,3001,3004,collision;moved;child,.*,Alice Arendt' <(tr -d '\r' <"$out") &&
    grep -qw 'user:3001' "$out"
result $? 'it lists who is affected, and their cache keys' "$(tail -n 30 "$out")"
grep -q '<svg' "$MR_DEMO_REPORT" && grep -qF "$MR_DEMO_REPORT" "$out"
result $? 'it says where the report lies' "$(tail -n 30 "$out")"
grep -q 'id="story"' "${MR_DEMO_REPORT%.html}-done.html" && grep -qF "${MR_DEMO_REPORT%.html}-done.html" "$out"
result $? 'and where the one of what was done'
grep -q 'id="main"' "${MR_DEMO_REPORT%.html}-decide.html" && grep -qF "${MR_DEMO_REPORT%.html}-decide.html" "$out"
result $? 'and the page on which people decide'
grep -q '<dt>Split, at the latest</dt><dd>20' "${MR_DEMO_REPORT%.html}-done.html"
result $? 'the report says by the logs when the two had parted'
grep -q '^Questions to people without the logs: 28\. With them: 5\.$' "$out" &&
    grep -q 'source  0-1-.*club.members id 12 changed balance: 0.00 → 30.00$' "$out" &&
    grep -q 'target  0-2-.*club.members id 12 changed balance: 0.00 → 20.00$' "$out"
result $? 'the logs say who paid in where, and spare most questions' "$(tail -n 90 "$out")"
! grep -q $'\e' "$out"
result $? 'no colour off a terminal' "$(tail -n 30 "$out")"
is_clean
result $? 'nothing is left of it'

setsid tests/demo/demo.sh >"$out" 2>&1 </dev/null &
demo=$!
running() { [ "$(servers_in "$TMPDIR")" -ge 1 ]; }
await running
result $? 'a second demo starts its servers' "$(tail -n 30 "$out")"
kill -TERM -- -$demo 2>/dev/null
wait $demo
await is_clean
result $? 'interrupted, it leaves nothing either' "$(tail -n 30 "$out")"

KEEP=1 tests/demo/demo.sh >"$out" 2>&1 </dev/null
result $? 'KEEP=1 ends with 0' "$(tail -n 30 "$out")"
[ "$(servers_in "$TMPDIR")" = 2 ]
result $? 'its two servers stay up' "$(tail -n 30 "$out")"
sed -n '/^The servers stay up/,/^Stop them/p' "$out" | sed '1d;$d' >"$MR_TMP/way"
bash "$MR_TMP/way" >"$MR_TMP/said" 2>&1 </dev/null
grep -q '^rows: 27 written$' "$MR_TMP/said" && ! grep -q 'error:' "$MR_TMP/said"
result $? 'the way through deciding and applying runs as it was printed' "$(tail -n 30 "$MR_TMP/said")"
grep -q '^23 of the 41 differing rows are what the plan in' "$MR_TMP/said" &&
    ! grep -q 'explained by no logged change' "$MR_TMP/said"
result $? 'and its last check knows the plan, and what was not decided' "$(tail -n 30 "$MR_TMP/said")"
stop=$(grep -o '[^ ]*demo.sh stop [^ ]*' "$out")
$stop >>"$out" 2>&1
is_clean
result $? 'the command that it printed stops them' "$(tail -n 30 "$out")"

echo "1..$n"
[ $failures -eq 0 ]
