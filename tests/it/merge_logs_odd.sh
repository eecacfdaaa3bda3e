#!/bin/bash
# merge_logs_odd.sh: logs as they are in the wild: sides that followed each other in a ring, relay logs in several
# files as evidence, row images without what was not changed, filters of replication and of the log on one side,
# triggers of TARGET that fire when a change is restored.  Each row is right, asked about, or refused by name.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mariadb OS --gtid-domain-id=1 --binlog-ignore-db=hush --slave-parallel-threads=0 &&
    mr_spawn_mariadb OT --gtid-domain-id=2 --replicate-wild-ignore-table=part.skipped &&
    mr_spawn_mariadb OR --replicate-wild-ignore-table=part.skipped --relay-log=relay --relay-log-purge=0 --gtid-domain-id=3 &&
    mr_await OS OT OR && mr_replicate OS OT && mr_replicate OT OS || bail "no MariaDB ring"
mr_sql OR -e "CHANGE MASTER TO master_host = '127.0.0.1', master_port = $(mr_get_server OS PORT), master_user = 'repl',
    master_password = 'repl', master_connect_retry = 1, master_use_gtid = slave_pos; START SLAVE" &&
    mr_await_replica OR || bail "no third server"

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
BEAT=0
await_same() { # SOURCE TARGET: the target has the last row that the source wrote
    BEAT=$((BEAT + 1))
    mr_sql "$1" -e "CREATE DATABASE IF NOT EXISTS beat; CREATE TABLE IF NOT EXISTS beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES ($BEAT)"
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != $BEAT ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
world() { # SERVER DB: eight members, and a text that a log may leave out
    mr_sql "$1" <<SQL
CREATE DATABASE $2; USE $2;
CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(20), points INT NOT NULL DEFAULT 0, txt TEXT);
INSERT INTO members (mobile, city, txt) VALUES ('1','x','t'),('2','x','t'),('3','x','t'),('4','x','t'),('5','x','t'),('6','x','t'),('7','x','t'),('8','x','t');
SQL
}
members() { # SERVER DB: "id:city:points:txt …"
    mr_sql "$1" -e "SELECT CONCAT_WS(':', id, city, points, txt) FROM $2.members WHERE id <= 8 ORDER BY id" | paste -sd ' '
}
by_kind() { # DIR: "kind key,…;…"
    python3 - "$1/conflicts.csv" <<'PY'
import csv, sys
kinds = {}
for row in csv.DictReader(open(sys.argv[1], newline="")):
    kinds.setdefault(row["kind"], []).append(row["source_key"])
print(";".join("%s %s" % (k, ",".join(sorted(v))) for k, v in sorted(kinds.items())))
PY
}
by_logs() { # DIR: "outcome count;…"
    jq -r '[.rows.tables[].logs[]?] | map("\(.outcome) \(.count)") | join(";")' "$1/plan.json"
}
collect() { # DB OPTION…: $RC is collect's
    local db=$1
    shift
    SU=$(mr_get_server OS URI)/$db TU=$(mr_get_server OT URI)/$db CASE=$IT_TMP/$db.case CONFIG=$IT_TMP/$db.ini
    printf '[table %s.members]\nidentity = mobile\nsubject = yes\n' "$db" >"$CONFIG"
    run check --config "$CONFIG" --case "$CASE" "$SU" "$TU"
    run history collect --json --config "$CONFIG" --case "$CASE" "$@"
}
evidence() { # "source good; target good": what collect has just said of it
    jq -r 'select(.type == "table") | "\(.side) \(.evidence)"' "$OUT" | paste -sd ';'
}
plan() { # DB NAME OPTION…: $PLAN, $RC
    PLAN=$IT_TMP/$1.$2
    shift 2
    run repair plan --config "$CONFIG" --case "$CASE" --policy merge --output "$PLAN" "$@"
}

for DB in ring mini noblob filtered fired; do
    world OS $DB
done
mr_sql OS -e "CREATE DATABASE part; USE part; CREATE TABLE members LIKE ring.members; INSERT INTO members SELECT * FROM ring.members; CREATE TABLE skipped LIKE ring.members"
await_same OS OT
await_same OS OR
mr_sql OT -e "SET sql_log_bin = 0; CREATE DATABASE hush; CREATE TABLE hush.members LIKE ring.members; INSERT INTO hush.members SELECT * FROM ring.members; USE part; CREATE TABLE IF NOT EXISTS skipped LIKE ring.members; INSERT INTO skipped SELECT * FROM ring.members"
mr_sql OS -e "SET sql_log_bin = 0; CREATE DATABASE hush; CREATE TABLE hush.members LIKE ring.members; INSERT INTO hush.members SELECT * FROM ring.members; INSERT INTO part.skipped SELECT * FROM ring.members"

