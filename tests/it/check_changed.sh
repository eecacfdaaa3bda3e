#!/bin/bash
# check_changed.sh: check --changed reads what the logs of both sides name since the last finished run, and
# nothing else; where logs do not tell, it reads all, and says why; --rolling finds what no log has.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb CS && mr_spawn_mariadb CT && mr_spawn_mariadb CR --skip-log-slave-updates &&
    mr_await CS CT CR || bail "no MariaDB"
PAIRS="CS:CT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql CO && mr_spawn_mysql CQ && mr_await CO CQ || bail "no MySQL"
    PAIRS+=" CO:CQ"
fi

check() { # ARGS…: of the pair; $RC, $OUT, $ERR
    CMD=("$MYRECON" check --json --settle 0 --threads 2 --case "$CASE" "$@" "$SU" "$TU")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
changed() { check --changed "$@"; }
read_as() { # TABLE: how, keys, rows of the source
    jq -r --arg t "club.$1" 'select(.type == "table" and .table == $t) | "\(.verdict) \(.read) \(.keys_read) \(.source_rows)/\(.target_rows)"' "$OUT"
}
reason() { jq -r --arg t "club.$1" 'select(.type == "table" and .table == $t) | .read_reason // ""' "$OUT"; }
rows() { jq -r 'select(.type == "row") | "\(.table) \(.kind) \(.key | tostring)"' "$OUT" | sort | paste -sd';'; }
summary() { jq -r "select(.type == \"summary\") | $1" "$OUT"; }
both() { # SQL on both sides
    mr_sql $S -e "USE club; $1" && mr_sql $T -e "USE club; $1" || bail "SQL"
}
start() { # both sides alike, and a run that has read all
    rm -f "$CASE"
    check "$@"
    [ "$RC" = 0 ] || bail "the start is not equal: $RC $(cat "$ERR")"
}

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
    for side in $S $T; do
        mr_sql $side <<'SQL' || bail "no tables"
CREATE DATABASE club;
USE club;
CREATE TABLE digits (d INT PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), v INT);
INSERT INTO members (id, name, v) SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d, 'n', 1 FROM digits a, digits b, digits c, digits e, digits f WHERE f.d < 4;
CREATE TABLE points (member INT, kind CHAR(3), n INT, PRIMARY KEY (member, kind));
INSERT INTO points SELECT id, 'a', 1 FROM members WHERE id <= 2000;
CREATE TABLE words (w VARCHAR(20) PRIMARY KEY, n INT) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO words SELECT CONCAT('w', id), 1 FROM members WHERE id <= 500;
CREATE TABLE nokey (a INT);
INSERT INTO nokey VALUES (1), (1), (2);
CREATE TABLE parent (id INT PRIMARY KEY, v INT);
CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE);
CREATE TABLE grand (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES child (id) ON DELETE CASCADE);
INSERT INTO parent VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO child VALUES (10, 1), (20, 2), (30, 3);
INSERT INTO grand VALUES (100, 10), (200, 20);
SQL
    done

    # a start is needed, and named
    changed
    is "$S: without a run: exit" "$RC" 3
    like "$S: without a run: why" "$(cat "$ERR")" 'holds no finished run.*what changed is read since one'
    like "$S: without a run: the way" "$(cat "$ERR")" 'hint: .*without --changed'
    start
    is "$S: a plain run keeps both places" "$(sqlite3 "$CASE" 'SELECT count(*) FROM run_place WHERE log IS NOT NULL')" 2
    is "$S: and says nothing of proofs" "$(summary 'has("proved_changed_since")')" false

    # nothing changed
    BASE=$(jq -r 'select(.type == "run") | .started' "$OUT")
    sleep 1.1
    changed
    is "$S: nothing changed" "$RC $(summary .rows) $(read_as members) $(read_as nokey)" "0 0 equal changed 0 0/0 equal changed 0 0/0"
    is "$S: proved since the run before" "$(summary '"\(.proved_changed_since) \(.proved_rolling_until)"')" "$BASE $BASE"

    # on either side, by key; alike on both is equal
    mr_sql $S -e "USE club; UPDATE members SET v = 2 WHERE id IN (5, 7, 30000); DELETE FROM points WHERE member = 3; INSERT INTO points VALUES (7, 'b', 1); UPDATE words SET w = 'W9' WHERE w = 'w9'"
    mr_sql $T -e "USE club; UPDATE members SET v = 2 WHERE id IN (5, 9); UPDATE members SET id = 50000 WHERE id = 40; DELETE FROM words WHERE w = 'w11'; INSERT INTO nokey VALUES (3)"
    changed
    is "$S: changes on either side: exit" "$RC" 1
    is "$S: changes on either side: rows" "$(rows)" \
        'club.members changed {"id":"30000"};club.members changed {"id":"7"};club.members changed {"id":"9"};club.members extra {"id":"50000"};club.members missing {"id":"40"};club.nokey extra null;club.points extra {"member":"3","kind":"a"};club.points missing {"member":"7","kind":"b"};club.words changed {"w":"W9"};club.words missing {"w":"w11"}'
    is "$S: members by their keys" "$(read_as members)" "diverged changed 6 5/5"
    is "$S: points by theirs" "$(read_as points)" "diverged changed 2 1/1"
    is "$S: without a key all are read" "$(read_as nokey)" "diverged whole 0 3/4"
    like "$S: and it says why" "$(reason nokey)" 'log of the target: rows of it changed, and no key says which'
    ok "$S: few rows were read" test "$(summary .rows)" -lt 40
    # as a check of all has it
    WANT=$(rows)
    cp "$CASE" "$IT_TMP/copy.case"
    CASE=$IT_TMP/copy.case check
    is "$S: the same as a check of everything" "$(rows)" "$WANT"
    CASE=$IT_TMP/$S.case

    # what is equal by now goes, what is not stays
    mr_sql $T -e "USE club; UPDATE members SET v = 2 WHERE id = 7; INSERT INTO points VALUES (7, 'b', 1)"
    mr_sql $S -e "USE club; INSERT INTO nokey VALUES (3); UPDATE words SET w = 'w9' WHERE w = 'W9'"
    changed
    is "$S: some were put right" "$RC $(rows)" \
        '1 club.members changed {"id":"30000"};club.members changed {"id":"9"};club.members extra {"id":"50000"};club.members missing {"id":"40"};club.points extra {"member":"3","kind":"a"};club.words missing {"w":"w11"}'
    changed
    is "$S: nothing since: the others stay" "$RC $(jq -r 'select(.type == "row") | .table' "$OUT" | wc -l) $(read_as nokey)" "1 6 equal changed 0 0/0"
    mr_sql $T -e "USE club; UPDATE members SET v = 1 WHERE id = 9; UPDATE members SET v = 2 WHERE id = 30000; UPDATE members SET id = 40 WHERE id = 50000; DELETE FROM points WHERE member = 3; INSERT INTO words VALUES ('w11', 1)"
    changed
    is "$S: all is right again" "$RC $(rows)" "0 "

    # what logs do not tell
    mr_sql $S -e "USE club; SET SESSION binlog_format = STATEMENT; UPDATE members SET v = 5 WHERE id = 77"
    changed
    is "$S: a statement: read whole" "$RC $(read_as members) $(rows)" '1 diverged whole 0 40000/40000 club.members changed {"id":"77"}'
    like "$S: a statement: why" "$(reason members)" 'log of the source: a statement changed rows that are not in the log, at ".*" position [0-9]+'
    is "$S: a statement may have changed more than it names" "$(read_as points)" "equal whole 0 2000/2000"
    mr_sql $T -e "USE club; UPDATE members SET v = 5 WHERE id = 77; TRUNCATE points"
    changed
    is "$S: TRUNCATE: read whole" "$RC $(read_as points)" "1 diverged whole 0 2000/0"
    like "$S: TRUNCATE: why" "$(reason points)" 'log of the target: a statement defined it anew'
    mr_sql $S -e "USE club; TRUNCATE points"
    both "ALTER TABLE words ADD COLUMN m INT DEFAULT 7; SET SESSION binlog_row_image = MINIMAL; UPDATE members SET v = 6 WHERE id = 78"
    mr_sql $S -e "USE club; SET SESSION binlog_row_image = MINIMAL; UPDATE members SET v = 7 WHERE id = 79"
    changed
    is "$S: ALTER: read whole" "$RC $(read_as words)" "1 equal whole 0 500/500"
    like "$S: ALTER: why" "$(reason words)" 'its columns, or its key, are not those of the last run'
    is "$S: images with a key alone" "$(read_as members) $(rows)" 'diverged changed 2 2/2 club.members changed {"id":"79"}'
    mr_sql $T -e "USE club; UPDATE members SET v = 7 WHERE id = 79"
    both "RENAME TABLE words TO letters"
    changed
    is "$S: renamed: read whole" "$RC $(read_as letters) $(reason letters)" "0 equal whole 0 500/500 the last run did not have it"

    # what goes by a cascade stands in no log (MariaDB, and InnoDB's own in MySQL)
    mr_sql $T -e "USE club; SET foreign_key_checks = 0; DELETE FROM parent WHERE id = 2"
    mr_sql $S -e "USE club; DELETE FROM parent WHERE id = 2"
    changed
    is "$S: cascades are found" "$RC $(rows)" '1 club.child extra {"id":"20"};club.grand extra {"id":"200"}'
    mr_sql $T -e "USE club; DELETE FROM grand WHERE id = 200; DELETE FROM child WHERE id = 20"
    changed
    is "$S: cascades, put right" "$RC" 0

    # killed: the next one starts from the last run that was finished
    mr_sql $T -e "USE club; UPDATE members SET v = 100 WHERE id <= 3"
    "$MYRECON" check --changed --settle 5 --case "$CASE" "$SU" "$TU" >/dev/null 2>&1 </dev/null &
    PID=$!
    wait_for 20 eval '[ "$(sqlite3 -readonly "$CASE" "SELECT count(*) FROM run WHERE NOT finished" 2>/dev/null)" = 1 ]'
    sleep 0.5
    kill -9 $PID
    wait $PID 2>/dev/null
    cp "$CASE" "$IT_TMP/killed.case"
    changed
    is "$S: killed: the next one sees all" "$RC $(read_as members)" "1 diverged changed 3 3/3"
    CASE=$IT_TMP/killed.case changed --resume
    is "$S: killed: or the same goes on" "$RC $(read_as members)" "1 diverged changed 3 3/3"
    CASE=$IT_TMP/$S.case
    mr_sql $S -e "USE club; UPDATE members SET v = 100 WHERE id <= 3"

    # without the log: the rolling part alone
    changed
    mr_sql $S -e "SET sql_log_bin = 0; USE club; UPDATE members SET v = 999 WHERE id IN (11, 39000)"
    changed
    is "$S: without the log nothing is seen" "$RC" 0
    both "ANALYZE NO_WRITE_TO_BINLOG TABLE members" # parts are cut by what the server takes for its number of rows
    FOUND=() READ=0
    for turn in 1 2 3 4; do
        changed --rolling 4
        FOUND+=("$RC")
        READ=$((READ + $(jq -r 'select(.type == "table" and .table == "club.members") | .source_rows' "$OUT")))
    done
    is "$S: within four turns it is" "${FOUND[3]} $(rows)" '1 club.members changed {"id":"11"};club.members changed {"id":"39000"}'
    # a part that was cut too large by an estimate is cut anew once it was read, and may come once more
    ok "$S: which read each row, and few twice" test "$READ" -ge 40000 -a "$READ" -lt 70000
    is "$S: turn 4 of 4" "$(summary '"\(.turn) \(.rolling)"')" "4 4"
    like "$S: each row was proved since turn 1" "$(summary .proved_rolling_until)" "^20"
    mr_sql $S -e "SET sql_log_bin = 0; USE club; UPDATE members SET v = 1 WHERE id IN (11, 39000)"
    changed
    is "$S: put right without the log: looked at again all the same" "$RC" 0
    # tables that grew: all of it again within the turns
    both "INSERT INTO members (id, name, v) SELECT id + 100000, 'x', 1 FROM members"
    changed --rolling 4
    mr_sql $T -e "SET sql_log_bin = 0; USE club; UPDATE members SET v = 998 WHERE id IN (17, 100017, 139999)"
    for turn in 2 3 4 1; do changed --rolling 4; done
    is "$S: also where it grew" "$RC $(rows)" '1 club.members changed {"id":"100017"};club.members changed {"id":"139999"};club.members changed {"id":"17"}'
    mr_sql $T -e "SET sql_log_bin = 0; USE club; UPDATE members SET v = 1 WHERE id IN (17, 100017, 139999)"
    changed
    is "$S: put right" "$RC" 0
    # an ALTER that left no trace in the log
    both "SET sql_log_bin = 0; ALTER TABLE points ADD COLUMN o INT DEFAULT 1"
    changed
    is "$S: altered without the log: read whole" "$RC $(read_as points)" "0 equal whole 0 0/0"

    # logs that are gone
    both "FLUSH BINARY LOGS"
    last=$(mr_sql $T -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)
    # a server keeps what somebody still reads
    wait_for 20 eval 'mr_sql $T -e "PURGE BINARY LOGS TO \"$last\"" && [ "$(mr_sql $T -e "SHOW BINARY LOGS" | wc -l)" = 1 ]'
    changed
    is "$S: purged: all are read" "$RC $(read_as members)" "0 equal whole 0 80000/80000"
    like "$S: purged: why" "$(reason members)" 'log of the target: ".*", where the last run began, was removed'
    changed
    is "$S: and the next one by key" "$RC $(read_as members)" "0 equal changed 0 0/0"
    mr_sql $S -e "RESET MASTER" 2>/dev/null || mr_sql $S -e "RESET BINARY LOGS AND GTIDS"
    mr_sql $S -e "USE club; UPDATE members SET v = 1 WHERE id = 1"
    changed
    is "$S: reset: all are read" "$RC $(read_as members)" "1 diverged whole 0 80000/80000"
    like "$S: reset: why" "$(reason members)" 'log of the source: the server has executed less than the last run saw'
    mr_sql $T -e "USE club; UPDATE members SET v = 1 WHERE id = 1"

    # rights, by name
    mr_sql $S -e "CREATE USER w@'127.0.0.1' IDENTIFIED BY 'w'; GRANT SELECT ON club.* TO w@'127.0.0.1'"
    OLD=$SU
    SU=${SU/root@/w:w@}
    changed
    is "$S: without rights: exit" "$RC" 4
    like "$S: without rights: the GRANT" "$(cat "$ERR")" "GRANT .*ON \*\.\* TO 'w'@'127.0.0.1'"
    check --objects none
    is "$S: a plain check needs none" "$RC" 0
    SU=$OLD
    changed
    ok "$S: from there on" test "$RC" = 0

    # other sides
    OLD=$TU
    TU=$(mr_get_server CR URI)/club
    mr_sql CR -e "CREATE DATABASE IF NOT EXISTS club"
    changed
    is "$S: another server: exit" "$RC" 3
    like "$S: another server: why" "$(cat "$ERR")" 'had another server as its target'
    TU=snapshot:$IT_TMP/none
    "$MYRECON" snapshot create "$SU" "$IT_TMP/none.$S" >/dev/null 2>&1
    TU=snapshot:$IT_TMP/none.$S
    changed
    is "$S: a snapshot has no log" "$RC $(grep -c 'the target is a snapshot, which has no log' "$ERR")" "4 1"
    TU=$OLD
    check --changed --consistent
    is "$S: not in a view" "$RC" 3
    check --rolling 3
    is "$S: --rolling goes with --changed" "$RC" 3
    # a column that is compared with another one than then was never compared with it
    for side in $S $T; do
        mr_sql $side -e "CREATE DATABASE ren; CREATE TABLE ren.m (id INT PRIMARY KEY, status INT, state INT, state_new INT);
            INSERT INTO ren.m VALUES (1, 5, 5, 5), (2, 6, 6, 6)"
    done
    mr_sql $T -e "ALTER TABLE ren.m DROP status; UPDATE ren.m SET state_new = 7 WHERE id = 2"
    mr_sql $S -e "ALTER TABLE ren.m DROP state, DROP state_new"
    renamed() { # COLUMN ARGS…: status is that one of TARGET
        printf '[table ren.m]\ncolumn = status -> %s\n' "$1" >"$IT_TMP/ren.ini"
        SU=${SU%/*}/ren TU=${TU%/*}/ren CASE=$IT_TMP/$S.ren check --objects none --config "$IT_TMP/ren.ini" "${@:2}"
    }
    renamed state
    is "$S: compared under another name" "$(summary .rows) $(rows)" "4 "
    renamed state --changed
    is "$S: and not read again" "$(summary .rows) $(rows)" "0 "
    renamed state_new --changed
    is "$S: under a third name it is" "$(rows)" 'ren.m changed {"id":"2"}'
    is "$S: which a run that goes on is asked, too" \
        "$(sqlite3 "$IT_TMP/$S.ren" 'SELECT options FROM run ORDER BY rowid DESC LIMIT 1' | grep '^column')" "column of ren.m=status -> state_new"
done

# a replica that logs nothing of what it applies: the source's log says which rows
mr_sql CR -e "DROP DATABASE club"
mr_sql CR -e "SET GLOBAL gtid_slave_pos = '$(mr_sql CS -e 'SELECT @@gtid_binlog_pos')'"
"$MYRECON" snapshot restore "$IT_TMP/none.CS" "$(mr_get_server CR URI)" >"$OUT" 2>"$ERR" || bail "no copy: $(cat "$ERR")"
mr_replicate CS CR || bail "no replication"
SU=$(mr_get_server CS URI)/club TU=$(mr_get_server CR URI)/club CASE=$IT_TMP/replica.case S=CS T=CR
start
mr_sql CS -e "USE club; UPDATE members SET v = 3 WHERE id IN (3, 4)"
changed
is "replica without a log of it: exit" "$RC $(read_as members)" "0 equal changed 2 2/2"
like "replica without a log of it: said" "$(summary .attested_by)" 'what the target applies is in no log of its own'
mr_sql CR -e "USE club; UPDATE members SET v = 4 WHERE id = 4"
changed
is "replica: its own change" "$RC $(rows)" '1 club.members changed {"id":"4"}'

# it is put back: only the position tells, since no log has what it had applied
WAS=$(mr_sql CR -e 'SELECT @@gtid_slave_pos')
mr_sql CR -e "STOP SLAVE; SET GLOBAL gtid_strict_mode = 0; SET GLOBAL gtid_slave_pos = '${WAS%-*}-$((${WAS##*-} - 1))'" || bail "not put back"
"$MYRECON" repair plan --policy backfill --case "$CASE" --source "$SU" --target "$TU" --output "$IT_TMP/replica.plan" >"$OUT" 2>"$ERR"
like "replica: put back: a plan" "$(cat "$ERR")" 'the target has executed less than when run'
changed
like "replica: put back: all are read" "$(reason members)" 'log of the target: the server has executed less than the last run saw'

finish
