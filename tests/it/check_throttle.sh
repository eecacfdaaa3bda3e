#!/bin/bash
# check_throttle.sh: a run gives way: to a pause file, to a busy server, to a replica that
# lags.  It waits, says so once, kills nobody, and goes on by itself.

. "$(dirname "$0")/lib.sh"
begin ""
own_begin TP TR && mr_replicate TP TR || bail "no servers"
PAIR_P=$MR_TP_URI PAIR_R=$MR_TR_URI
fresh p "$DB"
TABLES="CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 1 FROM seq_1_to_2000;
    CREATE TABLE u (id INT PRIMARY KEY, v INT); INSERT INTO u SELECT seq, 1 FROM seq_1_to_2000"
at p "$TABLES"
caught_up
SRC=$(uri p "$DB") DST=$(uri r "$DB")
PAUSE=$IT_TMP/pause

start() { # start ARGS…: check in the background; $PID.  SIGINT is not ignored there
    CMD=("$MYRECON" check --json --no-progress "$SRC" "$DST" --settle 0 "$@")
    : >"$OUT"
    : >"$ERR"
    env --default-signal=INT "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
}
says_waiting() { grep -q 'waiting: ' "$ERR"; }
still_runs() { kill -0 $PID 2>/dev/null; }
waits() { # waits DESCRIPTION REGEX: says so, and goes on waiting for a while
    ok "$1: says that it waits" wait_for 20 says_waiting
    like "$1: for what" "$(cat "$ERR")" "$2"
    sleep 0.7
    ok "$1: still waits" still_runs
    is "$1: nothing was printed yet" "$(cat "$OUT")" ""
}
resumes() { # resumes DESCRIPTION RC
    ended
    is "$1: exits $2" "$RC" "$2"
    is "$1: shape" "$(shape)" ""
    is "$1: said once" "$(grep -c 'waiting: ' "$ERR")" 1
}

# The pause file.  What is changed while it waits is seen: it reads nothing meanwhile.
check_is 0 "a pause file that is not there: exits 0" --pause-file "$PAUSE"
unlike "a pause file that is not there: nothing said" "$(cat "$ERR")" waiting
for threads in 1 4; do
    touch "$PAUSE"
    start --pause-file "$PAUSE" --threads $threads
    waits "pause file, $threads threads" "waiting: .*$PAUSE"
    at r "SET SESSION sql_log_bin = 0; UPDATE t SET v = 2 WHERE id = 7"
    rm "$PAUSE"
    resumes "pause file, $threads threads, removed" 1
    rows_are "pause file, $threads threads: what came meanwhile is found" t 'changed {"id":"7"} ["v"]'
    at r "SET SESSION sql_log_bin = 0; UPDATE t SET v = 1 WHERE id = 7"
done
touch "$PAUSE"
start --pause-file "$PAUSE" -q
sleep 1.5
ok "pause file with -q: waits" still_runs
rm "$PAUSE"
ended
is "pause file with -q: exits 0" "$RC" 0
is "pause file with -q: says nothing" "$(cat "$ERR")" ""