# ---- what both have, from either side; then TARGET follows no more, while SOURCE still does
mr_sql OT -e "UPDATE ring.members SET points = 1 WHERE id IN (1, 2)"
await_same OT OS
mr_sql OS -e "UPDATE ring.members SET city = 'both' WHERE id = 2; UPDATE part.skipped SET city = 'skipped' WHERE id IN (1, 2, 3)"
await_same OS OT
mr_sql OT -e "STOP SLAVE; RESET SLAVE ALL"
mr_sql OS -e "UPDATE ring.members SET city = 'south' WHERE id = 7"
mr_sql OT -e "UPDATE ring.members SET points = 9 WHERE id = 7; UPDATE ring.members SET points = 9 WHERE id = 8"
await_same OT OS
mr_sql OS -e "UPDATE ring.members SET city = 'south' WHERE id = 8; STOP SLAVE; RESET SLAVE ALL"
mr_sql OS -e "UPDATE ring.members SET city = 'south' WHERE id IN (1, 2, 4, 6); INSERT INTO ring.members (mobile, city) VALUES ('30', 's')"
mr_sql OT -e "UPDATE ring.members SET points = 5 WHERE id IN (3, 4); DELETE FROM ring.members WHERE id IN (5, 6); INSERT INTO ring.members (mobile, city) VALUES ('40', 't')"

collect ring
is "ring: the logs are good on both sides" "$RC $(evidence)" "0 source good;target good"
plan ring with
is "ring: what is a side's own, of all that came around" "$RC $(by_kind "$PLAN") $(by_logs "$PLAN")" \
    "1 both-changed 4;deleted-on-live 6 both-changed 1;restored-change 3;unchanged-in-source 2"
run repair apply --yes "$PLAN" "$TU"
is "ring: applied" "$(members OT ring)" "1:south:1:t 2:south:1:t 3:x:5:t 4:x:5:t 7:x:9:t 8:south:9:t"

# ---- the lost side's log as its replica has fetched it, in several files
mr_sql OS -e "UPDATE filtered.members SET city = 'south' WHERE id = 1; UPDATE filtered.members SET city = 'south' WHERE id = 2"
mr_sql OR -e "FLUSH RELAY LOGS"
mr_sql OS -e "UPDATE filtered.members SET city = 'east' WHERE id = 2; UPDATE filtered.members SET points = 3 WHERE id = 3"
await_same OS OR
mr_sql OR -e "FLUSH RELAY LOGS"
mr_sql OS -e "UPDATE filtered.members SET city = 'south' WHERE id = 4; DELETE FROM filtered.members WHERE id = 5"
mr_sql OT -e "UPDATE filtered.members SET points = 7 WHERE id IN (4, 6)"
await_same OS OR
mr_sql OR -e "STOP SLAVE"
mkdir "$IT_TMP/relay"
cp "$(mr_get_server OR DIR)"/data/relay.[0-9]* "$IT_TMP/relay/"
collect filtered
plan filtered own
WANT="$RC $(by_kind "$PLAN") $(by_logs "$PLAN")"
collect filtered --source-log "$IT_TMP/relay"
is "relay logs: collected from $(ls "$IT_TMP/relay" | wc -l) files" "$RC $(evidence)" "0 source good;target good"
plan filtered relay
is "relay logs: planned as by the server's own" "$RC $(by_kind "$PLAN") $(by_logs "$PLAN")" "$WANT"
rm "$(ls "$IT_TMP"/relay/* | sed -n 2p)"
collect filtered --source-log "$IT_TMP/relay"
like "relay logs: one that is lacking is missed" "$RC $(grep error "$ERR")" "^5 .*the logs of the source were complete when they were collected .*, and are not any more"

# ---- images without what was not changed: what neither row nor log shows is asked about, and nothing is guessed
for IMAGE in MINIMAL NOBLOB; do
    DB=mini ASKED="both-changed 2;restored-change 2;unchanged-in-source 1;unseen 2"
    [ $IMAGE = MINIMAL ] || DB=noblob ASKED="both-changed 2;changed 1;restored-change 2;unchanged-in-source 1;unseen 1"
    mr_sql OS -e "SET SESSION binlog_row_image = $IMAGE; USE $DB;
        UPDATE members SET city = 'south' WHERE id IN (1, 2, 6); UPDATE members SET txt = 'long' WHERE id IN (3, 4, 5); UPDATE members SET city = 'south', txt = 'long' WHERE id = 8"
    mr_sql OT -e "SET SESSION binlog_row_image = $IMAGE; USE $DB;
        UPDATE members SET points = 7 WHERE id IN (2, 4); UPDATE members SET txt = 'other' WHERE id IN (5, 7); DELETE FROM members WHERE id = 6; UPDATE members SET city = 'north' WHERE id = 8"
    collect $DB
    is "$IMAGE: the logs are good on both sides" "$RC $(evidence)" "0 source good;target good"
    plan $DB with
    is "$IMAGE: asked where both have changed" "$RC $(by_kind "$PLAN") $(by_logs "$PLAN")" \
        "1 both-changed 2,4;changed 5,8;deleted-on-live 6 $ASKED"
    plan $DB columns --on-conflict both-changed=columns
    run repair apply --yes "$PLAN" "$TU"
    is "$IMAGE: applied" "$(members OT $DB)" "1:south:0:t 2:south:7:t 3:x:0:long 4:x:7:long 5:x:0:other 7:x:0:other 8:north:0:t"
