#!/bin/bash
# gate_past.sh: an older copy is put back in its place, and more rows come than were lost: the
# gate says so; and it is silent under all that an honest application does to its rows. On
# MariaDB and on MySQL 9.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"

severity() { jq -r --arg n "$1" 'select(.name == $n).severity' "$OUT"; }

record() { # [ARGS…]
    "$MYRECON" gate record --force "$@" --output "$FACTS" "$(gate_uri GP)" >"$OUT" 2>"$ERR" ||
        bail "no baseline: $(cat "$ERR")"
}

past_tables() {
    mr_sql GP <<'SQL'
DROP DATABASE IF EXISTS club;
CREATE DATABASE club CHARACTER SET utf8mb4;
USE club;
CREATE TABLE n (i INT PRIMARY KEY);
INSERT INTO n WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i FROM n;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
  points INT NOT NULL DEFAULT 0, created_at DATETIME NOT NULL, KEY (created_at));
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, placed_at DATETIME NOT NULL,
  note TEXT, touched TIMESTAMP NOT NULL DEFAULT '2026-04-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE carts (id CHAR(36) PRIMARY KEY, created_at DATETIME NOT NULL, v INT, KEY (created_at));
CREATE TABLE jobs (id INT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME NOT NULL);
CREATE TABLE tickets (id CHAR(36) PRIMARY KEY, created_at DATETIME NOT NULL, KEY (created_at));
CREATE TABLE sessions (id CHAR(36) PRIMARY KEY, created_at DATETIME NOT NULL, KEY (created_at));
CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME NOT NULL, KEY (created_at));
CREATE TABLE rates (code CHAR(3) PRIMARY KEY, rate INT, valid_from DATETIME NOT NULL, KEY (valid_from));
INSERT INTO rates VALUES ('EUR', 1, '2026-01-01'), ('USD', 2, '2026-01-02');
SQL
    live 'i' '2026-04-01'
}

live() { # SQL-NUMBER TIME: 900 of everything from then on
    mr_sql GP -D club <<SQL
INSERT INTO members (mobile, created_at) SELECT CONCAT('138', $1), '$2' + INTERVAL i * 10 MINUTE FROM n ORDER BY i;
INSERT INTO orders (member_id, placed_at, note) SELECT $1, '$2' + INTERVAL i * 10 MINUTE, 'x' FROM n ORDER BY i;
INSERT INTO carts SELECT LEFT(SHA2($1, 256), 36), '$2' + INTERVAL i * 10 MINUTE, i FROM n;
INSERT INTO jobs (created_at) SELECT '$2' + INTERVAL i * 10 MINUTE FROM n WHERE i <= 100 ORDER BY i;
INSERT INTO sessions SELECT LEFT(SHA2($1 + 7, 256), 36), '$2' + INTERVAL i * 10 MINUTE FROM n WHERE i <= 300;
INSERT INTO log (created_at) SELECT '$2' + INTERVAL i * 10 MINUTE FROM n ORDER BY i;
SQL
}

