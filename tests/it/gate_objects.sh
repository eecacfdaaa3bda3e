#!/bin/bash
# gate_objects.sh: counters of odd kinds, sequences, triggers, dates; what replicas leave out; on
# MariaDB and, where it knows such things, on MySQL 9.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"

record() {
    "$MYRECON" gate record --force --output "$FACTS" --peer "$(gate_uri GR)" "$(gate_uri GP)" \
        >"$OUT" 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
}

objects_tables() {
    mr_sql GP <<'SQL'
CREATE DATABASE club;
USE club;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO members (v) WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i FROM n;
CREATE TABLE visits (place INT NOT NULL, no INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (place, no)) ENGINE = MyISAM;
INSERT INTO visits (place) VALUES (1), (1), (1), (2);
CREATE TABLE days (id INT PRIMARY KEY, day DATE NOT NULL);
INSERT INTO days VALUES (1, UTC_DATE());
CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
CREATE TABLE plain (a INT, b TEXT);
CREATE TRIGGER stamp BEFORE INSERT ON notes FOR EACH ROW SET NEW.v = 1;
SQL
}

counters() {
    well "a counter in groups"
    mr_sql GP -D club -e "INSERT INTO visits (place) VALUES (3)"
    catch_up
    well "a counter in groups, in a new group"
    printf '[table club.days]\nfreshness = day\n' >"$IT_TMP/days.ini"
    GATE_ARGS=(--config "$IT_TMP/days.ini")
    well "rows of today"
    mr_sql GP -D club -e "UPDATE days SET day = UTC_DATE() + INTERVAL 2 DAY"
    catch_up
    fires "rows of the day after tomorrow" freshness:warning sample_digest:warning
    mr_sql GP -D club -e "UPDATE days SET day = UTC_DATE()"
    catch_up
    GATE_ARGS=()
}

triggers() {
    mr_sql GP -D club -e "DROP TRIGGER stamp"
    catch_up
    fires "a trigger is dropped" schema:warning
    says "it is named" schema 'club.notes: no longer trigger stamp BEFORE INSERT'
    mr_sql GP -D club -e "CREATE TRIGGER stamp BEFORE INSERT ON notes FOR EACH ROW SET NEW.v = 2"
    catch_up
    fires "a trigger does something else" schema:warning
    mr_sql GP -D club -e "DROP TRIGGER stamp; CREATE TRIGGER stamp BEFORE INSERT ON notes FOR EACH ROW SET NEW.v = 1"
    catch_up
    well "the trigger is back"
}

databases() { # such as have no table; and a baseline that is of others than are looked at
    local server all=$IT_TMP/all.facts
    server=$(mr_get_server GP URI)
    mr_sql GP -e "CREATE DATABASE shelf; CREATE PROCEDURE shelf.p() SELECT 1; CREATE DATABASE later; CREATE TABLE later.t (id INT PRIMARY KEY)"
    "$MYRECON" gate record -q --force --output "$all" "$server" >/dev/null 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
    run_gate --only tables --only row_counts --only schema "$all" "$server"
    is "$GATE_KIND: a database without tables: well" "$(what_fires) -> $RC" " -> 0"
    mr_sql GP -e "DROP DATABASE shelf"
    run_gate --only tables --only row_counts --only schema "$all" "$server"
    is "$GATE_KIND: it is dropped: fires" "$(what_fires) -> $RC" "tables:critical -> 2"
    says "it is named" tables 'database shelf is gone'
    run_gate --only tables --exclude 'shelf.*' "$all" "$server"
    is "$GATE_KIND: it is left out: well" "$(what_fires) -> $RC" " -> 0"
    run_gate --only tables "$all" "$server/later"
    is "$GATE_KIND: another database is asked for: well" "$(what_fires) -> $RC" " -> 0"
    "$MYRECON" gate record -q --force --tables 'later.*' --output "$all" "$server" >/dev/null 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
    run_gate --only tables --only row_counts --only schema "$all" "$server/club"
    is "$GATE_KIND: a baseline of others than are looked at: fires" "$(what_fires) -> $RC" \
        "row_counts:unknown schema:unknown tables:unknown -> 4"
    says "that is said" row_counts 'has none of the tables that are looked at'
    mr_sql GP -e "DROP DATABASE later"
    catch_up
}

