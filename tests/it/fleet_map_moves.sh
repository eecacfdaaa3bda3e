#!/bin/bash
# fleet_map_moves.sh: rows that move from one source of a map to another while both are read: whoever has met one in
# none of them, or in two, looks again, and neither hides what the target lacks nor names a key twice that stands once.

. "$(dirname "$0")/lib.sh"
begin ab
HOLDER=()
for n in 00 01; do fresh a "${DB}_$n"; done
TEMPLATE=$(uri a "${DB}_{00..01}")

on() { # on N SQL: in the n-th source
    client a -D "${DB}_$1" <<<"$2" || bail "SQL failed on source $1: ${2:0:200}"
}
each() { on 00 "$1"; on 01 "$1"; }
lock() { # lock N SIDE DB.TABLE: WRITE, by the N-th session, which unlock says more to
    local fifo=$IT_TMP/sql.$1
    [ -p "$fifo" ] || mkfifo "$fifo"
    : >"$IT_TMP/held.$1"
    client "$2" --unbuffered <"$fifo" >"$IT_TMP/held.$1" 2>&1 &
    HOLDER[$1]=$!
    eval "exec $((3 + $1))>\"\$fifo\""
    echo "LOCK TABLES $3 WRITE; SELECT 'locked';" >&$((3 + $1))
    wait_for 30 grep -q locked "$IT_TMP/held.$1" || bail "no lock of $3"
}
unlock() { # unlock N [SQL]: which is done under the lock
    echo "${2:-DO 0}; UNLOCK TABLES;
quit" >&$((3 + $1))
    eval "exec $((3 + $1))>&-"
    wait "${HOLDER[$1]}" || bail "the lock's session failed: $(cat "$IT_TMP/held.$1")"
}
has_waiting() { # has_waiting SIDE TABLE: a reader of ours waits for its lock
    [ "$(client "$1" <<<"SELECT COUNT(*) > 0 FROM information_schema.processlist
        WHERE state LIKE 'Waiting for table%' AND info LIKE '%myrecon%' AND info LIKE '%$2%'")" = 1 ]
}
has_found() { # has_found STATE TABLE
    [ "$(sqlite3 "$IT_TMP/one.case" "SELECT count(*) > 0 FROM finding JOIN tbl ON tbl.id = finding.tbl
        WHERE finding.state = $1 AND tbl.name LIKE '%.$2'" 2>/dev/null)" = 1 ]
}
begin_check() { # begin_check TABLE…: in the background, as $PID
    local map='' t
    for t; do map+=",$t->$t"; done
    rm -f "$IT_TMP/one.case"
    CMD=("$MYRECON" check -vv --json --settle 2 --threads 1 --case "$IT_TMP/one.case" "shards:$TEMPLATE#${map#,}" "$DST")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
}
was_read() { # was_read N TABLE: once, as the log of statements has it
    grep -q "rows*: SELECT .*_$1.*$2. FORCE" "$ERR"
}
gone() { each "DROP TABLE $1"; at b "DROP TABLE $1"; }
counts() { jq -r 'select(.type == "table") | "\(.table | sub(".*[.]"; "")) \(.verdict) \(.missing)-\(.extra)-\(.changed)"' "$OUT" | xargs; }
places() { jq -r 'select(.type == "duplicate") | (.identity // .keys[0] | tojson)' "$OUT" | xargs; }
SUSPECT=0 SEEN=1 DIVERGED=2 # enum mr_find_state

table() { # table NAME KEY ROWS-OF-00 ROWS-OF-01 ROWS-OF-TARGET
    on 00 "CREATE TABLE $1 (k $2 PRIMARY KEY, v INT); INSERT INTO $1 VALUES $3"
    on 01 "CREATE TABLE $1 (k $2 PRIMARY KEY, v INT); INSERT INTO $1 VALUES $4"
    at b "CREATE TABLE $1 (k $2 PRIMARY KEY, v INT); INSERT INTO $1 VALUES $5"
}

