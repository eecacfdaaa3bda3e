#!/bin/bash
# merge_logs_on.sh: servers that go on after their logs were collected, by GTIDs of either family.  A plan reads
# the logs on by itself: it decides as after a fresh collection, asks no more, and is never wrong.  Where they cannot
# be read on, it says why, and goes by what is known.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
if [ "${1:-}" = mysql ]; then
    mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
    [ -n "$mr_mysql_root" ] || { skip "logs of MySQL that are read on" "no MySQL 9"; finish; exit; }
    mr_spawn_mysql LS && mr_spawn_mysql LT && mr_await LS LT && mr_replicate LS LT || bail "no MySQL pair"
else
    mr_spawn_mariadb LS && mr_spawn_mariadb LT && mr_await LS LT && mr_replicate LS LT || bail "no MariaDB pair"
fi
S=LS T=LT

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
await_same() { # SOURCE TARGET: the target has the last row that the source wrote
    mr_sql "$1" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (7)"
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 7 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
world() { # SERVER
    mr_sql "$1" <<'SQL'
CREATE DATABASE club; USE club;
CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(20), points INT NOT NULL DEFAULT 0);
INSERT INTO members (mobile, city) VALUES ('1','x'),('2','x'),('3','x'),('4','x'),('5','x'),('6','x'),('7','x'),('8','x'),('9','x'),('10','x'),('11','x'),('12','x');
CREATE TABLE busy (id INT PRIMARY KEY, n INT NOT NULL);
INSERT INTO busy VALUES (1, 0), (2, 0);
SQL
}
by_kind() { # DIR: "kind key,…;…"
    python3 - "$1/conflicts.csv" <<'PY'
import csv, sys
kinds = {}
for row in csv.DictReader(open(sys.argv[1], newline="")):
    kinds.setdefault(row["kind"], []).append(row["source_key"] or row["target_key"])
print(";".join("%s %s" % (k, ",".join(sorted(v, key=int))) for k, v in sorted(kinds.items())))
PY
}
by_logs() { # DIR: "outcome count;…", of the members
    jq -r '[.rows.tables[] | select(.table == "club.members") | .logs[]?] | map("\(.outcome) \(.count)") | join(";")' "$1/plan.json"
}
check() { run check --config "$IT_TMP/club.ini" --case "$CASE" "$SU" "$TU"; }
collect() { run history collect --config "$IT_TMP/club.ini" --case "$CASE" "$@"; }
plan() { # NAME OPTION…: $PLAN, $RC
    PLAN=$IT_TMP/$S.$1
    shift
    run repair plan --config "$IT_TMP/club.ini" --case "$CASE" --policy merge --output "$PLAN" "$@"
}
gone_on() { grep -c 'SOURCE has executed transactions since its binary logs were read' "$ERR"; }
members() { # SERVER: "id:city:points …"
    mr_sql "$1" -e "SELECT CONCAT_WS(':', id, city, points) FROM club.members WHERE id <= 12 ORDER BY id" | paste -sd ' '
}
witness() { # of the case: "finished sides' ends"
    python3 - "$CASE" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(*[r[0] for r in db.execute("SELECT finished FROM history_collection")],
      db.execute("SELECT count(*) FROM history_witness WHERE witness<>1").fetchone()[0])
PY
}
traffic() { # SERVER: writes to busy rows, until it is stopped
    : >"$IT_TMP/traffic"
    python3 - "$IT_TMP/traffic" <<'PY' | mr_sql "$1" &
import os, sys, time
while os.path.exists(sys.argv[1]):
    print("UPDATE club.busy SET n = n + 1 WHERE id = 1; UPDATE club.busy SET n = n + 1 WHERE id = 2;", flush=True)
    time.sleep(0.03)
PY
    WRITERS+=" $!"
}
WRITERS=
stop_traffic() {
    rm -f "$IT_TMP/traffic"
    # shellcheck disable=SC2086
    [ -z "$WRITERS" ] || wait $WRITERS
    WRITERS=
}
IT_EXIT+=(stop_traffic)

printf '[table club.members]\nidentity = mobile\nsubject = yes\n' >"$IT_TMP/club.ini"

SU=$(mr_get_server $S URI)/club TU=$(mr_get_server $T URI)/club CASE=$IT_TMP/$S.case
world $S
await_same $S $T
mr_sql $T -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql $T -e "STOP REPLICA; RESET REPLICA ALL"
mr_sql $S -e "USE club; UPDATE members SET city = 'south' WHERE id IN (1, 6, 9); DELETE FROM members WHERE id = 11; INSERT INTO members (mobile) VALUES ('30')"
mr_sql $T -e "USE club; UPDATE members SET points = 7 WHERE id IN (2, 6); DELETE FROM members WHERE id = 4; INSERT INTO members (mobile) VALUES ('40')"
check
collect

