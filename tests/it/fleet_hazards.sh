#!/bin/bash
# fleet_hazards.sh: what happens to servers while the parts of a fleet are read: each ends with the result of one that
# nothing happened to, or with what is wanting by name; what was not read is never called equal.

. "$(dirname "$0")/lib.sh"
begin ''
export MYRECON_PASSWORD=pw
FLEET=20261128T080000Z-abc123 DIR=$IT_TMP/fleet INTO=$IT_TMP/merged
HOLDER=()
own_begin || bail "no private servers"
export TMPDIR=$IT_TMP/tmp
mkdir "$TMPDIR"
declare -A ID=() PORT=()
start() { # start NAME: on its old port, where it had one
    mkdir -p "$mr_run_dir/tmp.$1"
    mr_spawn_mariadb "$1" --tmpdir="$mr_run_dir/tmp.$1" --innodb-log-file-size=256M ${PORT[$1]:+"--port=${PORT[$1]}" "--server-id=${ID[$1]}"} &&
        mr_await "$1" || bail "server $1 does not start"
}
crash() { # crash NAME
    kill -9 "$(mr_get_server "$1" PID)"
    wait "$(mr_get_server "$1" PID)" 2>/dev/null
}
start S
start T
S=$MR_S_URI T=$MR_T_URI
PORT=([S]=$MR_S_PORT [T]=$MR_T_PORT)
ID=([S]=$(client "$S" <<<'SELECT @@server_id') [T]=$(client "$T" <<<'SELECT @@server_id'))
sql() { # sql SERVER STATEMENTS
    client "$1" -D "$DB" <<<"$2" || bail "SQL failed: ${2:0:200}"
}
both() { sql "$S" "$1"; sql "$T" "$1"; }
lock() { # lock N SERVER TABLE: WRITE, by the N-th session
    local fifo=$IT_TMP/sql.$1
    [ -p "$fifo" ] || mkfifo "$fifo"
    : >"$IT_TMP/held.$1"
    client "$2" -D "$DB" --unbuffered <"$fifo" >"$IT_TMP/held.$1" 2>&1 &
    HOLDER[$1]=$!
    eval "exec $((3 + $1))>\"\$fifo\""
    echo "LOCK TABLES $3 WRITE; SELECT 'locked';" >&$((3 + $1))
    wait_for 30 grep -q locked "$IT_TMP/held.$1" || bail "no lock of $3"
}
unlock() { # unlock N
    { echo quit >&$((3 + $1)); } 2>/dev/null # whose server may be gone
    eval "exec $((3 + $1))>&-"
    wait "${HOLDER[$1]}" 2>/dev/null
}
has_waiting() { # has_waiting SERVER TABLE: a reader of ours waits for its lock
    [ "$(client "$1" 2>/dev/null <<<"SELECT COUNT(*) > 0 FROM information_schema.processlist
        WHERE state LIKE 'Waiting for table%' AND info LIKE '%myrecon%' AND info LIKE '%$2%'")" = 1 ]
}

for server in "$S" "$T"; do
    client "$server" <<<"CREATE DATABASE $DB CHARACTER SET utf8mb4; CREATE USER reader@'%' IDENTIFIED BY 'pw';
        GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON $DB.* TO reader@'%'; GRANT SELECT ON mysql.proc TO reader@'%';
        GRANT BINLOG MONITOR, SLAVE MONITOR, PROCESS ON *.* TO reader@'%'"
