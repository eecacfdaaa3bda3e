#!/bin/bash
# check_live.sh: a primary under writes and its replica: no false alarm, no miss, and a
# replica that has stopped is said to have.

. "$(dirname "$0")/lib.sh"
begin ""
ROWS=20000

prepare() {
    fresh p "$DB"
    at p "
CREATE TABLE digits (d INT PRIMARY KEY); INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
CREATE TABLE busy (id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE, n INT, note VARCHAR(100),
    at TIMESTAMP(6) NULL);
INSERT INTO busy (email, n, note) SELECT CONCAT('u', a.d, b.d, c.d, e.d, f.d), 0, REPEAT('x', 80)
    FROM digits a, digits b, digits c, digits e, digits f WHERE f.d < $((ROWS / 10000));
CREATE TABLE hot (id INT PRIMARY KEY, n INT); INSERT INTO hot VALUES (1, 0), (2, 0);
CREATE TABLE keyless (a INT, b INT); INSERT INTO keyless SELECT d, d FROM digits;
CREATE TABLE still (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20)); INSERT INTO still (v) SELECT d FROM digits;"
    caught_up
}

# Inserts, updates, deletes and changes of keys, one transaction each, some hundred a second,
# until the flag goes.  New keys are negative, so that they meet no AUTO_INCREMENT value.
writer() {
    local i=0 id
    while [ -e "$IT_TMP/writing" ]; do
        for _ in {1..5}; do
            i=$((i + 1))
            id=$((100 + (RANDOM * 32768 + RANDOM) % (ROWS - 200)))
            echo "UPDATE busy SET n = n + 1, at = NOW(6) WHERE id = $id;
                INSERT INTO busy (email, n) VALUES ('w$i', $i);
                DELETE FROM busy WHERE id = $((id + 7));
                UPDATE busy SET id = -$i WHERE id = $((id + 13));
                UPDATE hot SET n = n + 1 WHERE id = 1;
                UPDATE keyless SET b = b + 1 WHERE a = $((i % 10));"
        done
        sleep 0.03
    done | client p -D "$DB" >"$IT_TMP/writer.out" 2>&1
}
start_writer() {
    : >"$IT_TMP/writing"
    writer &
    WRITER=$!
}
stop_writer() {
    rm -f "$IT_TMP/writing"
    wait "$WRITER"
}
at_exit 'rm -f "$IT_TMP/writing"'

no_alarm() { # no_alarm DESCRIPTION: the last run invented nothing
    none "$1: no row of any kind" '.type == "row" or .type == "moved" or .type == "range"'
    none "$1: no object, AUTO_INCREMENT above all" '.type == "object"'
    none "$1: nothing is diverged or not checked" '.type == "table" and (.verdict | IN("equal", "unsettled") | not)'
}

live() { # live KIND
    local kind=$1 run before after
    SRC=$(uri p "$DB") DST=$(uri r "$DB")
    prepare
    SETTLE=2
    check_is 0 "$kind: standing still: exits 0"
    table_is "$kind: every row was read" busy ".source_rows == $ROWS and .target_rows == $ROWS"

    LIVE=1
    # out of the writer's reach, so that no row event puts the later difference right
    at p "UPDATE busy SET id = -5000000 WHERE email = 'u00001'"
    start_writer
    for run in 1 2 3; do
        before=$(client p -D "$DB" <<<"SELECT n FROM hot WHERE id = 1")
        check_is 0 "$kind: under writes, run $run: exits 0" --exclude "$DB.hot" --exclude "$DB.keyless"
        no_alarm "$kind: under writes, run $run"
        after=$(client p -D "$DB" <<<"SELECT n FROM hot WHERE id = 1")
        ok "$kind: under writes, run $run: there were some" test "$after" -gt "$before"
    done
    run_check "$SRC" "$DST" --settle 2 --tables hot --tables keyless
    like "$kind: a row that never rests is equal or unsettled" "$RC" '^[04]$'
    is "$kind: a row that never rests: shape" "$(shape)" ""
    no_alarm "$kind: a row that never rests"

    # A true difference among all that moves.
    at r "SET SESSION sql_log_bin = 0; UPDATE still SET v = 'lost' WHERE id = 4; DELETE FROM still WHERE id = 7;
        INSERT INTO still VALUES (-1, 'own'); UPDATE busy SET note = 'other' WHERE email = 'u00001';
        UPDATE hot SET n = -1 WHERE id = 2"
    check_is 1 "$kind: a difference under writes: exits 1" --exclude "$DB.hot" --exclude "$DB.keyless"
    rows_are "$kind: a difference under writes: exactly that" still 'changed {"id":"4"} ["v"]
missing {"id":"7"} []
extra {"id":"-1"} []'
    rows_are "$kind: a difference under writes: in the busy table" busy 'changed {"id":"-5000000"} ["note"]'
    run_check "$SRC" "$DST" --settle 2 --tables hot
    is "$kind: beside a row that never rests" "$(jq -rc 'select(.type == "row") |
        "\(.kind) \(.key.id) \(.columns)"' "$OUT")" 'changed 2 ["n"]'
    stop_writer
    is "$kind: the writer met no error" "$(grep -i error "$IT_TMP/writer.out")" ""
    caught_up
    check_is 1 "$kind: after the writes: exits 1"
    is "$kind: after the writes: the same rows" "$(jq -rc 'select(.type == "row") | .table' "$OUT" | sort | uniq -c | xargs)" \
        "1 $DB.busy 1 $DB.hot 3 $DB.still"
    none "$kind: after the writes: nothing unsettled" '.type == "table" and .verdict == "unsettled"'
    repair_replica
    check_is 0 "$kind: put right: exits 0"
}