# ---- both go on: rows that were changed already, and others
mr_sql $S -e "USE club; UPDATE members SET city = 'later' WHERE id IN (1, 3, 5); UPDATE members SET points = 3 WHERE id = 9; INSERT INTO members (mobile) VALUES ('31')"
mr_sql $T -e "USE club; UPDATE members SET points = 1 WHERE id IN (5, 7); UPDATE members SET points = 8 WHERE id = 2; DELETE FROM members WHERE id = 8; INSERT INTO members (mobile) VALUES ('41')"
check
cp "$CASE" "$IT_TMP/$S.copy.case"
plan on
ON="$RC $(gone_on) $(by_kind "$PLAN") $(by_logs "$PLAN")"
is "$S: the logs are read on" "$ON" "1 0 both-changed 5,6;deleted-in-source 11 both-changed 2;deleted-in-source 1;restored-change 3;unchanged-in-source 4"
like "$S: and it says so" "$(cat "$ERR")" 'binary logs were read on: 3 transactions of the source, 4 of the target'
KEPT=$CASE CASE=$IT_TMP/$S.copy.case
collect
plan fresh
is "$S: as after a fresh collection" "$RC $(gone_on) $(by_kind "$PLAN") $(by_logs "$PLAN")" "$ON"
CASE=$KEPT
is "$S: the case counts again" "$(witness)" "1 0"
plan still
is "$S: nothing more to be read" "$RC $(by_kind "$PLAN") $(by_logs "$PLAN") $(grep -c 'read on' "$ERR")" "1 both-changed 5,6;deleted-in-source 11 both-changed 2;deleted-in-source 1;restored-change 3;unchanged-in-source 4 0"

# ---- while both are written to all the time
traffic $S
traffic $T
check
for N in 1 2; do
    plan busy$N
    is "$S: while both are written to, $N" "$RC $(gone_on) $(by_kind "$PLAN" | tr ';' '\n' | grep -v '^changed' | paste -sd ';') $(by_logs "$PLAN")" \
        "1 0 both-changed 5,6;deleted-in-source 11 both-changed 2;deleted-in-source 1;restored-change 3;unchanged-in-source 4"
done
stop_traffic

# ---- after what the run has found: told of
mr_sql $S -e "USE club; UPDATE members SET city = 'after' WHERE id = 10"
plan unfound --exclude busy
like "$S: what SOURCE changed behind the run is told of" "$(cat "$ERR")" 'table "club.members": SOURCE has changed 1 row since run .* compare again'
check
plan last --exclude busy --on-conflict both-changed=columns
is "$S: compared again" "$RC $(gone_on) $(by_logs "$PLAN")" "0 0 both-changed 2;deleted-in-source 1;restored-change 4;unchanged-in-source 4"
run repair apply --yes "$PLAN" "$TU"
is "$S: applied" "$RC $(members $T)" "0 1:later:0 2:x:8 3:later:0 5:later:1 6:south:7 7:x:1 9:south:3 10:after:0 11:x:0 12:x:0"
run repair verify "$PLAN" "$TU"
is "$S: verified" "$RC" 0
check
plan after --exclude busy
is "$S: planned again, and nothing is left to do" "$RC $(cat "$OUT" "$ERR" | grep -c '0 changes of rows in 0 units')" "0 1"

# ---- where they cannot be read on: said, and as before
cp "$CASE" "$IT_TMP/$S.kept.case"
mr_sql $S -e "FLUSH BINARY LOGS; USE club; UPDATE members SET city = 'gone' WHERE id = 12; FLUSH BINARY LOGS"
LOG=$(mr_sql $S -e "SHOW BINARY LOGS" | awk 'END { print $1 }')
for _ in {1..100}; do # a log that somebody still reads stays
    mr_sql $S -e "PURGE BINARY LOGS TO '$LOG'"
    [ "$(mr_sql $S -e "SHOW BINARY LOGS" | wc -l)" != 1 ] || break
    sleep 0.1
done
check
plan purged --exclude busy
like "$S: a log that was removed" "$(cat "$ERR")" 'SOURCE has executed transactions .*they cannot be read on: the log of the source was removed'
cp "$IT_TMP/$S.kept.case" "$CASE"
mr_sql $S -e "RESET MASTER" 2>/dev/null || mr_sql $S -e "RESET BINARY LOGS AND GTIDS"
mr_sql $S -e "USE club; UPDATE members SET city = 'reset' WHERE id = 12"
check
plan reset --exclude busy
like "$S: logs that were reset" "$(cat "$ERR")" 'SOURCE has executed transactions .*they cannot be read on: the log of the source is not the one that was read'
finish