# Load: sessions in SLEEP() raise Threads_running of one side.  They end by themselves:
# SLEEP() returns 0 where nobody has killed it.
sleepers() { # sleepers SIDE SECONDS
    local i
    SLEEPERS=()
    for i in {1..12}; do
        client "$1" <<<"SELECT SLEEP($2)" >"$IT_TMP/sleeper.$i" 2>&1 &
        SLEEPERS+=($!)
    done
    wait_for 20 sleeping "$1" || bail "no load"
}
sleeping() { [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'")" = 12 ]; }
check_is 0 "a quiet pair is under the limit" --max-load 8 --threads 1
unlike "a quiet pair: nothing said" "$(cat "$ERR")" waiting
side_no=0
for side in p r; do
    sleepers $side 10
    check_is 0 "load on $side: no limit or the default one: exits 0" --max-load $((side_no++ * 50))
    unlike "load on $side: no limit or the default one: nothing said" "$(cat "$ERR")" waiting
    start --max-load 8 --threads 2
    waits "load on $side" "waiting: Threads_running of .* is 1[0-9]"
    like "load on $side: names the server" "$(cat "$ERR")" "waiting: .*$(side_uri $side | sed 's/.*@//')"
    wait "${SLEEPERS[@]}"
    resumes "load on $side is gone" 0
    is "load on $side: no session was killed" "$(cat "$IT_TMP"/sleeper.* | sort | uniq -c | xargs)" "12 0"
done
# Ctrl-C while it waits.
touch "$PAUSE"
start --pause-file "$PAUSE"
wait_for 20 says_waiting
kill -INT $PID
ended 10
is "Ctrl-C while it waits: exits 6" "$RC" 6
like "Ctrl-C while it waits: a hint" "$(cat "$ERR")" '^(myrecon: )?hint: .*--case'
is "Ctrl-C while it waits: no result" "$(cat "$OUT")" ""
start --pause-file "$PAUSE" --case "$IT_TMP/case"
wait_for 20 says_waiting
kill -INT $PID
ended 10
is "Ctrl-C with a case: exits 6" "$RC" 6
like "Ctrl-C with a case: the hint says how to go on" "$(cat "$ERR")" 'hint: .*--resume'
rm "$PAUSE"
check_is 0 "Ctrl-C with a case: resumed: exits 0" --case "$IT_TMP/case" --resume
table_is "Ctrl-C with a case: resumed: every row" t '.source_rows == 2000 and .target_rows == 2000'

# Lag: a replica whose applier waits for a lock.
hold() { # nothing can be applied to t from now on
    exec {HOLD_IN}> >(client r -n -D "$DB" >"$IT_TMP/hold" 2>&1)
    HOLD_PID=$!
    echo "LOCK TABLES t READ; SELECT 'held';" >&"$HOLD_IN"
    wait_for 20 grep -q held "$IT_TMP/hold" || bail "no lock"
}
let_go() {
    printf 'UNLOCK TABLES;\n\\q\n' >&"$HOLD_IN"
    exec {HOLD_IN}>&-
    wait $HOLD_PID
}
lags() { # the replica has read what it has not applied
    local lag
    lag=$(mariadb --no-defaults -u root -S "$MR_TR_SOCK" -e 'SHOW SLAVE STATUS\G' |
        sed -n 's/ *Seconds_Behind_Master: //p')
    [ "${lag:-0}" != NULL ] && [ "${lag:-0}" -gt 1 ]
}
hold
at p "UPDATE t SET v = 3 WHERE id <= 100"
ok "the replica lags" wait_for 20 lags
start --max-lag 1
waits "lagging replica" "waiting: .*$(side_uri r | sed 's/.*@//') is [0-9]+ s behind"
let_go
resumes "lagging replica has caught up" 0
none "lagging replica: no row" '.type == "row"'

# The same for a replica below one of the endpoints: it is no endpoint itself.
fresh a "$DB"
at a "$TABLES; UPDATE t SET v = 4 WHERE id <= 100"
DST=$(uri a "$DB")
hold
at p "UPDATE t SET v = 4 WHERE id <= 100"
ok "the replica lags again" wait_for 20 lags
check_is 0 "a lag below the default limit: exits 0"
unlike "a lag below the default limit: nothing said" "$(cat "$ERR")" waiting
check_is 0 "--max-lag 0: exits 0" --max-lag 0
unlike "--max-lag 0: waits for nothing" "$(cat "$ERR")" waiting
start --max-lag 1
waits "replica below the source" "waiting: .*$(side_uri r | sed 's/.*@//') is [0-9]+ s behind"
let_go
resumes "replica below the source has caught up" 0

# One that is late on purpose never catches up by our waiting.
client r <<<"STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 3600; START SLAVE" || bail "no delay"
mr_await_replica TR || bail "no replica"
at p "UPDATE t SET v = 5 WHERE id <= 100"
at a "UPDATE t SET v = 5 WHERE id <= 100"
ok "the replica is late" wait_for 20 lags
check_is 0 "a replica that is delayed on purpose is not waited for: exits 0" --max-lag 1
is "a delayed replica: said once" "$(grep -c "$(side_uri r | sed 's/.*@//') is delayed on purpose, by 3600 s" "$ERR")" 1
unlike "a delayed replica: no wait" "$(cat "$ERR")" waiting
client r <<<"STOP SLAVE SQL_THREAD; STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE IO_THREAD"
check_is 0 "a stopped replica is not waited for: exits 0" --max-lag 1
like "a stopped replica below the source: is said" "$(cat "$ERR")" "$(side_uri r | sed 's/.*@//').* stopped"
finish
