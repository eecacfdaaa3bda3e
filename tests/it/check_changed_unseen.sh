#!/bin/bash
# check_changed_unseen.sh: check --changed where a log tells less than it seems to: statements within statements,
# foreign keys that are gone, a last run of chosen rows, transactions that came without a log, databases that are left
# out, a log that may have lost its end.  Whatever a check of everything finds, it finds.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb US && mr_spawn_mariadb UT && mr_await US UT || bail "no MariaDB"
PAIRS="US:UT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql UO && mr_spawn_mysql UQ && mr_await UO UQ || bail "no MySQL"
    PAIRS+=" UO:UQ"
fi

check() { # ARGS…: of the pair; $RC, $OUT, $ERR
    CMD=("$MYRECON" check --json --settle 0 --threads 2 --case "$CASE" "$@" "$SU" "$TU")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
rows() { jq -r 'select(.type == "row") | "\(.table) \(.kind) \(.key | tostring)"' "$OUT" | sort | paste -sd';'; }
reason() { jq -r --arg t "club.$1" 'select(.type == "table" and .table == $t) | .read_reason // ""' "$OUT"; }
make_world() { # both sides alike, and a run that has read all, with ARGS…
    local side
    for side in $S $T; do
        mr_sql $side <<'SQL' || bail "no tables"
DROP DATABASE IF EXISTS club;
CREATE DATABASE club;
USE club;
CREATE TABLE members (id INT PRIMARY KEY, v INT) ENGINE = InnoDB;
INSERT INTO members VALUES (1, 1), (2, 2), (3, 3), (4, 4);
CREATE TABLE parent (id INT PRIMARY KEY) ENGINE = InnoDB;
CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE) ENGINE = InnoDB;
INSERT INTO parent VALUES (1), (2);
INSERT INTO child VALUES (10, 1), (20, 2);
SQL
    done
    rm -f "$CASE"
    check "$@"
    [ "$RC" = 0 ] || bail "the start is not equal: $RC $(cat "$ERR")"
}
finds() { # WHAT SQL WANTED: the source's, and which rows differ then
    make_world
    mr_sql $S -e "USE club; $2" >/dev/null || bail "SQL"
    check --changed
    is "$S: $1" "$RC $(rows)" "1 $3"
}

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case

    if [ $S = US ]; then
        STATEMENT="SET SESSION binlog_format = STATEMENT"
        finds "SET STATEMENT … FOR UPDATE" \
            "$STATEMENT; SET STATEMENT max_statement_time = 10 FOR UPDATE members SET v = 9 WHERE id = 1" \
            'club.members changed {"id":"1"}'
        finds "ANALYZE UPDATE" "$STATEMENT; ANALYZE UPDATE members SET v = 9 WHERE id = 2" \
            'club.members changed {"id":"2"}'
        finds "ANALYZE FORMAT=JSON DELETE" "$STATEMENT; ANALYZE FORMAT = JSON DELETE FROM members WHERE id = 3" \
            'club.members extra {"id":"3"}'
        finds "RENAME TABLE IF EXISTS … WAIT" \
            "CREATE TABLE other LIKE members; INSERT INTO other VALUES (1, 1), (2, 2), (3, 3), (4, 5); RENAME TABLE IF EXISTS members WAIT 60 TO older, other TO members; DROP TABLE older" \
            'club.members changed {"id":"4"}'
    fi
    finds "a cascade of a foreign key that is gone" \
        "DELETE FROM parent WHERE id = 1; ALTER TABLE child DROP FOREIGN KEY fk; INSERT INTO parent VALUES (1)" \
        'club.child extra {"id":"10"}'

    # rows of one table that another writes: the log names that one
    make_world
    for side in $S $T; do
        mr_sql $side -e "USE club; CREATE TABLE some (id INT NOT NULL, v INT, KEY (id)) ENGINE = MyISAM; INSERT INTO some VALUES (1, 1), (2, 2); CREATE TABLE every (id INT NOT NULL, v INT, KEY (id)) ENGINE = MERGE UNION = (some)" || bail "no MERGE"
    done
    rm -f "$CASE"
    check
    mr_sql $S -e "UPDATE club.some SET v = 9 WHERE id = 2"
    check --changed
    is "$S: a MERGE table is read whole" "$RC $(jq -r 'select(.type == "table" and .table == "club.every") | .verdict' "$OUT")" "1 diverged"
    like "$S: and it says why" "$(reason every)" "its engine has rows that are written as those of other tables"

    # what a condition left out was not read by anybody
    make_world
    mr_sql $S -e "USE club; UPDATE members SET v = 9 WHERE id = 4"
    rm -f "$CASE"
    check --where "club.members=id < 3"
    is "$S: chosen rows are equal" "$RC" 0
    check --changed
    is "$S: the others are read then" "$RC $(rows)" '1 club.members changed {"id":"4"}'
    like "$S: and it says why" "$(reason members)" 'a condition chose which of its rows the last run compared'