done
both "CREATE TABLE p (id INT PRIMARY KEY, v INT); INSERT INTO p SELECT seq, seq FROM seq_1_to_3000;
    CREATE TABLE w (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO w SELECT seq, REPEAT(CHAR(64 + seq), 16777216) FROM seq_1_to_4;
    CREATE TABLE z (id INT PRIMARY KEY, v INT); INSERT INTO z SELECT seq, seq FROM seq_1_to_100"
sql "$T" "UPDATE p SET v = 0 WHERE id IN (5, 2000); UPDATE w SET b = CONCAT(b, 'x') WHERE id = 3; DELETE FROM z WHERE id = 7"
URIS=("mysql://reader@${S#*@}/$DB" "mysql://reader@${T#*@}/$DB")

plan() { # part 0 has the objects, the first half of p, and z; part 1 the rest
    rm -rf "$DIR"
    "$IT_DIR/fleet_dir.py" "$DIR" "$FLEET" <<END || bail "no plan"
{"readers": 2, "config": "[options]\nsettle = 0\n", "pairs": {"one": ["${URIS[0]}", "${URIS[1]}"]},
 "parts": [
  [{"pair": "one", "objects": true, "tables": {"$DB.p": [[0, null, 1500]], "$DB.z": [[0, null, null]]}, "order": {"$DB.p": "int(11)"}}],
  [{"pair": "one", "objects": false, "tables": {"$DB.p": [[1, 1500, null]], "$DB.w": [[0, null, null]]}, "order": {"$DB.p": "int(11)"}}]]}
END
}
begin_part() { # begin_part PART: in the background, as $PID
    CMD=("$MYRECON" fleet run "$DIR" --part "$1" --threads 1 --json)
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null 4>&- 5>&- 6>&- &
    PID=$!
}
run_part() { begin_part "$1"; ended 120; }
merge() {
    rm -rf "$INTO"
    CMD=("$MYRECON" fleet merge "$DIR" --output "$INTO" --json)
    timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
finish_parts() { # finish_parts PART…: and merge
    local part
    for part; do run_part "$part"; done
    merge
}
why() { jq -r 'select(.type == "pair") | .reason' "$OUT"; }
told() { jq -r 'select(.type == "pair") | "\(.state) \(.verdict) \(.differing)"' "$OUT"; }
tables() { jq -r 'select(.type == "table") | "\(.table | sub(".*[.]"; "")) \(.verdict) \(.missing)-\(.changed)"' "$INTO/one.jsonl" | xargs; }
ALL="1 p diverged 0-2 w diverged 0-1 z diverged 1-0"

# --- nothing happens, with rows of 16 MiB, by an account without special rights
plan
for part in 0 1; do
    run_part $part
    is "part $part" "$RC $(told)" "1 done diverged 2"
done
merge
is "what they come to" "$RC $(tables)" "$ALL"

# --- a server is killed, and started again, while a part waits for it
for side in S T; do
    plan
    lock 1 "${!side}" p
    begin_part 0
    ok "$side: a part is under way" wait_for 60 has_waiting "${!side}" p
    crash $side
    start $side
    unlock 1
    ended 120
    is "$side: the part goes on" "$RC $(told)" "1 done diverged 2"
    finish_parts 1
    is "$side: nothing is wanting" "$RC $(tables)" "$ALL"
done

# --- no connection is free, before a part begins, and when it needs another one
CROWD=()
full() { ! client "mysql://reader:pw@${T#*@}" <<<"SELECT 1" >/dev/null 2>&1; }
crowd() { # takes all that there are
    local i
    for i in {1..40}; do
        client "mysql://reader:pw@${T#*@}" <<<"SELECT SLEEP(317)" >/dev/null 2>&1 4>&- &
        CROWD+=($!)
        [ $((i % 5)) != 0 ] || ! full || return 0
    done
    wait_for 30 full || bail "connections are left"
}
killed() { # killed CONDITION: sessions; root has one connection beyond the limit
    local kills
    kills=$(mr_sql T <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE $1 AND id <> CONNECTION_ID()") &&
        wait_for 30 mr_sql T -e "$kills" 2>/dev/null
}
leave() {
    kill "${CROWD[@]}" 2>/dev/null
    wait "${CROWD[@]}" 2>/dev/null
    wait_for 30 killed "info LIKE '%SLEEP(317)%'" || bail "sessions cannot be ended"
    CROWD=()
    wait_for 30 eval '! full' || bail "connections are not given back"
}
client "$T" <<<"SET GLOBAL max_connections = 20, max_connect_errors = 100000"
plan
crowd
run_part 0
like "no connection is free: it is told" "$RC $(told) $(why)" "^4 failed null 0 .*too many connections"
leave
lock 1 "$T" p
begin_part 0
ok "a part is under way" wait_for 60 has_waiting "$T" p
crowd
wait_for 30 killed "user = 'reader' AND state LIKE 'Waiting for table%'"
unlock 1
ended 120
case "$RC $(told)" in
"1 done diverged 2") result 0 "its connection is gone: it got another" ;; # the one that was killed was free for a moment
*) like "its connection is gone, and no other is free: it is told" "$RC $(told) $(why)" "^4 failed null 0 .*too many connections" ;;
esac
leave
client "$T" <<<"SET GLOBAL max_connections = 200"
finish_parts 0 1
is "done again, nothing is wanting" "$RC $(tables)" "$ALL"

# --- sessions that rest for a second are closed
for server in "$S" "$T"; do client "$server" <<<"SET GLOBAL wait_timeout = 1, interactive_timeout = 1"; done
plan
lock 1 "$T" p
echo "SET wait_timeout = 1000;" >&4
begin_part 1
ok "a part is under way" wait_for 60 has_waiting "$T" p
ok "it waits for longer than sessions may rest" wait_for 30 eval '[ "$(client "$T" <<<"SELECT COALESCE(MAX(time), 0) > 2
    FROM information_schema.processlist WHERE user = '\''reader'\'' AND state LIKE '\''Waiting for table%'\''")" = 1 ]'