# The server's directory is put back to what it was; its port, its number and its uuid stay.
older_copy() {
    local dir
    dir=$(mr_get_server GP DIR)
    gate_stop
    cp -a "$dir/data" "$dir/older"
    gate_start
    mr_sql GP -D club <<SQL
INSERT INTO members (mobile, created_at) SELECT CONCAT('139', i), '2026-04-10' + INTERVAL i MINUTE FROM n WHERE i <= 400 ORDER BY i;
INSERT INTO orders (member_id, placed_at) SELECT i, '2026-04-10' + INTERVAL i MINUTE FROM n WHERE i <= 400 ORDER BY i;
INSERT INTO carts SELECT LEFT(SHA2(i + 5000, 256), 36), '2026-04-10' + INTERVAL i MINUTE, i FROM n WHERE i <= 400;
INSERT INTO tickets SELECT LEFT(SHA2(i + 5001, 256), 36), '2026-04-10' + INTERVAL i MINUTE FROM n WHERE i <= 400;
SQL
    record
    PEER='' well "before the older copy is put back"
    gate_stop
    rm -rf "$dir/data"
    mv "$dir/older" "$dir/data"
    gate_start
    mr_sql GP -D club <<SQL
INSERT INTO members (mobile, created_at) SELECT CONCAT('137', i), '2026-04-11' + INTERVAL i MINUTE FROM n WHERE i <= 450 ORDER BY i;
INSERT INTO orders (member_id, placed_at) SELECT i, '2026-04-11' + INTERVAL i MINUTE FROM n WHERE i <= 450 ORDER BY i;
INSERT INTO carts SELECT LEFT(SHA2(i + 6000, 256), 36), '2026-04-11' + INTERVAL i MINUTE, i FROM n WHERE i <= 450;
INSERT INTO tickets SELECT LEFT(SHA2(i + 6001, 256), 36), '2026-04-11' + INTERVAL i MINUTE FROM n WHERE i <= 450;
SQL
    for i in {1..20}; do echo "INSERT INTO log (created_at) VALUES ('2026-04-12');"; done | mr_sql GP -D club
    PEER='' gate_of_pair
    is "$GATE_KIND: an older copy in its place, 450 more for 400 lost: exit 2" "$RC" 2
    is "$GATE_KIND: an older copy: the newest rows, and the log" \
        "$(severity sample_digest) $(severity gtid_superset)" "critical critical"
    for table in members orders carts; do
        run_gate --only sample_digest --tables "club.$table" "$FACTS" "$(gate_uri GP)"
        is "$GATE_KIND: an older copy: $table" "$RC $(severity sample_digest)" "2 critical"
    done
    says "an older copy: how many" sample_digest '^club.carts: the newest [0-9]+ rows of the baseline are gone'
    run_gate --only sample_digest --tables club.members "$FACTS" "$(gate_uri GP)"
    says "an older copy: whose ids" sample_digest '^club.members: of [0-9]+ rows .* [0-9]+ stand under keys that belong to other rows now'
    run_gate --only row_counts,max_keys,newest_row "$FACTS" "$(gate_uri GP)"
    is "$GATE_KIND: an older copy: nothing is less than it was" "$RC" 0
    # not one row of the copy was in this table: what is left is what a queue leaves
    printf '[table club.tickets]\nqueue = yes\n' >"$IT_TMP/queue.ini"
    run_gate --only sample_digest,row_counts,newest_row --tables club.tickets "$FACTS" "$(gate_uri GP)"
    is "$GATE_KIND: an older copy: a table of which all is gone is asked about" \
        "$(what_fires) -> $RC" "sample_digest:warning -> 1"
    says "an older copy: what to write" sample_digest \
        '^club.tickets: [0-9]+ of [0-9]+ rows .* lost; .* / .*queue = yes under \[table club.tickets\]'
    run_gate --only sample_digest,row_counts,newest_row --config "$IT_TMP/queue.ini" --tables club.tickets "$FACTS" "$(gate_uri GP)"
    is "$GATE_KIND: an older copy: it is a queue" "$(what_fires) -> $RC" " -> 0"
    # somebody raises the counter above all that was lost
    record
    mr_sql GP -D club -e "DELETE FROM members WHERE id > 1150; ALTER TABLE members AUTO_INCREMENT = 1000000;
        INSERT INTO members (mobile, created_at) SELECT CONCAT('136', i), '2026-04-13' + INTERVAL i MINUTE FROM n WHERE i <= 450"
    run_gate --only sample_digest --tables club.members "$FACTS" "$(gate_uri GP)"
    is "$GATE_KIND: the newest are gone, and the counter was raised" "$RC $(severity sample_digest)" "2 critical"
}

honest() { # DESCRIPTION SQL…: well after it, and again with a new baseline
    mr_sql GP -D club -e "$2" || bail "$2"
    PEER='' well "$1"
}