mariadb_counters() {
    mr_sql GP -D club <<'SQL'
CREATE TABLE odd (id FLOAT AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO odd VALUES (100, 1);
CREATE SEQUENCE s START WITH 1;
CREATE TABLE drawn (id BIGINT NOT NULL DEFAULT NEXTVAL(s) PRIMARY KEY, v INT);
INSERT INTO drawn (v) SELECT id FROM members WHERE id <= 20;
SQL
    catch_up
    record
    well "a FLOAT that counts, a sequence"
    mr_sql GP -D club -e "INSERT INTO odd VALUES (16777215, 1)"
    catch_up
    fires "a FLOAT at its end" auto_increment_headroom:critical
    mr_sql GP -D club -e "DELETE FROM odd WHERE id > 100; ALTER TABLE odd AUTO_INCREMENT = 101"
    mr_sql GP -D club -e "ALTER SEQUENCE s RESTART 5"
    catch_up
    fires "a sequence restarted below its keys" auto_increment_position:critical
    says "both are named" auto_increment_position 'sequence club.s .*drawn.*20 is there already|went back from'
    FACTS_SAVED=$FACTS FACTS=
    fires "the same without a baseline" auto_increment_position:critical
    FACTS=$FACTS_SAVED
    mr_sql GP -D club -e "DROP SEQUENCE s"
    catch_up
    fires "a sequence dropped" auto_increment_position:critical tables:critical
    says "it is named" tables 'sequence club.s is gone'
    FACTS_SAVED=$FACTS FACTS=
    fires "a sequence dropped, without a baseline" auto_increment_position:critical
    FACTS=$FACTS_SAVED
    mr_sql GP -D club -e "CREATE SEQUENCE s START WITH 5000"
    catch_up
    well "the sequence is there, above its keys"
}

filter() { # TABLE or nothing
    replica_word STOP
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql GR -e "SET GLOBAL replicate_ignore_table = '$1'"
    else
        mr_sql GR -e "CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE = ($1)"
    fi
    replica_word START
    mr_await_replica GR || bail "the replica does not come back"
}

ignore_servers() { # SERVER_ID or nothing; MySQL refuses it where it has GTIDs
    mr_sql GR -e "STOP ALL SLAVES; CHANGE MASTER TO ignore_server_ids = (${1:-}); START ALL SLAVES"
    mr_await_replica GR || bail "the replica does not come back"
}

delay() { # SECONDS
    replica_word STOP
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql GR -e "CHANGE MASTER TO master_delay = $1"
    else
        mr_sql GR -e "CHANGE REPLICATION SOURCE TO source_delay = $1"
    fi
    replica_word START
    mr_await_replica GR || bail "the replica does not come back"
}

replicas() {
    filter club.notes
    fires "a replica that ignores a table" replication_source:warning
    says "the filter and the peer are named" replication_source "$(gate_uri GR).* Replicate_Ignore_Table club.notes"
    filter ''
    if [ "$GATE_KIND" = mariadb ]; then
        ignore_servers 77
        fires "a replica that ignores what a server wrote" replication_source:warning
        says "which, and the peer" replication_source "$(gate_uri GR).* Replicate_Ignore_Server_Ids 77"
        ignore_servers
    fi
    delay 3600
    fires "a replica with a delay" replication_lag:warning
    says "the delay and the peer are named" replication_lag "$(gate_uri GR) is told to stay 3600 s behind"
    delay 0
    well "neither"
    mr_sql GR -e "SET sql_log_bin = 0; CREATE TABLE club.kept AS SELECT * FROM club.members WHERE id <= 400;
        DELETE FROM club.members WHERE id <= 400"
    fires "400 old rows deleted on the replica alone" completeness:critical
    says "how many, and where" completeness "club.members on $(gate_uri GR) has 500 rows, .* has 900"
    FACTS_SAVED=$FACTS FACTS=
    fires "the same without a baseline" completeness:critical
    FACTS=$FACTS_SAVED
    mr_sql GR -e "SET sql_log_bin = 0; INSERT INTO club.members SELECT * FROM club.kept; DROP TABLE club.kept"
    well "they are back"
    says "what was compared" completeness 'of [0-9]+ tables by count: "myrecon check" compares rows'
    GATE_ARGS=(--only completeness --budget 0)
    fires "no time to count" completeness:unknown
    says "that is said" completeness "no table could be counted on $(gate_uri GR) and here"
    GATE_ARGS=()
}

repointed() { # the replica follows somebody else; seen from its primary, which another one follows now
    third_server
    follow GX
    one_replica_fetches
    PEER='' fires "a replica that follows somebody else, seen from its primary" replication_threads:warning
    says "it is named" replication_threads "the replica with server_id $(mr_sql GR -e 'SELECT @@server_id') does not fetch"
}

objects() { # mariadb|mysql
    gate_pair "$1" || return 1
    FACTS=$IT_TMP/objects.facts
    objects_tables
    catch_up
    record
    counters
    triggers
    databases
    replicas
    [ "$1" = mysql ] || mariadb_counters
    repointed
}

objects mariadb || bail "no servers"
mr_servers_end
mr_run_dir=
objects mysql || skip "objects on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
finish