unlock 1
ended 120
is "sessions are closed under it" "$RC $(told)" "1 done diverged 2"
finish_parts 0
is "and nothing is wanting" "$RC $(tables)" "$ALL"
for server in "$S" "$T"; do client "$server" <<<"SET GLOBAL wait_timeout = 28800, interactive_timeout = 28800"; done

# --- a part that is run twice at once, and again when it is done
plan
lock 1 "$T" p
begin_part 0
wait_for 60 has_waiting "$T" p
"$MYRECON" fleet run "$DIR" --part 0 --threads 1 --json >"$OUT.2" 2>"$ERR.2" </dev/null 4>&- &
SECOND=$!
ok "the second one waits" wait_for 60 grep -q 'is at work on this part: waiting' "$ERR.2"
unlock 1
ended 120
is "the first one does it" "$RC $(told)" "1 done diverged 2"
wait $SECOND
is "the second one has its result" "$? $(jq -r 'select(.type == "pair") | .differing' "$OUT.2")" "1 2"
finish_parts 1
is "each row counts once" "$RC $(tables) $(jq -r 'select(.type == "summary") | .rows' "$OUT")" "$ALL 6207"

# --- the table is another one between two parts
plan
run_part 0
sql "$S" "RENAME TABLE p TO p_old; CREATE TABLE p LIKE p_old; INSERT INTO p SELECT * FROM p_old; DROP TABLE p_old"
finish_parts 1
is "made anew between two parts" "$RC $(tables)" "4 p not-checked 0-0 w diverged 0-1 z diverged 1-0"

# --- … has another column on one side, of which no numbers of InnoDB tell: between two parts, and in the middle of one
plan
run_part 0
sql "$S" "ALTER TABLE p ADD x INT, ALGORITHM=INSTANT"
finish_parts 1
is "altered between two parts" "$RC $(tables)" "4 p not-checked 0-0 w diverged 0-1 z diverged 1-0"
like "that is told" "$(jq -r 'select(.reason) | .reason' "$INTO/one.jsonl")" "it was altered on the source, before part 1"
sql "$S" "ALTER TABLE p DROP x"
plan
run_part 0
lock 1 "$T" p
begin_part 1
ok "a part is under way" wait_for 60 has_waiting "$T" p
sql "$S" "ALTER TABLE p ADD x INT, ALGORITHM=INSTANT"
unlock 1
ended 120
is "altered while a part reads it" "$RC $(told)" "4 done incomplete 1"
merge
is "which is not equal" "$RC $(tables)" "4 p not-checked 0-0 w diverged 0-1 z diverged 1-0"
like "nor untold" "$(jq -r 'select(.reason) | .reason' "$INTO/one.jsonl")" "the table was altered on the source while it was read"
sql "$S" "ALTER TABLE p DROP x"

# --- … is dropped, on both sides, while a part reads it
plan
lock 1 "$T" z
begin_part 0
ok "a part is under way" wait_for 60 has_waiting "$T" z
sql "$S" "DROP TABLE z"
echo "DROP TABLE z;" >&4
unlock 1
ended 120
is "a table is gone in the middle" "$RC $(told)" "4 done incomplete 1"
finish_parts 1
is "which is told by name" "$RC $(tables)" "4 p diverged 0-2 w diverged 0-1 z not-checked 0-0"
is "nothing is left behind" "$(find "$TMPDIR" -mindepth 1 | wc -l)" 0
finish
