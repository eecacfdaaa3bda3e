#!/bin/bash
# check_lag.sh: what a replica has not applied yet is unsettled, on every path (keyed tables,
# none, text keys of two collations, objects, counters), and waited for once a round; a true
# difference is found as soon as the position is reached, and only then.  $1: mysql.

. "$(dirname "$0")/lib.sh"
KIND=mariadb
[ "${1:-}" != mysql ] || IT_NAME+=_mysql KIND=mysql
if ! use_pair $KIND; then
    echo "1..0 # SKIP no replicating pair of $KIND"
    exit 0
fi
begin ""
cd "$IT_TMP" || exit 1
U=it_lag
delay() { # delay SECONDS: of the replica, on purpose
    if [ $KIND = mysql ]; then
        client r <<<"STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = $1; START REPLICA"
    else
        client r <<<"STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = $1; START SLAVE"
    fi || bail "no delay"
}
threads() { # threads STOP|START [io_thread]
    if [ $KIND = mysql ]; then client r <<<"$1 REPLICA ${2:-}"; else client r <<<"$1 SLAVE ${2:-}"; fi
}
fetched() { # the replica has fetched all that its source has written
    local words=MASTER
    [ $KIND = mariadb ] || words='BINARY LOG'
    [ "$(client p <<<"SHOW $words STATUS" | awk '{print $1, $2}')" = "$(client r <<<"SHOW REPLICA STATUS" | awk -F'\t' '{print $6, $7}')" ]
}
at_exit 'delay 0 2>/dev/null; caught_up 2>/dev/null'
TABLES="keyed none texts"

# texts: one key, two collations, so that its sides are joined on disk
fresh p "$DB"
at p "CREATE TABLE keyed (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20) NOT NULL);
    CREATE TABLE none (a INT, b VARCHAR(20));
    CREATE TABLE texts (k VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY, v INT);
    CREATE TABLE gone (id INT PRIMARY KEY);
    INSERT INTO keyed (v) VALUES ('a'), ('b'), ('c');
    INSERT INTO none VALUES (1, 'a'), (1, 'a'), (2, 'b');
    INSERT INTO texts VALUES ('a', 1), ('b', 2), ('c', 3);
    CREATE USER $U@'127.0.0.1' IDENTIFIED BY 'x'; GRANT ALL ON $DB.* TO $U@'127.0.0.1'"
at_exit "client $(side_uri p) <<<\"DROP USER IF EXISTS $U@'127.0.0.1'\""
caught_up
at r "SET SESSION sql_log_bin = 0; ALTER TABLE texts MODIFY k VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL;
    INSERT INTO keyed VALUES (-1, 'own'); INSERT INTO none VALUES (7, 'own'); INSERT INTO texts VALUES ('own', 7)"

# What is only here, and what is late: a row of each table, one changed, one deleted, 2,000
# suspects, a column, a table that is gone.
late() {
    at p "INSERT INTO keyed (v) VALUES ('late'); UPDATE keyed SET v = 'late' WHERE id = 1; DELETE FROM keyed WHERE id = 2;
        INSERT INTO none VALUES (1, 'a'), (9, 'late'); DELETE FROM none WHERE a = 2;
        INSERT INTO texts VALUES ('late', 9); UPDATE texts SET v = 10 WHERE k = 'a'; DELETE FROM texts WHERE k = 'b';
        CREATE TABLE new (id INT PRIMARY KEY); DROP TABLE gone; ALTER TABLE none ADD KEY (a)"
}
nothing_said() { # nothing_said WHAT: the last run called nothing a difference
    none "$1: no row of any kind" '.type | IN("row", "moved", "range")'
    none "$1: no object" '.type == "object"'
    is "$1: each table is unsettled" "$(jq -r 'select(.type == "table") | .verdict' "$OUT" | sort | uniq -c | xargs)" "3 unsettled"
}
true_rows() { # true_rows WHAT
    rows_are "$1: by key" keyed 'extra {"id":"-1"} []'
    rows_are "$1: without a key" none 'extra null [] x1'
    rows_are "$1: by text" texts 'extra {"k":"own"} []'
}
only() { # the tables' options
    local t
    for t in $TABLES; do echo --tables "$t"; done
}

