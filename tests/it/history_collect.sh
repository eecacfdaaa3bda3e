#!/bin/bash
# history_collect.sh: the logs of a pair that was cut in two: own transactions, marks, blind tables, gaps, the
# closing equation; both families, by GTID, by place and from files.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb CS && mr_spawn_mariadb CT && mr_spawn_mariadb CX && mr_await CS CT CX && mr_replicate CS CT || bail "no MariaDB pair"
PAIRS="CS:CT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql CO && mr_spawn_mysql CQ && mr_await CO CQ && mr_replicate CO CQ || bail "no MySQL pair"
    PAIRS+=" CO:CQ"
fi

collect() { # ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" history collect "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
doctor() { # ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" doctor --json "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
found() { # NAME [STATE]: states
    jq -r --arg n "$1" --arg s "${2:-}" 'select(.name == $n and ($s == "" or .state == $s)) | .state' "$OUT" | sort -u | paste -sd' '
}
evidence() { jq -r 'select(.type == "table") | "\(.table) \(.side) \(.evidence) \(.keys)/\(.changes)"' "$OUT" | tr '\n' ';'; }
case_sql() { sqlite3 -readonly "$CASE" "$@"; }
await_same() { # SOURCE TARGET: what the one has written is there
    local n
    mr_sql "$1" -e "CREATE DATABASE IF NOT EXISTS beat; CREATE TABLE IF NOT EXISTS beat.b (id INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO beat.b VALUES ()"
    n=$(mr_sql "$1" -e "SELECT MAX(id) FROM beat.b")
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != "$n" ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
cut_in_two() { # TARGET
    mr_sql "$1" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$1" -e "STOP REPLICA; RESET REPLICA ALL"
}

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
    mr_sql $S <<'SQL'
CREATE DATABASE club;
CREATE TABLE club.members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), mobile VARCHAR(20) UNIQUE, credits DECIMAL(10,2));
CREATE TABLE club.points (member INT UNSIGNED, kind CHAR(3), n INT, PRIMARY KEY (member, kind));
CREATE TABLE club.odd (id INT PRIMARY KEY, a INT);
CREATE TABLE club.nokey (a INT);
CREATE TABLE club.still (id INT PRIMARY KEY, a INT);
INSERT INTO club.members (name, mobile, credits) VALUES ('ann', '1', 1), ('bob', '2', 2), ('cid', '3', 3), ('dan', '4', 4);
INSERT INTO club.points VALUES (1, 'a', 1), (2, 'a', 1), (3, 'a', 1);
INSERT INTO club.odd VALUES (1, 1), (2, 2);
INSERT INTO club.still VALUES (1, 1);
INSERT INTO club.nokey VALUES (1);
SQL
    await_same $S $T
    PLACE_S=$(mr_sql $S -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}')
    PLACE_T=$(mr_sql $T -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}')
    cut_in_two $T
    # the lost history
    mr_sql $S <<'SQL'
USE club;
INSERT INTO members (name, mobile, credits) VALUES ('eve', '5', 5), ('fay', '6', 6);
UPDATE members SET credits = credits + 10 WHERE id = 1;
UPDATE members SET credits = credits + 5 WHERE id = 1;
UPDATE members SET id = 40 WHERE id = 4;
DELETE FROM points WHERE member = 2;
INSERT INTO points VALUES (2, 'a', 7), (5, 'b', 1);
UPDATE odd SET a = 5 WHERE id = 1;
SQL
    # the live one
    mr_sql $T <<'SQL'
USE club;
INSERT INTO members (name, mobile, credits) VALUES ('gil', '7', 7);
UPDATE members SET name = 'anna' WHERE id = 1;
DELETE FROM members WHERE id = 3;
TRUNCATE odd;
SQL
    "$MYRECON" check --case "$CASE" "$SU" "$TU" >/dev/null 2>&1

    collect --json --case "$CASE"
    is "$S: one table is blind, one has no key" "$RC" 4
    is "$S: evidence" "$(evidence)" \
        "club.members source good 5/6;club.members target good 3/3;club.nokey source blind 0/0;club.nokey target blind 0/0;club.odd source good 1/1;club.odd target blind 0/0;club.points source good 2/3;club.points target good 0/0;club.still source good 0/0;club.still target good 0/0;"
    like "$S: why" "$(jq -r 'select(.table == "club.odd" and .side == "target") | .reason' "$OUT")" "^a statement defined it anew, at \".*\" position [0-9]+$"
    is "$S: complete" "$(jq -r 'select(.type == "side") | .complete' "$OUT" | sort -u)" true
    is "$S: own transactions" "$(jq -r 'select(.type == "side") | "\(.side) \(.transactions)"' "$OUT" | tr '\n' ' ')" "source 7 target 3 "
    is "$S: marks of the source, flags" "$(case_sql "SELECT group_concat(n, ' ') FROM (SELECT count(*) || ':' || flags AS n FROM history_mark WHERE side = 0 GROUP BY flags ORDER BY flags)")" \
        "2:0 3:1 1:4 1:129 1:258"
    is "$S: they chain" "$(case_sql "SELECT count(*) FROM history_mark WHERE flags & 8")" 0
    collect --case "$CASE"
    is "$S: in words, again" "$RC $(tail -n 3 "$OUT" | head -n 1)" "4 3 of 5 tables have good evidence on both sides"
    is "$S: one collection stays" "$(case_sql "SELECT count(*) FROM history_collection")" 1
    collect --json --case "$CASE" --exclude odd --exclude nokey
    is "$S: without those, all is good" "$RC" 0

    # by place: the same
    WANT=$(evidence)
    collect --json --case "$CASE" --exclude odd --exclude nokey --split "source=$PLACE_S,target=$PLACE_T"
    is "$S: by place" "$RC $(evidence)" "0 $WANT"
    # of files that were archived
    "$MYRECON" history archive "$(mr_get_server $S URI)" "$IT_TMP/$S.logs" >/dev/null 2>&1
    collect --json --case "$CASE" --exclude odd --exclude nokey --source-log "$IT_TMP/$S.logs"
    is "$S: of files" "$RC $(evidence)" "0 $WANT"
    # logs of another server say that nothing happened
    collect --json --case "$CASE" --exclude odd --exclude nokey --source-log "$(mr_get_server $S URI)"
    is "$S: of its own server, by name" "$RC $(evidence)" "0 $WANT"
    cp "$CASE" "$IT_TMP/wrong.case"
    CASE=$IT_TMP/wrong.case
    collect --case "$CASE" --source-log "$TU"
    is "$S: logs of the target for the source's" "$RC $(grep -c -e '--source-log names the server of the target' "$ERR")" "5 1"
    collect --case "$CASE" --source "$TU" --split "source=$PLACE_T,target=$PLACE_T"
    is "$S: one server as both" "$RC $(grep -c 'source and target are one server' "$ERR")" "5 1"
    collect --case "$CASE" --source-log "$(mr_get_server CX URI)"
    is "$S: logs of a third server" "$RC $(grep -c 'and are not any more' "$ERR") $(grep -c '\\n' "$ERR")" "5 1 0"
    sqlite3 "$CASE" "DELETE FROM history_collection; DELETE FROM history_side"
    collect --json --case "$CASE" --source-log "$(mr_get_server CX URI)"
    is "$S: … of which none are in the case yet" \
        "$RC $(jq -r 'select(.type == "side" and .side == "source") | "\(.complete) \(.gap | test("executed more than the logs hold"))"' "$OUT")" "4 false true"
    CASE=$IT_TMP/$S.case
    # what no log has: the last image is not the row
    mr_sql $S -e "SET sql_log_bin = 0; UPDATE club.members SET name = 'xx' WHERE id = 1"
    collect --json --case "$CASE" --exclude odd --exclude nokey
    is "$S: a change without the log breaks its table" "$RC $(jq -r 'select(.evidence == "broken") | .table + " " + .side + ": " + .reason' "$OUT")" \
        "4 club.members source: the last image in the log is not the row that is there, at key 1"
    mr_sql $S -e "SET sql_log_bin = 0; UPDATE club.members SET name = 'ann' WHERE id = 1"
    # files that end too early
    mr_sql $S -e "FLUSH BINARY LOGS; UPDATE club.members SET credits = 99 WHERE id = 2; FLUSH BINARY LOGS"
    collect --json --case "$IT_TMP/$S.case" --exclude odd --exclude nokey --source-log "$IT_TMP/$S.logs"
    is "$S: less than the case has is refused" "$RC $(grep -c 'has executed more than the logs hold' "$ERR")" "5 1"
    # a split that is told too late: all good, and nothing is explained
    "$MYRECON" check --case "$IT_TMP/$S.late" "$SU" "$TU" >/dev/null 2>&1
    sleep 1.1
    collect --case "$IT_TMP/$S.late" --exclude odd --exclude nokey --split-at "$(date -u '+%F %TZ')"
    is "$S: a split that is too late" "$RC $(grep -cE '^[0-9]+ of the differing rows are explained by no logged change: .*\. (They|Such) are club\.[a-z]+ [a-z]+ .*\.$' "$OUT")" "0 1"
    collect --case "$IT_TMP/$S.late" --split-at "$(date -u -d '+1 hour' '+%F %TZ')"
    is "$S: a split in the future" "$RC $(grep -c 'is in the future' "$ERR")" "3 1"

    # would the logs be enough?
    doctor --for history "$SU" "$TU"
    is "$S: doctor: they are" "$(found pair_logs) $(found witness problem)" "ok "
    mr_sql $S -e "SET sql_log_bin = 0; CREATE USER w@'127.0.0.1' IDENTIFIED BY 'w'; GRANT SELECT ON club.* TO w@'127.0.0.1'"
    doctor --for history "mysql://w:w@127.0.0.1:$(mr_get_server $S PORT)/club"
    like "$S: doctor: rights" "$RC $(jq -r 'select(.name == "rights") | "\(.state) \(.message) \(.hint)"' "$OUT")" \
        '^1 problem history collect: the binary logs cannot be read GRANT REPLICATION SLAVE, (BINLOG MONITOR|REPLICATION CLIENT) ON'
    is "$S: doctor: how far is unknown" "$(found witness unknown)" unknown
    mr_sql $S -e "SET GLOBAL binlog_format = MIXED"
    doctor --for history "$SU"
    is "$S: doctor: statements" "$RC $(found witness problem)" "1 problem"
    mr_sql $S -e "SET GLOBAL binlog_format = ROW"
    LAST=$(mr_sql $S -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)
    for _ in {1..100}; do # a log that somebody still reads stays
        mr_sql $S -e "PURGE BINARY LOGS TO '$LAST'"
        [ "$(mr_sql $S -e "SHOW BINARY LOGS" | wc -l)" != 1 ] || break
        sleep 0.1
    done
    doctor --for history --split-at 2020-01-01 "$SU" "$TU"
    is "$S: doctor: logs are gone" "$RC $(found pair_logs) $(found witness problem)" "1 problem problem"
    like "$S: doctor: which" "$(jq -r 'select(.name == "pair_logs").message' "$OUT")" 'gone that held transactions which .* has not executed: [0-9a-f]'
    collect --case "$IT_TMP/$S.late" --exclude odd --exclude nokey
    is "$S: complete evidence is kept" "$RC $(grep -c -e '--source-log DIR' "$ERR")" "5 1"
    "$MYRECON" check --case "$IT_TMP/$S.gone" "$SU" "$TU" >/dev/null 2>&1
    collect --case "$IT_TMP/$S.gone" --exclude odd --exclude nokey
    is "$S: what is lacking may be files" "$RC $(grep -c -e '--source-log FILE|DIR' "$OUT")" "4 1"
done
finish