# --- a row that the target lacks goes from 00 to 01 between the two looks at the sources
table t1 INT "(1, 1), (2, 2)" "(3, 3)" "(1, 1), (3, 3)"
begin_check t1
wait_for 60 has_found $SUSPECT t1
lock 1 b "$DB.t1"
ok "the target is about to be asked again" wait_for 30 has_waiting b t1
on 01 "INSERT INTO t1 VALUES (2, 2)"
on 00 "DELETE FROM t1 WHERE k = 2"
unlock 1
ended
is "a row that has changed its place is still missing" "$RC $(counts)" "1 t1 diverged 1-0-0"
gone t1

# --- from 01, before that is asked, to 00, which has been
table t2 INT "(1, 1)" "(2, 2), (3, 3)" "(1, 1), (3, 3)"
begin_check t2
wait_for 60 has_found $SUSPECT t2
lock 1 a "${DB}_01.t2"
ok "the second source is about to be asked again" wait_for 30 has_waiting a t2
on 00 "INSERT INTO t2 VALUES (2, 2)"
unlock 1 "DELETE FROM ${DB}_01.t2 WHERE k = 2"
ended
is "a row that was met nowhere once is still missing" "$RC $(counts)" "1 t2 diverged 1-0-0"
gone t2

# --- the same where the order of keys is not known, and each look is at all rows
table t3 'VARCHAR(9) COLLATE utf8mb4_general_ci' "('a', 1)" "('b', 2), ('c', 3)" "('a', 1), ('c', 3)"
begin_check t3
wait_for 60 was_read 01 t3
lock 1 a "${DB}_01.t3"
ok "a later look is under way" wait_for 30 has_waiting a t3
on 00 "INSERT INTO t3 VALUES ('b', 2)"
unlock 1 "DELETE FROM ${DB}_01.t3 WHERE k = 'b'"
ended
is "a row that one look did not meet is still missing" "$RC $(counts)" "1 t3 diverged 1-0-0"
gone t3

# --- a row that differs goes on while it is looked for in how many places its key stands
table t4 INT "(1, 1), (2, 2), (4, 4)" "(3, 3), (4, 4)" "(1, 1), (2, 9), (3, 3), (4, 4)"
table t5 INT "(1, 1)" "(2, 2)" "(1, 1), (2, 9)"
begin_check t4 t5
wait_for 60 has_found $SEEN t5
lock 1 b "$DB.t5"
ok "one table is looked at to its end before the other" wait_for 30 has_waiting b t5
ok "and its row is known to differ" has_found $DIVERGED t4
lock 2 a "${DB}_01.t4"
unlock 1
ok "its places are looked for" wait_for 30 has_waiting a t4
on 00 "DELETE FROM t4 WHERE k = 2"
unlock 2 "INSERT INTO ${DB}_01.t4 VALUES (2, 2)"
ended
is "a key that came to a second place meanwhile has none of its own twice" "$RC $(counts) $(places)" \
    '1 t4 diverged 1-0-1 t5 diverged 0-0-1 {k:4}'
gone t4
gone t5

# --- from 01, which is still to be read, to 00, which was, and the target lacks it: nothing differs, and that is told
notes() { jq -r 'select(.type == "table") | .note // "none"' "$OUT"; }
table t6 INT "(1, 1)" "(2, 2), (3, 3)" "(1, 1), (3, 3)"
lock 1 a "${DB}_01.t6"
begin_check t6
ok "the second source is about to be read" wait_for 60 has_waiting a t6
on 00 "INSERT INTO t6 VALUES (2, 2)"
unlock 1 "DELETE FROM ${DB}_01.t6 WHERE k = 2"
ended
is "a row that was met nowhere, and is not there" "$RC $(counts)" "0 t6 equal 0-0-0"
like "is not left unsaid" "$(notes)" "^rows left a source, or may have, while it was read: "
for _ in 1 2 3 4 5; do # other tests delete rows of that server, too
    begin_check t6
    ended
    [ "$(notes)" != none ] || break
done
is "once more, it is found, and nothing is to be said" "$RC $(counts) $(notes)" "1 t6 diverged 1-0-0 none"
gone t6
finish