# ---- an hour behind -------------------------------------------------------------------
[ $KIND = mysql ] || at p "SET SESSION server_id = 999; INSERT INTO keyed (v) VALUES ('of another')"
caught_up
delay 3600
late
SRC=$(uri p "$DB") DST=$(uri r "$DB") LIVE=1 SETTLE=0.2
FROM=$SECONDS
# shellcheck disable=SC2046
check_is 4 "an hour behind" --settle-limit 2 --case one.case $(only)
TOOK=$((SECONDS - FROM))
ok "an hour behind: ends soon after --settle-limit ($TOOK s)" test $TOOK -le 20
nothing_said "an hour behind"
is "an hour behind: why" "$(jq -r 'select(.type == "table") | .note' "$OUT" | grep -c 'the target had not applied what the source had written')" 3
like "an hour behind: objects are left open, by name" "$(jq -r 'select(.type == "summary") | .not_visible' "$OUT")" \
    'whether schema objects differ \(.*index "[^"]*none\.a"'
"$MYRECON" repair plan --case one.case --policy mirror --output plan >"$OUT" 2>"$ERR"
is "an hour behind: no mirror plan is made of it" "$? $(ls plan 2>/dev/null)" "4 "
run_check "$SRC" "$DST" --settle-limit 1 --tables new --tables gone
is "an hour behind: tables of one side only, too" "$RC" 4
none "an hour behind: a new table is no difference" '.type == "object"'
run_check "$DST" "$SRC" --settle-limit 1 --objects none
is "an hour behind, the replica as source" "$RC" 4
nothing_said "an hour behind, the replica as source"

# ---- the I/O thread stops; what it has fetched still comes ------------------------------
wait_for 30 fetched || bail "not fetched"
threads STOP io_thread
check_is 4 "nothing more is fetched: what was is still to come" --settle-limit 1 --objects none
nothing_said "nothing more is fetched"
like "nothing more is fetched: why" "$(cat "$ERR")" 'has not yet applied all that it fetched'
threads START io_thread

# ---- without the right to see that --------------------------------------------------
# GTIDs prove nothing: the last transaction that was applied is of another server's id, or the
# replica has one of its own.
[ $KIND = mariadb ] || client r <<<"CREATE DATABASE ${DB}_errant; DROP DATABASE ${DB}_errant"
SRC=$(uri p "$DB" $U:x) DST=$(uri r "$DB" $U:x)
# shellcheck disable=SC2046
check_is 4 "hidden from the account" --settle-limit 1 $(only)
nothing_said "hidden from the account"
like "hidden from the account: the GRANT" "$(jq -r 'select(.type == "table") | .note' "$OUT")$(cat "$ERR")" \
    "GRANT (SLAVE MONITOR|REPLICATION CLIENT) ON \*\.\* TO '$U'"

