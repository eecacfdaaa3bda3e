#!/bin/bash
# history_collect_worlds.sh: worlds in which logs tell less than all, or otherwise: each is right, or said by
# name.  A pair is cut in two and written to on both sides, anew for each world.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
# order of sequences is not kept by who writes to a replica
mr_spawn_mariadb WS --gtid-strict-mode=0 && mr_spawn_mariadb WT --gtid-strict-mode=0 &&
    mr_await WS WT && mr_replicate WS WT || bail "no MariaDB pair"
PAIRS="WS:WT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql WO && mr_spawn_mysql WQ && mr_await WO WQ && mr_replicate WO WQ || bail "no MySQL pair"
    PAIRS+=" WO:WQ"
fi

is_mariadb() { [ "$(mr_get_server "$1" KIND)" = mariadb ]; }
follow() { # SOURCE REPLICA, both empty
    local port
    port=$(mr_get_server "$1" PORT)
    if is_mariadb "$1"; then
        mr_sql "$2" -e "CHANGE MASTER TO master_host = '127.0.0.1', master_port = $port, master_user = 'repl',
            master_password = 'repl', master_connect_retry = 1, master_use_gtid = slave_pos; START SLAVE"
    else
        mr_sql "$2" -e "CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = $port,
            source_user = 'repl', source_password = 'repl', source_connect_retry = 1,
            get_source_public_key = 1, source_auto_position = 1; START REPLICA"
    fi
    mr_await_replica "$2"
}
cut_in_two() {
    mr_sql "$T" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$T" -e "STOP REPLICA; RESET REPLICA ALL"
}
anew() { # S and T have nothing, and T follows S
    local server
    cut_in_two
    for server in "$S" "$T"; do
        mr_sql "$server" -e "SET sql_log_bin = 0; DROP DATABASE IF EXISTS w; DROP DATABASE IF EXISTS beat"
        if is_mariadb "$server"; then
            mr_sql "$server" -e "RESET MASTER; SET GLOBAL gtid_slave_pos = ''"
        else
            mr_sql "$server" -e "RESET BINARY LOGS AND GTIDS"
        fi
    done
    follow "$S" "$T"
}
await_same() {
    local n
    mr_sql "$S" -e "CREATE DATABASE IF NOT EXISTS beat; CREATE TABLE IF NOT EXISTS beat.b (id INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO beat.b VALUES ()"
    n=$(mr_sql "$S" -e "SELECT MAX(id) FROM beat.b")
    for _ in {1..100}; do
        [ "$(mr_sql "$T" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != "$n" ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
collect() { # ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" history collect --json --case "$CASE" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
evidence() { jq -r 'select(.type == "table") | "\(.table | sub("w."; "")) \(.side[0:1]) \(.evidence) \(.keys)/\(.changes)"' "$OUT" | paste -sd' ' | sed 's/ \([a-z]* [st] \)/; \1/g'; }
reasons() { jq -r 'select(.reason != null) | "\(.table) \(.side): \(.reason)"' "$OUT"; jq -r 'select(.type == "side" and .gap != null) | "\(.side): \(.gap)"' "$OUT"; }
case_sql() { sqlite3 -readonly "$CASE" "$@"; }
N=0
split_world() { # SETUP: as both have it
    anew
    mr_sql "$S" -e "CREATE DATABASE w; USE w; $1" || bail "world: $1"
    await_same
}
check_world() {
    N=$((N + 1)) CASE=$IT_TMP/$N.case
    "$MYRECON" check --settle 0 --case "$CASE" "$(mr_get_server "$S" URI)/w" "$(mr_get_server "$T" URI)/w" >/dev/null 2>&1
}
world() { # NAME WANTED SETUP LOST LIVE [COLLECT-ARGS…]: RC and evidence
    local name=$1 wanted=$2 setup=$3 lost=$4 live=$5
    shift 5
    split_world "$setup"
    cut_in_two
    [ -z "$lost" ] || mr_sql "$S" w -e "$lost" || bail "$name: $lost"
    [ -z "$live" ] || mr_sql "$T" w -e "$live" || bail "$name: $live"
    check_world
    collect "$@"
    is "$S: $name" "$RC $(evidence)" "$wanted" || reasons | note
}

T1="CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL DEFAULT 5, b VARCHAR(20), c TEXT); INSERT INTO t VALUES (1,1,'a','x'),(2,2,'b','y'),(3,3,'c','z'),(4,4,'d','w');"
EDITS="UPDATE t SET a = 10 WHERE id = 1; UPDATE t SET b = 'q', a = a + 1 WHERE id IN (1, 2); DELETE FROM t WHERE id = 3; INSERT INTO t (id, b) VALUES (3, 'n'); UPDATE t SET c = 'cc' WHERE id = 3; INSERT INTO t (id) VALUES (9); UPDATE t SET id = 11 WHERE id = 4;"
ALL="0 t s good 6/9; t t good 0/0"
for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    for IMAGE in FULL MINIMAL NOBLOB; do
        world "row image $IMAGE" "$ALL" "$T1" "SET binlog_row_image = $IMAGE; $EDITS" ""
        is "$S: $IMAGE: none is broken" "$(case_sql "SELECT count(*) FROM history_mark WHERE flags & 8")" 0
    done
    if is_mariadb $S; then
        mr_sql $S -e "SET GLOBAL binlog_row_metadata = FULL"
        world "metadata FULL" "$ALL" "$T1" "$EDITS" ""
        mr_sql $S -e "SET GLOBAL log_bin_compress = 1, log_bin_compress_min_len = 10"
        world "compressed events" "$ALL" "$T1" "$EDITS" ""
        mr_sql $S -e "SET GLOBAL log_bin_compress = 0, binlog_row_metadata = NO_LOG"
    else
        world "compressed transactions" "$ALL" "$T1" "SET binlog_transaction_compression = 1; $EDITS" ""
        world "metadata FULL, partial JSON" "0 j s good 1/2; j t good 0/0" "SET GLOBAL binlog_row_metadata = FULL; CREATE TABLE j (id INT PRIMARY KEY, d JSON); INSERT INTO j VALUES (1, '{\"a\": 1, \"b\": [1, 2, {\"c\": \"looooooooooooooong\"}]}')" \
            "SET binlog_row_value_options = PARTIAL_JSON; UPDATE j SET d = JSON_SET(d, '\$.a', 2); UPDATE j SET d = JSON_REPLACE(d, '\$.b[1]', 7)" ""
        mr_sql $S -e "SET GLOBAL binlog_row_metadata = MINIMAL"
    fi
    world "STATEMENT" "4 t s blind 0/0; t t good 0/0" "$T1" "SET binlog_format = STATEMENT; UPDATE t SET a = 7 WHERE id = 1" ""
    world "MIXED" "4 t s blind 0/0; t t good 0/0" "$T1" "SET binlog_format = MIXED; UPDATE t SET a = 7 WHERE id = 1" ""
    world "ON DUPLICATE KEY, REPLACE, many tables" "0 t s good 3/4; t t good 0/0; u s good 3/3; u t good 0/0" \
        "$T1 CREATE TABLE u (id INT PRIMARY KEY, k INT UNIQUE); INSERT INTO u VALUES (1, 1), (2, 2)" \
        "INSERT INTO t (id, a) VALUES (1, 9) ON DUPLICATE KEY UPDATE a = VALUES(a); REPLACE INTO t VALUES (2, 5, 'r', 's'); UPDATE t, u SET t.a = 77, u.k = 77 WHERE t.id = 1 AND u.id = 1; INSERT INTO t (id) VALUES (8); REPLACE INTO u VALUES (3, 2)" ""
    world "trigger" "0 l s good 2/2; l t good 0/0; t s good 1/1; t t good 0/0" \
        "$T1 CREATE TABLE l (id INT PRIMARY KEY AUTO_INCREMENT, x INT); CREATE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW INSERT INTO l (x) VALUES (NEW.a), (OLD.a)" "UPDATE t SET a = 50 WHERE id = 1" ""
    world "keys exchanged in one transaction" "0 t s good 3/6; t t good 0/0" "$T1" "START TRANSACTION; UPDATE t SET id = 0 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; UPDATE t SET id = 2 WHERE id = 0; COMMIT" ""
    world "text key in another case" "0 k s good 4/5; k t good 0/0" "CREATE TABLE k (k VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, v INT); INSERT INTO k VALUES ('a', 1), ('b', 2)" \
        "UPDATE k SET k = 'A' WHERE k = 'a'; UPDATE k SET v = 3 WHERE k = 'a'; DELETE FROM k WHERE k = 'b'; INSERT INTO k VALUES ('B', 5)" ""
    world "composite, ENUM key" "4 e s blind 0/0; e t blind 0/0" "CREATE TABLE e (k ENUM('x','y','z'), n INT, v INT, PRIMARY KEY (k, n)); INSERT INTO e VALUES ('x', 1, 1), ('z', 1, 1)" "UPDATE e SET v = 2 WHERE k = 'z'; UPDATE e SET k = 'y' WHERE k = 'x'" ""
    world "odd values" "0 o s good 2/2; o t good 0/0" "CREATE TABLE o (id INT PRIMARY KEY, f DOUBLE, g FLOAT, b BIT(9), d DECIMAL(20,5), u BIGINT UNSIGNED, y YEAR, t TIMESTAMP(3) NULL, e ENUM('a','b'), s SET('a','b'), bin BINARY(5)); INSERT INTO o (id) VALUES (1)" \
        "UPDATE o SET f = -0.0, g = -0.0, b = b'101010101', d = -0.00001, u = 18446744073709551615, y = 1999, t = '2001-02-03 04:05:06.789', e = 'b', s = 'a,b', bin = 'x' WHERE id = 1; INSERT INTO o SELECT 2, f, g, b, d, u, y, t, e, s, bin FROM o; UPDATE o SET f = 0 WHERE id = 1" ""
    world "AUTO_INCREMENT set, index added" "0 t s good 1/1; t t good 0/0" "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT); INSERT INTO t VALUES (1, 1)" "ALTER TABLE t AUTO_INCREMENT = 1000; ALTER TABLE t ADD INDEX (a); INSERT INTO t (a) VALUES (2)" ""
    world "DECIMAL widened" "4 t s blind 1/1; t t blind 0/0" "CREATE TABLE t (id INT PRIMARY KEY, a DECIMAL(5,2)); INSERT INTO t VALUES (1, 1)" "UPDATE t SET a = 2; ALTER TABLE t MODIFY a DECIMAL(8,3); UPDATE t SET a = 3" "ALTER TABLE t MODIFY a DECIMAL(8,3)"
    world "rolled back, savepoints" "0 t s good 1/1; t t good 0/0" "$T1" "START TRANSACTION; UPDATE t SET a = 6 WHERE id = 1; SAVEPOINT x; UPDATE t SET a = 7 WHERE id = 2; ROLLBACK TO x; COMMIT; START TRANSACTION; DELETE FROM t; ROLLBACK" ""
    world "XA" "0 t s good 1/1; t t good 0/0" "$T1" "XA START 'a'; UPDATE t SET a = 6 WHERE id = 1; XA END 'a'; XA PREPARE 'a'; XA COMMIT 'a'; XA START 'b'; UPDATE t SET a = 6 WHERE id = 2; XA END 'b'; XA PREPARE 'b'; XA ROLLBACK 'b'" ""
    world "XA committed" "0 t s good 2/2; t t good 0/0" "$T1" "XA START 'a'; UPDATE t SET a = 6 WHERE id = 1; XA END 'a'; XA PREPARE 'a'; XA COMMIT 'a'; XA START 'b'; UPDATE t SET a = 6 WHERE id = 2; XA END 'b'; XA COMMIT 'b' ONE PHASE" ""
    world "renamed and back" "4 t s blind 0/0; t t good 0/0" "$T1" "RENAME TABLE t TO t2; UPDATE t2 SET a = 9; RENAME TABLE t2 TO t" ""
    world "sql_log_bin = 0" "4 t s broken 1/1; t t good 0/0" "$T1" "UPDATE t SET a = 9 WHERE id = 1; SET sql_log_bin = 0; UPDATE t SET a = 10 WHERE id = 1" ""
    # MariaDB logs no children, MySQL 9.7 does: a change of it that stands in the log alone does not fit its row
    P="CREATE TABLE p (id INT PRIMARY KEY, a INT); CREATE TABLE c (id INT PRIMARY KEY, p INT, a INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE); INSERT INTO p VALUES (1,1),(2,2); INSERT INTO c VALUES (1,1,1),(2,2,2)"
    ENDS="0 c s good 1/2; c t good 0/0; p s good 1/1; p t good 0/0"
    ! is_mariadb $S || ENDS="4 c s broken 1/1; c t good 0/0; p s good 1/1; p t good 0/0"
    world "child changed, then deleted by cascade" "$ENDS" "$P" "UPDATE c SET a = 5 WHERE id = 1; DELETE FROM p WHERE id = 1" ""
    world "LOAD DATA" "0 t s good 2/2; t t good 0/0" "$T1" "INSERT INTO t (id) VALUES (77), (78)" ""
    # ---- where the histories part ----
    split_world "$T1"
    check_world
    collect
    is "$S: a target that still follows is refused" "$RC $(grep -c 'target replicates from the source' "$ERR")" "5 1"

    PLACE_S=$(mr_sql $S -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}')
    PLACE_T=$(mr_sql $T -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}')
    cut_in_two
    mr_sql $S w -e "UPDATE t SET a = 70 WHERE id IN (1, 2); UPDATE t SET a = 71 WHERE id = 1"
    check_world
    collect --split "source=$PLACE_S,target=$PLACE_T"
    is "$S: by place" "$RC $(evidence)" "0 t s good 2/3; t t good 0/0"
    collect --split "source=${PLACE_S%:*}:$((${PLACE_S#*:} + 100)),target=$PLACE_T" --tables nothing --tables t
    is "$S: refused, since it was complete" "$RC" 5
    check_world
    collect --split "source=${PLACE_S%:*}:$((${PLACE_S#*:} + 100)),target=$PLACE_T"
    is "$S: within a transaction" "$RC $(evidence) $(reasons | grep -c 'split is within a transaction')" "4 t s incomplete 1/1; t t good 0/0 2"
    mr_sql $S -e "FLUSH BINARY LOGS"
    "$MYRECON" history archive "$(mr_get_server $S URI)" "$IT_TMP/$S.archive" >/dev/null 2>&1
    collect --split "source=$PLACE_S,target=$PLACE_T" --source-log "$IT_TMP/$S.archive"
    is "$S: by place, of an archive" "$RC $(evidence)" "0 t s good 2/3; t t good 0/0"
    mr_sql $S w -e "INSERT INTO t (id) VALUES (79)"
    check_world
    collect --split "source=$PLACE_S,target=$PLACE_T" --source-log "$IT_TMP/$S.archive"
    is "$S: … that ends before its server does" "$RC $(evidence) $(reasons | grep -c 'goes on behind the file that was given')" "4 t s incomplete 2/3; t t good 0/0 2"
    check_world
    collect --split "source=${PLACE_S%:*}:99999999,target=$PLACE_T"
    is "$S: behind the log's end" "$RC $(reasons | grep -c 'split is behind the end of its log')" "4 2"
    mr_sql $S -e "FLUSH BINARY LOGS" && sleep 1.1
    NOW=$(date -u '+%F %TZ')
    sleep 1.1
    mr_sql $S -e "UPDATE w.t SET a = 72 WHERE id = 1; FLUSH BINARY LOGS; UPDATE w.t SET a = 73 WHERE id = 1"
    check_world
    collect --split-at "$NOW"
    is "$S: by time" "$RC $(evidence)" "0 t s good 1/2; t t good 0/0"
    LAST=$(mr_sql $S -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)
    for _ in {1..100}; do # a log that somebody still reads stays
        mr_sql $S -e "PURGE BINARY LOGS TO '$LAST'"
        [ "$(mr_sql $S -e "SHOW BINARY LOGS" | wc -l)" != 1 ] || break
        sleep 0.1
    done
    check_world
    collect --split-at "$NOW"
    is "$S: by time, and logs were removed" "$RC $(evidence) $(reasons | grep -c 'begun behind the split')" "4 t s incomplete 1/1; t t good 0/0 2"

    # ---- an earlier run was killed, within reading and behind it ----
    resume_world() { # READ: as it was then
        sqlite3 "$CASE" "UPDATE history_collection SET finished = 0; UPDATE history_side SET is_read = $1"
    }
    split_world "$T1"
    PLACE_S=$(mr_sql $S -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}')
    PLACE_T=$(mr_sql $T -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}')
    cut_in_two
    mr_sql $S w -e "UPDATE t SET a = 70 WHERE id = 1"
    check_world
    for BY in gtid place; do
        ARGS=()
        [ $BY = gtid ] || ARGS=(--split "source=$PLACE_S,target=$PLACE_T")
        collect "${ARGS[@]}"
        WANT="0 $(evidence) $(jq -c 'select(.type == "side") | [.server, .complete, .own]' "$OUT")"
        resume_world 0
        collect --resume "${ARGS[@]}"
        is "$S: killed within reading, by $BY" "$RC $(evidence) $(jq -c 'select(.type == "side") | [.server, .complete, .own]' "$OUT")" "$WANT"
        resume_world 1
        mr_sql $S w -e "UPDATE t SET a = a + 1 WHERE id = 1; FLUSH BINARY LOGS; UPDATE t SET a = a + 1 WHERE id = 1"
        collect --resume "${ARGS[@]}"
        is "$S: killed behind it, by $BY, and written to since" "$RC $(jq -r 'select(.type == "table" and .side == "source") | "\(.evidence) \(.keys)"' "$OUT") $(reasons)" "0 good 1 "
        is "$S: what was read on is its own, by $BY" "$(case_sql "SELECT (flags & 16) || ' ' || changes FROM history_mark")" \
            "0 $([ $BY = gtid ] && echo 3 || echo 5)"
    done

    collect
    resume_world 1
    mr_sql $S w -e "UPDATE t SET a = a + 1 WHERE id = 2"
    collect --resume
    is "$S: killed behind it, and a row was changed that has no mark" "$RC $(case_sql "SELECT count(*) FROM history_mark")" "0 2"
    resume_world 1
    mr_sql $S -e "RESET MASTER" 2>/dev/null || mr_sql $S -e "RESET BINARY LOGS AND GTIDS"
    mr_sql $S w -e "UPDATE t SET a = a + 1 WHERE id = 1"
    collect --resume
    is "$S: killed behind it, and the log was reset" "$RC $(grep -c 'the log of the source is not the one that was read' "$ERR") $(grep -c 'without --resume' "$ERR")" "5 1 1"

    # ---- a target that was made to count as executed what the source has alone ----
    if ! is_mariadb $S; then
        split_world "$T1"
        cut_in_two
        mr_sql $S w -e "UPDATE t SET a = 70 WHERE id = 1"
        NEXT=$(mr_sql $S -e "SELECT CONCAT(@@server_uuid, ':', SUBSTRING_INDEX(@@global.gtid_executed, '-', -1))")
        mr_sql $T -e "SET GTID_NEXT = '$NEXT'; BEGIN; COMMIT; SET GTID_NEXT = 'AUTOMATIC'"
        check_world
        collect
        is "$S: an empty transaction, put there by hand" "$RC $(grep -c 'has empty ones, that somebody wrote there' "$ERR")" "5 1"
    fi

    # ---- a server that was set up from the other's disk, and goes on under its name ----
    as_source() { # SQL…: one transaction each on the target, under the source's next numbers
        local id n sql
        if is_mariadb $S; then
            id=$(mr_sql $S -e "SELECT @@server_id")
            for sql in "$@"; do mr_sql $T w -e "SET SESSION server_id = $id; $sql"; done
            return
        fi
        id=$(mr_sql $S -e "SELECT @@server_uuid")
        n=$(mr_sql $T -e "SELECT SUBSTRING_INDEX(REGEXP_SUBSTR(@@global.gtid_executed, '$id:1-[0-9]+'), '-', -1)")
        for sql in "$@"; do mr_sql $T w -e "SET GTID_NEXT = '$id:$((n += 1))'; $sql; SET GTID_NEXT = 'AUTOMATIC'"; done
    }
    two_histories() { # the source's, of three transactions, and the target's, of two
        split_world "$T1"
        cut_in_two
        mr_sql $S w -e "INSERT INTO t (id, a) VALUES (20, 1); INSERT INTO t (id, a) VALUES (21, 1); INSERT INTO t (id, a) VALUES (22, 1)"
        sleep 1.1
        as_source "INSERT INTO t (id, a) VALUES (20, 2)" "INSERT INTO t (id, a) VALUES (21, 2)"
    }
    TWO='and their logs show two transactions of that number'
    two_histories
    check_world
    collect
    is "$S: numbers given twice" "$RC $(grep -c "$TWO" "$ERR") $(grep -c 'set up from another' "$ERR")" "5 1 1"
    mr_sql $T -e "FLUSH BINARY LOGS; INSERT INTO beat.b VALUES ()"
    mr_sql $S -e "FLUSH BINARY LOGS; INSERT INTO beat.b VALUES ()"
    check_world
    collect
    is "$S: … in logs that need not be read" "$RC $(grep -c "$TWO" "$ERR")" "5 1"
    SPLIT=$(sed -n 's/.*: --split \(source=[^ ]*:[0-9]*,target=[^ ]*:[0-9]*\)\..*/\1/p' "$ERR" | head -n 1)
    mr_sql $S -e "FLUSH BINARY LOGS"
    "$MYRECON" history archive "$(mr_get_server $S URI)" "$IT_TMP/$S.twice" >/dev/null 2>&1
    collect --source-log "$IT_TMP/$S.twice"
    is "$S: … of an archive, and of files no place is told" "$RC $(grep -c "$TWO" "$ERR") $(grep -c 'source=FILE:POS' "$ERR")" "5 1 1"
    check_world
    collect --split "$SPLIT" --tables 'w.*'
    is "$S: … and where they part is told" "$RC $(evidence)" "0 t s good 3/3; t t good 2/2"
    split_world "$T1"
    cut_in_two
    mr_sql $S -e "FLUSH BINARY LOGS; UPDATE w.t SET a = 70 WHERE id = 1"
    mr_sql $T -e "FLUSH BINARY LOGS; UPDATE w.t SET a = 71 WHERE id = 2"
    check_world
    collect
    is "$S: a restart at the split" "$RC $(evidence) $(grep -c 'not proved' "$ERR")" "0 t s good 1/1; t t good 1/1 0"
    LAST=$(mr_sql $T -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)
    for _ in {1..100}; do
        mr_sql $T -e "PURGE BINARY LOGS TO '$LAST'"
        [ "$(mr_sql $T -e "SHOW BINARY LOGS" | wc -l)" != 1 ] || break
        sleep 0.1
    done
    collect
    is "$S: … and the logs in front of it are gone" "$RC $(evidence) $(grep -c 'means\? the same transaction by .* is not proved' "$ERR")" "0 t s good 1/1; t t good 1/1 1"

    # ---- a file that ends between two events of a transaction ----
    split_world "$T1"
    cut_in_two
    mr_sql $S w -e "UPDATE t SET a = 70 WHERE id = 1; START TRANSACTION; UPDATE t SET a = 71 WHERE id = 1; UPDATE t SET a = 72 WHERE id = 2; COMMIT; FLUSH BINARY LOGS"
    check_world
    mkdir "$IT_TMP/$S.logs"
    END=$(mr_sql $S -e "SHOW BINLOG EVENTS IN 'bin.000001'" | awk -F '\t' '$3 ~ /Xid/ { at = $2 } END { print at }')
    head -c "$END" "$(mr_get_server $S DIR)/data/bin.000001" >"$IT_TMP/$S.logs/bin.000001"
    cp "$(mr_get_server $S DIR)/data/bin.000002" "$IT_TMP/$S.logs/"
    collect --source-log "$IT_TMP/$S.logs"
    is "$S: a file that was cut" "$RC $(jq -r 'select(.side == "source" and .type == "side") | .complete' "$OUT") $(reasons | grep -c 'executed more than the logs hold')" "4 false 1"

    # ---- a side that is written to all the while ----
    split_world "$T1 CREATE TABLE hot (id INT PRIMARY KEY, n INT, m INT); INSERT INTO hot VALUES (1, 0, 0), (2, 0, 0)"
    cut_in_two
    mr_sql $T -e "SET GLOBAL sync_binlog = 1"
    mr_sql $T w -e "UPDATE t SET a = 10 WHERE id = 1; UPDATE t SET a = 9 WHERE id = 2"
    check_world
    (while echo "UPDATE hot SET n = n + 1 WHERE id = 1; INSERT INTO hot (id, n) SELECT MAX(id) + 1, 0 FROM hot;"; do :; done | mr_sql $T w >"$IT_TMP/writer" 2>&1) &
    WRITER=$!
    for _ in 1 2 3 4 5 6; do
        collect
        [ "$RC" = 0 ] || break
    done
    is "$S: a busy target is good" "$RC $(reasons)" "0 "
    mr_sql $T w -e "SET sql_log_bin = 0; UPDATE t SET a = 11 WHERE id = 1"
    collect
    is "$S: what was changed without the log is broken there, too" "$RC $(jq -r 'select(.evidence == "broken") | .table + " " + .side + ": " + .reason' "$OUT")" \
        "4 w.t target: the last image in the log is not the row that is there, at key 1"
    kill $WRITER
    wait $WRITER 2>/dev/null
    mr_sql $T -e "SET GLOBAL sync_binlog = 0"
done
finish