repair_replica() {
    at r "SET SESSION sql_log_bin = 0; DELETE FROM still; INSERT INTO still $(client p -D "$DB" <<<"SELECT
        CONCAT(IF(ROW_NUMBER() OVER (ORDER BY id) = 1, 'VALUES ', ','), '(', id, ',', QUOTE(v), ')') FROM still ORDER BY id");
        UPDATE busy SET note = REPEAT('x', 80) WHERE email = 'u00001'; UPDATE hot SET n = 0 WHERE id = 2"
}

stopped() { # stopped KIND STOP START: a replica that has stopped
    local kind=$1 grant
    client r <<<"$2"
    at p "INSERT INTO still (id, v) VALUES (100, 'new')"
    check_is 1 "$kind: stopped replica: what is missing is found"
    rows_are "$kind: stopped replica: the row" still 'missing {"id":"100"} []'
    like "$kind: stopped replica: is said" "$(cat "$OUT" "$ERR")" 'stopped|not running'
    client r <<<"$3"
    caught_up
    check_is 0 "$kind: started again: exits 0"
    unlike "$kind: started again: nothing said" "$(cat "$OUT" "$ERR")" 'stopped|not running'

    # Without the right to see the state it is unknown; that alone is not exit 4.
    at p "CREATE USER 'it_live'@'127.0.0.1' IDENTIFIED BY 'x'; GRANT ALL ON $DB.* TO 'it_live'@'127.0.0.1'"
    at_exit "client $(side_uri p) <<<\"DROP USER IF EXISTS 'it_live'@'127.0.0.1'\" 2>/dev/null"
    caught_up
    SRC=$(uri p "$DB" it_live:x) DST=$(uri r "$DB" it_live:x) SETTLE=1
    check_is 0 "$kind: without the right to see replication: exits 0"
    like "$kind: without the right: seen by other means, or the GRANT is named" "$(cat "$OUT" "$ERR")" 'has applied|GRANT .*(REPLICA|REPLICATION|SLAVE|BINLOG) (MONITOR|CLIENT)'
    at p "DROP USER 'it_live'@'127.0.0.1'"
}

if use_pair mariadb; then
    live MariaDB
    stopped MariaDB "STOP SLAVE SQL_THREAD" "START SLAVE SQL_THREAD"
    client p <<<"DROP DATABASE $DB"
    SETTLE=2
    # Two servers that are no pair at all.
    fresh ab "$DB"
    at ab "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)"
    SRC=$(uri a "$DB") DST=$(uri b "$DB")
    LIVE=0
    check_is 0 "no replica: exits 0"
    like "no replica: is said" "$(cat "$OUT" "$ERR")" 'not a replica|neither|does not (follow|replicate)'
else
    skip "MariaDB pair" "no replicated pair"
fi
if use_pair mysql; then
    live "MySQL 9"
    stopped "MySQL 9" "STOP REPLICA SQL_THREAD" "START REPLICA SQL_THREAD"
else
    skip "MySQL 9 pair" "no replicated pair of MySQL 9"
fi
finish