# ---- it comes while it is waited for ----------------------------------------------------
SRC=$(uri p "$DB") DST=$(uri r "$DB")
at p "INSERT INTO keyed (v) SELECT CONCAT('m', a.v, b.v) FROM keyed a, keyed b, keyed c, keyed d, keyed e WHERE a.id < 900"
# shellcheck disable=SC2046
CMD=("$MYRECON" check -vv --json --no-progress --settle-limit 120 $(only) "$SRC" "$DST")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
ok "it is said what is waited for" wait_for 60 grep -q 'waiting until the target has applied what the source had written' "$ERR"
delay 0
ended 100
is "it comes while it is waited for: exits 1" "$RC" 1
true_rows "it comes while it is waited for"
is "it comes while it is waited for: only the collation" "$(jq -r 'select(.type == "object") | .name' "$OUT" | sort -u | xargs)" "k"
caught_up
if [ $KIND = mysql ]; then # what the replica had alone is everybody's
    own=$(client r <<<"SELECT GTID_SUBTRACT(@@gtid_executed, '$(client p <<<"SELECT REPLACE(@@gtid_executed, '\n', '')")')")
    range=${own##*:}
    for n in $(seq "${range%-*}" "${range#*-}"); do
        client p <<<"SET GTID_NEXT = '${own%%:*}:$n'; BEGIN; COMMIT; SET GTID_NEXT = AUTOMATIC"
    done
    caught_up
fi

# ---- the connection is lost, and comes back by itself ------------------------------------
locked() { # locked LOCK|UNLOCK: the account that the replica comes with
    client p <<<"SET sql_log_bin = 0; ALTER USER repl@127.0.0.1 ACCOUNT $1" || bail "no account repl"
}
io_is() { # io_is STATE
    [ "$(client r <<<"SHOW REPLICA STATUS" | awk -F'\t' '{ print $11 }')" = "$1" ]
}
locked LOCK
at_exit 'locked UNLOCK 2>/dev/null'
client p <<<"KILL $(client p <<<"SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'" | tail -n 1)"
wait_for 30 io_is Connecting || bail "still connected"
at p "INSERT INTO keyed (v) VALUES ('not fetched')"
# shellcheck disable=SC2046
check_is 4 "the connection is lost" --settle-limit 1 --objects none $(only)
nothing_said "the connection is lost"
like "the connection is lost: said so" "$(cat "$ERR")" "has no connection and tries to get one"
locked UNLOCK
wait_for 30 io_is Yes || bail "not connected again"
caught_up

# ---- there ------------------------------------------------------------------------------
LIVE=0
# shellcheck disable=SC2046
check_is 1 "caught up" $(only)
true_rows "caught up"
SRC=$(uri p "$DB" $U:x) DST=$(uri r "$DB" $U:x)
# shellcheck disable=SC2046
check_is 1 "caught up, without the right to see it" $(only)
true_rows "caught up, without the right"

# ---- a source before this one had counted further in the domain ---------------------------
# MASTER_GTID_WAIT takes that for a position of this one.
if [ $KIND = mariadb ]; then
    follow() { # follow GTIDS USE_GTID [FILE POSITION]: r, from there
        client r <<<"STOP SLAVE; SET GLOBAL gtid_slave_pos = '$1';
            CHANGE MASTER TO MASTER_USE_GTID = $2${3:+, MASTER_LOG_FILE = '$3', MASTER_LOG_POS = $4}; START SLAVE" || bail "does not follow"
    }
    there() { # without delay, whatever the GTIDs say
        delay 0
        read -r -a at < <(client p <<<"SHOW MASTER STATUS")
        client r <<<"SELECT MASTER_POS_WAIT('${at[0]}', ${at[1]}, 60)" >/dev/null
    }
    again() { # r as it was
        there
        client r <<<"STOP SLAVE; RESET MASTER" # else its next own number would be beyond that
        follow "$(client p <<<"SELECT @@gtid_binlog_pos")" slave_pos
    }
    read -r -a at < <(client p <<<"SHOW MASTER STATUS")
    at_exit again
    follow 0-9-4000000000 no "${at[0]}" "${at[1]}"
    SRC=$(uri p "$DB") DST=$(uri r "$DB") LIVE=1
    for next in "before its first transaction" "after its first transaction"; do
        delay 3600
        at p "UPDATE keyed SET v = '${next%% *}' WHERE id = 1; INSERT INTO none VALUES (50, 'x'); UPDATE texts SET v = v + 1 WHERE k = 'late'"
        # shellcheck disable=SC2046
        check_is 4 "further, $next" --settle-limit 1 --objects none $(only)
        nothing_said "further, $next"
        there
    done
fi
finish
