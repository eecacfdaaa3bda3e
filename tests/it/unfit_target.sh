#!/bin/bash
# unfit_target.sh: a target that takes no writes, no table without a primary key, or does not know
# a time zone, says so before anything is changed, with the statement that would change it.

. "$(dirname "$0")/lib.sh"
begin ''
cd "$IT_TMP" || exit 1
. "$IT_DIR/../lib/servers.sh"
mr_servers_begin || bail "no place"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)

run() { # run COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
refuses() { # refuses DESCRIPTION MESSAGE STATEMENT COMMAND…
    run "${@:4}"
    is "$1: refused" "$RC" 5
    like "$1: why" "$(cat "$ERR")" "error: .*$2"
    like "$1: and what changes it" "$(cat "$ERR")" "hint: Nothing was changed\. .*$3"
}
both() { # both NAME SETTING ON OFF MESSAGE STATEMENT: neither a restore nor an apply begins
    mr_sql "$1" -e "SET GLOBAL $2 = $3"
    refuses "$1: $2: restore" "$5" "$6" snapshot restore kept "mysql://joe@127.0.0.1:$PORT/back"
    refuses "$1: $2: apply" "$5" "$6" repair apply --yes --case case plan "mysql://joe@127.0.0.1:$PORT/club"
    mr_sql "$1" -e "SET GLOBAL $2 = $4"
    is "$1: $2: nothing was made" "$(mr_sql "$1" -N -e "SHOW DATABASES LIKE 'back'")" ''
}

prepare() { # prepare NAME RIGHT: to see whom it follows
    PORT=$(mr_get_server "$1" PORT)
    mr_sql "$1" <<SQL || bail "no histories"
CREATE USER joe@127.0.0.1;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, CREATE TEMPORARY TABLES, ALTER, DROP, INDEX, REFERENCES,
    EVENT, TRIGGER, LOCK TABLES, SHOW VIEW, $2 ON *.* TO joe@127.0.0.1;
CREATE DATABASE lost; CREATE DATABASE club;
CREATE TABLE lost.t (id INT PRIMARY KEY, v INT); INSERT INTO lost.t VALUES (1, 1), (2, 2);
CREATE TABLE club.t (id INT PRIMARY KEY, v INT); INSERT INTO club.t VALUES (1, 1);
CREATE TABLE lost.log (v INT); INSERT INTO lost.log VALUES (1); CREATE TABLE club.log LIKE lost.log;
CREATE TABLE lost.uni (v INT NOT NULL UNIQUE); CREATE TABLE club.uni LIKE lost.uni;
INSERT INTO club.log VALUES (1);
SQL
    rm -rf case plan kept
    run check --settle 0 --unrelated --case case "mysql://root@127.0.0.1:$PORT/lost" "mysql://root@127.0.0.1:$PORT/club"
    run repair plan --policy backfill --case case --output plan
    is "$1: a plan" "$RC" 0
    run snapshot create "mysql://root@127.0.0.1:$PORT/lost" kept
    is "$1: a snapshot" "$RC" 0
}

mr_spawn_mariadb UM && mr_await UM || bail "no server"
prepare UM "SLAVE MONITOR"
both UM read_only ON OFF 'is read-only \(read_only\)' 'SET GLOBAL read_only = 0'
mr_sql UM -e "SET GLOBAL read_only = ON"
run snapshot restore kept "mysql://root@127.0.0.1:$PORT/back"
is "MariaDB: who may write in spite of it restores" "$RC" 0
like "MariaDB: and is told" "$(cat "$ERR")" 'is read-only, and this account may write all the same'
mr_sql UM -e "SET GLOBAL read_only = OFF; DROP DATABASE back"
run repair apply --yes --case case plan "mysql://root@127.0.0.1:$PORT/club"
is "MariaDB: the plan is applied when it is writable" "$RC" 0

# An event of a zone that the target does not know, which its server knew once.
mr_sql UM <<'SQL' || bail "no event"
INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1, 'N');
INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Mars/Olympus', 1);
INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation) VALUES (1, 0, 3600, 0, 'OLY');
INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES (1, -2147483648, 0);
SET time_zone = 'Mars/Olympus';
CREATE EVENT lost.e ON SCHEDULE EVERY 1 YEAR DISABLE DO DELETE FROM lost.t WHERE id = 0;
SQL
rm -rf kept
run snapshot create "mysql://root@127.0.0.1:$PORT/lost" kept
is "an event of a named time zone is kept" "$RC" 0
mr_spawn_mariadb UN && mr_await UN || bail "no server"
run snapshot restore -v kept "mysql://root@127.0.0.1:$(mr_get_server UN PORT)/lost"
is "its restore where the zone is not known: incomplete" "$RC" 4
like "which was said, with what to do" "$(cat "$ERR")" 'event "lost\.e" will not be made: .* does not know its time zone "Mars/Olympus" .*mysql_tzinfo_to_sql'
is "the rest is there" "$(mr_sql UN -N -e "SELECT COUNT(*) FROM lost.t")" 2

if ! mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>mysql9.err); then
    skip "MySQL 9" "$(tail -n 1 mysql9.err)"
    finish
fi
mr_spawn_mysql UO && mr_await UO || bail "no server"
prepare UO "REPLICATION CLIENT"
both UO read_only ON OFF 'is read-only \(read_only\)' 'SET GLOBAL read_only = 0'
both UO super_read_only ON 'OFF; SET GLOBAL read_only = OFF' 'is read-only \(super_read_only\)' 'SET GLOBAL super_read_only = 0, read_only = 0'
mr_sql UO -e "SET GLOBAL sql_require_primary_key = ON"
refuses "MySQL: sql_require_primary_key: restore" 'takes no table without a primary key .*1 of the snapshot has none: "lost\.log"' \
    'SET GLOBAL sql_require_primary_key = OFF.*--exclude' snapshot restore kept "mysql://joe@127.0.0.1:$PORT/back"
is "MySQL: nothing was made" "$(mr_sql UO -N -e "SHOW DATABASES LIKE 'back'")" ''
run snapshot restore --exclude '*.log' kept "mysql://joe@127.0.0.1:$PORT/back"
is "MySQL: without that table; a UNIQUE index of what is NOT NULL is a key" "$RC" 0
mr_sql UO -e "SET sql_require_primary_key = OFF; CREATE TABLE back.log LIKE lost.log; DROP TABLE back.t"
run snapshot restore --into-existing add --yes --rename lost.t=lost.u kept "mysql://joe@127.0.0.1:$PORT/back"
is "MySQL: one that stays is not made, and one gets another name" \
    "$RC $(mr_sql UO -N -e "SHOW TABLES FROM back" | xargs)" "0 log u uni"
mr_sql UO -e "SET sql_require_primary_key = OFF; DROP TABLE back.u; CREATE TABLE back.t LIKE lost.t"
run snapshot restore --data-only kept "mysql://joe@127.0.0.1:$PORT/back"
is "MySQL: rows alone need no key" "$RC $(mr_sql UO -N -e "SELECT COUNT(*) FROM back.log")" "0 1"
run repair apply --yes --case case plan "mysql://joe@127.0.0.1:$PORT/club"
is "MySQL: a plan's own tables have keys" "$RC" 0
mr_sql UO -e "DROP DATABASE back; SET GLOBAL sql_generate_invisible_primary_key = ON"
run snapshot restore kept "mysql://joe@127.0.0.1:$PORT/back"
like "MySQL: a server that gives keys takes it, and the key is named" "$(cat "$ERR" "$OUT")" 'log.*my_row_id'
is "MySQL: where it gave one" "$(grep -c my_row_id "$OUT") $(mr_sql UO -N -e "SELECT GROUP_CONCAT(TABLE_NAME) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'back' AND COLUMN_NAME = 'my_row_id'")" "1 log"
mr_sql UO -e "DROP DATABASE back; SET GLOBAL sql_require_primary_key = OFF, GLOBAL sql_generate_invisible_primary_key = OFF, GLOBAL offline_mode = ON"
run snapshot restore kept "mysql://root@127.0.0.1:$PORT/back"
is "MySQL: offline_mode ends nothing for who is let in" "$RC" 0
like "MySQL: it is said" "$(cat "$ERR")" 'is in offline_mode: .*SET GLOBAL offline_mode = OFF'
mr_sql UO -e "SET GLOBAL offline_mode = OFF"
finish
