# rejoin.sh: what the tests of rejoin share: OLD and LIVE run, new and of one family.

export MYRECON_REPLICATION_PASSWORD=repl
REJOIN_N=0

old() { mr_sql OLD -e "$1"; }
live() { mr_sql LIVE -e "$1"; }

plan() { # ARGS…: $RC, $OUT, $ERR, $PLAN
    PLAN=$IT_TMP/rejoin.$((REJOIN_N += 1))
    CMD=("$MYRECON" repair plan --policy rejoin --source "$MR_LIVE_URI" --target "$MR_OLD_URI"
        --replication-user repl --output "$PLAN" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
act() { # apply|verify|undo ARGS…: $RC
    local what=$1
    shift
    [ "$what" = verify ] || set -- --yes "$@"
    CMD=("$MYRECON" repair "$what" "$@" "$PLAN" "$MR_OLD_URI")
    timeout -k 5 300 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
equal() { # exit code of a check
    "$MYRECON" check -q --settle 1 "$MR_LIVE_URI" "$MR_OLD_URI" >"$OUT" 2>"$ERR" </dev/null
    echo $?
}

# A pair that replicates, with tables of several kinds.
pair() {
    mr_replicate OLD LIVE || bail "no replication"
    mr_sql OLD <<'SQL'
CREATE DATABASE club;
USE club;
CREATE TABLE members (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), mobile VARCHAR(20) UNIQUE, points INT) ENGINE=InnoDB;
CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, member INT UNSIGNED NOT NULL, total DECIMAL(10,2), at DATETIME(3), note TEXT, FOREIGN KEY (member) REFERENCES members (id)) ENGINE=InnoDB;
CREATE TABLE tags (member INT UNSIGNED, tag VARCHAR(20), PRIMARY KEY (member, tag)) ENGINE=InnoDB;
INSERT INTO members (name, mobile, points) VALUES ('ann','1',1),('bob','2',2),('cid','3',3),('dan','4',4);
INSERT INTO orders (member, total, at) VALUES (1,10,'2026-01-01'),(2,20,NULL),(3,30,'1000-01-01');
INSERT INTO tags VALUES (1,'a'),(1,'b'),(2,'a');
SQL
    await_live
}
await_live() { # until LIVE has what OLD has
    local i
    for ((i = 0; i < 300; i++)); do
        [ "$(live "SELECT COUNT(*) FROM club.tags" 2>/dev/null)" != 3 ] || return 0
        sleep 0.1
    done
    bail "the replica does not catch up"
}
DUMPS="SELECT COUNT(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
# Of a reader that has gone OLD knows when it next has something to send him.
end_dumps() {
    local i
    old "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'" | mr_sql OLD
    for ((i = 0; i < 100; i++)); do
        [ "$(old "$DUMPS")" != 0 ] || return 0
        sleep 0.1
    done
    bail "the log is read on"
}
# The failover: LIVE is promoted, OLD goes on alone for a while and is fenced.
fail_over() {
    live "STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = 0"
    end_dumps
    mr_sql LIVE -e "SET sql_log_bin = 0; CREATE USER IF NOT EXISTS repl@127.0.0.1 IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
    mr_sql OLD <<'SQL'
USE club;
INSERT INTO members (name, mobile, points) VALUES ('eve','5',5);
INSERT INTO orders (member, total) VALUES (5, 50), (1, 11);
UPDATE members SET points = 99, id = 40 WHERE id = 4;
UPDATE members SET points = 100 WHERE id = 1;
UPDATE members SET points = 101 WHERE id = 1;
DELETE FROM tags WHERE member = 1;
DELETE FROM orders WHERE id = 2;
SQL
    mr_sql LIVE <<'SQL'
USE club;
INSERT INTO members (name, mobile, points) VALUES ('fay','6',6);
UPDATE members SET points = 7 WHERE id = 1;
DELETE FROM members WHERE id = 4;
INSERT INTO tags VALUES (3,'z');
SQL
    old "SET GLOBAL read_only = 1; SET GLOBAL event_scheduler = OFF"
}

# Somebody reads OLD's log to its end, and waits for more.
below() {
    local i
    mysqlbinlog_of_old >/dev/null 2>&1 &
    BELOW=$!
    for ((i = 0; i < 100; i++)); do
        [ "$(old "$DUMPS")" = 0 ] || return 0
        sleep 0.1
    done
    bail "nobody reads the log"
}
no_below() {
    kill "$BELOW"
    wait "$BELOW" 2>/dev/null
    end_dumps
}
types() { # of the lines of the result
    sed 's/^{"type":"\([a-z]*\)".*/\1/' "$OUT" | tr '\n' ' ' | sed 's/ $//'
}
mysqlbinlog_of_old() {
    local reader=(mariadb-binlog)
    [ -z "$mr_mysql_root" ] || reader=(chroot "$mr_mysql_root" mysqlbinlog)
    exec "${reader[@]}" --no-defaults --read-from-remote-server --stop-never --host=127.0.0.1 \
        --port="$MR_OLD_PORT" --user=root "$(old "SHOW BINARY LOGS" | head -n 1 | cut -f 1)"
}

waits() { # SERVER CONDITION: until it has such a session
    local i
    for ((i = 0; i < 200; i++)); do
        [ "$(mr_sql "$1" -e "SELECT COUNT(*) FROM information_schema.processlist WHERE $2" | grep -v '^0$')" = '' ] || return 0
        sleep 0.05
    done
    bail "no session with $2"
}
end_of() { # ends the session of OLD that runs that
    old "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE '$1%'" | mr_sql OLD
}
# Between the first look and the last one somebody comes who may write all the same: nothing is reset.  The
# replication account is tried before each of the two, and comes in slowly.
held_at_reset() {
    local apply writer
    live "SET GLOBAL init_connect = 'DO SLEEP(4)'"
    CMD=("$MYRECON" repair apply --yes --point-of-no-return "$PLAN" "$MR_OLD_URI")
    timeout -k 5 300 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
    apply=$!
    waits LIVE "user = 'repl'" # sessions of ours on OLD would be in the way
    waits LIVE "1 HAVING SUM(user = 'repl') = 0"
    waits LIVE "user = 'repl'"
    mariadb --no-defaults --user=root --socket="$MR_OLD_SOCK" -e "SELECT SLEEP(102)" >/dev/null 2>&1 &
    writer=$!
    wait "$apply"
    is "a writer who came since is noticed" "$? $(grep -c 'may write in spite of read_only' "$ERR") $(grep -c 'Nothing was reset' "$ERR")" "5 1 1"
    live "SET GLOBAL init_connect = ''"
    end_of 'SELECT SLEEP(102)'
    wait "$writer" 2>/dev/null
    is "and nothing was reset" "$(rows) $(old "SHOW REPLICA STATUS" | wc -l)" "$SPLIT 0"
    [ -n "$mr_mysql_root" ] || return 0 # MariaDB's lock waits for no reader
    mr_sql OLD -e "SET sql_log_bin = 0; CREATE USER reader@127.0.0.1; GRANT SELECT ON *.* TO reader@127.0.0.1; CREATE DATABASE aside; CREATE TABLE aside.t (a INT) ENGINE=MyISAM; INSERT INTO aside.t VALUES (1)"
    mariadb --no-defaults --user=reader --host=127.0.0.1 --port="$MR_OLD_PORT" -e "SELECT SLEEP(101) FROM aside.t" >/dev/null 2>&1 &
    writer=$!
    waits OLD "info LIKE 'SELECT SLEEP(101)%'"
    act apply --point-of-no-return --lock-timeout 1
    is "who cannot be held still is not reset" "$RC $(grep -c 'cannot be held still for the reset' "$ERR") $(grep -c 'Nothing was reset' "$ERR")" "5 1 1"
    end_of 'SELECT SLEEP(101)'
    wait "$writer" 2>/dev/null
    mr_sql OLD -e "SET sql_log_bin = 0; DROP DATABASE aside; DROP USER reader@127.0.0.1"
}

# A row that the replica has alone stops it: that is told until it is put right, and then it goes on.
act_on_stopped() {
    local i
    mr_sql OLD -e "SET sql_log_bin = 0; INSERT INTO club.tags VALUES (2, 'in the way')"
    live "INSERT INTO club.tags VALUES (2, 'in the way')"
    for ((i = 0; i < 100; i++)); do
        act verify
        [ "$RC" != 1 ] || break
        sleep 0.1
    done
    act apply --point-of-no-return
    is "stopped: the error is told" "$RC $(grep -c 'does not replicate: .*[^.]\. Put that right' "$ERR")" "1 1"
    mr_sql OLD -e "SET sql_log_bin = 0; DELETE FROM club.tags WHERE tag = 'in the way'"
    act apply --point-of-no-return
    is "put right, the same command goes on" "$RC $(grep -c 'has caught up' "$ERR") $(equal)" "0 1 0"
}

rejoin_world() {
    local before
    pair
    fail_over
    before=$(rows)
    plan
    is "lost transactions are named" "$RC $(grep -c 'executed 7 transactions that the source does not have' "$ERR")" "5 1"
    plan --discard-lost
    is "planned, and nobody is asked who its rows are" "$RC $(grep -c 'no identity' "$ERR")" "0 0"
    is "no password is in a file" "$(grep -rl 'repl.*PASSWORD\|PASSWORD *=' "$PLAN" | wc -l)" 0
    act apply
    is "without the second option it stops, and says what is left" "$RC $(grep -c 'point of no return' "$ERR") $(grep -c 'prove it with' "$ERR")" "1 1 0"
    is "rows are as at the split" "$(rows)" "$SPLIT"
    is "and nothing was reset" "$(old "SHOW REPLICA STATUS" | wc -l)" 0
    act undo
    is "undone" "$RC" 0
    is "to what it was" "$(rows)" "$before"
    MYRECON_REPLICATION_PASSWORD=wrong act apply --point-of-no-return
    is "a wrong password is refused" "$RC $(grep -c 'does not let the replication account in' "$ERR")" "5 1"
    live "SET sql_log_bin = 0; REVOKE REPLICATION SLAVE ON *.* FROM repl@127.0.0.1"
    act apply --point-of-no-return
    is "a missing right is refused" "$RC $(grep -c 'may not replicate from' "$ERR")" "5 1"
    live "SET sql_log_bin = 0; GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
    below
    act apply --point-of-no-return
    is "replicas below are refused" "$RC $(grep -c "replicas read the target's binary log" "$ERR")" "5 1"
    plan --discard-lost
    is "and by plan" "$RC $(grep -c "replicas read the target's binary log" "$ERR")" "5 1"
    PLAN=$IT_TMP/rejoin.$((REJOIN_N - 1))
    no_below
    is "nothing was reset" "$(rows) $(old "SHOW REPLICA STATUS" | wc -l)" "$before 0"
    act verify --json
    is "not yet, as JSON" "$RC $(types) $(grep -c '"stage":"rows","caught_up":false.*"touched":null,"differ":null' "$OUT")" "1 plan summary 1"
    held_at_reset
    act apply -vv --json --point-of-no-return
    is "rejoined, step by step" "$RC $(types)" "0 plan summary archive step step step step rejoin"
    is "the password is nowhere" "$(grep -c "PASSWORD *= *'repl" "$ERR") $(grep -rlE "PASSWORD *= *'repl" "$PLAN" | wc -l)" "0 0"
    is "the line is said once" "$(grep -c 'point of no return: ' "$ERR")" 1
    is "equal" "$(equal)" 0
    live "INSERT INTO club.members (name, mobile) VALUES ('gil','9')"
    for _ in {1..100}; do
        [ "$(old "SELECT COUNT(*) FROM club.members WHERE name = 'gil'")" = 0 ] || break
        sleep 0.1
    done
    is "further writes arrive" "$(old "SELECT COUNT(*) FROM club.members WHERE name = 'gil'")" 1
    act verify --json
    is "verified, as JSON" "$RC $(types) $(tail -n 1 "$OUT")" \
        '0 plan archive summary {"type":"summary","stage":"start","caught_up":true,"fault":null,"touched":9,"differ":0,"unreadable":null}'
    act apply --json --point-of-no-return
    is "gone on, as JSON" "$RC $(types)" "0 plan rejoin"
    act verify
    is "verified" "$RC $(grep -c 'myrecon check' "$ERR")" "0 1"
    # somebody writes to the replica without its log: what OLD had changed alone is read on both
    mr_sql OLD -e "SET sql_log_bin = 0; UPDATE club.members SET points = 12345 WHERE id = 1"
    act verify --json
    is "a row that differs is found" "$RC $(tail -n 1 "$OUT" | grep -o '"touched".*') $(grep -c 'not the same on both servers, such as table "club.members", key 1$' "$ERR")" '1 "touched":9,"differ":1,"unreadable":null} 1'
    mr_sql OLD -e "SET sql_log_bin = 0; UPDATE club.members SET points = 7 WHERE id = 1"
    act apply --point-of-no-return
    is "again there is nothing to do, and it can be proved" "$RC $(grep -c 'prove it with' "$ERR")" "0 1"
    act_on_stopped
    CMD=("$MYRECON" repair plan --again "$PLAN")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    is "such a plan is not made anew" "$? $(grep -c '"--again" is not for --policy rejoin' "$ERR")" "3 1"
    act undo
    is "after the point of no return undo is refused" "$RC $(grep -c 'point of no return' "$ERR")" "5 1"
    is "the archive is whole" "$("$MYRECON" history archive --verify "$PLAN/archive" >/dev/null 2>&1; echo $?)" 0
}
rows() {
    old "SELECT * FROM club.members ORDER BY id; SELECT * FROM club.orders ORDER BY id; SELECT * FROM club.tags ORDER BY 1, 2" | tr '\t\n' ' ;'
}
SPLIT="1 ann 1 1;2 bob 2 2;3 cid 3 3;4 dan 4 4;1 1 10.00 2026-01-01 00:00:00.000 NULL;2 2 20.00 NULL NULL;3 3 30.00 1000-01-01 00:00:00.000 NULL;1 a;1 b;2 a;"

# ---- what OLD has alone comes to LIVE by a merge ----

run() { # COMMAND…: $RC
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
compare() { # OPTION…: $CASE is new
    CASE=$IT_TMP/merge.$((REJOIN_N += 1)).case
    run check -q --settle 1 --case "$CASE" --config "$IT_TMP/club.ini" "$@" "$MR_OLD_URI" "$MR_LIVE_URI"
    run history collect --case "$CASE" --config "$IT_TMP/club.ini"
}
plan_merge() { # OPTION…: $MERGE, $RC
    MERGE=$IT_TMP/merge.$((REJOIN_N += 1))
    run repair plan --policy merge --case "$CASE" --config "$IT_TMP/club.ini" --output "$MERGE" "$@"
}
on_merge() { # apply|verify|undo OPTION…: $RC
    run repair "$@" --config "$IT_TMP/club.ini" "$MERGE" "$MR_LIVE_URI"
}
# Whoever has the name: points.
people() { # SERVER
    mr_sql "$1" -e "SELECT CONCAT(name, ' ', points) FROM club.members ORDER BY name" | paste -sd ';'
}
not_merged() { # NAME TEXT [OPTION…]: that merge is no proof
    local name=$1 text=$2
    shift 2
    plan --merged "$MERGE" "$@"
    is "$name" "$RC $(grep -cF -- "$text" "$ERR")" "5 1"
}

# Failover, merge, rejoin; what is not proved is refused on the way.
merged_world() {
    local before
    printf '[table club.members]\nidentity = mobile\nsubject = yes\n' >"$IT_TMP/club.ini"
    pair
    fail_over
    before=$(rows)
    compare
    plan_merge
    is "the merge asks" "$RC" 1
    not_merged "open conflicts" "has 2 conflicts that nobody has decided"
    plan_merge --on-conflict changed=target --on-conflict deleted-on-live=restore
    is "the merge is decided" "$RC" 0
    not_merged "not carried out" "does not stand on the source: 4 rows are not as planned"
    on_merge apply --yes
    is "carried out" "$RC" 0
    on_merge verify
    is "verified" "$RC" 0
    plan
    is "what was merged has to be named" "$RC $(grep -c -- '--merged DIR' "$ERR")" "5 1"
    plan --merged "$MERGE" --case "$IT_TMP/nowhere.case"
    is "a case that is not there" "$RC $(grep -c "could not open case file" "$ERR")" "3 1"
    plan --merged "$PLAN.none"
    is "a directory that is none" "$RC" 3
    # rows that the live application edits are who they were
    live "UPDATE club.members SET points = points + 1 WHERE name = 'dan'"
    plan --merged "$MERGE"
    is "proved" "$RC $(grep -c '1 rows have other values on the source by now' "$ERR")" "0 1"
    is "row by row" "$(sed -n 's/.*merged: of the rows that the target changed alone \(.*\)/\1/p' "$ERR")" \
        "5 stand on the source, 0 were equal on both sides, 0 were decided away, 4 the target had deleted"
    is "the plan says by what" "$(grep -o '"lost":"[a-z]*","merged":"[^"]*"' "$PLAN/rejoin.json")" \
        "\"lost\":\"merged\",\"merged\":\"$(grep -o '"uuid":"[^"]*"' "$MERGE/plan.json" | head -n 1 | cut -d '"' -f 4)\""
    is "and nothing was changed" "$(rows)" "$before"
    act apply --point-of-no-return
    is "rejoined" "$RC" 0
    is "equal" "$(equal)" 0
    act verify
    is "verified" "$RC" 0
    is "nobody was lost" "$(people OLD)" "$(people LIVE)"
    is "and everybody is there" "$(people LIVE)" "ann 7;bob 2;cid 3;dan 100;eve 5;fay 6"
    live "INSERT INTO club.members (name, mobile) VALUES ('gil','9')"
    for _ in {1..100}; do
        [ "$(old "SELECT COUNT(*) FROM club.members WHERE name = 'gil'")" = 0 ] || break
        sleep 0.1
    done
    is "it replicates" "$(old "SELECT COUNT(*) FROM club.members WHERE name = 'gil'")" 1
}

decided() { # OPTION…: a merge that asks nothing
    plan_merge --on-conflict changed=target --on-conflict deleted-on-live=restore "$@"
}
# What is no proof of a merge, on servers; test_merged has all of it.
unproved_world() {
    printf '[table club.members]\nidentity = mobile\nsubject = yes\n' >"$IT_TMP/club.ini"
    pair
    old "CREATE DATABASE beside; CREATE TABLE beside.n (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO club.tags VALUES (3, 'b'); DELETE FROM club.tags WHERE member = 3"
    await_live
    fail_over
    old "SET GLOBAL read_only = 0; INSERT INTO beside.n VALUES (1); SET GLOBAL read_only = 1"
    compare --tables 'club.*'
    decided
    on_merge apply --yes
    is "merged" "$RC" 0
    not_merged "a table that was not compared" 'does not account for all that the target did alone: table "beside.n", key 1: the merge did not compare that table'
    # OLD goes on behind the check
    old "SET GLOBAL read_only = 0; INSERT INTO club.tags VALUES (2, 'late'); SET GLOBAL read_only = 1"
    not_merged "a transaction behind the check" "came of a comparison that began before transactions of the target's own: 0-1-"
    run check -q --settle 1 --case "$CASE" --config "$IT_TMP/club.ini" "$MR_OLD_URI" "$MR_LIVE_URI"
    run history collect --case "$CASE" --config "$IT_TMP/club.ini"
    decided
    not_merged "one that is not carried out" "does not stand on the source: 2 rows are not as planned"
    on_merge apply --yes
    is "merged again" "$RC" 0
    plan --merged "$MERGE"
    is "which is proved" "$RC" 0
    live "SET @at = (SELECT MAX(id) FROM club.orders); UPDATE club.orders SET member = 2 WHERE id = @at"
    local whole=$MERGE
    MERGE=$PLAN
    not_merged "a rejoin is none" "is no merge"
    MERGE=$whole
    live "DELETE FROM club.tags WHERE tag = 'late'"
    not_merged "a row that is gone from the live server" "does not stand on the source"
    live "INSERT INTO club.tags VALUES (2, 'late')"
    run repair undo --yes "$MERGE" "$MR_LIVE_URI"
    not_merged "one that was undone" "was undone, as its journal says"
}

# ---- nothing of its own ----

without_password() { # COMMAND…
    local kept=$MYRECON_REPLICATION_PASSWORD
    unset MYRECON_REPLICATION_PASSWORD
    "$@"
    export MYRECON_REPLICATION_PASSWORD=$kept
}
followed() { # whom OLD follows: 0 or 1
    old "SHOW REPLICA STATUS" | wc -l
}
# The two steps as the guide prints them, of a target that has nothing to take back or reset.
two_steps() {
    plan
    is "nothing of its own: planned" "$RC $(grep -c '0 transactions of the target' "$ERR")" "0 1"
    is "and nothing is reset" "$(grep -c 'RESET' "$PLAN/rejoin.sql")" 0
    without_password act apply --dry-run
    is "tried" "$RC $(grep -c 'would make it a replica' "$ERR")" "0 1"
    without_password act apply
    is "the first step stops" "$RC $(grep -c 'the target has nothing of its own: .* what is left is replication from' "$ERR") $(grep -c 'prove it with' "$ERR") $(followed)" "1 1 0 0"
    act undo
    is "nothing is to be undone" "$RC $(followed)" "0 0"
    without_password act apply --point-of-no-return
    is "the second one needs the password" "$RC $(grep -c 'MYRECON_REPLICATION_PASSWORD is not set' "$ERR") $(followed)" "3 1 0"
    CMD=("$MYRECON" repair apply --point-of-no-return "$PLAN" "$MR_OLD_URI")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    is "and asks" "$? $(grep -c "nobody to ask: make .* a replica of" "$ERR") $(followed)" "5 1 0"
    MYRECON_REPLICATION_PASSWORD=wrong act apply --point-of-no-return
    is "a wrong password is refused" "$RC $(grep -c 'does not let the replication account in' "$ERR") $(followed)" "5 1 0"
    old "SET GLOBAL read_only = 0"
    act apply --point-of-no-return
    is "so is who may be written to" "$RC $(grep -c 'the target takes writes' "$ERR") $(followed)" "5 1 0"
    old "SET GLOBAL read_only = 1"
    act apply --json --point-of-no-return
    is "the second step" "$RC $(types)" "0 plan step step rejoin"
    is "equal" "$(equal)" 0
    act verify
    is "verified" "$RC $(grep -c 'has caught up' "$ERR")" "0 1"
    act undo
    is "no undo parts them" "$RC $(grep -c 'there is nothing to undo' "$ERR")" "5 1"
    mv "$PLAN/journal.jsonl" "$IT_TMP/journal.kept"
    act apply
    is "who was pointed by somebody else may have something of its own" "$RC $(grep -c 'made a replica of the source, and not by this plan' "$ERR")" "5 1"
    mv "$IT_TMP/journal.kept" "$PLAN/journal.jsonl"
}
# Somebody has pointed OLD by rejoin.sql, without the password.
pointed_without_password() {
    local i
    old "STOP REPLICA; RESET REPLICA ALL"
    grep -v '^--' "$PLAN/rejoin.sql" | tail -n 2 | mr_sql OLD
    for ((i = 0; i < 100; i++)); do
        without_password act apply
        [ "$RC" != 1 ] || break
        sleep 0.1
    done
    is "who was not let in is told" "$RC $(grep -c 'Run it again with MYRECON_REPLICATION_PASSWORD' "$ERR")" "1 1"
    act apply
    is "and is told the password" "$RC $(grep -c 'has caught up' "$ERR")" "0 1"
}

# ---- between the rows and the reset ----

# LIVE removes all logs but its last.
forget_logs() {
    local i
    live "FLUSH BINARY LOGS; INSERT INTO club.tags VALUES (4, 'late'); FLUSH BINARY LOGS"
    for ((i = 0; i < 100; i++)); do # it keeps a log that InnoDB may need yet
        live "PURGE BINARY LOGS TO '$(live "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)'" 2>/dev/null
        [ "$(live "SHOW BINARY LOGS" | wc -l)" != 1 ] || return 0
        sleep 0.1
    done
    bail "the logs stay"
}
# What comes in between is told, and the rows come back by undo as long as nothing was reset.
between_world() {
    local before
    pair
    fail_over
    before=$(rows)
    plan --discard-lost
    act apply
    is "rows are taken back" "$RC $(rows)" "1 $SPLIT"
    forget_logs
    act apply --point-of-no-return
    is "the live one has removed logs since" "$RC $(grep -c 'has removed logs that the target would have to read' "$ERR") $(grep -c 'Nothing was reset, and repair undo is possible yet' "$ERR") $(old "SHOW REPLICA STATUS" | wc -l)" "5 1 1 0"
    old "FLUSH PRIVILEGES"
    act apply --point-of-no-return
    is "executed something since: undo is named" "$RC $(grep -c 'it has executed something since' "$ERR") $(grep -c 'repair undo brings back' "$ERR")" "5 1 1"
    act verify
    is "and by verify" "$RC $(grep -c 'repair undo brings back' "$ERR")" "5 1"
    act undo
    is "undo goes on" "$RC $(grep -c 'has executed something since it was planned: ' "$ERR")" "0 1"
    is "rows are what they were" "$(rows)" "$before"
    step 3
    act apply --point-of-no-return
    is "pointed by somebody, and not reset" "$RC $(grep -c 'was made a replica by somebody else' "$ERR") $(grep -c 'has caught up' "$ERR")" "5 1 0"
    old "RESET REPLICA ALL"
    old "$(grep '^RESET' "$PLAN/rejoin.sql")"
    act apply --point-of-no-return
    is "a reset that was not ours" "$RC $(grep -c 'history was reset, and not by this plan' "$ERR") $(followed) $(rows)" "5 1 0 $before"
}

# ---- OLD itself is killed ----

# With what it has under the port that it had.
killed() {
    local pid inside options
    pid=$(mr_get_server OLD PID)
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    options=(--server-id=1 --port="$MR_OLD_PORT" --bind-address=127.0.0.1 --binlog-format=ROW --skip-name-resolve
        --read-only=ON)
    if [ -n "$mr_mysql_root" ]; then
        inside=${MR_OLD_DIR#"$mr_mysql_root"}
        mr_launch OLD "$MR_OLD_DIR/again.log" env -u TMPDIR chroot "$mr_mysql_root" mysqld --no-defaults --user=root \
            --datadir="$inside/data" --socket="$inside/sock" --pid-file="$inside/again.pid" --log-bin="$inside/data/bin" \
            --gtid-mode=ON --enforce-gtid-consistency=ON --mysqlx=OFF --secure-file-priv= --innodb-redo-log-capacity=100M \
            --skip-replica-start "${options[@]}"
    else
        # shellcheck disable=SC2046
        mr_launch OLD "$MR_OLD_DIR/again.log" mariadbd --no-defaults $(mr_as_root_option) --datadir="$MR_OLD_DIR/data" \
            --socket="$MR_OLD_SOCK" --pid-file="$MR_OLD_DIR/again.pid" --tmpdir="$MR_OLD_DIR/tmp" --log-bin="$LOG" \
            --log-slave-updates=ON --skip-slave-start "${options[@]}"
    fi
    mr_await OLD || bail "the server does not come back"
}
step() { # NUMBER: the statement of rejoin.sql
    grep -v '^--' "$PLAN/rejoin.sql" | sed -n "$1p" |
        sed -E "s/(MASTER|SOURCE)_USER = 'repl'/&, \1_PASSWORD = 'repl'/" | mr_sql OLD
}
stage() {
    act verify --json
    sed -n 's/.*"type":"summary","stage":"\([a-z]*\)".*/\1/p' "$OUT"
}

killed_world() {
    local n
    pair
    fail_over
    LOG=$(old "SELECT @@log_bin_basename")
    old "SET GLOBAL innodb_flush_log_at_trx_commit = 1; SET GLOBAL sync_binlog = 1"
    plan --discard-lost
    act apply
    is "rows are taken back" "$RC $(rows)" "1 $SPLIT"
    killed
    is "killed before the reset" "$(stage) $(rows)" "rows $SPLIT"
    for n in "1 reset" "2 position" "3 point"; do
        step "${n% *}"
        killed
        is "killed behind step ${n#* }" "$(stage)" "${n#* }"
    done
    old "SET GLOBAL read_only = 0"
    act apply --point-of-no-return
    is "a restart that lost read_only is told" "$RC $(grep -c 'the target takes writes' "$ERR") $(grep -c 'has caught up' "$ERR")" "5 1 0"
    old "SET GLOBAL read_only = 1"
    act apply --point-of-no-return
    is "gone on" "$RC" 0
    is "equal" "$(equal)" 0
    sed -i '/"step":"start"/d' "$PLAN/journal.jsonl" # as killed behind the step, and before its line
    act apply --point-of-no-return
    is "an end that was found is kept: the page asks for none" \
        "$RC $(grep -c '"event":"done".*"step":"start"' "$PLAN/journal.jsonl")" "0 1"
}
