#!/bin/bash
# demo_fleet.sh: "make demo-fleet" tells its story on Slurm and on GNU parallel, and leaves nothing behind but its
# page.  Starts its own servers and its own Slurm, as the demo does.
set -u
cd "$(dirname "$0")/../.." || exit 3
TMPDIR=$MR_TMP
MR_DEMO_REPORT=$MR_TMP/fleet.html
export TMPDIR MR_DEMO_REPORT
unset MYRECON_CONFIG

. tests/lib/tap.sh

processes() { # how many run from a directory of the demo, whoever has started them
    grep -slze "$TMPDIR/myrecon\." /proc/[0-9]*/cmdline | wc -l
}
await() { # COMMAND…: until it holds, at most 30 s
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}
is_clean() { [ "$(processes)" = 0 ] && [ -z "$(ls -d "$TMPDIR"/myrecon.* 2>/dev/null)" ]; }
tells() { # DESCRIPTION ENGINE: what the page and the lines say, whoever does the parts
    local desc=$1 out=$MR_TMP/out
    # by the path of an account that is not root's: Debian's servers are in /usr/sbin
    PATH=/usr/local/bin:/usr/bin:/bin MR_DEMO_ENGINE=$2 tests/demo/fleet.sh >"$out" 2>&1 </dev/null
    result $? "$desc: it ends with 0" "$(tail -n 30 "$out")"
    grep -q '4 running; 0 rows read' "$out" && grep -q ' dies, ' "$out"
    result $? "$desc: it shows the status in mid-run, and what dies" "$(cat "$out")"
    grep -q '^2 of 4 pairs are equal, 2 diverged, 0 incomplete' "$out" && grep -q '7 collisions' "$out"
    result $? "$desc: it tells the verdict" "$(cat "$out")"
    grep -qF "open $MR_DEMO_REPORT" "$out" && [ "$(cd "$MR_TMP/fleet.pages" && ls | paste -sd ' ')" = 'club-00.html club-01.html club-02.html club-03.html' ]
    result $? "$desc: it says where the page lies, with one of each club" "$(ls "$MR_TMP")"
    ! grep -q $'\e' "$out"
    result $? "$desc: no colour off a terminal"
    await is_clean
    result $? "$desc: nothing is left of it" "$(ls -d "$TMPDIR"/myrecon.*) $(grep -slze "$TMPDIR/myrecon\." /proc/[0-9]*/cmdline)"
    rm -rf "$MR_DEMO_REPORT" "$MR_TMP/fleet.pages"
}

tests/lib/slurm.sh >/dev/null 2>"$MR_TMP/why"
case $? in
0) tells Slurm slurm ;;
77) n=$((n + 1)) && echo "ok $n - on Slurm # SKIP $(tail -n 1 "$MR_TMP/why")" ;;
*) result 1 "Slurm's programs" "$(cat "$MR_TMP/why")" ;;
esac
tells parallel parallel

setsid tests/demo/fleet.sh >"$MR_TMP/out" 2>&1 </dev/null &
demo=$!
running() { grep -q 'Four parts are at work\|Now the process' "$MR_TMP/out" || ! kill -0 $demo 2>/dev/null; }
await running
await running
kill -TERM -- -$demo 2>/dev/null
wait $demo
status=$?
[ $status = 143 ]
result $? 'one that is interrupted says so' "$status $(tail -n 5 "$MR_TMP/out")"
await is_clean
result $? 'and leaves nothing either' "$(ls -d "$TMPDIR"/myrecon.*) $(grep -slze "$TMPDIR/myrecon\." /proc/[0-9]*/cmdline)"

echo "1..$n"
[ $failures -eq 0 ]