honest_days() {
    past_tables
    record
    honest "new rows" "INSERT INTO members (mobile, created_at) SELECT CONCAT('135', i), '2026-04-20' FROM n WHERE i <= 50;
        INSERT INTO carts SELECT LEFT(SHA2(i + 7000, 256), 36), '2026-04-20', i FROM n WHERE i <= 50"
    honest "edits of rows that tell when" "UPDATE orders SET note = 'paid'"
    honest "edits of the newest rows, of which nothing tells" "UPDATE members SET points = points + 1 WHERE id > 860"
    honest "other numbers of some people" "UPDATE members SET mobile = CONCAT('99', mobile) WHERE id > 860 AND id % 5 = 2"
    honest "rows deleted by a rule" "DELETE FROM members WHERE id % 40 = 3; DELETE FROM carts WHERE v % 20 = 5"
    honest "old rows purged" "DELETE FROM log WHERE id <= 300"
    honest "a queue consumed" "INSERT INTO jobs (created_at) SELECT '2026-04-20' FROM n; DELETE FROM jobs WHERE id <= 100"
    honest "sessions that ended" "INSERT INTO sessions SELECT LEFT(SHA2(i + 9000, 256), 36), '2026-04-20' FROM n WHERE i <= 300;
        DELETE FROM sessions WHERE created_at < '2026-04-20'"
    gate_stop
    gate_start
    PEER='' well "a restart"
    honest "logs purged" "FLUSH BINARY LOGS; INSERT INTO jobs (created_at) VALUES ('2026-04-21')"
    mr_sql GP -e "PURGE BINARY LOGS TO '$(mr_sql GP -e 'SHOW BINARY LOGS' | tail -n 1 | cut -f 1)'"
    PEER='' well "logs purged, the baseline's among them"
    # two times in whole seconds: later than the baseline beyond doubt
    mr_sql GP -D club -e "DO SLEEP(3); CREATE TABLE other LIKE sessions; INSERT INTO other SELECT * FROM sessions; DROP TABLE sessions; RENAME TABLE other TO sessions"
    PEER='' fires "a table of which all is gone was created anew" sample_digest:warning
    says "created anew: why" sample_digest '^club.sessions: .*created anew since'
    mr_sql GP -D club -e "DELETE FROM sessions; DELETE FROM jobs"
    printf '[table club.sessions]\nqueue = yes\n[table club.jobs]\nqueue = yes\n' >"$IT_TMP/queue.ini"
    GATE_ARGS=(--config "$IT_TMP/queue.ini")
    PEER='' well "queues that are empty"
    record --config "$IT_TMP/queue.ini"
    mr_sql GP -D club -e "UPDATE members SET points = 9 WHERE id <= 900"
    GATE_ARGS=()
    PEER='' fires "edits of all old rows, of which nothing tells, are no loss" sample_digest:warning
    printf '[table club.rates]\nstatic = yes\n' >"$IT_TMP/static.ini"
    mr_sql GP -D club -e "UPDATE members SET points = 0; UPDATE rates SET rate = 3 WHERE code = 'USD'"
    GATE_ARGS=(--tables club.rates)
    PEER='' fires "a row of a table of which nothing is known" sample_digest:warning
    GATE_ARGS=(--tables club.rates --config "$IT_TMP/static.ini")
    PEER='' fires "a row of a static table" sample_digest:critical
    GATE_ARGS=()
    # nothing tells which rows of these are the newest; that is said, though all is well
    mr_sql GP -D club -e "CREATE TABLE tokens (id CHAR(36) PRIMARY KEY); INSERT INTO tokens SELECT LEFT(SHA2(i, 256), 36) FROM n"
    record
    PEER='' well "a table of random keys and no time"
    says "it is named" sample_digest '2 tables nothing tells the newest rows.*club\.tokens'
    mr_sql GP -D club -e "UPDATE members SET id = id + 1000000 ORDER BY id DESC"
    PEER='' fires "all rows were given other keys" sample_digest:warning
    says "other keys: how many" sample_digest '^club.members: .* are there under other keys'
}

# MySQL writes the number of a tagged transaction by an event of another type.
tagged() {
    local at
    past_tables
    mr_sql GP -D club -e "SET gtid_next = 'AUTOMATIC:deploy'; INSERT INTO tickets VALUES ('a', '2026-04-01'); SET gtid_next = 'AUTOMATIC'"
    record
    at=$(jq -r '.servers[0].binary_log.position' "$FACTS")
    mr_sql GP -D club -e "SET gtid_next = 'AUTOMATIC:deploy'; DELETE FROM sessions; SET gtid_next = 'AUTOMATIC'"
    gate_stop
    gate_start
    GATE_ARGS=(--tables club.sessions --only sample_digest,gtid_superset)
    PEER='' well "a table that tagged transactions emptied, and a restart"
    # what is in the log there, and what had been executed before, do not fit
    resealed "s/(\"executed\":\"[^\"]*:deploy:1)/\1-9/;s/(\"gtid\":\"[^\"]*:deploy:1)/\1-9/"
    FACTS_SAVED=$FACTS FACTS=$RESEALED
    PEER='' gate_of_pair
    says "another log of tagged transactions" gtid_superset \
        "behind .*:$at it goes on with .*:deploy:2, which had been executed before"
    FACTS=$FACTS_SAVED GATE_ARGS=()
}

past() { # mariadb|mysql
    gate_pair "$1" || return 1
    replica_word STOP
    FACTS=$IT_TMP/past.facts
    past_tables
    older_copy
    honest_days
    [ "$1" != mysql ] || tagged
}

past mariadb || bail "no servers"
mr_servers_end
mr_run_dir=
past mysql || skip "the past on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
finish