done

# what was executed and is in no log: gtid_purged tells (MySQL)
if [ -n "$mr_mysql_root" ]; then
    S=UO T=UQ SU=$(mr_get_server UO URI)/club TU=$(mr_get_server UQ URI)/club CASE=$IT_TMP/purged.case
    finds "transactions that came without a log" \
        "SET sql_log_bin = 0; UPDATE members SET v = 9 WHERE id = 1; SET GLOBAL gtid_purged = '+aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:1-5'" \
        'club.members changed {"id":"1"}'
    like "transactions that came without a log: why" "$(reason members)" 'log of the source: the server has executed transactions since .*in none of its logs'
    check --changed
    is "and the next one by key" "$RC $(reason members)" "1 "
    # a replica that logs nothing of what it applies, and is none any more
    mr_spawn_mysql UU --log-replica-updates=OFF && mr_await UU || bail "no MySQL"
    for side in UO UU UQ; do
        mr_sql $side -e "RESET BINARY LOGS AND GTIDS; DROP DATABASE IF EXISTS club; CREATE DATABASE club; CREATE TABLE club.members (id INT PRIMARY KEY, v INT); INSERT INTO club.members VALUES (1, 1), (2, 2); RESET BINARY LOGS AND GTIDS"
    done
    mr_replicate UO UU || bail "no replication"
    S=UU SU=$(mr_get_server UU URI)/club CASE=$IT_TMP/promoted.case
    check --unrelated
    is "a replica of a third server: equal" "$RC" 0
    mr_sql UO -e "UPDATE club.members SET v = 9 WHERE id = 2"
    wait_for 20 eval '[ "$(mr_sql UU -e "SELECT v FROM club.members WHERE id = 2")" = 9 ]'
    mr_sql UU -e "STOP REPLICA; RESET REPLICA ALL"
    check --changed --unrelated
    is "what it applied is found when it is none any more" "$RC $(rows)" '1 club.members changed {"id":"2"}'
fi

# what sessions change from within a database that is left out, whatever the table is of
mr_spawn_mariadb UF --binlog-ignore-db=scratch --binlog-format=MIXED && mr_await UF || bail "no MariaDB"
S=UF T=UT SU=$(mr_get_server UF URI)/club TU=$(mr_get_server UT URI)/club CASE=$IT_TMP/filter.case
make_world
mr_sql UF -e "CREATE DATABASE scratch; USE scratch; UPDATE club.members SET v = 9 WHERE id = 2"
check --changed
is "from within a database that is left out: found" "$RC $(rows)" '1 club.members changed {"id":"2"}'
like "from within a database that is left out: why" "$(reason members)" 'log of the source: what sessions change from within a database that is left out'

# a side that was restarted: behind a crash the end of its log may be gone, as if it had never been written
S=US SU=$(mr_get_server US URI)/club CASE=$IT_TMP/restarted.case
make_world
PORT=$(mr_get_server US PORT) ID=$(mr_sql US -e "SELECT @@server_id")
start_again() {
    mr_spawn_mariadb US --port="$PORT" --server-id="$ID" && mr_await US || bail "no MariaDB"
    mr_set_server US PORT "$PORT"
    mr_set_server US URI "mysql://root@127.0.0.1:$PORT"
}
mr_stop_server US
start_again
check --changed
is "restarted, with an end of its log: by key" "$RC $(reason members)" "0 "
mr_sql US -e "SET GLOBAL innodb_flush_log_at_trx_commit = 1; SET sql_log_bin = 0; UPDATE club.members SET v = 9 WHERE id = 3"
PID=$(mr_get_server US PID)
kill -KILL "$PID"
wait "$PID" 2>/dev/null
start_again
check --changed
is "crashed: found" "$RC $(rows)" '1 club.members changed {"id":"3"}'
like "crashed: why" "$(reason members)" 'log of the source: the server left a file of it without an end'
check --changed
is "crashed: and the next one by key" "$RC $(reason members)" "1 "

finish