done

# ---- TARGET skipped a table of SOURCE's while it followed it
mr_sql OS -e "UPDATE part.skipped SET points = 3 WHERE id IN (1, 4)"
mr_sql OT -e "UPDATE part.skipped SET points = 8 WHERE id = 2"
SU=$(mr_get_server OS URI)/part TU=$(mr_get_server OT URI)/part CASE=$IT_TMP/part.case CONFIG=$IT_TMP/part.ini
printf '[table part.skipped]\nidentity = mobile\nsubject = yes\n' >"$CONFIG"
run check --config "$CONFIG" --case "$CASE" "$SU" "$TU"
run history collect --json --config "$CONFIG" --case "$CASE"
plan part with
is "a table that TARGET skipped: what no log explains is left, what one side changed on top is asked" \
    "$RC $(by_kind "$PLAN") $(by_logs "$PLAN")" "1 bases-differ 1,2 bases-differ 2;restored-change 1;unexplained 1"

# ---- SOURCE leaves a database out of its log: what it says of it is nothing, and not that nothing was changed
mr_sql OS -e "UPDATE hush.members SET city = 'south' WHERE id IN (1, 2); DELETE FROM hush.members WHERE id = 3; INSERT INTO hush.members (mobile, city) VALUES ('30', 's')"
mr_sql OT -e "UPDATE hush.members SET points = 8 WHERE id IN (2, 4)"
collect hush
is "left out of the log: blind, and said why" "$RC $(evidence) $(jq -r 'select(.type == "table" and .side == "source") | .reason' "$OUT")" \
    "4 source blind;target good its server leaves the database out of its log (binlog_ignore_db)"
plan hush with
is "left out of the log: TARGET's log tells what SOURCE has changed" "$RC $(by_kind "$PLAN") $(by_logs "$PLAN")" \
    "1 both-changed 2 both-changed 1;restored-change 1;unchanged-in-source 1"

# ---- triggers of TARGET that fire on what is restored
mr_sql OT <<'SQL'
SET sql_log_bin = 0; USE fired;
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, member INT, city VARCHAR(20));
CREATE TRIGGER after_update AFTER UPDATE ON members FOR EACH ROW INSERT INTO audit (member, city) VALUES (NEW.id, NEW.city);
SQL
mr_sql OS -e "SET sql_log_bin = 0; USE fired; CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, member INT, city VARCHAR(20))"
mr_sql OS -e "UPDATE fired.members SET city = 'south' WHERE id = 1"
collect fired
plan fired refused
like "a trigger of TARGET is named, and nothing planned" "$RC $(grep error "$ERR") $(ls -d "$PLAN" 2>/dev/null)" \
    '^5 .*triggers of the target would fire for the rows of the plan: "after_update" .AFTER UPDATE ON fired.members. $'
plan fired after --allow-triggers fire
is "a trigger that writes elsewhere: planned" "$RC $(by_logs "$PLAN")" "0 restored-change 1"
run repair apply --yes "$PLAN" "$TU"
is "a trigger that writes elsewhere: applied" "$RC $(members OT fired | cut -d ' ' -f 1) $(mr_sql OT -e 'SELECT COUNT(*) FROM fired.audit')" "0 1:south:0:t 1"
mr_sql OT -e "UPDATE fired.members SET txt = 'live' WHERE id = 1"
run repair verify "$PLAN" "$TU"
is "a trigger that writes elsewhere: verified, and a live write beside it is nobody's concern" "$RC" 0
mr_sql OT -e "UPDATE fired.members SET txt = 't' WHERE id = 1"
run repair undo --yes --case "$CASE" "$PLAN" "$TU"
is "a trigger that writes elsewhere: undone" "$RC $(members OT fired | cut -d ' ' -f 1)" "0 1:x:0:t"
mr_sql OT -e "SET sql_log_bin = 0; USE fired; DROP TRIGGER after_update; CREATE TRIGGER before_update BEFORE UPDATE ON members FOR EACH ROW SET NEW.points = OLD.points + 1"
mr_sql OS -e "UPDATE fired.members SET city = 'east' WHERE id = 7"
collect fired
plan fired before --allow-triggers fire
is "a trigger that writes into the row: planned" "$RC $(by_logs "$PLAN")" "0 restored-change 2"
run repair apply --yes "$PLAN" "$TU"
like "a trigger that writes into the row: apply says that it is not as planned" "$RC $(cat "$OUT" "$ERR")" "2 rows do not stand as planned, by triggers"
is "a trigger that writes into the row: with 1, and no other row" "$RC $(members OT fired)" "1 1:south:1:t 2:x:0:t 3:x:0:t 4:x:0:t 5:x:0:t 6:x:0:t 7:east:1:t 8:x:0:t"
run repair verify "$PLAN" "$TU"
is "a trigger that writes into the row: verify names it" "$RC $(grep -c 'fired.members [17] was changed since: by a trigger: points$' "$OUT")" "1 2"
finish
